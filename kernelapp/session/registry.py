"""Who has which session: opens them, finds them again, and ends those that no page looks at."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ViewerError
from ..notebook import Notebook
from ..wire.messages import Blob, Hello
from .relay import Connection, Relay


@dataclass
class _Entry:
    relay: Relay
    viewer: str
    end: asyncio.TimerHandle | None = None


class Registry:
    """All sessions of a server. `grace_s`: how long a session lives without a page, in seconds."""

    def __init__(self, open_relay: Callable[[str, Notebook], Relay], max_sessions: int, grace_s: float) -> None:
        self._open_relay = open_relay
        self._max_sessions = max_sessions
        self._grace_s = grace_s
        self._entries: dict[str, _Entry] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    def attach(self, notebook: Notebook, viewer: str, hello: Hello, connection: Connection) -> Relay:
        """The session that the page asks for, if it is this viewer's and lives; else a new one.

        `viewer` is the secret of the browser's cookie: a session's id is worthless without it. Raises ViewerError(`full`).
        """
        entry = self._entries.get(hello.session or "")
        last_seq = hello.last_seq
        known = entry is not None and entry.relay.notebook.name == notebook.name and hmac.compare_digest(entry.viewer, viewer)
        if entry is None or not known:
            entry = self._open(notebook, viewer)
            last_seq = last_seq if hello.record is not None else 0
        if entry.end is not None:
            entry.end.cancel()
            entry.end = None
        entry.relay.attach(connection, last_seq, hello.record)
        return entry.relay

    def _open(self, notebook: Notebook, viewer: str) -> _Entry:
        if self._closed or len(self._entries) >= self._max_sessions:
            raise ViewerError("full", "This server has no room for another viewer now. Please try again in a few minutes.")
        session = secrets.token_urlsafe(16)
        entry = _Entry(self._open_relay(session, notebook), viewer)
        self._entries[session] = entry
        entry.relay.open()
        return entry

    def blob(self, viewer: str, digest: str) -> Blob | None:
        """A large part of a widget in one of this viewer's sessions."""
        found = (entry.relay.blob(digest) for entry in self._entries.values() if hmac.compare_digest(entry.viewer, viewer))
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
