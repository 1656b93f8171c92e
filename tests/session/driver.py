"""A machine driven by a test, with a kernel that does as the test says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernelapp.session.effects import Effect, Publish, RunCell
from kernelapp.session.machine import Machine
from kernelapp.session.planning import Planning, WholeNotebook
from kernelapp.session.track import CodeCell
from kernelapp.wire.messages import Cell, CellFailure, CellStatus, Event, SessionStatus

FAILURE = CellFailure("failed", "ref")


def slider(key: str = "k", **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "slider", "label": "N", "number": "int", "min": 0, "max": 9, "range": False, "value": 1, **more}


def button(key: str = "b") -> dict[str, Any]:
    return {"key": key, "kind": "button", "label": "Go", "value": False}


class Driver:
    """A machine and what it asked for."""

    def __init__(
        self,
        *cells: str,
        max_cell_output_bytes: int = 1000,
        raises: tuple[str, ...] = (),
        manual: tuple[str, ...] = (),
        planning: Planning | None = None,
    ) -> None:
        codes = [CodeCell(cell, cell in manual) for cell in cells]
        self.machine = Machine(codes, planning or WholeNotebook(cells, raises), max_cell_output_bytes)
        self.run: RunCell | None = None
        self.runs: list[str] = []
        self.published: list[Any] = []
        self.others: list[Effect] = []

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case RunCell():
                    self.run = effect
                    self.runs.append(effect.cell)
                case Publish(message):
                    self.published.append(message)
                case _:
                    self.others.append(effect)

    def start(self) -> Driver:
        self.do(self.machine.open())
        self.do(self.machine.kernel_starting())
        self.do(self.machine.kernel_ready())
        return self

    def finish(self, *controls: dict[str, Any], failure: CellFailure | None = None) -> None:
        assert self.run is not None
        run, self.run = self.run, None
        for control in controls:
            self.do(self.machine.declare(run.cell, run.run, control))
        if failure:
            self.do(self.machine.fail(run.cell, run.run, failure))
        self.do(self.machine.finish(run.cell, run.run))

    def event(self, number: int, value: Any, key: str = "k") -> None:
        self.do(self.machine.event(Event(number, key, value)))

    def inputs(self) -> Mapping[str, Any] | None:
        """What the running cell was given."""
        assert self.run is not None
        return self.run.inputs

    def is_in(self, status: SessionStatus) -> bool:
        return self.machine.status is status

    def statuses(self) -> dict[str, CellStatus]:
        return {message.cell: message.status for message in self.published if isinstance(message, Cell)}

    def last(self, kind: type[Any]) -> Any:
        return [message for message in self.published if isinstance(message, kind)][-1]


def settled(*controls: dict[str, Any]) -> Driver:
    """A session of two cells that has run; the first declares the controls."""
    driver = Driver("c1", "c2").start()
    driver.finish(*controls)
    driver.finish()
    assert driver.is_in(SessionStatus.IDLE)
    driver.runs.clear()
    return driver
