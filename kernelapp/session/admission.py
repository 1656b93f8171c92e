"""Who gets a kernel now, who waits for one, and who is turned away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ViewerError

log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 2.0  # at the host's memory, while somebody waits for it

FULL = "This server has no room for another viewer now. Please try again in a few minutes."
TOO_MANY = "You have {n} sessions open on this server, and it allows no more. Close one of its tabs, or come back to it, and try again."


@dataclass(frozen=True)
class AdmissionBounds:
    """What may be open at the same time. `max_per_viewer` and `max_per_app` are part of `max_sessions`; memory is in bytes."""

    max_sessions: int
    max_per_viewer: int
    max_per_app: int
    max_waiting: int
    min_free_bytes: int


@dataclass(eq=False)
class Seat:
    """A session's right to have a kernel, or its place, from 1, in the queue for one."""

    app: str
    viewer: str
    granted: asyncio.Event
    place: int | None = None
    moved: Callable[[int], None] | None = None

    async def wait(self, moved: Callable[[int], None]) -> None:
        """Return when the session may have a kernel; `moved` is told its place, from 1, whenever it changes."""
        if self.granted.is_set():
            return
        self.moved = moved
        if self.place is not None:
            moved(self.place)
        await self.granted.wait()


class Admission:
    """The seats. `free_bytes` says how much memory the host has left, None where that is not known."""

    def __init__(self, bounds: AdmissionBounds, free_bytes: Callable[[], int | None]) -> None:
        self._bounds = bounds
        self._free_bytes = free_bytes
        self._seated: list[Seat] = []
        self._waiting: list[Seat] = []
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, app: str, viewer: str) -> Seat:
        """A seat, taken or waited for. Raises ViewerError(`full`) when the viewer has as many as allowed, or too many wait."""
        theirs = sum(seat.viewer == viewer for seat in (*self._seated, *self._waiting))
        if theirs >= self._bounds.max_per_viewer:
            raise ViewerError("full", TOO_MANY.format(n=theirs))
        if self.is_full(app):
            raise ViewerError("full", FULL)
        seat = Seat(app, viewer, asyncio.Event())
        self._waiting.append(seat)
        self._grant()
        return seat

    def restore(self, app: str, viewer: str) -> Seat:
        """The seat of a session that has its kernel already."""
        seat = Seat(app, viewer, asyncio.Event())
        seat.granted.set()
        self._seated.append(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """The session has ended: whoever waits may follow."""
        for seats in (self._seated, self._waiting):
            if seat in seats:
                seats.remove(seat)
        self._grant()

    def is_full(self, app: str) -> bool:
        """Whether another session of this app would be turned away."""
        return len(self._waiting) >= self._bounds.max_waiting and not (self._has_room(app) and self._has_memory())

    def _grant(self) -> None:
        """Seat whoever can be, first come first served; who waits for room in one app does not hold up the others."""
        for seat in list(self._waiting):
            if self._has_room(seat.app) and self._has_memory():
                self._waiting.remove(seat)
                self._seated.append(seat)
                seat.place = None
                seat.granted.set()
        self._tell_places()
        if self._waiting and self._timer is None and len(self._seated) < self._bounds.max_sessions:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_AGAIN_S, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self._grant()

    def _has_room(self, app: str) -> bool:
        of_app = sum(seat.app == app for seat in self._seated)
        return len(self._seated) < self._bounds.max_sessions and of_app < self._bounds.max_per_app

    def _has_memory(self) -> bool:
        free = self._free_bytes() if self._bounds.min_free_bytes else None
        if free is None or free >= self._bounds.min_free_bytes:
            return True
        if self._timer is None:
            log.warning("a session waits for memory: %d MB are free, below --min-free-bytes", free // 1_000_000)
        return False

    def _tell_places(self) -> None:
        for place, seat in enumerate(self._waiting, 1):
            moved, seat.place = seat.place != place, place
            if moved and seat.moved is not None:
                seat.moved(place)

    def close(self) -> None:
        """Look at nothing again."""
        if self._timer is not None:
            self._timer.cancel()
