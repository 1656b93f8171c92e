"""The session machine: events in, effects out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kernelapp.errors import ServerError, ViewerError
from kernelapp.session.effects import EndKernel, InterruptKernel, KeepRest, Publish, SendComm, StartKernel
from kernelapp.wire.messages import Cell, CellFailure, CellStatus, CommEvent, Control, Output, SessionStatus, Settled, Status

from .driver import FAILURE, Driver, button, settled, slider


def test_opening_shows_every_cell_queued_and_asks_for_a_kernel() -> None:
    driver = Driver("c1", "c2")
    driver.do(driver.machine.open())
    assert driver.statuses() == {"c1": CellStatus.QUEUED, "c2": CellStatus.QUEUED}
    assert driver.others == [StartKernel()]


def test_cells_run_one_after_the_other_and_then_the_page_is_settled() -> None:
    driver = Driver("c1", "c2").start()
    assert driver.runs == ["c1"]
    driver.finish()
    assert driver.runs == ["c1", "c2"]
    assert driver.is_in(SessionStatus.RUNNING)
    driver.finish()
    assert driver.is_in(SessionStatus.IDLE)
    assert driver.last(Settled) == Settled(0)


def test_a_notebook_without_code_is_idle_at_once() -> None:
    assert Driver().start().is_in(SessionStatus.IDLE)


def test_an_event_runs_cells_with_the_new_value() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    assert driver.inputs() == {"k": 5}
    driver.finish(slider(value=5))
    assert driver.inputs() is None
    driver.finish()
    assert driver.last(Settled) == Settled(1)


def test_events_during_a_plan_merge_at_the_next_cell_boundary() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.event(2, 6)
    driver.event(3, 7)
    assert driver.runs == ["c1"]
    driver.finish(slider(value=5))
    assert driver.runs == ["c1", "c1"]
    assert driver.inputs() == {"k": 7}
    driver.finish(slider(value=7))
    driver.finish()
    assert [message.event for message in driver.published if isinstance(message, Settled)] == [0, 3]


def test_a_repeated_event_is_ignored() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.finish(slider())
    driver.finish()
    driver.runs.clear()
    driver.event(1, 6)
    assert driver.runs == []


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [("k", 50, "bad-value"), ("k", "5", "bad-value"), ("gone", 5, "unknown-control"), ("off", 5, "disabled")],
)
def test_a_refused_event_changes_nothing(key: str, value: Any, code: str) -> None:
    driver = settled(slider(), slider("off", disabled=True))
    with pytest.raises(ViewerError) as caught:
        driver.event(1, value, key)
    assert (caught.value.code, caught.value.event) == (code, 1)
    assert driver.runs == []
    assert driver.is_in(SessionStatus.IDLE)


def test_a_button_is_true_for_one_plan() -> None:
    driver = settled(button(), slider())
    driver.event(1, True, "b")
    assert driver.inputs() == {"b": True}
    driver.finish(button(), slider())
    driver.finish()
    driver.event(2, 5)
    assert driver.inputs() == {"k": 5}


def test_a_control_that_its_cell_no_longer_declares_is_removed_and_keeps_its_value() -> None:
    driver = settled(slider("a"), slider("b"))
    driver.event(1, 7, "b")
    driver.finish(slider("a"))
    assert driver.last(Control) == Control("remove", "c1", {"key": "b"})
    driver.finish()
    with pytest.raises(ViewerError):
        driver.event(2, 1, "b")
    driver.event(3, 2, "a")
    assert driver.inputs() == {"a": 2, "b": 7}


def test_cells_after_a_failed_one_are_blocked_and_lose_their_controls() -> None:
    driver = Driver("c1", "c2", "c3").start()
    driver.finish()
    driver.finish(slider())
    driver.finish()
    driver.do(driver.machine.rerun())
    driver.finish(failure=FAILURE)
    assert driver.statuses() == {"c1": CellStatus.FAILED, "c2": CellStatus.UPSTREAM_FAILED, "c3": CellStatus.UPSTREAM_FAILED}
    assert driver.last(Control) == Control("remove", "c2", {"key": "k"})
    assert driver.is_in(SessionStatus.IDLE)


def test_a_cell_that_is_meant_to_raise_does_not_block_the_others() -> None:
    driver = Driver("c1", "c2", raises=("c1",)).start()
    driver.finish(failure=FAILURE)
    driver.finish()
    assert driver.statuses() == {"c1": CellStatus.FAILED, "c2": CellStatus.DONE}


def test_an_event_that_came_while_a_cell_failed_is_still_answered() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.event(2, 6)
    driver.finish(slider(), failure=FAILURE)
    assert driver.run is not None
    driver.finish(slider())
    driver.finish()
    assert driver.statuses() == {"c1": CellStatus.DONE, "c2": CellStatus.DONE}


@pytest.mark.parametrize("failure", [FAILURE, None])
def test_stop_interrupts_and_leaves_the_rest_stale(failure: CellFailure | None) -> None:
    driver = Driver("c1", "c2").start()
    driver.do(driver.machine.stop())
    assert driver.others == [StartKernel(), InterruptKernel()]
    driver.finish(failure=failure)
    assert driver.statuses() == {"c1": CellStatus.STALE, "c2": CellStatus.STALE}
    assert driver.is_in(SessionStatus.IDLE)


def test_stop_when_nothing_runs_does_nothing() -> None:
    assert settled().machine.stop() == []


def test_a_dead_kernel_is_reported_and_rerun_brings_a_new_one_with_the_viewers_values() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.do(driver.machine.kernel_died("It was killed."))
    assert driver.last(Status) == Status(SessionStatus.DEAD, None, "It was killed.", True)
    assert driver.statuses()["c1"] is CellStatus.STALE
    driver.event(2, 6)
    driver.do(driver.machine.rerun())
    driver.do(driver.machine.kernel_starting())
    driver.do(driver.machine.kernel_ready())
    assert driver.inputs() == {"k": 6}
    assert driver.run is not None
    assert driver.run.reset


def test_a_second_report_of_a_death_changes_nothing() -> None:
    driver = settled()
    driver.do(driver.machine.kernel_died("once"))
    assert driver.machine.kernel_died("twice") == []


def test_output_of_an_earlier_run_is_dropped() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    assert driver.machine.output("c1", 1, "append", "stream", b"{}") == []
    assert driver.machine.output("c1", 2, "append", "stream", b"{}") == [Publish(Output("c1", "append", "stream", b"{}"))]


def test_output_beyond_the_bound_is_cut_with_one_note() -> None:
    driver = Driver("c1", max_cell_output_bytes=10).start()
    driver.do(driver.machine.output("c1", 1, "append", "stream", b"123456"))
    driver.do(driver.machine.output("c1", 1, "append", "stream", b"123456"))
    driver.do(driver.machine.output("c1", 1, "append", "stream", b"1"))
    assert [message.op for message in driver.published if isinstance(message, Output)] == ["append", "truncated"]
    assert driver.last(Output).content == b'{"limit_bytes": 10}'


def test_clearing_makes_room_again() -> None:
    driver = Driver("c1", max_cell_output_bytes=10).start()
    for _ in range(5):
        driver.do(driver.machine.output("c1", 1, "append", "stream", b"12345678"))
        driver.do(driver.machine.output("c1", 1, "clear", "clear_output", b"{}"))
    assert "truncated" not in [message.op for message in driver.published if isinstance(message, Output)]


def test_an_illegal_transition_is_our_own_mistake() -> None:
    with pytest.raises(ServerError):
        Driver("c1").machine.kernel_ready()


def widget(number: int) -> CommEvent:
    return CommEvent(number, "m", {"method": "custom", "content": None})


def test_the_page_is_settled_when_the_kernel_has_handled_a_widgets_events() -> None:
    driver = settled()
    driver.do(driver.machine.comm(widget(1), is_open=True))
    driver.do(driver.machine.comm(widget(2), is_open=True))
    assert [effect for effect in driver.others if isinstance(effect, SendComm)] == [SendComm(widget(1)), SendComm(widget(2))]
    driver.do(driver.machine.comm_handled(2))
    assert driver.last(Settled) == Settled(0)
    driver.do(driver.machine.comm_handled(1))
    assert driver.last(Settled) == Settled(2)
    assert driver.runs == []


def test_a_plan_that_ends_does_not_settle_a_widgets_event_that_the_kernel_still_handles() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.do(driver.machine.comm(widget(2), is_open=True))
    driver.finish(slider())
    driver.finish()
    assert driver.last(Settled) == Settled(1)
    driver.do(driver.machine.comm_handled(2))
    assert driver.last(Settled) == Settled(2)


def test_a_widget_that_the_kernel_does_not_have_is_refused_and_its_event_counts_as_answered() -> None:
    driver = settled()
    with pytest.raises(ViewerError) as caught:
        driver.machine.comm(widget(1), is_open=False)
    assert (caught.value.code, caught.value.event) == ("unknown-comm", 1)
    assert driver.machine.comm(widget(1), is_open=True) == [Publish(Settled(1))]


def test_a_callback_is_stopped_by_an_interrupt() -> None:
    driver = settled()
    assert driver.machine.stop() == []
    driver.do(driver.machine.comm(widget(1), is_open=True))
    assert driver.machine.stop() == [InterruptKernel()]


def test_a_kernel_that_died_owes_no_answers() -> None:
    driver = settled()
    driver.do(driver.machine.comm(widget(1), is_open=True))
    driver.do(driver.machine.kernel_died("gone"))
    assert driver.machine.comm_handled(1) == []
    with pytest.raises(ViewerError):
        driver.machine.comm(widget(2), is_open=True)


def test_a_kernel_that_does_not_react_to_an_interrupt_may_be_ended() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.do(driver.machine.stop())
    driver.do(driver.machine.unresponsive())
    assert driver.machine.unresponsive() == []
    assert (driver.last(Status).state, driver.last(Status).restartable) == (SessionStatus.RUNNING, True)
    driver.do(driver.machine.restart())
    assert driver.is_in(SessionStatus.QUEUED)
    assert driver.others[-1] == StartKernel()
    assert set(driver.statuses().values()) <= {CellStatus.STALE, CellStatus.DONE}
    driver.do(driver.machine.kernel_starting())
    driver.do(driver.machine.kernel_ready())
    assert driver.inputs() == {"k": 5}


@pytest.mark.parametrize(
    ("at", "wanted"), [("rest", StartKernel(True)), ("work", StartKernel(True, True)), ("stuck", StartKernel()), ("dead", StartKernel())]
)
def test_a_kernel_with_something_to_do_at_its_end_is_asked_to_when_it_can(at: str, wanted: StartKernel) -> None:
    driver = settled(slider())
    driver.machine.closes = True
    if at == "dead":
        driver.do(driver.machine.kernel_died("Gone."))
    elif at != "rest":
        driver.event(1, 5)
    if at == "stuck":
        driver.do(driver.machine.stop())
        driver.do(driver.machine.unresponsive())
    driver.do(driver.machine.restart())
    assert driver.others[-1] == wanted


def test_the_rest_of_output_is_kept_where_there_is_a_place_for_it_and_the_note_says_where() -> None:
    driver = settled()
    driver.machine.keep_rest("s/1")
    driver.do(driver.machine.rerun())
    for size in (900, 200, 10):
        driver.do(driver.machine.output("c1", 2, "append", "stream", b"x" * size))
    note = driver.last(Output)
    assert (note.op, json.loads(note.content)) == ("truncated", {"limit_bytes": 1000, "rest": "output/c1?session=s%2F1"})
    assert [effect for effect in driver.others if isinstance(effect, KeepRest)] == [
        KeepRest("c1", "stream", b"x" * 200, first=True),
        KeepRest("c1", "stream", b"x" * 10, first=False),
    ]
    driver.do(driver.machine.output("c1", 2, "clear", "clear_output", b"{}"))
    driver.do(driver.machine.output("c1", 2, "append", "stream", b"y"))
    assert driver.last(Output).content == b"y"


OVERRUN = CellFailure("It took too long.", "ref")


def overrunning() -> Driver:
    """A session whose running cell has been interrupted for its time."""
    driver = settled(slider())
    driver.event(1, 5)
    assert driver.run is not None
    driver.do(driver.machine.overrun(driver.run.cell, driver.run.run, OVERRUN, "It was ended."))
    assert driver.others[-1] == InterruptKernel()
    return driver


def test_a_run_that_takes_too_long_fails_with_the_reason_and_what_depends_on_it_shows_nothing() -> None:
    driver = overrunning()
    driver.finish(slider(), failure=FAILURE)  # with its KeyboardInterrupt
    failed = next(message for message in reversed(driver.published) if isinstance(message, Cell) and message.cell == "c1")
    assert (failed.status, failed.error) == (CellStatus.FAILED, OVERRUN)
    assert driver.statuses()["c2"] is CellStatus.UPSTREAM_FAILED
    driver.event(2, 6)
    driver.finish(slider())
    assert driver.statuses()["c1"] is CellStatus.DONE


def test_one_that_does_not_react_then_is_ended_and_begins_again_with_the_values() -> None:
    driver = overrunning()
    driver.do(driver.machine.unresponsive())
    assert driver.others[-1] == EndKernel("It was ended.")
    driver.do(driver.machine.kernel_died("It was ended."))
    assert driver.last(Status) == Status(SessionStatus.DEAD, None, "It was ended.", restartable=True)
    driver.do(driver.machine.restart())
    driver.do(driver.machine.kernel_starting())
    driver.do(driver.machine.kernel_ready())
    assert driver.inputs() == {"k": 5}
    driver.finish(slider())
    assert driver.statuses()["c1"] is CellStatus.DONE


def test_a_run_that_is_over_cannot_take_too_long() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    assert driver.run is not None
    over = driver.run
    driver.finish(slider())
    assert driver.machine.overrun(over.cell, over.run, OVERRUN, "It was ended.") == []
    assert driver.machine.overrun("c2", 1, OVERRUN, "It was ended.") == []


def test_one_that_reacts_late_is_no_longer_offered_to_be_ended() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.do(driver.machine.rerun())
    driver.do(driver.machine.unresponsive())
    driver.finish(slider())
    assert driver.last(Status) == Status(SessionStatus.RUNNING)


def test_nothing_is_unresponsive_when_nothing_runs() -> None:
    assert settled().machine.unresponsive() == []


def test_a_kernel_that_is_started_already_is_not_started_again() -> None:
    driver = Driver("c1")
    driver.do(driver.machine.open())
    assert driver.machine.restart() == []
    driver.do(driver.machine.kernel_starting())
    assert driver.machine.restart() == []


def test_a_control_that_was_declared_twice_goes_once() -> None:
    driver = settled(slider(), slider())
    driver.event(1, 5)
    driver.finish()
    driver.finish()
    assert [message.op for message in driver.published if isinstance(message, Control)] == ["declare", "declare", "remove"]
