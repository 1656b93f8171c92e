"""What a session does next: events in, effects out. No I/O, no clock, no randomness.

The machine holds the viewer's inputs, the declared controls and where each cell stands. Each of its methods is one event; it returns the
effects for the relay to perform, in order. Which cells run is planned anew at every cell boundary (`session/planning.py`), from what is
known then: so events that came meanwhile, failures and interrupts are no special cases.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..dataflow.ledger import DONE, FAILED, INTERRUPTED, STOPPED
from ..dataflow.steps import Instructions, Plan, Step
from ..errors import ServerError, ViewerError
from ..wire.messages import CellFailure, CommEvent, Declaration, Event, SessionStatus, Settled, Status
from ..wire.values import check_value
from .cells import Cells
from .effects import Effect, EndKernel, InterruptKernel, Note, Publish, RunCell, SendComm, StartKernel
from .inputs import Inputs
from .planning import Planning
from .states import TRANSITIONS, UNRESPONSIVE
from .track import RESTORES, CodeCell, Track, run_key


@dataclass(frozen=True)
class _Running:
    """The step that the kernel is at; `cell` is "" for restores that no cell carries."""

    cell: str
    plan: Plan


class Machine:
    """One session. `max_cell_output_bytes`: as of `Cells`."""

    def __init__(self, cells: Sequence[CodeCell], planning: Planning, max_cell_output_bytes: int) -> None:
        self.status = SessionStatus.QUEUED
        self.last_event = 0
        self._planning = planning
        self._inputs = Inputs()
        self._cells = Cells(cells, self._inputs, max_cell_output_bytes)
        self._released: set[str] = set()  # cells whose buttons were down in the last plan: they run with the next event
        self._changed: set[str] = set()
        self._asked: set[str] = set()  # manual cells whose button was pressed
        self._everything = False
        self._running: _Running | None = None
        self._restored: Mapping[str, Any] | None = None  # what the kernel told of restores that no cell carried
        self._finished = False  # they were asked for already
        self._stopping = False
        self._overrun: tuple[CellFailure, str] | None = None  # the cell that runs has been interrupted for its time
        self._overdue = False  # the kernel has not reacted to an interrupt in time, and the page says so
        self._bound: Mapping[str, str] = {}  # names -> the widgets that they are bound to, as the kernel told last
        self._handling: set[int] = set()  # events of widgets that the kernel has not answered
        self.closes = False  # the notebook has given something to `ka.on_close`
        self._recorded = False  # what the page shows is a template's record, and no kernel has come since

    def forked(self) -> Machine:
        """A session that begins where this one, which is idle, has come to: its kernel will be a fork of this one's."""
        assert self.status is SessionStatus.IDLE or self._recorded, "only a session that is idle can be forked"
        fork = Machine((), self._planning.forked(self._cells.failed()), 0)
        fork._cells = self._cells.forked(fork._inputs)
        fork._bound = self._bound
        fork.closes = self.closes
        fork._recorded = True
        return fork

    # The kernel's life

    def open(self, inputs: Mapping[str, Any] | None = None) -> list[Effect]:
        """The session begins: its cells wait, a kernel is asked for. `inputs`: the viewer's values from an earlier session, by key."""
        for key, value in (inputs or {}).items():
            self._bring(key, value)
        waiting = [] if self._recorded else self._cells.wait()
        return [*waiting, *self._move(SessionStatus.QUEUED), StartKernel()]

    def _bring(self, key: str, value: Any) -> None:
        """Controls of a record are known already: what they do not admit is left out, what depends on the others runs."""
        found = self._cells.controls.find(key)
        if found is None:
            self._inputs.bring(key, value)
            return
        cell, control = found
        with contextlib.suppress(ViewerError):
            check_value(control, value)
            self._inputs.put(control, value)
            self._changed.add(cell)

    def keep_rest(self, session: str) -> None:
        """What cells print beyond the bound is kept, and can be had under this session's name."""
        self._cells.rest = session

    def foresee(self) -> list[Effect]:
        """Of a session that begins with a record: show which cells will run as soon as its kernel is there."""
        return self._cells.show(self._planning.next())

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
        self._everything = not (recorded and self._recorded)
        self._recorded = False
        return self._begin()

    def kernel_died(self, reason: str) -> list[Effect]:
        """The kernel ended, or did not start; `reason` is a sentence for the viewer."""
        if self.status is SessionStatus.DEAD:
            return []
        return [*self._abandon(), *self._move(SessionStatus.DEAD, detail=reason, restartable=True)]

    def _abandon(self) -> list[Effect]:
        """Whatever the kernel was at, nothing more will come of it."""
        self._running, self._overrun, self._stopping, self._overdue = None, None, False, False
        self._handling.clear()
        return self._cells.leave_stale()

    def unresponsive(self) -> list[Effect]:
        """The kernel has not reacted to an interrupt in time: the viewer may end it."""
        if self._overrun is not None:
            return [EndKernel(self._overrun[1])]
        if self._overdue or not self.is_busy:
            return []
        self._overdue = True
        return [Publish(Status(self.status, None, UNRESPONSIVE, restartable=True))]

    def overrun(self, cell: str, run: int, failure: CellFailure, reason: str) -> list[Effect]:
        """This run has lasted as long as it may: it is interrupted, and fails so. `reason`: why its kernel ends if it does not react."""
        if self._running is None or self._running.cell != cell or self._cells[cell].run != run:
            return []
        self._overrun = (failure, reason)
        return [InterruptKernel()]

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
        cell, control = self._cells.controls.admit(event)
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
        if self.status not in (SessionStatus.RUNNING, SessionStatus.IDLE) or not is_open:
            raise ViewerError("unknown-comm", "This widget is no longer connected to the app.", event.event)
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
        start = StartKernel(self.has_farewell, self.has_farewell and self.is_busy)
        return [*self._abandon(), *self._move(SessionStatus.QUEUED), start]

    @property
    def is_busy(self) -> bool:
        """Whether the kernel is at something."""
        return self._running is not None or bool(self._handling)

    @property
    def has_farewell(self) -> bool:
        """Whether the kernel has something to do before it ends, and can do it."""
        return self.closes and not self._overdue and self.status in (SessionStatus.RUNNING, SessionStatus.IDLE)

    # What the kernel says

    def output(self, cell: str, run: int, op: str, kind: str, content: bytes) -> list[Effect]:
        """The kernel displays something from run number `run` of a cell."""
        return self._cells.output(cell, run, op, kind, content)

    def declare(self, cell: str, run: int, control: Declaration) -> list[Effect]:
        """The cell declares a control."""
        return self._cells.declare(cell, run, control)

    def fail(self, cell: str, run: int, failure: CellFailure) -> list[Effect]:
        """The cell raised; it counts when the cell finishes."""
        self._cells.fail(cell, run, failure)
        return []

    def report(self, cell: str, run: int, report: Mapping[str, Any]) -> list[Effect]:
        """What the kernel's runtime tells of a run; it counts when the cell finishes."""
        if cell == RESTORES:
            self._restored = report
        elif run == self._cells[cell].run:
            self._cells[cell].report = report
        return []

    def finish(self, cell: str, run: int) -> list[Effect]:
        """The kernel is done with the cell: all its outputs have come."""
        running = self._running
        if running is None or cell != running.cell or (cell != RESTORES and run != self._cells[cell].run):
            return []
        self._running = None
        effects = self._relieve()
        if running.plan.finish is not None and cell == RESTORES:
            self._planning.restored(running.plan.finish, self._restored)
            self._stopping = False
            return effects + self._continue()
        track = self._cells[cell]
        if self._overrun is not None:
            track.failure, self._overrun = self._overrun[0], None
        step = running.plan.steps[0]
        outcome = self._outcome(track)
        if track.report is not None and isinstance(track.report.get("widgets"), dict):
            self._bound = track.report["widgets"]
        notes = self._planning.ran(step, outcome, track.report, running.plan.reset)
        effects += [*map(Note, notes), *self._cells.end_run(cell, outcome)]
        if not self._stopping:
            return effects + self._continue()
        self._stopping = False
        self._planning.change({cell})  # it did not come to its end: it runs with the next event
        self._absorb()
        return effects + self._cells.leave_stale() + self._settle()

    def _outcome(self, track: Track) -> str:
        if self._stopping or self._everything:
            return INTERRUPTED  # even without an error: an interrupt may end a cell before its code has begun
        if track.report is not None and track.report.get("stopped"):
            return STOPPED
        return FAILED if track.failure is not None else DONE

    # Plans

    def _begin(self) -> list[Effect]:
        """Something changed while nothing ran."""
        self._changed |= {cell for cell in self._released if self._cells[cell].run}
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
        effects = self._cells.show(plan)
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
        self._running = _Running(step.cell, plan)
        begun, instructions = self._cells.begin_run(step.cell), self._planning.instructions(step.cell, step.instructions)
        return [*begun, RunCell(step.cell, self._cells[step.cell].run, self._inputs.take(), plan.reset, instructions)]

    def _settle(self) -> list[Effect]:
        """Nothing is left to run. A button that was pressed is up again: its cell runs with the next event."""
        self._released |= self._cells.controls.cells(self._inputs.release())
        self._finished = False
        return [Publish(Settled(self._answered())), *self._move(SessionStatus.IDLE)]

    def _move(self, status: SessionStatus, place: int | None = None, detail: str | None = None, restartable: bool = False) -> list[Effect]:
        if status not in TRANSITIONS[self.status]:
            raise ServerError(f"a session cannot go from {self.status} to {status}")
        self.status = status
        return [Publish(Status(status, place, detail, restartable))]
