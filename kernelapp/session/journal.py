"""What the page must show: numbered, compacted, bounded. No I/O.

Two readings of the same messages: the *log*, the latest messages as they were sent, for a page that missed a few; and the *page*, folded
so that only what is still visible is left, for a page that has nothing. When the log outgrows its bound its oldest messages go;
the page stays whole.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..wire.codec import encode_body, number
from ..wire.messages import Cell, CellStatus, Comm, Control, Output, PageMessage, Settled, Status, WidgetOutput
from .comms import CommBounds, Comms
from .mimes import LAYOUT_MIME

_DISPLAY_ID = b'"display_id"'
_COMMS = "\0"  # before the names of rows that are the widgets', which are no cell's
_NEXT_LIFE = 10**9  # messages of one server; numbers stay below 2**53 for nine million servers


@dataclass
class _Item:
    """One thing that a cell shows, and the ids by which it may be replaced or removed."""

    body: bytes
    display_id: str | None = None
    key: str | None = None  # of a control
    structure: bool = False  # a control or layout: stays when outputs are cleared


@dataclass
class _CellPage:
    status: bytes | None = None
    items: list[_Item] = field(default_factory=list)
    before: list[_Item] = field(default_factory=list)  # of the earlier run, until this one is done
    before_status: bytes | None = None
    clear_pending: bool = False

    def copy(self) -> _CellPage:
        """The same, to be changed apart."""
        return replace(self, items=[replace(item) for item in self.items], before=[replace(item) for item in self.before])


class Journal:
    """The numbered messages of one session. `max_bytes` bounds the log."""

    def __init__(self, max_bytes: int, bounds: CommBounds | None = None) -> None:
        self.comms = Comms(bounds or CommBounds())
        self.seq = 0
        self._max_bytes = max_bytes
        self._bytes = 0
        self._log: deque[bytes] = deque()
        self._status: bytes | None = None
        self._settled: bytes | None = None
        self._cells: dict[str, _CellPage] = {}
        self._changed: set[str] = set()  # cells that show something else than when `take_changes` was last asked

    def forked(self) -> Journal:
        """A journal that goes on from this one's page, with its numbers; the state of this session is left out."""
        fork = Journal(self._max_bytes)
        fork.comms = self.comms.forked()
        fork._cells = {name: cell.copy() for name, cell in self._cells.items()}
        fork.seq = self.seq
        fork._changed = set(fork._cells)
        for body in fork._bodies():
            fork._keep(body)
        return fork

    def append(self, message: PageMessage) -> bytes:
        """Number a message and keep it; returns its frame."""
        body = encode_body(message)
        self._fold(message, body)
        self.seq += 1
        self._keep(body)
        return number(body, self.seq)

    def _keep(self, body: bytes) -> None:
        self._log.append(body)
        self._bytes += len(body)
        while self._bytes > self._max_bytes and self._log:
            self._bytes -= len(self._log.popleft())

    def since(self, seq: int) -> list[bytes] | None:
        """The frames after number `seq`; None when some of them are gone, or when `seq` is not ours."""
        missed = self.seq - seq
        if missed < 0 or missed > len(self._log):
            return None
        first = len(self._log) - missed
        return [number(self._log[i], seq + 1 + i - first) for i in range(first, len(self._log))]

    def page(self) -> list[bytes]:
        """Frames that make the whole page, numbered so that the last has the number of the last message."""
        bodies = self._bodies()
        return [number(body, self.seq - len(bodies) + i) for i, body in enumerate(bodies, 1)]

    def _bodies(self) -> list[bytes]:
        bodies = [encode_body(message) for message in self.comms.page()]
        for name, cell in self._cells.items():
            for status, items in ((cell.before_status, cell.before), (cell.status, cell.items)):
                if status is not None and (items or status is cell.status):
                    bodies += [status, *(item.body for item in items)]
            if cell.clear_pending:
                bodies.append(encode_body(Output(name, "clear", "clear_output", b'{"wait":true}')))
        return bodies + [body for body in (self._settled, self._status) if body is not None]

    def head(self) -> object:
        """What the page shows beside its cells, and the number of the last message: for `thawed`."""
        return self.seq, self._settled, self._status

    def take_changes(self) -> dict[str, object]:
        """What the cells show that changed since this was last asked, by cell: for `thawed`."""
        changed: dict[str, object] = {name: self._cells[name] for name in self._changed}
        changed |= {_COMMS + name: row for name, row in self.comms.take_changes().items()}
        self._changed.clear()
        return changed

    def forget_changes(self, cells: Collection[str]) -> None:
        """These changes could not be written: they are changes still."""
        self._changed.update(name for name in cells if not name.startswith(_COMMS))
        self.comms.forget_changes(name.removeprefix(_COMMS) for name in cells if name.startswith(_COMMS))

    @staticmethod
    def thawed(max_bytes: int, bounds: CommBounds, head: Any, cells: Mapping[str, Any], order: Iterable[str]) -> Journal:
        """The journal that had this head and these cells, in the order of the notebook's; its numbers begin anew, further up.

        So no page takes what comes for what it has seen: between the last message that was saved and the server's end there were others.
        """
        journal = Journal(max_bytes, bounds)
        seq, journal._settled, journal._status = head
        journal.seq = (seq // _NEXT_LIFE + 1) * _NEXT_LIFE
        journal.comms = Comms.thawed(bounds, {name.removeprefix(_COMMS): row for name, row in cells.items() if name.startswith(_COMMS)})
        names = dict.fromkeys(name for name in [*order, *cells] if not name.startswith(_COMMS))
        journal._cells = {name: cells[name] for name in names if name in cells}
        return journal

    def _fold(self, message: PageMessage, body: bytes) -> None:
        match message:
            case Status():
                self._status = body
            case Settled():
                self._settled = body
            case Cell():
                self._changed.add(message.cell)
                self._fold_status(message, body)
            case Control():
                self._changed.add(message.cell)
                self._fold_control(message, body)
            case Output():
                self._changed.add(message.cell)
                self._fold_output(message, body)
            case Comm() | WidgetOutput():
                self.comms.fold(message)

    def _fold_status(self, message: Cell, body: bytes) -> None:
        cell = self._cells.setdefault(message.cell, _CellPage())
        match message.status:
            case CellStatus.RUNNING:
                if cell.items:
                    cell.before, cell.before_status = cell.items, cell.status
                cell.items, cell.clear_pending = [], False
            case CellStatus.UPSTREAM_FAILED | CellStatus.UPSTREAM_STOPPED:
                cell.items, cell.before = [], []
            case CellStatus.DONE | CellStatus.FAILED | CellStatus.STALE:
                cell.before = []
            case CellStatus.QUEUED:
                pass
        cell.status = body

    def _fold_control(self, message: Control, body: bytes) -> None:
        cell = self._cells.setdefault(message.cell, _CellPage())
        key = str(message.control["key"])
        if message.op == "declare":
            self._take_away(key, cell)
            cell.items.append(_Item(body, key=key, structure=True))
            return
        cell.items = [item for item in cell.items if item.key != key]
        cell.before = [item for item in cell.before if item.key != key]

    def _take_away(self, key: str, taker: _CellPage) -> None:
        """A control that another cell had is moved to the one that declares it now, as the page does."""
        for name, cell in self._cells.items():
            if cell is not taker and any(item.key == key for item in (*cell.before, *cell.items)):
                cell.items = [item for item in cell.items if item.key != key]
                cell.before = [item for item in cell.before if item.key != key]
                self._changed.add(name)

    def _fold_output(self, message: Output, body: bytes) -> None:
        cell = self._cells.setdefault(message.cell, _CellPage())
        if message.op == "update":
            self._replace(message)
            return
        if message.op == "clear":
            cell.clear_pending = True
            if not json.loads(message.content).get("wait"):
                self._clear(cell)
            return
        if cell.clear_pending:
            self._clear(cell)
        structure = LAYOUT_MIME in message.content
        cell.items.append(_Item(body, display_id=_display_id(message.content), structure=structure))

    @staticmethod
    def _clear(cell: _CellPage) -> None:
        cell.items = [item for item in cell.items if item.structure]
        cell.clear_pending = False

    def _replace(self, update: Output) -> None:
        display_id = _display_id(update.content)
        if display_id is not None:
            self.comms.replace(display_id, update.content)
        for name, cell in self._cells.items():
            for item in (*cell.before, *cell.items):
                if display_id is not None and item.display_id == display_id:
                    item.body = encode_body(Output(name, "append", "display_data", update.content))
                    self._changed.add(name)


def _display_id(content: bytes) -> str | None:
    """The display id in a content, if it has one: decoded only when the bytes say that there may be one."""
    if _DISPLAY_ID not in content:
        return None
    found = json.loads(content).get("transient", {}).get("display_id")
    return found if isinstance(found, str) else None
