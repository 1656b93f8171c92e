"""The ipykernel application in two halves: everything but sockets and threads before the fork, those after it."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import sys
import threading
import uuid
from dataclasses import dataclass
from io import FileIO, TextIOWrapper
from typing import Any

import zmq
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import default
from zmq.eventloop.zmqstream import ZMQStream

from kernelapp.inkernel.publishing import hold_more
from kernelapp.inkernel.template.recording import ForkStream, Record, RecordingSession, RecordingThread

_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_JOIN_S = 1.0


@dataclass(frozen=True)
class Connection:
    """Where a forked kernel listens: sockets `<path>-1` and so on, and the key that signs its messages.

    `heartbeat`: any client of Jupyter may come, which wants one, and a debugger.
    """

    path: str
    key: bytes
    heartbeat: bool


class ForkApp(IPKernelApp):
    """Initialised in a template; `connect` makes a kernel of it in a fork."""

    record: Record

    @default("session")
    def _recording_session(self) -> Session:
        session = RecordingSession(parent=self)
        session.record = self.record
        return session

    def init_connection_file(self) -> None:
        """Nothing: `connect` is told the addresses."""

    def init_poller(self) -> None:
        """Nothing: what ties a kernel to its template is in orphans.py."""

    def init_sockets(self) -> None:
        """No socket before the fork."""
        self.iopub_thread = RecordingThread()
        self.iopub_socket = self.iopub_thread

    def _bind_socket(self, s: Any, port: int) -> int:
        if s.type == zmq.XPUB:
            hold_more(s)
        return int(super()._bind_socket(s, port))

    def init_heartbeat(self) -> None:
        """Nothing before the fork."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Nothing: there is none."""

    def log_connection_info(self) -> None:
        """Nothing: a client is told by the server."""

    def init_io(self) -> None:
        """The streams and the display hook, recording."""
        self.streams = [ForkStream(self.session, self.iopub_thread, name, number) for name, number in (("stdout", 1), ("stderr", 2))]
        for handler in self.log.handlers:
            if isinstance(handler, logging.StreamHandler):
                # What the application itself logs belongs to the terminal, not to the page.
                handler.setStream(TextIOWrapper(FileIO(os.dup(self.streams[1].original), "w"), line_buffering=True))
        sys.stdout, sys.stderr = self.streams
        from ipykernel.displayhook import ZMQDisplayHook

        self.displayhook = sys.displayhook = ZMQDisplayHook(self.session, self.iopub_socket)
        self.patch_io()

    def init_kernel(self) -> None:
        """The kernel and its shell, without a stream."""
        kernel = self.kernel_class.instance(  # type: ignore[attr-defined]
            parent=self,
            session=self.session,
            shell_channel_thread=_NoChannels(),
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        kernel.io_loop = IOLoop.current()
        self.kernel = kernel
        super().configure_tornado_logger()
        self.displayhook.get_execution_count = lambda: kernel.execution_count

    def configure_tornado_logger(self) -> None:
        """Nothing: it is done before the fork."""

    def connect(self, connection: Connection) -> None:
        """Bind the sockets and start the threads, in a process forked from the template."""
        self.session.forget_past(connection.key)
        self.transport, self.ip = "ipc", connection.path
        for number, port in enumerate(_PORTS, 1):
            setattr(self, port, number)
        super().init_sockets()
        atexit.register(self._join_control)
        if connection.heartbeat:
            super().init_heartbeat()
        for stream in self.streams:
            stream.come_alive(self.iopub_thread, self.session)
        self._connect_kernel()
        if connection.heartbeat:
            self._connect_debugger()

    def start_kernel(self, connection: Connection) -> None:
        """Take requests."""
        if connection.heartbeat:
            self.kernel.start()
        else:
            self.kernel.shell.exit_now = False
            Kernel.start(self.kernel)  # IPythonKernel's own would miss a debugger

    def _connect_kernel(self) -> None:
        kernel, shell = self.kernel, self.kernel.shell
        kernel.shell_channel_thread, kernel.control_thread = self.shell_channel_thread, self.control_thread
        kernel.shell_stream = ZMQStream(self.shell_socket, self.shell_channel_thread.io_loop)
        self.shell_channel_thread.shell_stream = kernel.shell_stream
        kernel.control_stream = ZMQStream(self.control_socket, self.control_thread.io_loop)
        kernel.stdin_socket = self.stdin_socket
        kernel.iopub_thread, kernel.iopub_socket = self.iopub_thread, self.iopub_socket
        kernel.ident = str(uuid.uuid4())
        kernel.record_ports({port: getattr(self, port) for port in _PORTS})
        for publisher in (shell.displayhook, shell.display_pub, self.displayhook):
            publisher.pub_socket = self.iopub_socket
        shell.displayhook.topic = kernel._topic("execute_result")
        self.control_thread.start()
        self.shell_channel_thread.start()

    def _connect_debugger(self) -> None:
        kernel = self.kernel
        kernel.debugpy_stream = ZMQStream(self.debugpy_socket, self.control_thread.io_loop)
        kernel.debug_shell_socket = self.debug_shell_socket
        debugger = getattr(kernel, "debugger", None)
        if debugger is not None:
            # Its client has not spoken to debugpy yet: only its streams are of before the fork.
            debugger.__init__(
                kernel.log,
                kernel.debugpy_stream,
                kernel._publish_debug_event,
                kernel.debug_shell_socket,
                kernel.session,
                kernel._kernel_modules,
                kernel.debug_just_my_code,
                kernel.filter_internal_frames,
            )

    def _join_control(self) -> None:
        """Before ipykernel's own clean-up: it stops iopub first, and the control thread would wait for that in vain."""
        thread = self.control_thread
        if thread is not None and thread.is_alive():
            thread.stop()
            thread.join(_JOIN_S)


class _NoChannels:
    """In the place of the thread for the shell channel: a template has one shell, on the main thread, and no socket."""

    def __init__(self) -> None:
        self.parent_thread = threading.current_thread()
        self.manager = self

    def get_subshell_to_shell_channel_socket(self, subshell_id: str | None) -> None:
        """No socket: the session records."""


def make_application(record: Record, arguments: list[str]) -> ForkApp:
    """The application, kernel and shell of this process, ready to run cells. `arguments` are those of the kernelspec's ipykernel."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app: ForkApp = ForkApp.instance()
    app.record = record
    app.config.InteractiveShell.enable_tip = False  # it draws from `random`, which is the author's to seed
    app.config.HistoryManager.hist_file = ":memory:"  # a file would need a thread
    app.initialize(arguments)
    return app
