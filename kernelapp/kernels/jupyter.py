"""A kernel over jupyter_client: any kernelspec, any provisioner."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from ..errors import KernelError
from .channels import Channels, execute_content
from .death import describe_end, wait_for_end
from .kernel import KernelListener

log = logging.getLogger(__name__)

PROTOCOL = 1  # of the runtime (docs/architecture.md, "The runtime protocol")
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
        self._channels: Channels | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listener: KernelListener | None = None
        self._ready = False
        self._ending = False

    async def start(self, listener: KernelListener) -> None:
        """As `Kernel.start`."""
        self._listener = listener
        try:
            async with asyncio.timeout(self._launch.start_timeout_s):
                await self._start(listener)
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
        if self._channels is not None:
            self._channels.open = True

    async def _start(self, listener: KernelListener) -> None:
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
        self._channels = channels = Channels(manager.client(), listener.kernel_message)
        prepared = asyncio.create_task(self._prepare(channels))
        await asyncio.wait({prepared, died}, return_when=asyncio.FIRST_COMPLETED)
        if not prepared.done():
            prepared.cancel()
            code = await manager.provisioner.poll() if manager.provisioner else None
            raise KernelError(f"The kernel did not start. {describe_end(code)}")
        await prepared

    async def _prepare(self, channels: Channels) -> None:
        """Wait until the kernel answers; then make a Python kernel ready for controls."""
        await channels.answer()
        spec = self._manager.kernel_spec if self._manager else None
        if spec is None or spec.language.lower() != "python":
            return
        launch = self._launch
        options = {"protocol": PROTOCOL, "debug": launch.debug, "max_saved_bytes": launch.max_saved_bytes}
        error = await channels.run_silently(_BOOTSTRAP.format(path=str(launch.package_dir), options=options))
        if error is not None:
            log.warning("kernel %s runs without controls: %s", self._launch.kernel_name, error.decode(errors="replace")[:2000])

    def execute(self, source: str, metadata: Mapping[str, Any]) -> str:
        """As `Kernel.execute`."""
        if self._channels is None:
            raise KernelError("The kernel is not running.")
        return self._channels.send("execute_request", execute_content(source, silent=False), metadata)

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
        if self._channels is not None:
            await self._channels.close()
            self._channels = None
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
