"""Which cell runs next, as the session machine asks: planned from the analysis, or simply all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from ..dataflow.ledger import DONE, Known
from ..dataflow.plan import ALL, BELOW, DEPENDENTS, Plan, Step, after, plan
from ..dataflow.versions import Source, build_flow
from ..notebook import Notebook


class Planning(Protocol):
    """What the machine needs of a way to plan."""

    def begin(self) -> None:
        """Nothing is known of the kernel: everything must run."""

    def change(self, cells: Collection[str]) -> None:
        """Inputs of these cells changed."""

    def request(self, cell: str) -> None:
        """The viewer pressed the button of a cell tagged `manual`."""

    def next(self) -> Plan:
        """What must run now; made again after every cell."""

    def ran(self, step: Step, outcome: str, report: Mapping[str, Any] | None, reset: bool) -> list[str]:
        """A step ran; `report` is what the kernel told of it. Returns what the log should say."""

    def instructions(self, step: Step) -> Mapping[str, Any] | None:
        """What the kernel does around the step, as JSON."""


class WholeNotebook:
    """Runs every cell for each event: for kernels whose language is not analysed."""

    def __init__(self, cells: Sequence[str], raises: Collection[str] = ()) -> None:
        self._cells = list(cells)
        self._raises = frozenset(raises)
        self._left: list[str] = []
        self._blocked: list[str] = []
        self._reset = True

    def begin(self) -> None:
        """As Planning."""
        self._left, self._blocked, self._reset = list(self._cells), [], True

    def change(self, cells: Collection[str]) -> None:
        """As Planning."""
        if cells:
            self.begin()

    def request(self, cell: str) -> None:
        """As Planning."""
        self.begin()

    def next(self) -> Plan:
        """As Planning."""
        return Plan(tuple(Step(cell) for cell in self._left), self._reset, upstream_failed=tuple(self._blocked))

    def ran(self, step: Step, outcome: str, report: Mapping[str, Any] | None, reset: bool) -> list[str]:
        """As Planning; as *run all* does, a failed cell ends the run."""
        self._left = self._left[1:]
        self._reset = False
        if outcome != DONE and step.cell not in self._raises:
            self._left, self._blocked = [], self._left
        return []

    def instructions(self, step: Step) -> None:
        """As Planning: nothing."""


class Analysis:
    """What is known of a notebook's code: from reading it, and from runs that did what reading it had not told.

    The sessions of an app share it, so each learns from the others' surprises.
    """

    def __init__(self, cells: tuple[Source, ...]) -> None:
        self._cells = cells
        self._surprises: dict[str, frozenset[str]] = {}
        self.flow = build_flow(cells)

    def learn(self, cell: str, names: Collection[str]) -> bool:
        """A cell changed names that it was not expected to change; returns whether that is new."""
        before = self._surprises.get(cell, frozenset())
        self._surprises[cell] = before | frozenset(names)
        if self._surprises[cell] == before:
            return False
        self.flow = build_flow(self._cells, self._surprises)
        return True


class Reactive:
    """Runs the cells that depend on what changed (docs/dataflow.md)."""

    def __init__(self, analysis: Analysis, mode: str) -> None:
        self._analysis = analysis
        self._flow = analysis.flow
        self._mode = mode
        self._known = Known.nothing(self._flow)

    def begin(self) -> None:
        """As Planning."""
        self._flow = self._analysis.flow
        self._known = Known.nothing(self._flow)

    def change(self, cells: Collection[str]) -> None:
        """As Planning."""
        if self._mode == ALL and cells:
            self.begin()
        elif self._mode == BELOW and cells:
            order = [one.cell for one in self._flow.cells]
            cells = order[min(map(order.index, cells)) :]
        self._known = self._known.changed(self._flow, cells)

    def request(self, cell: str) -> None:
        """As Planning."""
        self._known = self._known.requested(self._flow, cell)

    def next(self) -> Plan:
        """As Planning."""
        return plan(self._flow, self._known)

    def ran(self, step: Step, outcome: str, report: Mapping[str, Any] | None, reset: bool) -> list[str]:
        """As Planning. Without a report (the kernel's runtime did not come to it) nothing was saved or restored."""
        told: Mapping[str, Any] = report if report is not None and "unfinished" in report else {"unfinished": True}
        self._known = after(self._flow, self._known, step, outcome, told, reset)
        surprises = [str(name) for name in told.get("changed") or ()]
        new = bool(surprises) and self._analysis.learn(step.cell, surprises)
        if surprises and self._flow is not self._analysis.flow:
            self.begin()  # what was read of the notebook was not all: everything runs again, once
        note = f"cell {step.cell} changed {', '.join(surprises)}, which its source had not told: a defect of kernelapp's table of calls"
        return [note] if new else []

    def instructions(self, step: Step) -> Mapping[str, Any]:
        """As Planning."""
        return step.instructions.to_json(self._flow, step.cell)


def plan_for(notebook: Notebook) -> Planning:
    """The planning of a session: from the analysis where the notebook is Python, else the whole notebook each time."""
    cells = notebook.code_cells
    if notebook.language != "python":
        return WholeNotebook([cell.id for cell in cells], [cell.id for cell in cells if cell.raises_exception])
    return Reactive(analysis_of(notebook), notebook.metadata.rerun or DEPENDENTS)


def analysis_of(notebook: Notebook) -> Analysis:
    """The analysis of a Python notebook's code; kept, for the sessions of an app share it."""
    return _analysed(tuple(Source(cell.id, cell.source, cell.tags) for cell in notebook.code_cells))


@lru_cache(maxsize=64)
def _analysed(cells: tuple[Source, ...]) -> Analysis:
    return Analysis(cells)
