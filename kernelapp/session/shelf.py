"""The state of widgets as it is saved: in rows, of which only those that changed are written again.

A model is a row of a shelf with few others, so that closed ones leave nothing behind; a large text or buffer is a row of its own.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..wire.messages import Blob

_SHELVES = 64  # a page has a hundred models, or thousands
_BLOB = "blob "


@dataclass(frozen=True)
class SavedModel:
    """One widget. `state` and `outputs` (None if it is no Output widget) are JSON; blobs stand in `buffers` and `texts` by their hashes."""

    comm: str
    version: str | None
    state: bytes
    buffers: tuple[tuple[tuple[Any, ...], bytes | str], ...]
    texts: tuple[tuple[str, str], ...]
    outputs: bytes | None


class Shelves:
    """Which rows must be written."""

    def __init__(self) -> None:
        self._members: dict[int, set[str]] = {}
        self._changed: set[int] = set()
        self._blobs: dict[str, set[str]] = {}  # hash -> the models that have it
        self._blobs_of: dict[str, set[str]] = {}
        self._changed_blobs: set[str] = set()

    def put(self, comm: str, blobs: Iterable[str]) -> None:
        """A model changed, or is new; it has these blobs now."""
        shelf = _shelf(comm)
        self._members.setdefault(shelf, set()).add(comm)
        self._changed.add(shelf)
        before, now = self._blobs_of.get(comm, set()), set(blobs)
        if before != now:
            self._share(comm, before, now)

    def remove(self, comm: str) -> None:
        """A model was closed."""
        shelf = _shelf(comm)
        self._members.get(shelf, set()).discard(comm)
        self._changed.add(shelf)
        self._share(comm, self._blobs_of.get(comm, set()), set())

    def _share(self, comm: str, before: set[str], now: set[str]) -> None:
        for name in now - before:
            if name not in self._blobs:
                self._changed_blobs.add(name)
            self._blobs.setdefault(name, set()).add(comm)
        for name in before - now:
            self._blobs[name].discard(comm)
            if not self._blobs[name]:
                del self._blobs[name]
                self._changed_blobs.add(name)
        if now:
            self._blobs_of[comm] = now
        else:
            self._blobs_of.pop(comm, None)

    def take(self) -> tuple[dict[str, set[str]], dict[str, bool]]:
        """Rows that changed since this was last asked: shelves with the models on them, and blobs with whether a model has them."""
        shelves = {str(shelf): set(self._members.get(shelf, ())) for shelf in self._changed}
        blobs = {_BLOB + name: name in self._blobs for name in self._changed_blobs}
        self._changed.clear()
        self._changed_blobs.clear()
        return shelves, blobs

    def forget(self, names: Iterable[str]) -> None:
        """These rows could not be written: they are changed still."""
        for name in names:
            if name.startswith(_BLOB):
                self._changed_blobs.add(name.removeprefix(_BLOB))
            else:
                self._changed.add(int(name))


def _shelf(comm: str) -> int:
    return zlib.crc32(comm.encode()) % _SHELVES


def unpack(rows: Mapping[str, Any]) -> tuple[list[SavedModel], dict[str, Blob]]:
    """The models and blobs in the rows of a store."""
    models = [model for name, row in rows.items() if not name.startswith(_BLOB) for model in row]
    blobs = {name.removeprefix(_BLOB): Blob(name.removeprefix(_BLOB), row) for name, row in rows.items() if name.startswith(_BLOB) and row}
    return models, blobs


def to_json(value: Any) -> bytes:
    """As it is written in a row."""
    return json.dumps(value, separators=(",", ":")).encode()
