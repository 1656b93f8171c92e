"""The kernel of one session: a fork of its template where there is one, or one of its own, or one that another server started."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from ..errors import KernelError
from ..kernels.kernel import Kernel, KernelListener
from ..notebook import Notebook
from .lease import Lease

_BEGIN_S = 1.0  # kernels that do not say when they begin with a cell are interrupted after this


async def has_begun(begun: asyncio.Event) -> None:
    """Wait until the kernel is at the cell that `begun` tells of: an interrupt that comes sooner is lost."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(begun.wait(), _BEGIN_S)


class OwnKernel:
    """`kernel` is None while there is none. `files` is the session's private directory, for a kernel that is isolated from all others."""

    def __init__(
        self,
        notebook: Notebook,
        open_kernel: Callable[[Notebook, Path | None], Kernel],
        lease: Lease | None,
        log: logging.LoggerAdapter[logging.Logger],
    ) -> None:
        self.kernel: Kernel | None = None
        self.files: Path | None = None
        self._gone = asyncio.Event()  # it has ended by itself
        self._had = False
        self._giving_up = asyncio.Lock()
        self._notebook = notebook
        self._open_kernel = open_kernel
        self._lease = lease
        self._log = log

    async def fork(self, listener: KernelListener) -> bool:
        """Start a fork of the session's template; returns whether there is one."""
        if self._lease is None:
            return False
        kernel = self._take(self._lease.fork(self.files))
        try:
            await kernel.start(listener)
        except KernelError as problem:
            self._log.warning("the session's kernel is no fork: %s", problem)
            await kernel.end()
            self._release()
            return False
        return True

    async def start(self, listener: KernelListener) -> None:
        """Start one that is no fork. Raises KernelError."""
        await self._take(self._open_kernel(self._notebook, self.files)).start(listener)

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """Go on with the kernel of a server that is gone. Raises KernelError when it has ended."""
        await self._take(self._open_kernel(self._notebook, self.files)).adopt(listener, description, last_message)

    def _take(self, kernel: Kernel) -> Kernel:
        self.kernel, self._gone, self._had = kernel, asyncio.Event(), True
        return kernel

    async def give_up(self, after: Callable[[], None] | None = None) -> bool:
        """End the kernel, for another to take its place; returns whether the session has had one. `after`: done in a thread before that."""
        async with self._giving_up:
            kernel, self.kernel = self.kernel, None
            if kernel is not None:
                await kernel.end()
            if after is not None:
                await asyncio.to_thread(after)
        return self._had

    async def say_farewell(self, begun: asyncio.Event | None, timeout_s: float) -> None:
        """Let the kernel do what the notebook wants done at its end. `begun`: of a cell that runs, and is interrupted for it."""
        if self.kernel is None:
            return
        work = asyncio.create_task(self._farewell(self.kernel, begun))
        gone = asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait({work, gone}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and not gone.done():
                self._log.warning("what was given to ka.on_close did not end within %g seconds (--close-timeout-s)", timeout_s)
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    @staticmethod
    async def _farewell(kernel: Kernel, begun: asyncio.Event | None) -> None:
        if begun is not None:
            await has_begun(begun)
            await kernel.interrupt()
        await kernel.farewell()

    def died(self) -> None:
        """The kernel has ended by itself."""
        self._gone.set()

    async def end(self) -> None:
        """End the kernel, and give the template back: the session has ended."""
        if self.kernel is not None:
            await self.kernel.end()
        self._release()

    async def leave(self) -> None:
        """Leave the kernel to a later server."""
        if self.kernel is not None:
            await self.kernel.leave()

    def _release(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()
