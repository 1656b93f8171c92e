"""Who has which session: opens them, finds them again, and ends those that no page looks at."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ViewerError
from ..notebook import Notebook
from ..wire.messages import Blob, Hello
from .frozen import thaw
from .relay import Connection, Relay
from .store import Saved

_RETURN_S = 60.0  # pages of a server that was away ask less and less often

ENDED = "ended"
IN_USE = "in-use"
"""Why a page gets another session than it asked for, as the wire says it."""


@dataclass
class _Entry:
    relay: Relay
    viewer: str
    end: asyncio.TimerHandle | None = None


class Registry:
    """All sessions of a server. `grace_s`: how long a session lives without a page, in seconds.

    `open_relay` is given the session's id, the hash of its viewer's secret and the notebook.
    """

    def __init__(self, open_relay: Callable[[str, str, Notebook], Relay], max_sessions: int, grace_s: float) -> None:
        self._open_relay = open_relay
        self._max_sessions = max_sessions
        self._grace_s = grace_s
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
        if self._closed or len(self._entries) >= self._max_sessions:
            raise ViewerError("full", "This server has no room for another viewer now. Please try again in a few minutes.")
        session = secrets.token_urlsafe(16)
        owner = _digest(viewer)
        entry = _Entry(self._open_relay(session, owner, notebook), owner)
        self._entries[session] = entry
        entry.relay.open(inputs)
        return entry

    def revive(self, saved: Saved) -> None:
        """Go on with a session of a server that is gone: it ends after the grace period unless its page comes back."""
        notebook: Notebook = thaw(saved.notebook)
        entry = _Entry(self._open_relay(saved.session, saved.viewer, notebook), saved.viewer)
        entry.relay.revive(saved)
        self._entries[saved.session] = entry
        grace_s = max(self._grace_s, _RETURN_S)
        entry.end = asyncio.get_running_loop().call_later(grace_s, self._begin_end, saved.session)

    def blob(self, viewer: str, digest: str) -> Blob | None:
        """A large part of a widget in one of this viewer's sessions."""
        owner = _digest(viewer)
        found = (entry.relay.blob(digest) for entry in self._entries.values() if hmac.compare_digest(entry.viewer, owner))
        return next((blob for blob in found if blob is not None), None)

    def detach(self, relay: Relay, connection: Connection) -> None:
        """A page is gone; its session ends after the grace period unless a page comes back."""
        entry = self._entries.get(relay.session)
        if entry is not None and relay.detach(connection) and entry.end is None:
            entry.end = asyncio.get_running_loop().call_later(self._grace_s, self._begin_end, relay.session)

    def _begin_end(self, session: str) -> None:
        entry = self._entries.pop(session)
        ending = asyncio.get_running_loop().create_task(entry.relay.close())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def close(self) -> None:
        """End every session."""
        self._closed = True
        for session, entry in list(self._entries.items()):
            if entry.end is not None:
                entry.end.cancel()
            self._begin_end(session)
        await asyncio.gather(*self._endings, return_exceptions=True)

    async def leave(self) -> None:
        """Leave every session to the next server."""
        self._closed = True
        entries = list(self._entries.values())
        self._entries.clear()
        for entry in entries:
            if entry.end is not None:
                entry.end.cancel()
        await asyncio.gather(*(entry.relay.leave() for entry in entries), *self._endings, return_exceptions=True)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
