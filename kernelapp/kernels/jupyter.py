"""A kernel over jupyter_client: any kernelspec, any provisioner."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session

from ..errors import KernelError
from .death import describe_end, wait_for_end
from .kernel import KernelListener, KernelMessage

log = logging.getLogger(__name__)

PROTOCOL = 1  # of the runtime (docs/architecture.md, "The runtime protocol")
_ASK_AGAIN_S = 0.5  # a kernel that subscribes us late gets asked again, as jupyter_client's wait_for_ready does
_SHUTDOWN_S = 2.0  # how long a kernel may take to end by itself

_BOOTSTRAP = """\
__import__("sys").path.insert(0, {path!r})
__import__("kernelapp.inkernel.runtime", fromlist=["start"]).start({options!r})
"""


@dataclass(frozen=True)
class KernelLaunch:
    """How to start a kernel. `package_dir` holds a link to our package and nothing else: what kernels see of our installation."""

    kernel_name: str
    cwd: Path
    env: Mapping[str, str]
    package_dir: Path
    debug: bool
    max_saved_bytes: int
    start_timeout_s: float


class JupyterKernel:
    """One kernel, its channels and the wait for its end."""

    def __init__(self, launch: KernelLaunch) -> None:
        self._launch = launch
        self._directory: Path | None = None
        self._manager: AsyncKernelManager | None = None
        self._client: AsyncKernelClient | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listener: KernelListener | None = None
        self._answers: dict[str, asyncio.Future[bytes | None]] = {}  # requests of our own: the error's content, or None
        self._heard = asyncio.Event()  # something came on iopub: we are subscribed
        self._ready = False
        self._ending = False

    async def start(self, listener: KernelListener) -> None:
        """As `Kernel.start`."""
        self._listener = listener
        try:
            async with asyncio.timeout(self._launch.start_timeout_s):
                await self._start()
        except TimeoutError as problem:
            await self.end()
            raise KernelError(f"The kernel did not start within {self._launch.start_timeout_s:g} seconds.") from problem
        except KernelError:
            await self.end()
            raise
        except (NoSuchKernel, OSError, RuntimeError, ValueError) as problem:
            await self.end()
            log.warning("kernel %s did not start: %s", self._launch.kernel_name, problem)
            raise KernelError("The kernel could not be started.") from problem
        self._ready = True

    async def _start(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="ka-"))  # short: a socket's path has at most 107 bytes
        self._manager = manager = AsyncKernelManager(kernel_name=self._launch.kernel_name)
        manager.connection_file = str(self._directory / "k.json")
        if sys.platform != "win32":
            manager.transport = "ipc"
            manager.ip = str(self._directory / "s")
        manager.shutdown_wait_time = _SHUTDOWN_S
        await manager.start_kernel(cwd=str(self._launch.cwd), env=dict(self._launch.env))
        died = asyncio.create_task(self._watch())
        self._tasks.append(died)
        self._client = client = manager.client()
        client.context.setsockopt(zmq.RCVHWM, 0)  # a full queue would lose messages: here ours decides what is too much
        client.start_channels(stdin=False, hb=False)
        self._tasks += [asyncio.create_task(self._read_iopub(client)), asyncio.create_task(self._read_replies(client))]
        prepared = asyncio.create_task(self._prepare(client))
        await asyncio.wait({prepared, died}, return_when=asyncio.FIRST_COMPLETED)
        if not prepared.done():
            prepared.cancel()
            code = await manager.provisioner.poll() if manager.provisioner else None
            raise KernelError(f"The kernel did not start. {describe_end(code)}")
        await prepared

    async def _prepare(self, client: AsyncKernelClient) -> None:
        """Wait until the kernel answers and its iopub is heard; then make a Python kernel ready for controls."""
        while not self._heard.is_set():
            client.kernel_info()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), _ASK_AGAIN_S)
        spec = self._manager.kernel_spec if self._manager else None
        if spec is None or spec.language.lower() != "python":
            return
        launch = self._launch
        options = {"protocol": PROTOCOL, "debug": launch.debug, "max_saved_bytes": launch.max_saved_bytes}
        error = await self._run_silently(_BOOTSTRAP.format(path=str(launch.package_dir), options=options))
        if error is not None:
            log.warning("kernel %s runs without controls: %s", self._launch.kernel_name, error.decode(errors="replace")[:2000])

    async def _run_silently(self, code: str) -> bytes | None:
        """Run code of our own; returns the content of the error that it raised, or None."""
        request = self._send("execute_request", _request(code, silent=True), {})
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        try:
            return await answer
        finally:
            del self._answers[request]

    def execute(self, source: str, metadata: Mapping[str, Any]) -> str:
        """As `Kernel.execute`."""
        return self._send("execute_request", _request(source, silent=False), metadata)

    def send_comm(self, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> str:
        """As `Kernel.send_comm`."""
        return self._send("comm_msg", {"comm_id": comm, "data": dict(data)}, {}, buffers)

    def _send(self, kind: str, content: dict[str, Any], metadata: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> str:
        if self._client is None:
            raise KernelError("The kernel is not running.")
        session = self._client.session
        message = session.msg(kind, content, metadata=dict(metadata))
        session.send(self._client.shell_channel.socket, message, buffers=list(buffers))
        return str(message["header"]["msg_id"])

    async def interrupt(self) -> None:
        """As `Kernel.interrupt`."""
        if self._manager is not None and self._manager.has_kernel:
            await self._manager.interrupt_kernel()

    async def end(self) -> None:
        """As `Kernel.end`."""
        self._ending = True
        manager, self._manager = self._manager, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if manager is not None:
            await _end_process(manager)
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    async def _watch(self) -> None:
        assert self._manager is not None
        assert self._manager.provisioner is not None
        code = await wait_for_end(self._manager.provisioner)
        if self._ready and not self._ending and self._listener is not None:
            self._ready = False
            self._listener.kernel_died(describe_end(code))

    async def _read_replies(self, client: AsyncKernelClient) -> None:
        """Completion is taken from iopub; the replies are passed on for the case that it lost something."""
        while True:
            self._receive(client.session, await client.shell_channel.socket.recv_multipart())

    async def _read_iopub(self, client: AsyncKernelClient) -> None:
        while True:
            frames = await client.iopub_channel.socket.recv_multipart()
            self._heard.set()
            self._receive(client.session, frames)

    def _receive(self, session: Session, frames: list[bytes]) -> None:
        try:
            _, parts = session.feed_identities(frames)
            message = session.deserialize(parts, content=False)
        except (ValueError, TypeError, zmq.ZMQError) as problem:
            log.warning("an unreadable message from a kernel was dropped: %s", problem)
            return
        parent = str(message["parent_header"].get("msg_id", ""))
        buffers = tuple(bytes(buffer) for buffer in message["buffers"])
        self._dispatch(KernelMessage(str(message["msg_type"]), parent, bytes(message["content"]), message["metadata"], buffers))

    def _dispatch(self, message: KernelMessage) -> None:
        answer = self._answers.get(message.parent)
        if answer is not None and not answer.done():
            if message.kind == "error":
                answer.set_result(message.content)
            elif message.kind == "status" and json.loads(message.content).get("execution_state") == "idle":
                answer.set_result(None)
            return
        if self._ready and self._listener is not None:
            self._listener.kernel_message(message)


def _request(code: str, silent: bool) -> dict[str, Any]:
    # stop_on_error would make the kernel refuse the next cell if it came too soon after a failed one
    return {
        "code": code,
        "silent": silent,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }


async def _end_process(manager: AsyncKernelManager) -> None:
    """End a kernel: by asking, then by force; and what is left of its process group."""
    pid = getattr(manager.provisioner, "pid", None) if manager.provisioner else None
    try:
        if manager.has_kernel:
            await manager.shutdown_kernel()
    except Exception as problem:  # whatever a provisioner raises: the group is killed below all the same
        log.warning("a kernel did not shut down as asked: %s", problem)
    if pid and hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # a kernel leads its own group; what it started may be left in it
