"""What a session does next: events in, effects out. No I/O, no clock, no randomness.

The machine holds the viewer's inputs, the declared controls and where each cell stands. Each of its methods is one event; it returns the
effects for the relay to perform, in order. Which cells run is planned anew at every cell boundary (`session/planning.py`), from what is
known then: so events that came meanwhile, failures and interrupts are no special cases.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..dataflow.ledger import DONE, FAILED, INTERRUPTED, STOPPED
from ..dataflow.steps import Instructions, Plan, Step
from ..errors import ServerError, ViewerError
from ..wire.messages import (
    Cell,
    CellFailure,
    CellStatus,
    CommEvent,
    Control,
    Declaration,
    Event,
    Output,
    SessionStatus,
    Settled,
    Status,
)
from ..wire.values import check_value
from .controls import Controls
from .effects import Effect, InterruptKernel, Note, Publish, RunCell, SendComm, StartKernel
from .inputs import Inputs
from .planning import Planning
from .states import TRANSITIONS, UNRESPONSIVE
from .track import RESTORES, CodeCell, Track, run_button, run_key

_MAX_HELD = 1_000  # events of widgets, for a kernel that is still to come


@dataclass(frozen=True)
class _Running:
    """The step that the kernel is at; `cell` is "" for restores that no cell carries."""

    cell: str
    plan: Plan


class Machine:
    """One session. `max_cell_output_bytes` bounds what one run of a cell may show; what comes beyond is dropped, with a note."""

    def __init__(self, cells: Sequence[CodeCell], planning: Planning, max_cell_output_bytes: int) -> None:
        self.status = SessionStatus.QUEUED
        self.last_event = 0
        self._planning = planning
        self._cells = {cell.id: cell for cell in cells}
        self._tracks = {cell.id: Track() for cell in cells}
        self._controls = Controls()
        self._inputs = Inputs()
        self._released: set[str] = set()  # cells whose buttons were down in the last plan: they run with the next event
        self._changed: set[str] = set()
        self._asked: set[str] = set()  # manual cells whose button was pressed
        self._everything = False
        self._running: _Running | None = None
        self._restored: Mapping[str, Any] | None = None  # what the kernel told of restores that no cell carried
        self._finished = False  # they were asked for already
        self._stopping = False
        self._overdue = False  # the kernel has not reacted to an interrupt in time, and the page says so
        self._bound: Mapping[str, str] = {}  # names -> the widgets that they are bound to, as the kernel told last
        self._handling: set[int] = set()  # events of widgets that the kernel has not answered
        self._held: list[CommEvent] = []  # events of a record's widgets, until the kernel that has these is there
        self._recorded = False  # what the page shows is a template's record, and no kernel has come since
        self._max_cell_output_bytes = max_cell_output_bytes

    def forked(self) -> Machine:
        """A session that begins where this one, which is idle, has come to: its kernel will be a fork of this one's."""
        assert self.status is SessionStatus.IDLE or self._recorded, "only a session that is idle can be forked"
        failed = [cell for cell, track in self._tracks.items() if track.outcome is CellStatus.FAILED]
        fork = Machine(list(self._cells.values()), self._planning.forked(failed), self._max_cell_output_bytes)
        fork._tracks = {cell: track.copy() for cell, track in self._tracks.items()}
        fork._controls = self._controls.copy()
        fork._bound = self._bound
        fork._recorded = True
        return fork

    # The kernel's life

    def open(self, inputs: Mapping[str, Any] | None = None) -> list[Effect]:
        """The session begins: its cells wait, a kernel is asked for. `inputs`: the viewer's values from an earlier session, by key."""
        for key, value in (inputs or {}).items():
            self._bring(key, value)
        cells = () if self._recorded else self._tracks
        waiting: list[Effect] = [Publish(Cell(cell, CellStatus.QUEUED, 0)) for cell in cells]
        return [*waiting, *self._move(SessionStatus.QUEUED), StartKernel()]

    def _bring(self, key: str, value: Any) -> None:
        """Controls of a record are known already: what they do not admit is left out, what depends on the others runs."""
        found = self._controls.find(key)
        if found is None:
            self._inputs.bring(key, value)
            return
        cell, control = found
        with contextlib.suppress(ViewerError):
            check_value(control, value)
            self._inputs.put(control, value)
            self._changed.add(cell)

    def foresee(self) -> list[Effect]:
        """Of a session that begins with a record: show which cells will run as soon as its kernel is there."""
        return self._show(self._planning.next())

    def wait_in_queue(self, place: int) -> list[Effect]:
        """Other kernels start first; `place` counts from 1."""
        return self._move(SessionStatus.QUEUED, place=place)

    def kernel_starting(self) -> list[Effect]:
        """The kernel of this session is being started."""
        return self._move(SessionStatus.STARTING)

    def kernel_ready(self, recorded: bool = False) -> list[Effect]:
        """The kernel answers: the whole notebook runs, with the viewer's values.

        `recorded`: it is the fork that the record is of, so only what is out of date runs.
        """
        is_fork = recorded and self._recorded
        self._everything, self._recorded = not is_fork, False
        held, self._held = self._held if is_fork else [], []
        return [effect for event in held for effect in self._tell(event)] + self._begin()

    def kernel_died(self, reason: str) -> list[Effect]:
        """The kernel ended, or did not start; `reason` is a sentence for the viewer."""
        if self.status is SessionStatus.DEAD:
            return []
        return [*self._abandon(), *self._move(SessionStatus.DEAD, detail=reason, restartable=True)]

    def _abandon(self) -> list[Effect]:
        """Whatever the kernel was at, nothing more will come of it."""
        self._running, self._stopping, self._overdue = None, False, False
        self._handling.clear()
        return self._leave_stale()

    def unresponsive(self) -> list[Effect]:
        """The kernel has not reacted to an interrupt in time: the viewer may end it."""
        if self._overdue or (self._running is None and not self._handling):
            return []
        self._overdue = True
        return [Publish(Status(self.status, None, UNRESPONSIVE, restartable=True))]

    def _relieve(self) -> list[Effect]:
        """It has reacted after all."""
        if not self._overdue:
            return []
        self._overdue = False
        return [Publish(Status(self.status))]

    # What the viewer does

    def event(self, event: Event) -> list[Effect]:
        """A viewer changed a control. Raises ViewerError when the control does not admit the value; then nothing has changed."""
        if event.event <= self.last_event:
            return self._answer()  # a repeat after a reconnect: its answer may have been a refusal, which is not kept
        self.last_event = event.event
        cell, control = self._controls.admit(event)
        if event.control == run_key(cell):
            self._asked.add(cell)
        else:
            self._inputs.put(control, event.value)
            self._changed.add(cell)
        return self._begin() if self.status is SessionStatus.IDLE else []

    def comm(self, event: CommEvent, is_open: bool) -> list[Effect]:
        """A viewer used a widget; `is_open`: the kernel has it. Raises ViewerError when it cannot be told; then nothing has changed."""
        if event.event <= self.last_event:
            return self._answer()
        self.last_event = event.event
        is_coming = self._recorded and self.status in (SessionStatus.QUEUED, SessionStatus.STARTING)
        if not is_open or not (is_coming or self.status in (SessionStatus.RUNNING, SessionStatus.IDLE)):
            raise ViewerError("unknown-comm", "This widget is no longer connected to the app.", event.event)
        if is_coming and len(self._held) >= _MAX_HELD:
            raise ViewerError("rate", f"Before an app has started its widgets take {_MAX_HELD} changes.", event.event)
        if is_coming:
            self._held.append(event)
            return []
        return self._tell(event)

    def _tell(self, event: CommEvent) -> list[Effect]:
        self._handling.add(event.event)
        if "value" in event.data.get("state", ()):
            self.widget_changed(event.comm)
        return [SendComm(event)]

    def widget_changed(self, comm: str) -> None:
        """An event changes the value of a widget: where the app wants it, the cells that read it run once the kernel has handled that."""
        names = [name for name, bound in self._bound.items() if bound == comm]
        if names:
            self._changed.update(self._planning.readers(names))

    def comm_handled(self, event: int) -> list[Effect]:
        """The kernel is done with a widget's event, and has sent all that came of it."""
        if event not in self._handling:
            return []
        self._handling.remove(event)
        effects = self._relieve()
        if self.status is SessionStatus.IDLE and self._changed:
            return effects + self._begin()
        return effects + self._answer()

    def _answer(self) -> list[Effect]:
        return [Publish(Settled(self._answered()))] if self.status is SessionStatus.IDLE else []

    def _answered(self) -> int:
        """The last event up to which the kernel has answered all of widgets."""
        return min(self._handling) - 1 if self._handling else self.last_event

    def stop(self) -> list[Effect]:
        """Interrupt what runs; what was still to run becomes stale. May be asked for again when the cell goes on."""
        if self._running is None:
            return [InterruptKernel()] if self._handling else []
        self._stopping = True
        return [InterruptKernel()]

    def rerun(self) -> list[Effect]:
        """Run the whole notebook again with the viewer's values; in a new kernel when the kernel is dead."""
        if self.status is SessionStatus.DEAD:
            return self.restart()
        self._everything = True
        if self.status is SessionStatus.IDLE:
            return self._begin()
        return [InterruptKernel()] if self._running is not None else []

    def restart(self) -> list[Effect]:
        """End the kernel, whatever it does; run the whole notebook in a new one, with the viewer's values."""
        if self.status in (SessionStatus.QUEUED, SessionStatus.STARTING):
            return []
        return [*self._abandon(), *self._move(SessionStatus.QUEUED), StartKernel()]

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
        self._controls.declare(cell, control)
        self._inputs.declared(control)
        track.declared.append(key)
        return [Publish(Control("declare", cell, control))]

    def fail(self, cell: str, run: int, failure: CellFailure) -> list[Effect]:
        """The cell raised; it counts when the cell finishes."""
        if run == self._tracks[cell].run:
            self._tracks[cell].failure = failure
        return []

    def report(self, cell: str, run: int, report: Mapping[str, Any]) -> list[Effect]:
        """What the kernel's runtime tells of a run; it counts when the cell finishes."""
        if cell == RESTORES:
            self._restored = report
        elif run == self._tracks[cell].run:
            self._tracks[cell].report = report
        return []

    def finish(self, cell: str, run: int) -> list[Effect]:
        """The kernel is done with the cell: all its outputs have come."""
        running = self._running
        if running is None or cell != running.cell or (cell != RESTORES and run != self._tracks[cell].run):
            return []
        self._running = None
        effects = self._relieve()
        if running.plan.finish is not None and cell == RESTORES:
            self._planning.restored(running.plan.finish, self._restored)
            self._stopping = False
            return effects + self._continue()
        track = self._tracks[cell]
        step = running.plan.steps[0]
        outcome = self._outcome(track)
        if track.report is not None and isinstance(track.report.get("widgets"), dict):
            self._bound = track.report["widgets"]
        notes = self._planning.ran(step, outcome, track.report, running.plan.reset)
        effects += [*map(Note, notes), *self._end_run(cell, track, outcome)]
        if not self._stopping:
            return effects + self._continue()
        self._stopping = False
        self._planning.change({cell})  # it did not come to its end: it runs with the next event
        self._absorb()
        return effects + self._leave_stale() + self._settle()

    def _outcome(self, track: Track) -> str:
        if self._stopping or self._everything:
            return INTERRUPTED  # even without an error: an interrupt may end a cell before its code has begun
        if track.report is not None and track.report.get("stopped"):
            return STOPPED
        return FAILED if track.failure is not None else DONE

    # Plans

    def _begin(self) -> list[Effect]:
        """Something changed while nothing ran."""
        self._changed |= {cell for cell in self._released if self._tracks[cell].run}
        self._released.clear()
        return self._move(SessionStatus.RUNNING) + self._continue()

    def _absorb(self) -> None:
        """Tell the planning what changed since the last cell boundary."""
        if self._everything:
            self._planning.begin()
            self._inputs.changed = True
        elif self._changed:
            self._planning.change(self._changed)
        for cell in self._asked:
            self._planning.request(cell)
        self._everything = False
        self._changed.clear()
        self._asked.clear()

    def _continue(self) -> list[Effect]:
        """Plan with what is known now, and run the first cell of the plan."""
        self._absorb()
        plan = self._planning.next()
        effects = self._show(plan)
        if plan.steps:
            return effects + self._run(plan, plan.steps[0])
        if plan.finish is not None and not self._finished:
            return effects + self._restore(plan, plan.finish)
        return effects + self._settle()

    def _restore(self, plan: Plan, finish: Instructions) -> list[Effect]:
        """Bind names again at the end of a plan that has no cell left to do it with; once, should it not be possible."""
        self._running, self._restored, self._finished = _Running(RESTORES, plan), None, True
        return [RunCell(RESTORES, 0, None, False, self._planning.instructions(RESTORES, finish))]

    def _run(self, plan: Plan, step: Step) -> list[Effect]:
        track = self._tracks[step.cell]
        track.run += 1
        track.output_bytes, track.truncated, track.failure, track.report = 0, False, None, None
        track.declared_before, track.declared = track.declared, []
        self._running = _Running(step.cell, plan)
        run = RunCell(step.cell, track.run, self._inputs.take(), plan.reset, self._planning.instructions(step.cell, step.instructions))
        return [*self._set(step.cell, CellStatus.RUNNING), *self._offer_run(step.cell), run]

    def _settle(self) -> list[Effect]:
        """Nothing is left to run. A button that was pressed is up again: its cell runs with the next event."""
        self._released |= self._controls.cells(self._inputs.release())
        self._finished = False
        return [Publish(Settled(self._answered())), *self._move(SessionStatus.IDLE)]

    # Cells

    def _show(self, plan: Plan) -> list[Effect]:
        """Give every cell the status that the plan means for it; one that need not run any more shows what it showed."""
        planned = dict.fromkeys((step.cell for step in plan.steps), CellStatus.QUEUED)
        planned |= dict.fromkeys(plan.upstream_failed, self._upstream_status())
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
            if status is CellStatus.STALE and run_key(cell) not in self._controls:
                effects += self._offer_run(cell)
        return effects

    def _upstream_status(self) -> CellStatus:
        failed = any(track.outcome is CellStatus.FAILED for track in self._tracks.values())
        return CellStatus.UPSTREAM_FAILED if failed else CellStatus.UPSTREAM_STOPPED

    def _offer_run(self, cell: str) -> list[Effect]:
        """The button of a cell tagged `manual`."""
        return self.declare(cell, self._tracks[cell].run, run_button(cell)) if self._cells[cell].manual else []

    def _withdraw(self, cell: str, keys: Collection[str]) -> list[Effect]:
        """Remove controls of a cell; their values are kept, should they come back."""
        return [Publish(Control("remove", cell, {"key": key})) for key in self._controls.withdraw(cell, keys)]

    def _end_run(self, cell: str, track: Track, outcome: str) -> list[Effect]:
        gone = [key for key in track.declared_before if key not in track.declared]
        track.declared_before = []
        effects = self._withdraw(cell, gone)
        if outcome == INTERRUPTED:
            track.outcome = None
            return effects + self._set(cell, CellStatus.STALE)
        track.outcome = CellStatus.FAILED if track.failure is not None else CellStatus.DONE
        return effects + self._set(cell, track.outcome)

    def _leave_stale(self) -> list[Effect]:
        """Cells that were to run, and will not now: what they show is stale."""
        effects: list[Effect] = []
        for cell, track in self._tracks.items():
            if track.status in (CellStatus.QUEUED, CellStatus.RUNNING):
                effects += self._set(cell, CellStatus.STALE)
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
