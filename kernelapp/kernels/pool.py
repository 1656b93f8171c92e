"""Kernels made ready before they are asked for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import KernelError
from .kernel import Kernel, KernelListener, KernelMessage

log = logging.getLogger(__name__)

_TRIES = 3  # one after the other that fail: whoever asks for a kernel then finds out why


class Standby:
    """A kernel that has started and waits for its session; to the session it is like any other."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._listener: KernelListener | None = None
        self.ended: str | None = None  # why, when it has ended by itself
        self.on_end: Callable[[Standby], None] | None = None

    async def begin(self) -> None:
        """Start it, ahead of its session."""
        await self._kernel.start(self)

    async def start(self, listener: KernelListener) -> None:
        """As Kernel: the session is there."""
        if self.ended is not None:
            raise KernelError(self.ended)
        self._listener = listener

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """As Kernel."""
        self._kernel.execute(request, source, metadata)

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """As Kernel."""
        self._kernel.send_comm(request, comm, data, buffers)

    async def describe(self) -> bytes | None:
        """As Kernel."""
        return await self._kernel.describe()

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """As Kernel."""
        self._listener = listener
        await self._kernel.adopt(self, description, last_message)

    async def answered(self) -> None:
        """As Kernel."""
        await self._kernel.answered()

    async def farewell(self) -> None:
        """As Kernel."""
        await self._kernel.farewell()

    async def leave(self) -> object:
        """As Kernel."""
        return await self._kernel.leave()

    async def interrupt(self) -> None:
        """As Kernel."""
        await self._kernel.interrupt()

    async def end(self) -> None:
        """As Kernel."""
        await self._kernel.end()

    def kernel_message(self, message: KernelMessage) -> None:
        """As KernelListener; what a kernel says while it waits is of no run."""
        if self._listener is not None:
            self._listener.kernel_message(message)

    def kernel_died(self, reason: str) -> None:
        """As KernelListener."""
        self.ended = reason
        if self._listener is not None:
            self._listener.kernel_died(reason)
        elif self.on_end is not None:
            self.on_end(self)


class Pool:
    """Keeps `size` kernels started, and makes another for each that is taken or ends."""

    def __init__(self, make: Callable[[], Kernel], size: int) -> None:
        self._make = make
        self._size = size
        self._ready: deque[Standby] = deque()
        self._filling: asyncio.Task[None] | None = None
        self._endings: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._closed = False
        self.fill()

    def take(self) -> Kernel:
        """A kernel that is ready, or else one that is not started."""
        while self._ready:
            standby = self._ready.popleft()
            if standby.ended is None:
                self._failures = 0
                self.fill()
                return standby
        self._failures = min(self._failures, _TRIES - 1)  # it may have been for the moment
        self.fill()
        return self._make()

    def fill(self) -> None:
        """See to it that there are enough, in the background."""
        if not self._closed and len(self._ready) < self._size and (self._filling is None or self._filling.done()):
            self._filling = asyncio.get_running_loop().create_task(self._fill())

    async def _fill(self) -> None:
        while len(self._ready) < self._size and self._failures < _TRIES:
            standby = Standby(self._make())
            standby.on_end = self._lost
            try:
                await standby.begin()
            except KernelError as problem:
                self._failures += 1
                log.warning("a standby did not start: %s", problem)
                await standby.end()
                continue
            except asyncio.CancelledError:
                await standby.end()
                raise
            if standby.ended is None:
                self._ready.append(standby)
            else:
                self._end(standby)

    def _lost(self, standby: Standby) -> None:
        """A standby has ended while it waited."""
        if standby in self._ready:
            self._ready.remove(standby)
            self._failures += 1  # kernels that end by themselves, one after the other, must not be made without an end
            self._end(standby)
            self.fill()

    def _end(self, standby: Standby) -> None:
        ending = asyncio.get_running_loop().create_task(standby.end())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def close(self) -> None:
        """End those that nobody has taken."""
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        while self._ready:
            self._end(self._ready.popleft())
        await asyncio.gather(*self._endings, return_exceptions=True)
