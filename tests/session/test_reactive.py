"""The session machine with the planner: only what depends on an event runs.

The kernel here saves nothing, so producers run again where they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernelapp.dataflow.ledger import ALL, BELOW, DEPENDENTS
from kernelapp.dataflow.steps import Instructions, Plan
from kernelapp.dataflow.versions import Source
from kernelapp.session.effects import Note
from kernelapp.session.planning import Analysis, Reactive, WholeNotebook
from kernelapp.session.track import RESTORES
from kernelapp.wire.messages import CellFailure, CellStatus, CommEvent, Control, SessionStatus, Settled

from .driver import FAILURE, Driver, button, slider

CELLS = {"c1": "n = ka.slider('N')", "c2": "double = 2 * n", "c3": "print(double)", "c4": "print('alone')"}


class Session:
    """A notebook whose cell `c1` declares the controls."""

    def __init__(
        self, cells: dict[str, str], *controls: dict[str, Any], mode: str = DEPENDENTS, tags: dict[str, str] | None = None
    ) -> None:
        tags = tags or {}
        sources = [Source(cell, source, frozenset({tags[cell]} if cell in tags else ())) for cell, source in cells.items()]
        manual = tuple(cell for cell, tag in tags.items() if tag == "manual")
        self.controls = controls or (slider(),)
        self.driver = Driver(*cells, manual=manual, planning=Reactive(Analysis(tuple(sources)), mode)).start()

    def step(self, failure: CellFailure | None = None) -> None:
        """The running cell ends."""
        assert self.driver.run is not None
        self.driver.finish(*(self.controls if self.driver.run.cell == "c1" else ()), failure=failure)

    def settle(self, *failing: str) -> list[str]:
        """Everything runs; returns the cells that did."""
        while self.driver.run is not None:
            self.step(FAILURE if self.driver.run.cell in failing else None)
        assert self.driver.is_in(SessionStatus.IDLE)
        ran, self.driver.runs = self.driver.runs, []
        return ran

    def event(self, number: int, value: Any, key: str = "k") -> None:
        self.driver.event(number, value, key)


def test_an_event_runs_the_cells_that_depend_on_it() -> None:
    session = Session(CELLS)
    assert session.settle() == ["c1", "c2", "c3", "c4"]
    session.event(1, 5)
    assert session.settle() == ["c1", "c2", "c3"]


def test_the_app_may_choose_another_rule() -> None:
    for mode, expected in ((BELOW, ["c1", "c2", "c3", "c4"]), (ALL, ["c0", "c1", "c2", "c3", "c4"])):
        session = Session({"c0": "x = 1", **CELLS}, mode=mode)
        session.settle()
        session.event(1, 5)
        assert session.settle() == expected


def test_dependents_of_a_failed_cell_wait_and_others_run() -> None:
    session = Session(CELLS)
    assert session.settle("c2") == ["c1", "c2", "c4"]
    assert session.driver.statuses()["c3"] is CellStatus.UPSTREAM_FAILED
    session.event(1, 5)
    assert session.settle() == ["c1", "c2", "c3"]
    assert session.driver.statuses()["c3"] is CellStatus.DONE


def test_what_a_failed_cell_holds_up_loses_its_controls() -> None:
    session = Session({"c0": "x = go()", "c1": "n = ka.slider('N', 0, x)", "c2": "print(n)"})
    session.settle()
    session.driver.do(session.driver.machine.rerun())
    session.settle("c0")
    assert session.driver.last(Control) == Control("remove", "c1", {"key": "k"})


def test_a_cell_that_stopped_itself_holds_up_its_dependents_without_a_failure() -> None:
    session = Session(CELLS)
    session.step()
    assert session.driver.run is not None
    session.driver.do(session.driver.machine.report("c2", session.driver.run.run, {"stopped": True}))
    session.settle()
    assert session.driver.statuses()["c2"] is CellStatus.DONE
    assert session.driver.statuses()["c3"] is CellStatus.UPSTREAM_STOPPED


def test_a_pressed_button_is_up_again_at_the_next_event_and_its_cell_runs() -> None:
    session = Session({"c1": "go = ka.button('Go'); n = ka.slider('N')", "c2": "print(go)"}, button(), slider())
    session.settle()
    session.event(1, True, "b")
    assert session.driver.inputs() == {"b": True}
    session.settle()
    session.event(2, 4)
    assert session.driver.inputs() == {"k": 4}


def test_an_event_at_a_boundary_drops_cells_that_became_pointless() -> None:
    session = Session(CELLS)
    session.settle()
    session.event(1, 5)
    session.step()
    assert session.driver.runs == ["c1", "c2"]
    session.event(2, 6)
    session.step()
    assert session.driver.runs == ["c1", "c2", "c1"]
    assert session.settle() == ["c1", "c2", "c1", "c2", "c3"]


def test_a_stopped_cell_and_what_was_to_run_run_with_the_next_event() -> None:
    session = Session(CELLS)
    session.settle()
    session.event(1, 5)
    session.step()
    session.driver.do(session.driver.machine.stop())
    session.step(FAILURE)
    assert session.driver.is_in(SessionStatus.IDLE)
    assert [session.driver.statuses()[cell] for cell in ("c2", "c3", "c4")] == [CellStatus.STALE, CellStatus.STALE, CellStatus.DONE]
    session.driver.runs = []
    session.event(2, 6)
    assert session.settle() == ["c1", "c2", "c3"]


def test_a_manual_cell_waits_for_its_button() -> None:
    session = Session(CELLS, tags={"c2": "manual"})
    assert session.settle() == ["c1", "c4"]
    assert [session.driver.statuses()[cell] for cell in ("c2", "c3")] == [CellStatus.STALE, CellStatus.STALE]
    session.event(1, True, "c2-run")
    assert session.settle() == ["c2", "c3"]
    session.event(2, 3)
    assert session.settle() == ["c1"]
    assert session.driver.statuses()["c3"] is CellStatus.STALE


def test_rerun_while_something_runs_starts_again_from_an_empty_namespace() -> None:
    session = Session(CELLS)
    session.step()
    session.driver.do(session.driver.machine.rerun())
    session.step(FAILURE)
    assert session.driver.run is not None
    assert (session.driver.run.cell, session.driver.run.reset) == ("c1", True)
    assert session.settle() == ["c1", "c2", "c1", "c2", "c3", "c4"]
    assert CellStatus.FAILED not in session.driver.statuses().values()


def test_what_a_cell_changed_against_expectation_runs_everything_once_and_is_noted_once() -> None:
    session = Session(CELLS)
    session.settle()
    session.event(1, 5)
    session.step()
    assert session.driver.run is not None
    surprise = {"unfinished": False, "changed": ["n"]}
    session.driver.do(session.driver.machine.report("c2", session.driver.run.run, surprise))
    assert session.settle() == ["c1", "c2", "c1", "c2", "c3", "c4"]
    notes = [effect for effect in session.driver.others if isinstance(effect, Note)]
    assert len(notes) == 1
    assert "c2 changed n" in notes[0].text
    session.event(2, 6)
    session.settle()
    assert len([effect for effect in session.driver.others if isinstance(effect, Note)]) == 1


class RestoresLeft(WholeNotebook):
    """A plan of which only restores are left, until they are done."""

    def __init__(self) -> None:
        super().__init__([])
        self.reports: list[Mapping[str, Any] | None] = []

    def next(self) -> Plan:
        finish = None if self.reports else Instructions(finish=(("x", "reference", 0),))
        return Plan((), False, finish=finish)

    def restored(self, finish: Instructions, report: Mapping[str, Any] | None) -> None:
        self.reports.append(report)


def test_bindings_are_restored_before_the_page_is_settled_also_when_no_cell_is_left_to_run() -> None:
    planning = RestoresLeft()
    driver = Driver(planning=planning).start()
    assert driver.run is not None
    assert driver.run.cell == RESTORES
    assert not driver.is_in(SessionStatus.IDLE)
    driver.do(driver.machine.report(RESTORES, 0, {"unfinished": False}))
    driver.do(driver.machine.finish(RESTORES, 0))
    assert planning.reports == [{"unfinished": False}]
    assert driver.is_in(SessionStatus.IDLE)


WIDGETS = {"c1": "n = ka.slider('N')", "c2": "s = w.IntSlider()", "c3": "twice = 2 * s.value", "c4": "print(twice)", "c5": "print('alone')"}


def widgets(*, reactive: bool) -> Session:
    sources = tuple(Source(cell, source, frozenset()) for cell, source in WIDGETS.items())
    session = Session(WIDGETS)
    session.driver = Driver(*WIDGETS, planning=Reactive(Analysis(sources), DEPENDENTS, widgets=reactive)).start()
    session.settle()
    session.driver.machine._bound = {"s": "m", "other": "o"}
    return session


def move(session: Session, number: int, comm: str = "m", **state: Any) -> None:
    event = CommEvent(number, comm, {"method": "update", "state": state, "buffer_paths": []})
    session.driver.do(session.driver.machine.comm(event, is_open=True))
    assert session.driver.run is None
    session.driver.do(session.driver.machine.comm_handled(number))


def test_a_widgets_value_is_an_input_where_the_app_wants_it() -> None:
    session = widgets(reactive=True)
    move(session, 1, value=5)
    assert session.settle() == ["c3", "c4"]
    assert session.driver.last(Settled) == Settled(1)


def test_only_the_value_counts_and_only_of_a_widget_that_is_read() -> None:
    session = widgets(reactive=True)
    move(session, 1, description="N")
    move(session, 2, comm="o", value=5)
    move(session, 3, comm="unknown", value=5)
    assert session.settle() == []
    assert session.driver.last(Settled) == Settled(3)


def test_a_value_that_a_callback_changes_counts_as_well() -> None:
    session = widgets(reactive=True)
    machine = session.driver.machine
    session.driver.do(machine.comm(CommEvent(1, "button", {"method": "custom", "content": None}), is_open=True))
    machine.widget_changed("m")
    session.driver.do(machine.comm_handled(1))
    assert session.settle() == ["c3", "c4"]


def test_widgets_are_no_inputs_unless_the_app_wants_it() -> None:
    session = widgets(reactive=False)
    move(session, 1, value=5)
    assert session.settle() == []
