"""What a browser would show, told from the frames alone: a second reading of the wire, which knows nothing of the journal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Thing:
    """A control or an output in a cell."""

    what: Any
    key: str | None = None
    display_id: str | None = None


@dataclass
class Shown:
    """One cell as the viewer sees it: what is left of its earlier run, then what this run has shown."""

    status: str = ""
    run: int = 0
    error: Any = None
    old: list[Thing] = field(default_factory=list)
    new: list[Thing] = field(default_factory=list)
    clears: bool = False


class Browser:
    """A page that is connected now and then."""

    def __init__(self) -> None:
        self.seq = 0
        self.cells: dict[str, Shown] = {}
        self.status: dict[str, Any] = {}
        self.settled = 0

    def load(self, frames: list[bytes], whole: bool) -> None:
        """Frames after a connection: the whole page, or what was missed."""
        if whole:
            self.cells, self.status, self.settled, self.seq = {}, {}, 0, 0
        for frame in frames:
            self.receive(frame)

    def receive(self, frame: bytes) -> None:
        """A frame; one that was seen before changes nothing."""
        message = json.loads(frame)
        if message["seq"] <= self.seq:
            return
        assert not self.seq or message["seq"] == self.seq + 1, "a gap in the numbers"
        self.seq = message["seq"]
        match message["type"]:
            case "status":
                self.status = {name: message[name] for name in ("state", "place", "detail", "restartable")}
            case "settled":
                self.settled = message["event"]
            case "cell":
                self._turn(self._cell(message["cell"]), message)
            case "control":
                self._control(message)
            case "output":
                self._output(message)

    def view(self) -> Any:
        """All that can be seen, to be compared."""
        cells = {}
        for name, cell in self.cells.items():
            things = [[(thing.key, thing.what) for thing in things] for things in (cell.old, cell.new)]
            cells[name] = (cell.status, cell.run, cell.error, *things)
        return cells, self.status, self.settled

    def _cell(self, name: str) -> Shown:
        return self.cells.setdefault(name, Shown())

    def _turn(self, cell: Shown, message: dict[str, Any]) -> None:
        cell.status, cell.run, cell.error = message["status"], message["run"], message["error"]
        if cell.status == "running":
            if cell.new:
                cell.old = cell.new
            cell.new, cell.clears = [], False
        elif cell.status in ("upstream-failed", "upstream-stopped"):
            cell.old, cell.new = [], []
        elif cell.status != "queued":
            cell.old = []

    def _control(self, message: dict[str, Any]) -> None:
        key = message["control"]["key"]
        for cell in self.cells.values():
            cell.old = [thing for thing in cell.old if thing.key != key]
            cell.new = [thing for thing in cell.new if thing.key != key]
        if message["op"] == "declare":
            self._cell(message["cell"]).new.append(Thing(message["control"], key))

    def _output(self, message: dict[str, Any]) -> None:
        cell, content = self._cell(message["cell"]), message["content"]
        display_id = content.get("transient", {}).get("display_id")
        if message["op"] == "update":
            for thing in (thing for each in self.cells.values() for thing in (*each.old, *each.new)):
                if display_id is not None and thing.display_id == display_id:
                    thing.what = content
            return
        if message["op"] == "clear" and content["wait"]:
            cell.clears = True
            return
        if cell.clears or message["op"] == "clear":
            cell.new = [thing for thing in cell.new if thing.key is not None]
            cell.clears = False
        if message["op"] != "clear":
            cell.new.append(Thing(content, None, display_id))
