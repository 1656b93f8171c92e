"""Writes one session to the store: at once before its kernel is sent a cell, else soon after something changed."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ..notebook import Notebook
from .effects import RunCell
from .frozen import freeze
from .journal import Journal
from .machine import Machine
from .store import Change, Store

_SOON_S = 0.2  # what comes within it is written together; a server that is killed meanwhile reads it from the kernel's spool


@dataclass(frozen=True)
class Lasting:
    """What of a session is saved beside what its cells show.

    `requests`: request id -> cell and run; `comm_requests`: request id -> a widget's event. `latest`: what was sent last, with its
    request's id, and whether the kernel has begun with it. `directory`: where its private directory lies.
    """

    machine: Machine
    head: object
    requests: OrderedDict[str, tuple[str, int]]
    comm_requests: OrderedDict[str, int | None]
    latest: tuple[str, RunCell] | None
    begun: bool
    directory: str | None


class Saving:
    """One session's place in the store. `look` gives what is to be saved, and the journal whose cells changed."""

    def __init__(self, store: Store, session: str, viewer: str, notebook: Notebook, look: Callable[[], tuple[Lasting, Journal]]) -> None:
        """`viewer` is the hash of the viewer's secret."""
        self.kernel: bytes | None = None
        self.last_message = ""
        self._store = store
        self._session = session
        self._viewer = viewer
        self._look = look
        self._timer: asyncio.TimerHandle | None = None
        self._notebook, content = _frozen_notebook(notebook)
        store.keep_notebook(self._notebook, content)

    def soon(self) -> None:
        """Something changed."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SOON_S, self.now)

    def now(self) -> None:
        """Write what changed."""
        self.stop()
        lasting, journal = self._look()
        cells = {name: freeze(page) for name, page in journal.take_changes().items()}
        change = Change(self._session, self._viewer, self._notebook, self.kernel, freeze(lasting), cells, self.last_message)
        if not self._store.write(change):
            journal.forget_changes(cells)

    def stop(self) -> None:
        """Write no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def remove(self) -> None:
        """The session has ended."""
        self.stop()
        self._store.remove(self._session)


@lru_cache(maxsize=64)
def _frozen_notebook(notebook: Notebook) -> tuple[str, bytes]:
    content = freeze(notebook)
    return hashlib.sha256(content).hexdigest(), content
