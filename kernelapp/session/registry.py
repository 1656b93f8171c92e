"""Who has which session: opens them, finds them again, and ends those that no page looks at."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ViewerError
from ..notebook import Notebook
from ..wire.messages import Blob, Hello
from .admission import FULL, Admission, Seat
from .connection import Connection
from .frozen import thaw
from .relay import Relay
from .restraint import in_words
from .store import Saved

_RETURN_S = 60.0  # pages of a server that was away ask less and less often

ENDED = "ended"
IN_USE = "in-use"
"""Why a page gets another session than it asked for, as the wire says it."""


_WAITING_GRACE_S = 15.0  # how long a session without a kernel keeps its place in the queue without a page
_SWEEP_S = (0.1, 30.0)  # how often at most, and at least, sessions are looked at that may have to end


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lives, in seconds: without a page, with a page but without a deed of its viewer, and at most.

    0 means for ever, for the last two.
    """

    grace_s: float
    idle_s: float = 0.0
    max_age_s: float = 0.0


@dataclass
class _Entry:
    relay: Relay
    viewer: str
    seat: Seat
    opened: float
    end: asyncio.TimerHandle | None = None


class Registry:
    """All sessions of a server.

    `open_relay` is given the session's id, the hash of its viewer's secret and the notebook.
    """

    def __init__(self, open_relay: Callable[[str, str, Notebook], Relay], admission: Admission, lifetimes: Lifetimes) -> None:
        self._open_relay = open_relay
        self._admission = admission
        self._lifetimes = lifetimes
        self._sweeper: asyncio.TimerHandle | None = None
        self._entries: dict[str, _Entry] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    async def attach(self, notebook: Notebook, viewer: str, hello: Hello, connection: Connection) -> Relay:
        """The session that the page asks for, if it is this viewer's, lives, and no other page has it; else a new one.

        `viewer` is the secret of the browser's cookie: a session's id is worthless without it. Raises ViewerError(`full`).
        """
        lost = None
        entry = self._find(notebook, viewer, hello.session)
        if entry is not None and await entry.relay.is_taken(hello.page):
            entry, lost = None, IN_USE
        elif hello.session is not None:
            entry = self._find(notebook, viewer, hello.session)  # it may have ended meanwhile
            lost = ENDED if entry is None else None
        if entry is None:
            entry = self._open(notebook, viewer, hello.inputs)
            hello = hello if hello.record is not None else replace(hello, last_seq=0)
        if entry.end is not None:
            entry.end.cancel()
            entry.end = None
        entry.relay.attach(connection, hello, lost)
        return entry.relay

    def _find(self, notebook: Notebook, viewer: str, session: str | None) -> _Entry | None:
        entry = self._entries.get(session or "")
        known = entry is not None and entry.relay.notebook.name == notebook.name and hmac.compare_digest(entry.viewer, _digest(viewer))
        return entry if known else None

    def _open(self, notebook: Notebook, viewer: str, inputs: Mapping[str, Any]) -> _Entry:
        if self._closed:
            raise ViewerError("full", FULL)
        session, owner = secrets.token_urlsafe(16), _digest(viewer)
        seat = self._admission.enter(notebook.name, owner)
        entry = self._keep(session, self._open_relay(session, owner, notebook), owner, seat)
        entry.relay.open(inputs, seat)
        return entry

    def _keep(self, session: str, relay: Relay, owner: str, seat: Seat) -> _Entry:
        entry = _Entry(relay, owner, seat, asyncio.get_running_loop().time())
        self._entries[session] = entry
        if self._sweeper is None:
            self._sweep_later()
        return entry

    def is_full(self, app: str, viewer: str) -> bool:
        """Whether a page of this app would find no room: its viewer has no session to come back to, and another is not admitted."""
        owner = _digest(viewer)
        has_one = any(entry.viewer == owner and entry.relay.notebook.name == app for entry in self._entries.values())
        return not has_one and self._admission.is_full(app)

    def revive(self, saved: Saved) -> None:
        """Go on with a session of a server that is gone: it ends after the grace period unless its page comes back."""
        notebook: Notebook = thaw(saved.notebook)
        relay = self._open_relay(saved.session, saved.viewer, notebook)
        relay.revive(saved)
        entry = self._keep(saved.session, relay, saved.viewer, self._admission.restore(notebook.name, saved.viewer))
        grace_s = max(self._lifetimes.grace_s, _RETURN_S)
        entry.end = asyncio.get_running_loop().call_later(grace_s, self._begin_end, saved.session)

    def blob(self, viewer: str, digest: str) -> Blob | None:
        """A large part of a widget in one of this viewer's sessions."""
        owner = _digest(viewer)
        found = (entry.relay.blob(digest) for entry in self._entries.values() if hmac.compare_digest(entry.viewer, owner))
        return next((blob for blob in found if blob is not None), None)

    def rest(self, app: str, viewer: str, session: str, cell: str) -> Path | None:
        """The file with what a cell printed beyond what is shown, in a session of this viewer."""
        entry = self._entries.get(session)
        known = entry is not None and entry.relay.notebook.name == app and hmac.compare_digest(entry.viewer, _digest(viewer))
        return entry.relay.rest(cell) if entry is not None and known else None

    def detach(self, relay: Relay, connection: Connection) -> None:
        """A page is gone; its session ends after the grace period unless a page comes back."""
        entry = self._entries.get(relay.session)
        if entry is not None and relay.detach(connection) and entry.end is None:
            grace_s = self._lifetimes.grace_s if entry.seat.granted.is_set() else min(self._lifetimes.grace_s, _WAITING_GRACE_S)
            entry.end = asyncio.get_running_loop().call_later(grace_s, self._begin_end, relay.session)

    def _sweep_later(self) -> None:
        limits = [limit for limit in (self._lifetimes.idle_s, self._lifetimes.max_age_s) if limit]
        if limits:
            delay = min(max(min(limits) / 10, _SWEEP_S[0]), _SWEEP_S[1])
            self._sweeper = asyncio.get_running_loop().call_later(delay, self._sweep)

    def _sweep(self) -> None:
        """End the sessions whose time is over, and tell their pages why."""
        now, lifetimes = asyncio.get_running_loop().time(), self._lifetimes
        for session, entry in list(self._entries.items()):
            if lifetimes.idle_s and entry.relay.idle_for(now) > lifetimes.idle_s:
                self._dismiss(session, f"This session has ended, because nothing was done in it for {in_words(lifetimes.idle_s)}.")
            elif lifetimes.max_age_s and now - entry.opened > lifetimes.max_age_s:
                self._dismiss(session, f"This session has ended: it had been open for {in_words(lifetimes.max_age_s)}, as long as it may.")
        self._sweeper = None
        if self._entries:
            self._sweep_later()

    def _dismiss(self, session: str, reason: str) -> None:
        entry = self._entries[session]
        if entry.end is not None:
            entry.end.cancel()
        entry.relay.dismiss(reason)
        self._begin_end(session)

    def _begin_end(self, session: str) -> None:
        entry = self._entries.pop(session)
        ending = asyncio.get_running_loop().create_task(self._end(entry))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _end(self, entry: _Entry) -> None:
        try:
            await entry.relay.close()
        finally:
            self._admission.leave(entry.seat)

    def _stop(self) -> None:
        self._closed = True
        self._admission.close()
        if self._sweeper is not None:
            self._sweeper.cancel()

    async def close(self) -> None:
        """End every session."""
        self._stop()
        for session, entry in list(self._entries.items()):
            if entry.end is not None:
                entry.end.cancel()
            self._begin_end(session)
        await asyncio.gather(*self._endings, return_exceptions=True)

    async def leave(self) -> None:
        """Leave every session to the next server."""
        self._stop()
        entries = list(self._entries.values())
        self._entries.clear()
        for entry in entries:
            if entry.end is not None:
                entry.end.cancel()
        await asyncio.gather(*(entry.relay.leave() for entry in entries), *self._endings, return_exceptions=True)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
