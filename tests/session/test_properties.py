"""Whatever happens in whatever order, the page that a browser has come to is the page that the journal has."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kernelapp.errors import ViewerError
from kernelapp.session.comms import CommBounds
from kernelapp.session.effects import Effect, EndKernel, InterruptKernel, Publish, RunCell, StartKernel
from kernelapp.session.frozen import freeze, thaw
from kernelapp.session.journal import Journal
from kernelapp.session.machine import Machine
from kernelapp.session.planning import WholeNotebook
from kernelapp.session.track import CodeCell
from kernelapp.wire.messages import CellFailure, Event, SessionStatus

from .driver import FAILURE, button, slider
from .shown import Browser

CELLS = ("a", "b", "c")
CELL = st.sampled_from(CELLS)
SAID = st.tuples(st.sampled_from(["append", "print", "clear", "update"]), st.text(max_size=5), st.sampled_from([None, "d", "e"]))
OVERRUN = CellFailure("It took too long.", "ref")
SMALL = 1_500  # bytes of the log: a handful of messages, so that pages that were away a while are sent whole


class Session(RuleBasedStateMachine):
    """A session, its kernel, and a browser that comes and goes."""

    @initialize(small=st.booleans(), values=st.dictionaries(st.sampled_from(["k0", "k1", "b", "x"]), st.integers(-5, 20), max_size=3))
    def begin(self, small: bool, values: dict[str, Any]) -> None:
        cells = [CodeCell(cell, manual=cell == "c") for cell in CELLS]
        self.machine = Machine(cells, WholeNotebook(CELLS), max_cell_output_bytes=400)
        self.journal = Journal(SMALL if small else 1_000_000)
        self.browser = Browser()
        self.connected = False
        self.event = self.refused = 0
        self.run: RunCell | None = None
        self.starting = False
        self.saved: dict[str, bytes] = {}  # of the journal's cells, as a store has them
        self.do(self.machine.open(values))

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(message):
                    frame = self.journal.append(message)
                    if self.connected:
                        self.browser.receive(frame)
                case RunCell():
                    self.run = effect
                case StartKernel():
                    self.starting, self.run = True, None
                case EndKernel(reason):
                    self.run = None
                    self.do(self.machine.kernel_died(reason))
                case InterruptKernel():
                    pass

    # The kernel

    @precondition(lambda self: self.starting)
    @rule(place=st.none() | st.integers(1, 3), fails=st.booleans())
    def kernel_starts(self, place: int | None, fails: bool) -> None:
        self.starting = False
        if place:
            self.do(self.machine.wait_in_queue(place))
        self.do(self.machine.kernel_starting())
        self.do(self.machine.kernel_died("It did not start.") if fails else self.machine.kernel_ready())

    @precondition(lambda self: self.run is not None)
    @rule(said=st.lists(SAID, min_size=1, max_size=6), reloads=st.none() | st.integers(0, 5))
    def says(self, said: list[tuple[str, str, str | None]], reloads: int | None) -> None:
        """The cell that runs displays, changes and clears; in between a page may be loaded anew."""
        assert self.run is not None
        for i, (op, text, display_id) in enumerate(said):
            if reloads == i:
                self.page_is_loaded_anew()
            content: dict[str, Any] = {"data": {"text/plain": text}, "transient": {"display_id": display_id}}
            if op == "clear":
                content = {"wait": display_id is not None}
            elif op == "print":
                op, content = "append", {"text": text}
            self.do(self.machine.output(self.run.cell, self.run.run, op, "display_data", json.dumps(content).encode()))

    @rule(cell=CELL, run=st.integers(0, 5))
    def prints_late(self, cell: str, run: int) -> None:
        self.do(self.machine.output(cell, run, "append", "stream", b'{"text":"late"}'))

    @precondition(lambda self: self.run is not None)
    @rule(value=st.integers(0, 9), is_button=st.booleans())
    def declares(self, value: int, is_button: bool) -> None:
        assert self.run is not None
        control = button() if is_button else slider(f"k{CELLS.index(self.run.cell)}", value=value)
        self.do(self.machine.declare(self.run.cell, self.run.run, control))

    @precondition(lambda self: self.run is not None)
    @rule(fails=st.booleans(), stops=st.booleans())
    def finishes(self, fails: bool, stops: bool) -> None:
        run, self.run = self.run, None
        assert run is not None
        if fails:
            self.do(self.machine.fail(run.cell, run.run, FAILURE))
        if stops:
            self.do(self.machine.report(run.cell, run.run, {"stopped": True}))
        self.do(self.machine.finish(run.cell, run.run))

    @rule(cell=CELL, run=st.integers(0, 9))
    def says_again_that_a_cell_is_done(self, cell: str, run: int) -> None:
        if self.run is None or (cell, run) != (self.run.cell, self.run.run):
            self.do(self.machine.finish(cell, run))

    @precondition(lambda self: not self.starting and self.machine.status is not SessionStatus.DEAD)
    @rule()
    def dies(self) -> None:
        self.run = None
        self.do(self.machine.kernel_died("It died."))

    @precondition(lambda self: self.run is not None)
    @rule()
    def runs_for_too_long(self) -> None:
        assert self.run is not None
        self.do(self.machine.overrun(self.run.cell, self.run.run, OVERRUN, "It was ended."))

    # The server

    @rule()
    def is_saved(self) -> None:
        self.saved |= {cell: freeze(page) for cell, page in self.journal.take_changes().items()}

    @rule()
    def is_killed_and_started_again(self) -> None:
        """What was saved goes on in another server; pages have lost their connection, and come back."""
        self.is_saved()
        cells = {cell: thaw(page) for cell, page in self.saved.items()}
        self.machine = thaw(freeze(self.machine))
        self.journal = Journal.thawed(self.journal._max_bytes, CommBounds(), thaw(freeze(self.journal.head())), cells, CELLS)
        self.connected = False

    # The viewer

    @rule(step=st.integers(-2, 3), key=st.sampled_from(["k0", "k1", "k2", "b", "c-run", "x"]), value=st.integers(-1, 10) | st.just(True))
    def acts(self, step: int, key: str, value: Any) -> None:
        self.event += step
        try:
            self.do(self.machine.event(Event(max(self.event, 1), key, value)))
        except ViewerError:
            self.refused += 1

    @rule(what=st.sampled_from(["stop", "rerun", "restart", "unresponsive"]))
    def asks(self, what: str) -> None:
        self.do(getattr(self.machine, what)())

    @rule()
    def connection_drops(self) -> None:
        self.connected = False

    @rule()
    def page_is_loaded_anew(self) -> None:
        self.browser = Browser()
        self.connects()

    @precondition(lambda self: not self.connected)
    @rule()
    def connects(self) -> None:
        missed = self.journal.since(self.browser.seq) if self.browser.seq else None
        self.browser.load(self.journal.page() if missed is None else missed, whole=missed is None)
        self.connected = True

    @precondition(lambda self: self.connected)
    @rule(back=st.integers(1, 5))
    def something_is_sent_twice(self, back: int) -> None:
        for frame in self.journal.since(max(self.browser.seq - back, 0)) or []:
            self.browser.receive(frame)

    # What always holds

    @invariant()
    def the_browser_shows_what_the_journal_has(self) -> None:
        if self.connected:
            fresh = Browser()
            fresh.load(self.journal.page(), whole=True)
            assert self.browser.seq == fresh.seq == self.journal.seq
            assert self.browser.view() == fresh.view()

    @invariant()
    def a_session_whose_kernel_runs_nothing_has_answered_everything(self) -> None:
        if self.machine.status is SessionStatus.IDLE:
            assert self.run is None

    @invariant()
    def the_log_is_bounded(self) -> None:
        assert sum(map(len, self.journal._log)) <= self.journal._max_bytes

    def teardown(self) -> None:
        """Left alone, every session comes to rest, and has then answered every event."""
        if not hasattr(self, "machine"):
            return
        for _ in range(30):
            if self.starting:
                self.kernel_starts(None, False)
            elif self.run is not None:
                self.finishes(False, False)
        assert self.machine.status in (SessionStatus.IDLE, SessionStatus.DEAD)
        if self.machine.status is SessionStatus.IDLE:
            self.page_is_loaded_anew()
            if self.machine.last_event:  # the last may have been refused, which is an answer of its own; sent again it is settled
                self.do(self.machine.event(Event(self.machine.last_event, "x", 1)))
            assert self.browser.settled == self.machine.last_event
            assert self.browser.status["state"] == "idle"


Session.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestAnyOrder = Session.TestCase
