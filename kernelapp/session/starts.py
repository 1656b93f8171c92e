"""The queue of kernels that wait to be started: few start at the same time, and each session knows its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class StartQueue:
    """Lets `width` kernels start at the same time, first come first served."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: list[tuple[asyncio.Future[None], Callable[[int], None]]] = []

    @asynccontextmanager
    async def turn(self, moved: Callable[[int], None]) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. `moved` is told the place in the queue, from 1, whenever it changes."""
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(moved)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, moved: Callable[[int], None]) -> None:
        entry = (asyncio.get_running_loop().create_future(), moved)
        self._waiting.append(entry)
        moved(len(self._waiting))
        try:
            await entry[0]
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._tell_places()
            else:
                self._pass_on()  # the turn came together with the end
            raise

    def _pass_on(self) -> None:
        if not self._waiting:
            self._free += 1
            return
        turn, _ = self._waiting.pop(0)
        turn.set_result(None)
        self._tell_places()

    def _tell_places(self) -> None:
        for place, (_, moved) in enumerate(self._waiting, 1):
            moved(place)
