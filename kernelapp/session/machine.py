"""What a session does next: events in, effects out. No I/O, no clock, no randomness.

The machine holds the viewer's inputs, the declared controls and where each cell stands. Each of its methods is one event; it returns the
effects for the relay to perform, in order.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..dataflow.plan import Plan, Step, plan_rerun
from ..errors import ServerError, ViewerError
from ..wire.messages import (
    Cell,
    CellFailure,
    CellStatus,
    Control,
    Declaration,
    Event,
    Output,
    SessionStatus,
    Settled,
    Status,
)
from ..wire.values import check_value
from .effects import Effect, InterruptKernel, Publish, RunCell, StartKernel

TRANSITIONS: dict[SessionStatus, frozenset[SessionStatus]] = {
    SessionStatus.QUEUED: frozenset({SessionStatus.QUEUED, SessionStatus.STARTING, SessionStatus.DEAD}),
    SessionStatus.STARTING: frozenset({SessionStatus.RUNNING, SessionStatus.IDLE, SessionStatus.DEAD}),
    SessionStatus.RUNNING: frozenset({SessionStatus.IDLE, SessionStatus.DEAD}),
    SessionStatus.IDLE: frozenset({SessionStatus.RUNNING, SessionStatus.DEAD}),
    SessionStatus.DEAD: frozenset({SessionStatus.QUEUED}),
}
"""From each state, the states that may follow."""


@dataclass(frozen=True)
class CodeCell:
    """What the machine needs to know of a code cell."""

    id: str
    raises_exception: bool = False


@dataclass
class _Track:
    """Where one cell stands."""

    status: CellStatus = CellStatus.QUEUED
    run: int = 0
    output_bytes: int = 0
    truncated: bool = False
    failure: CellFailure | None = None
    declared: list[str] = field(default_factory=list)  # keys, in this run
    declared_before: list[str] = field(default_factory=list)  # keys, in the run before


class Machine:
    """One session. `max_cell_output_bytes` bounds what one run of a cell may show; what comes beyond is dropped, with a note."""

    def __init__(self, cells: Sequence[CodeCell], max_cell_output_bytes: int) -> None:
        self.status = SessionStatus.QUEUED
        self.last_event = 0
        self._cells = {cell.id: cell for cell in cells}
        self._order = [cell.id for cell in cells]
        self._tracks = {cell.id: _Track() for cell in cells}
        self._controls: dict[str, tuple[str, Declaration]] = {}
        self._inputs: dict[str, Any] = {}
        self._pressed: set[str] = set()
        self._dirty: set[str] = set()
        self._steps: deque[Step] = deque()
        self._reset = False
        self._first = False  # the next step is the first of its plan
        self._running: str | None = None
        self._stopping = False
        self._max_cell_output_bytes = max_cell_output_bytes

    # The kernel's life

    def open(self) -> list[Effect]:
        """The session begins: its cells wait, a kernel is asked for."""
        waiting = [Publish(Cell(cell, CellStatus.QUEUED, 0)) for cell in self._order]
        return [*waiting, *self._move(SessionStatus.QUEUED), StartKernel()]

    def wait_in_queue(self, place: int) -> list[Effect]:
        """Other kernels start first; `place` counts from 1."""
        return self._move(SessionStatus.QUEUED, place=place)

    def kernel_starting(self) -> list[Effect]:
        """The kernel of this session is being started."""
        return self._move(SessionStatus.STARTING)

    def kernel_ready(self) -> list[Effect]:
        """The kernel answers: the whole notebook runs, with the viewer's values."""
        self._dirty.update(self._order)
        return self._begin()

    def kernel_died(self, reason: str) -> list[Effect]:
        """The kernel ended, or did not start; `reason` is a sentence for the viewer."""
        if self.status is SessionStatus.DEAD:
            return []
        effects = self._abandon({self._running, *(step.cell for step in self._steps)})
        self._stopping = False
        return [*effects, *self._move(SessionStatus.DEAD, detail=reason, restartable=True)]

    # What the viewer does

    def event(self, event: Event) -> list[Effect]:
        """A viewer changed a control. Raises ViewerError when the control does not admit the value; then nothing has changed."""
        if event.event <= self.last_event:
            return []  # a repeat after a reconnect
        self.last_event = event.event
        cell, control = self._control(event)
        self._inputs[event.control] = event.value
        if control["kind"] == "button":
            self._pressed.add(event.control)
        self._dirty.add(cell)
        return self._begin() if self.status is SessionStatus.IDLE else []

    def _control(self, event: Event) -> tuple[str, Declaration]:
        cell, control = self._controls.get(event.control, (None, {}))
        try:
            if cell is None:
                raise ViewerError("unknown-control", "This control is no longer on the page.")
            if control.get("disabled"):
                raise ViewerError("disabled", f"'{control.get('label')}' is disabled.")
            check_value(control, event.value)
        except ViewerError as refusal:
            raise ViewerError(refusal.code, str(refusal), event.event) from refusal
        return cell, control

    def stop(self) -> list[Effect]:
        """Interrupt what runs; what was still to run becomes stale. May be asked for again when the cell goes on."""
        if self._running is None:
            return []
        self._stopping = True
        return [InterruptKernel()]

    def rerun(self) -> list[Effect]:
        """Run the whole notebook again with the viewer's values; in a new kernel when the kernel is dead."""
        if self.status is SessionStatus.DEAD:
            return [*self._move(SessionStatus.QUEUED), StartKernel()]
        self._dirty.update(self._order)
        if self.status is SessionStatus.IDLE:
            return self._begin()
        return [InterruptKernel()] if self._running is not None else []

    # What the kernel says

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
        if track.truncated:
            return []
        track.output_bytes += len(content)
        if track.output_bytes > self._max_cell_output_bytes:
            track.truncated = True
            note = json.dumps({"limit_bytes": self._max_cell_output_bytes}).encode()
            return [Publish(Output(cell, "truncated", "truncated", note))]
        return [Publish(Output(cell, op, kind, content))]

    def declare(self, cell: str, run: int, control: Declaration) -> list[Effect]:
        """The cell declares a control, at this place of its outputs."""
        track = self._tracks[cell]
        if run != track.run:
            return []
        key = str(control["key"])
        self._controls[key] = (cell, control)
        track.declared.append(key)
        return [Publish(Control("declare", cell, control))]

    def fail(self, cell: str, run: int, failure: CellFailure) -> list[Effect]:
        """The cell raised; it counts when the cell finishes."""
        if run == self._tracks[cell].run:
            self._tracks[cell].failure = failure
        return []

    def finish(self, cell: str, run: int) -> list[Effect]:
        """The kernel is done with the cell: all its outputs have come."""
        track = self._tracks[cell]
        if cell != self._running or run != track.run:
            return []
        self._running = None
        effects = self._end_run(cell, track)
        if self._stopping:
            self._stopping = False
            effects += self._abandon({step.cell for step in self._steps})
            return effects + self._settle()
        if track.failure is not None and not self._cells[cell].raises_exception and not self._dirty:
            effects += self._block(self._steps)
            self._steps.clear()
        return effects + self._continue()

    # Plans

    def _begin(self) -> list[Effect]:
        """Plan for what is dirty, and run its first cell."""
        plan = self._plan(self._dirty)
        self._dirty.clear()
        self._steps = deque(plan.steps)
        self._reset, self._first = plan.reset, True
        effects = [] if self.status is SessionStatus.RUNNING else self._move(SessionStatus.RUNNING)
        for step in plan.steps:
            effects += self._set(step.cell, CellStatus.QUEUED)
        return effects + self._continue()

    def _plan(self, changed: Collection[str]) -> Plan:
        return plan_rerun(self._order, changed)

    def _continue(self) -> list[Effect]:
        """Run the next cell; first plan again when events came in meanwhile."""
        if self._dirty:
            return self._begin()
        if not self._steps:
            return self._settle()
        step = self._steps.popleft()
        track = self._tracks[step.cell]
        track.run += 1
        track.output_bytes, track.truncated, track.failure = 0, False, None
        track.declared_before, track.declared = track.declared, []
        self._running = step.cell
        inputs = dict(self._inputs) if self._first else None
        reset, self._first = self._reset and self._first, False
        return [*self._set(step.cell, CellStatus.RUNNING), RunCell(step.cell, track.run, inputs, reset)]

    def _settle(self) -> list[Effect]:
        """Nothing is left to run. A button that was pressed is up again: its cell runs at the next event."""
        for key in self._pressed:
            self._inputs.pop(key, None)
        self._pressed.clear()
        return [Publish(Settled(self.last_event)), *self._move(SessionStatus.IDLE)]

    # Cells

    def _end_run(self, cell: str, track: _Track) -> list[Effect]:
        effects: list[Effect] = []
        for key in track.declared_before:
            if key not in track.declared and self._controls.get(key, (None,))[0] == cell:
                del self._controls[key]
                effects.append(Publish(Control("remove", cell, {"key": key})))
        track.declared_before = []
        if self._stopping:  # even without an error: an interrupt may end a cell before its code has begun
            return effects + self._set(cell, CellStatus.STALE)
        return effects + self._set(cell, CellStatus.FAILED if track.failure else CellStatus.DONE)

    def _block(self, steps: Iterable[Step]) -> list[Effect]:
        """The cells after a failed one, as *run all* would leave them; their controls go with their outputs."""
        effects: list[Effect] = []
        for step in steps:
            track = self._tracks[step.cell]
            for key in track.declared:
                if self._controls.pop(key, None) is not None:
                    effects.append(Publish(Control("remove", step.cell, {"key": key})))
            track.declared = []
            effects += self._set(step.cell, CellStatus.UPSTREAM_FAILED)
        return effects

    def _abandon(self, cells: Collection[str | None]) -> list[Effect]:
        """Cells that will not run to their end now: what they show is stale."""
        effects: list[Effect] = []
        for cell in self._order:
            if cell in cells:
                effects += self._set(cell, CellStatus.STALE)
        self._steps.clear()
        self._running = None
        return effects

    def _set(self, cell: str, status: CellStatus) -> list[Effect]:
        track = self._tracks[cell]
        track.status = status
        return [Publish(Cell(cell, status, track.run, track.failure if status is CellStatus.FAILED else None))]

    def _move(self, status: SessionStatus, place: int | None = None, detail: str | None = None, restartable: bool = False) -> list[Effect]:
        if status not in TRANSITIONS[self.status]:
            raise ServerError(f"a session cannot go from {self.status} to {status}")
        self.status = status
        return [Publish(Status(status, place, detail, restartable))]
