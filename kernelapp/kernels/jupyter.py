"""A kernel over jupyter_client: any kernelspec, any provisioner."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from ..errors import KernelError
from .adoption import adopt_kernel, describe_kernel
from .afterlife import Afterlife
from .channels import Channels
from .death import STDERR, describe_end, log_last_words, wait_for_end
from .isolation import Isolation, wrap_command
from .keeper import MARK
from .kernel import KernelListener, KernelMessage
from .limits import Fence, Fences
from .memory import ended_for_memory
from .specs import interpreter_of
from .spool import Fresh, read_missed

log = logging.getLogger(__name__)

PROTOCOL = 1  # of the runtime (docs/architecture.md, "The runtime protocol")
_BEGIN = "begin"  # the file in a kernel's own directory that is locked until it may begin
_LOCAL = "local-provisioner"  # jupyter_client's own
_SHUTDOWN_S = 2.0  # how long a kernel may take to end by itself

# It leaves no name in the author's namespace.
_START = """\
import sys
sys.path.insert(0, path)
from kernelapp.inkernel.compiled import compiled
with compiled():
    from kernelapp.inkernel import runtime
runtime.start(options)
"""
_BOOTSTRAP = f'exec({_START!r}, {{{{"path": {{path!r}}, "options": {{options!r}}}}}})'


@dataclass(frozen=True)
class KernelLaunch:
    """How to start a kernel. `package_dir` holds what kernels see of our installation and nothing else (`package.py`).

    `afterlife` is None where kernels end with the server, `fences` where nothing limits them, `isolation` where they see the whole host.
    `files`: the session's private directory, which an isolated kernel may write to.
    """

    kernel_name: str
    cwd: Path
    env: Mapping[str, str]
    package_dir: Path
    debug: bool
    max_saved_bytes: int
    start_timeout_s: float
    afterlife: Afterlife | None = None
    fences: Fences | None = None
    isolation: Isolation | None = None
    files: Path | None = None


class _Manager(AsyncKernelManager):
    """Starts its kernel by another command, which is given the kernel's."""

    wrapped_in: Sequence[str] = ()

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """As AsyncKernelManager's."""
        return [*self.wrapped_in, *super().format_kernel_cmd(extra_arguments)]


