"""The viewer's values, set or brought along."""

from __future__ import annotations

from typing import Any

import pytest

from kernelapp.session.inputs import Inputs
from kernelapp.wire.messages import SessionStatus

from .driver import Driver, button, settled, slider


def test_values_are_given_when_they_changed() -> None:
    inputs = Inputs()
    inputs.put(slider(), 5)
    assert inputs.take() == {"k": 5}
    assert inputs.take() is None


def test_values_that_were_brought_along_count_from_the_first_cell() -> None:
    driver = Driver("c1", "c2")
    driver.do(driver.machine.open({"k": 5, "elsewhere": "x"}))
    driver.do(driver.machine.kernel_starting())
    driver.do(driver.machine.kernel_ready())
    assert driver.inputs() == {"k": 5, "elsewhere": "x"}
    driver.finish(slider(value=5))
    driver.finish()
    assert driver.runs == ["c1", "c2"]
    assert driver.is_in(SessionStatus.IDLE)


@pytest.mark.parametrize("brought", [50, "5", None, [1, 2]])
def test_a_brought_value_that_its_control_does_not_admit_is_what_the_kernel_made_of_it(brought: Any) -> None:
    inputs = Inputs()
    inputs.bring("k", brought)
    inputs.declared(slider(value=9))
    assert inputs.take() == {"k": 9}


def test_a_brought_press_of_a_button_is_up_again_when_the_plan_is_done() -> None:
    inputs = Inputs()
    inputs.bring("b", True)
    inputs.declared(button())
    assert inputs.release() == {"b"}
    assert inputs.take() == {}


def test_a_fork_of_a_record_runs_what_depends_on_brought_values() -> None:
    fork = Driver("c1", "c2")
    fork.machine = settled(slider(), button()).machine.forked()
    fork.do(fork.machine.open({"k": 5, "b": "pressed", "other": 1}))
    fork.do(fork.machine.kernel_starting())
    fork.do(fork.machine.kernel_ready(recorded=True))
    assert fork.inputs() == {"k": 5, "other": 1}


def test_a_repeated_event_is_answered_again_when_nothing_runs() -> None:
    driver = settled(slider())
    driver.event(1, 5)
    driver.finish(slider(value=5))
    driver.finish()
    driver.published.clear()
    driver.event(1, 5)
    assert [message.event for message in driver.published] == [1]
