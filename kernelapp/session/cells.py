"""The code cells of a session: where each stands, and what the page must be told of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import quote

from ..dataflow.ledger import INTERRUPTED
from ..dataflow.steps import Plan
from ..wire.messages import Cell, CellFailure, CellStatus, Control, Declaration, Output
from .controls import Controls
from .effects import Effect, KeepRest, Publish
from .inputs import Inputs
from .track import CodeCell, Track, run_button, run_key


class Cells:
    """A track for each cell. `max_output_bytes` bounds what one run of a cell may show; of what comes beyond there is a note."""

    def __init__(self, cells: Sequence[CodeCell], inputs: Inputs, max_output_bytes: int) -> None:
        self.controls = Controls()
        self.rest = ""  # the session's name, where the rest of what its cells print is kept; nowhere by default
        self._cells = {cell.id: cell for cell in cells}
        self._tracks = {cell.id: Track() for cell in cells}
        self._inputs = inputs
        self._max_output_bytes = max_output_bytes

    def __getitem__(self, cell: str) -> Track:
        return self._tracks[cell]

    def forked(self, inputs: Inputs) -> Cells:
        """The same, to be changed apart, in a session with these inputs."""
        fork = Cells(list(self._cells.values()), inputs, self._max_output_bytes)
        fork._tracks = {cell: track.copy() for cell, track in self._tracks.items()}
        fork.controls = self.controls.copy()
        return fork

    def failed(self) -> list[str]:
        """The cells whose latest run failed."""
        return [cell for cell, track in self._tracks.items() if track.outcome is CellStatus.FAILED]

    def wait(self) -> list[Effect]:
        """No cell has run yet, and all are to."""
        return [Publish(Cell(cell, CellStatus.QUEUED, 0)) for cell in self._tracks]

    # What a run shows

    def output(self, cell: str, run: int, op: str, kind: str, content: bytes) -> list[Effect]:
        """The kernel displays something from run number `run` of a cell. Output of an earlier run is out of date, and dropped."""
        track = self._tracks[cell]
        if op == "update":
            return [Publish(Output(cell, op, kind, content))]
        if run != track.run:
            return []
        if op == "clear":
            track.output_bytes, track.truncated = 0, False
            return [Publish(Output(cell, op, kind, content))]
        track.output_bytes += len(content)
        if track.output_bytes <= self._max_output_bytes and not track.truncated:
            return [Publish(Output(cell, op, kind, content))]
        first, track.truncated = not track.truncated, True
        kept: list[Effect] = [KeepRest(cell, kind, content, first)] if self.rest else []
        return [Publish(Output(cell, "truncated", "truncated", self._note(cell))), *kept] if first else kept

    def _note(self, cell: str) -> bytes:
        note: dict[str, Any] = {"limit_bytes": self._max_output_bytes}
        if self.rest:
            note["rest"] = f"output/{quote(cell, safe='')}?session={quote(self.rest, safe='')}"
        return json.dumps(note).encode()

    def declare(self, cell: str, run: int, control: Declaration) -> list[Effect]:
        """The cell declares a control, at this place of its outputs."""
        track = self._tracks[cell]
        if run != track.run:
            return []
        key = str(control["key"])
        self.controls.declare(cell, control)
        self._inputs.declared(control)
        track.declared.append(key)
        return [Publish(Control("declare", cell, control))]

    def fail(self, cell: str, run: int, failure: CellFailure) -> None:
        """The cell raised; it counts when the cell finishes."""
        if run == self._tracks[cell].run:
            self._tracks[cell].failure = failure

    # Where cells stand

    def begin_run(self, cell: str) -> list[Effect]:
        """A new run of the cell begins."""
        track = self._tracks[cell]
        track.run += 1
        track.output_bytes, track.truncated, track.failure, track.report = 0, False, None, None
        track.declared_before, track.declared = track.declared, []
        return [*self._set(cell, CellStatus.RUNNING), *self._offer_run(cell)]

    def end_run(self, cell: str, outcome: str) -> list[Effect]:
        """It is over, with an outcome as the dataflow's ledger has it."""
        track = self._tracks[cell]
        gone = [key for key in track.declared_before if key not in track.declared]
        track.declared_before = []
        effects = self._withdraw(cell, gone)
        if outcome == INTERRUPTED:
            track.outcome = None
            return effects + self._set(cell, CellStatus.STALE)
        track.outcome = CellStatus.FAILED if track.failure is not None else CellStatus.DONE
        return effects + self._set(cell, track.outcome)

    def show(self, plan: Plan) -> list[Effect]:
        """Give every cell the status that the plan means for it; one that need not run any more shows what it showed."""
        planned = dict.fromkeys((step.cell for step in plan.steps), CellStatus.QUEUED)
        planned |= dict.fromkeys(plan.upstream_failed, CellStatus.UPSTREAM_FAILED if self.failed() else CellStatus.UPSTREAM_STOPPED)
        planned |= dict.fromkeys(plan.stale, CellStatus.STALE)
        effects: list[Effect] = []
        for cell, track in self._tracks.items():
            status = planned.get(cell) or track.outcome or track.status
            if status is track.status:
                continue
            if status in (CellStatus.UPSTREAM_FAILED, CellStatus.UPSTREAM_STOPPED):
                effects += self._withdraw(cell, track.declared)
                track.declared = []
                track.outcome = None
            effects += self._set(cell, status)
            if status is CellStatus.STALE and run_key(cell) not in self.controls:
                effects += self._offer_run(cell)
        return effects

    def leave_stale(self) -> list[Effect]:
        """Cells that were to run, and will not now: what they show is stale."""
        effects: list[Effect] = []
        for cell, track in self._tracks.items():
            if track.status in (CellStatus.QUEUED, CellStatus.RUNNING):
                effects += self._set(cell, CellStatus.STALE)
        return effects

    def _offer_run(self, cell: str) -> list[Effect]:
        """The button of a cell tagged `manual`."""
        return self.declare(cell, self._tracks[cell].run, run_button(cell)) if self._cells[cell].manual else []

    def _withdraw(self, cell: str, keys: Collection[str]) -> list[Effect]:
        """Remove controls of a cell; their values are kept, should they come back."""
        return [Publish(Control("remove", cell, {"key": key})) for key in self.controls.withdraw(cell, keys)]

    def _set(self, cell: str, status: CellStatus) -> list[Effect]:
        track = self._tracks[cell]
        track.status = status
        return [Publish(Cell(cell, status, track.run, track.failure if status is CellStatus.FAILED else None))]
