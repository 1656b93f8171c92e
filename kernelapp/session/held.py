"""A template in use: its standbys, and the sessions that hold it. It ends when another has taken its place and no session holds it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..kernels.kernel import ForkOptions, Kernel
from ..kernels.pool import Pool
from .making import Made
from .record import Record


class Held:
    """One template. `page`: what the app's page shows before its session begins, as JSON; None when no cell has run."""

    def __init__(self, made: Made, standby: int, max_first_paint_bytes: int) -> None:
        self.made = made
        self.dead = False  # it has ended by itself
        self.page = made.record.page(max_first_paint_bytes) if made.record is not None else None
        self._sessions = 0
        self._retired = False
        self._leaves = False
        self._emptying: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._standby = standby
        self._pool = Pool(self._fork, standby)

    def _fork(self, files: Path | None = None) -> Kernel:
        return self.made.template.fork(ForkOptions(files=files))

    @property
    def is_used(self) -> bool:
        """Whether a session holds it."""
        return self._sessions > 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is left."""
        return self._ending is not None and self._ending.done()

    def lease(self) -> SessionLease:
        """For one more session."""
        self._sessions += 1
        return SessionLease(self)

    def take(self, files: Path | None) -> Kernel:
        """A kernel for one of its sessions, which has this directory. A standby does not know of it: there must be none if it has to."""
        return self._fork(files) if self._retired or self.dead or not self._standby else self._pool.take()

    def give_back(self) -> None:
        """A session needs it no more."""
        self._sessions -= 1
        self._end_unused()

    def retire(self) -> None:
        """Another takes its place: no standby is needed any more."""
        self._retired = True
        if self._emptying is None:
            self._emptying = asyncio.get_running_loop().create_task(self._pool.close())
        self._end_unused()

    def _end_unused(self) -> None:
        if self._retired and self._sessions <= 0 and self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        if self._emptying is not None:
            await self._emptying
        await self.made.end(leave=self._leaves)

    async def close(self, *, leave: bool = False) -> None:
        """End it now, whoever holds it; with `leave`, the kernels of its sessions are left to the next server."""
        self._sessions, self._leaves = 0, leave
        self.retire()
        assert self._ending is not None
        await self._ending


class SessionLease:
    """As relay.Lease."""

    def __init__(self, held: Held) -> None:
        self.record: Record | None = held.made.record
        self._held: Held | None = held

    def fork(self, files: Path | None) -> Kernel:
        """As Lease."""
        assert self._held is not None
        return self._held.take(files)

    def release(self) -> None:
        """As Lease; again without effect."""
        held, self._held = self._held, None
        if held is not None:
            held.give_back()