class JupyterKernel:
    """One kernel, its channels and the wait for its end."""

    def __init__(self, launch: KernelLaunch) -> None:
        self._launch = launch
        self._directory: Path | None = None
        self._manager: AsyncKernelManager | None = None
        self._channels: Channels | None = None
        self._died: asyncio.Task[None] | None = None
        self._listener: KernelListener | None = None
        self._fence: Fence | None = None
        self._ready = False
        self._ending = False
        self._memory_ends = ended_for_memory()  # what is added while this kernel runs may tell of its end

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
        self._running().listener = listener.kernel_message

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """As `Kernel.adopt`."""
        self._listener = listener
        told = json.loads(description)
        self._directory = Path(told["connection_file"]).parent
        early: list[KernelMessage] = []  # what comes while the spool is read
        self._manager = manager = await adopt_kernel(told)
        channels, _ = self._connect(manager)
        channels.listener = early.append
        await channels.welcome()
        missed, whole = read_missed(self._directory, last_message)
        if not whole:
            log.warning("while the server was away a kernel published more than is kept: output of its cell is missing")
        fresh = Fresh(listener.kernel_message, (message.id for message in missed))
        self._ready = True
        for message in missed:
            listener.kernel_message(message)
        while early:  # the listener does not wait, but what it does may make more come
            fresh.hear(early.pop(0))
        channels.listener = fresh.hear

    async def answered(self) -> None:
        """As `Kernel.answered`."""
        await self._running().run_silently("")

    async def farewell(self) -> None:
        """As `Kernel.farewell`."""
        await self._running().farewell()

    async def describe(self) -> bytes | None:
        """As `Kernel.describe`."""
        if self._launch.afterlife is None or self._manager is None:
            return None
        return json.dumps(await describe_kernel(self._manager)).encode()

    async def _start(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="ka-"))  # short: a socket's path has at most 107 bytes
        self._manager = manager = _Manager(kernel_name=self._launch.kernel_name)
        manager.connection_file = str(self._directory / "k.json")
        if sys.platform != "win32":
            manager.transport = "ipc"
            manager.ip = str(self._directory / "s")
        env, afterlife = dict(self._launch.env), self._launch.afterlife
        if afterlife is not None:
            env[MARK] = str(afterlife.state)
            (afterlife.links / self._directory.name).symlink_to(self._directory)
        # Not our stdout and stderr: whoever reads them must see our end. What cells write there comes over iopub all the same.
        with (self._directory / STDERR).open("wb") as stderr, (self._directory / _BEGIN).open("wb") as begin:
            # An isolated one does not see its parent, and would take it for gone: what it is started by sees to that.
            independent = afterlife is not None or self._launch.isolation is not None
            options = {"stdout": subprocess.DEVNULL, "stderr": stderr, "independent": independent}
            if self._launch.isolation is not None:
                manager.wrapped_in = self._wrap(manager, self._launch.isolation)
                fcntl.flock(begin, fcntl.LOCK_EX)  # it begins when it is behind its fence
            await manager.start_kernel(cwd=str(self._launch.cwd), env=env, **options)
            channels, died = self._connect(manager)
        prepared = asyncio.create_task(self._prepare(channels))
        try:
            await asyncio.wait({prepared, died}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the session ends while its kernel starts
            prepared.cancel()
            raise
        if not prepared.done():
            prepared.cancel()
            code = await manager.provisioner.poll() if manager.provisioner else None
            log_last_words(self._directory)
            raise KernelError(f"The kernel did not start. {describe_end(code)}")
        await prepared

    def _wrap(self, manager: AsyncKernelManager, isolation: Isolation) -> list[str]:
        """What starts this kernel in a sandbox. Raises KernelError for one that this host does not start."""
        launch, spec = self._launch, manager.kernel_spec
        assert self._directory is not None
        assert spec is not None
        by = (spec.metadata.get("kernel_provisioner") or {}).get("provisioner_name", _LOCAL)
        if by != _LOCAL:
            log.error("kernel %s is started by %s: --isolate cannot hold it", launch.kernel_name, by)
            raise KernelError("This kernel cannot be isolated, and is not started without that.")
        options = isolation.options(launch.package_dir, launch.cwd)
        own = [self._directory] if launch.files is None else [self._directory, launch.files]
        command = wrap_command(options, launch.package_dir, own, self._directory / _BEGIN, launch.afterlife is not None)
        program = interpreter_of(spec)
        return [program, *command[1:]] if "python" in Path(program).name else command

    def _connect(self, manager: AsyncKernelManager) -> tuple[Channels, asyncio.Task[None]]:
        """Open the channels; returns them, and the task that waits for the kernel's end."""
        pid = getattr(manager.provisioner, "pid", None)
        if pid and self._launch.fences is not None and self._directory is not None:
            self._fence = self._launch.fences.around(self._directory, pid)
        manager.shutdown_wait_time = _SHUTDOWN_S
        self._died = died = asyncio.create_task(self._watch())
        self._channels = channels = Channels(manager.client())
        return channels, died

    async def _prepare(self, channels: Channels) -> None:
        """Wait until the kernel answers and its iopub is heard; then make a Python kernel ready for controls."""
        await channels.answer()
        spec = self._manager.kernel_spec if self._manager else None
        if spec is None or spec.language.lower() != "python":
            return
        launch = self._launch
        options: dict[str, Any] = {"protocol": PROTOCOL, "debug": launch.debug, "max_saved_bytes": launch.max_saved_bytes}
        if launch.afterlife is not None:
            options["spool"] = {"directory": str(self._directory), "max_bytes": launch.afterlife.max_spool_bytes}
        error = await channels.run_silently(_BOOTSTRAP.format(path=str(launch.package_dir), options=options))
        if error is not None:
            log.warning("kernel %s runs without controls: %s", self._launch.kernel_name, error.decode(errors="replace")[:2000])

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """As `Kernel.execute`."""
        self._running().execute(request, source, metadata)

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """As `Kernel.send_comm`."""
        self._running().send_comm(request, comm, data, buffers)

    def _running(self) -> Channels:
        if self._channels is None:
            raise KernelError("The kernel is not running.")
        return self._channels

    async def interrupt(self) -> None:
        """As `Kernel.interrupt`."""
        if self._manager is not None and self._manager.has_kernel:
            await self._manager.interrupt_kernel()

    async def end(self) -> None:
        """As `Kernel.end`."""
        manager = await self.leave()
        if manager is not None:
            await _end_process(manager)
        if self._fence is not None:
            await self._fence.close()
        if self._directory is not None:
            if self._launch.afterlife is not None:
                (self._launch.afterlife.links / self._directory.name).unlink(missing_ok=True)
            shutil.rmtree(self._directory, ignore_errors=True)

    async def leave(self) -> AsyncKernelManager | None:
        """As `Kernel.leave`; returns the manager that had the kernel."""
        self._ending = True
        manager, self._manager = self._manager, None
        if self._died is not None:
            self._died.cancel()
            await asyncio.gather(self._died, return_exceptions=True)
        channels, self._channels = self._channels, None
        if channels is not None:
            await channels.close()
        return manager

    async def _watch(self) -> None:
        assert self._manager is not None
        assert self._manager.provisioner is not None
        code = await wait_for_end(self._manager.provisioner)
        if self._ready and not self._ending and self._listener is not None:
            self._ready = False
            assert self._directory is not None
            log_last_words(self._directory)
            reason = self._fence.why_killed() if self._fence is not None else None
            self._listener.kernel_died(reason or describe_end(code, ended_for_memory() > self._memory_ends))


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
