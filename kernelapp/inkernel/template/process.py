"""A template's life: it takes commands from its owner, runs cells, and forks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
from typing import Any

import zmq

from kernelapp.inkernel.isolation.places import Plan, own_places, plan_root
from kernelapp.inkernel.isolation.sandbox import Options, fork_apart
from kernelapp.inkernel.libraries import Libraries
from kernelapp.inkernel.template import orphans
from kernelapp.inkernel.template.application import ForkApp
from kernelapp.inkernel.template.canaries import try_libraries
from kernelapp.inkernel.template.descriptors import Descriptor, read_files
from kernelapp.inkernel.template.forking import Fork, Sandbox
from kernelapp.inkernel.template.holes import fill_holes
from kernelapp.inkernel.template.immortal import keep_libraries, keep_present
from kernelapp.inkernel.template.imports import run_imports
from kernelapp.inkernel.template.loops import renew_loop
from kernelapp.inkernel.template.packets import Packets
from kernelapp.inkernel.template.randomness import Randomness
from kernelapp.inkernel.template.reading import Reading
from kernelapp.inkernel.template.safety import Safety, native_threads


class Process:
    """One template. `serve` returns in the forks only."""

    def __init__(self, listener: socket.socket, calm: int, life: int, outlive: bool, isolation: Options | None) -> None:
        self.app: ForkApp | None = None
        self.randomness = Randomness()
        self._listener = listener
        self._calm = calm
        self._life = life
        self._poll = select.poll()
        self._owner: Packets | None = None
        self._outlive = outlive  # kernels go on when the owner is gone, and this process until the last has ended
        self._isolation = isolation
        self._plan: Plan | None = None
        self._connections: dict[int, Packets] = {}
        self._kernels: dict[int, tuple[int, Packets, str]] = {}  # pidfd -> pid, its connection, its directory
        self._kept: set[Packets] = set()  # the connections of kernels that outlive the owner
        self._orphaned = False
        self._files: list[Descriptor] = []
        self._muted = False
        self._frozen = False
        self._judged: tuple[int, int] | None = None
        self._verdict: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def prepare(self, app: ForkApp) -> None:
        """Take the application, before the first cell."""
        self.app = app
        self._loop = app.kernel.io_loop.asyncio_loop
        self.randomness.install()
        Libraries(
            {"numpy.random.bit_generator": self.randomness.watch_numpy, "torch": self.randomness.watch_torch},
        ).install()
        self._safety = Safety(self._loop)
        self._poll.register(self._listener, select.POLLIN)
        self._reading = Reading()
        self._reading.install()

    def ready(self) -> None:
        """All descriptors and objects that are there now are our own."""
        self._safety.know_descriptors()
        keep_present()

    def record(self, message: dict[str, Any], parts: list[bytes]) -> None:
        """A message of the kernel's: to the owner."""
        if self._owner is None or self._muted:
            return
        with contextlib.suppress(OSError):  # the end of the owner is seen in `serve`
            header, parent = message["header"], str((message.get("parent_header") or {}).get("msg_id", ""))
            head = [header["msg_type"], parent, header["msg_id"], message["metadata"], [len(part) for part in parts]]
            self._owner.send({"message": head}, b"".join(parts))

    def serve(self) -> Fork:
        """Answer until the owner is gone; returns in each forked process, with what that needs to become a kernel."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._listener.fileno():
                    self._accept()
                elif descriptor in self._kernels:
                    self._reap(descriptor)
                elif descriptor in self._connections:
                    fork = self._hear(self._connections[descriptor])
                    if fork is not None:
                        return fork

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        self._connections[sock.fileno()] = Packets(sock)
        self._poll.register(sock, select.POLLIN)
        self._safety.know_descriptors_of(sock.fileno())

    def _hear(self, packets: Packets) -> Fork | None:
        try:
            message = packets.receive()
            if message is None:
                return None
            return self._do(packets, *message)
        except (EOFError, OSError):
            self._drop(packets)
            return None

    def _drop(self, packets: Packets) -> None:
        self._connections.pop(packets.fileno(), None)
        self._poll.unregister(packets)
        packets.close()
        if packets is self._owner:
            self._owner = None
            self._orphaned = True
            if not self._outlive:
                self._end()
            # Those that nobody may know of, such as standbys, go with the owner; when the last one has gone, so does this process.
            for pid, kept, _ in self._kernels.values():
                if kept not in self._kept:
                    _kill(pid)
            if not self._kernels:
                self._end()

    def _do(self, packets: Packets, head: dict[str, Any], raw: bytes) -> Fork | None:
        do = head["do"]
        if do == "spawn":
            return self._spawn(packets, head)
        if do == "keep":
            self._kept.add(packets)
            return None
        if do == "own":
            self._owner, self._orphaned = packets, False
            return None
        if do == "execute":
            self._execute(head, raw.decode())
            return None
        if do == "comm":
            self._dispatch("comm_msg", head["id"], {"comm_id": head["comm"], "data": json.loads(raw)}, {})
            return None
        answer: dict[str, Any] = {"done": head["id"], "pid": os.getpid()}
        if do == "imports":
            answer["reason"] = self._run_imports(head["sources"])
        elif do == "check":
            answer["reason"] = self._check(thorough=bool(head.get("thorough")))
        elif do == "freeze":
            answer["reason"] = self._freeze()
            answer["files"] = self._reading.stop()
        packets.send(answer)
        return None

    def _execute(self, head: dict[str, Any], source: str) -> None:
        content = {
            "code": source,
            "silent": bool(head.get("silent")),
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        self._dispatch("execute_request", head["id"], content, head["metadata"])

    def _dispatch(self, kind: str, request: str, content: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Have the kernel handle a message, as if it had come over its shell channel."""
        assert self.app is not None
        assert self._loop is not None
        session = self.app.session
        header = session.msg_header(kind)
        header["msg_id"] = request
        message = session.msg(kind, content, header=header, metadata=metadata)
        frames = [zmq.Frame(part) for part in session.serialize(message, ident=b"owner")]
        with contextlib.suppress(KeyboardInterrupt):  # one that came too late for the cell
            self._loop.run_until_complete(self.app.kernel.dispatch_shell(frames))

    def _run_imports(self, sources: list[str]) -> str | None:
        assert self.app is not None
        self._muted = True
        try:
            reason = run_imports(self.app.kernel.shell, sources)
            sys.stdout.flush()
            sys.stderr.flush()
            return reason
        finally:
            self._muted = False

    def _check(self, *, thorough: bool) -> str | None:
        seen = self._safety.describe()
        if seen is not None:
            return f"The notebook has {seen}."
        # Threads of libraries: those that a fork breaks are found by trying, and only when something has changed.
        now = (native_threads(), len(sys.modules))
        if thorough or now != self._judged:
            self._judged = now
            self._verdict = self._try_libraries()
        return self._verdict

    def _try_libraries(self) -> str | None:
        found = try_libraries(self._prepare_canary)
        return None if found is None else f"The notebook uses {found}."

    def _prepare_canary(self) -> None:
        renew_loop(self._loop)

    def _freeze(self) -> str | None:
        assert self.app is not None
        reason = self._check(thorough=True)
        if reason is not None:
            return reason
        self._frozen = True
        self._files = read_files()
        self.randomness.remember()
        keep_libraries(self.app.kernel.shell.user_ns)
        gc.collect()
        fill_holes()
        gc.freeze()  # from now on no collection writes into what the forks share
        os.close(self._calm)
        return None

    def _spawn(self, packets: Packets, wanted: dict[str, Any]) -> Fork | None:
        if not self._frozen:
            packets.send({"failed": "the template has not been frozen"})
            return None
        directory = os.path.dirname(wanted["path"])
        os.makedirs(directory, 0o700, exist_ok=True)
        try:
            sandbox = self._sandbox(wanted)
            pid = os.fork() if sandbox is None else fork_apart(sandbox.options)
        except (OSError, ValueError) as problem:
            packets.send({"failed": str(problem)})
            return None
        if pid == 0:
            self._forget(packets)
            return Fork(packets, self._life, wanted, self.randomness, self._files, sandbox)
        pidfd = os.pidfd_open(pid)
        self._kernels[pidfd] = (pid, packets, directory)
        self._poll.register(pidfd, select.POLLIN)
        with contextlib.suppress(OSError):
            packets.send({"pid": pid}, fds=(pidfd,))
        return None

    def _sandbox(self, wanted: dict[str, Any]) -> Sandbox | None:
        if self._isolation is None:
            return None
        if self._plan is None:  # the cells have run: what they added to the import path is among the places
            self._plan = plan_root([*self._isolation["readable"], *own_places()], self._isolation["hidden"])
        return Sandbox({**self._isolation, "user": wanted["user"]}, self._plan)

    def _forget(self, kept: Packets) -> None:
        """In a fork: let go of what is the template's."""
        self._listener.close()
        for packets in self._connections.values():
            if packets is not kept:
                packets.close()
        for pidfd in self._kernels:
            os.close(pidfd)
        self._connections.clear()
        self._kernels.clear()
        self._owner = None

    def _reap(self, pidfd: int) -> None:
        pid, packets, directory = self._kernels.pop(pidfd)
        self._kept.discard(packets)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # what it started; the number cannot belong to another group before the kernel is reaped
        _, status = os.waitpid(pid, 0)
        orphans.end_strangers({known for known, _, _ in self._kernels.values()})
        try:
            packets.send({"exit": os.waitstatus_to_exitcode(status)})
        except OSError:
            shutil.rmtree(directory, ignore_errors=True)  # nobody else will
        if self._orphaned and not self._kernels:
            self._end()

    def _end(self) -> None:
        for pid, _, _ in self._kernels.values():
            _kill(pid)
        orphans.end_strangers(set())
        os._exit(0)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # when it has not made its group yet
