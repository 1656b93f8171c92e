"""Which cell runs next, as the session machine asks: planned from the analysis, or simply all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import lru_cache
from typing import Any, Protocol

from ..dataflow.learn import after, after_finish, surprised
from ..dataflow.ledger import DEPENDENTS, DONE, Known
from ..dataflow.plan import plan
from ..dataflow.steps import Instructions, Plan, Step
from ..dataflow.versions import Source, build_flow
from ..dataflow.widgets import value_readers
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

    def restored(self, finish: Instructions, report: Mapping[str, Any] | None) -> None:
        """The restores of a plan without steps are done."""

    def forked(self, failed: Collection[str]) -> Planning:
        """A planning of its own for a kernel forked from the one that this plans for; `failed`: cells whose run failed there."""

    def readers(self, names: Collection[str]) -> Collection[str]:
        """The cells that read the value of a widget bound to one of these names, if the app wants that to count as an input."""

    def instructions(self, cell: str, instructions: Instructions) -> Mapping[str, Any] | None:
        """What the kernel does around a step, or for the end of a plan without steps (`cell` is then ""), as JSON."""


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

    def restored(self, finish: Instructions, report: Mapping[str, Any] | None) -> None:
        """As Planning: there are none."""

    def forked(self, failed: Collection[str]) -> Planning:
        """As Planning; nothing is known of what the cells do, so all of them run again."""
        return WholeNotebook(self._cells, self._raises)

    def readers(self, names: Collection[str]) -> Collection[str]:
        """As Planning: there are none."""
        return ()

    def instructions(self, cell: str, instructions: Instructions) -> None:
        """As Planning: nothing."""


class Analysis:
    """What is known of a notebook's code: from reading it, and from runs that did what reading it had not told.

    The sessions of an app share it, so each learns from the others' surprises.
    """

    def __init__(self, cells: tuple[Source, ...]) -> None:
        self.cells = cells
        self.surprises: dict[str, frozenset[str]] = {}
        self.flow = build_flow(cells)
        self.value_readers = value_readers(cells)

    def learn(self, surprises: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        """A session met these, by cell; returns what of them is new."""
        new = {cell: names - self.surprises.get(cell, frozenset()) for cell, names in surprises.items()}
        new = {cell: names for cell, names in new.items() if names}
        if new:
            merged = {cell: names | self.surprises.get(cell, frozenset()) for cell, names in surprises.items()}
            self.surprises = {**self.surprises, **merged}
            self.flow = build_flow(self.cells, self.surprises, [self.flow.cells[cell].cell for cell in self.flow.controls])
        return new


class Reactive:
    """Runs the cells that depend on what changed (docs/dataflow.md). `until`: of a template, the first cells alone, how many.

    `widgets`: the values of ipywidgets are inputs.
    """

    def __init__(self, analysis: Analysis, rerun: str, until: int | None = None, widgets: bool = False) -> None:
        self._analysis = analysis
        self._widgets = widgets
        self._rerun = rerun
        self._until = until
        self._surprises: Mapping[str, frozenset[str]] = {}
        self.begin()

    def __getstate__(self) -> dict[str, Any]:
        """Without the flow, which is large, and read from the notebook."""
        controls = [self._flow.cells[cell].cell for cell in self._flow.controls]
        return {**{name: value for name, value in vars(self).items() if name != "_flow"}, "controls": controls}

    def __copy__(self) -> Reactive:
        """With the flow, which is not read again."""
        fork = Reactive.__new__(Reactive)
        vars(fork).update(vars(self))
        return fork

    def __setstate__(self, state: dict[str, Any]) -> None:
        controls = state.pop("controls")
        vars(self).update(state)
        self._flow = build_flow(self._analysis.cells, self._surprises, controls)

    def begin(self) -> None:
        """As Planning."""
        self._flow = self._analysis.flow
        self._surprises = self._analysis.surprises  # that the flow was read with
        self._known = Known.nothing(self._flow)

    def forked(self, failed: Collection[str]) -> Planning:
        """As Planning."""
        fork = copy(self)
        fork._until = None
        fork._known = self._known.forked(self._flow, failed)
        return fork

    def _leave(self) -> frozenset[int]:
        """What a template leaves to the sessions."""
        if self._until is None:
            return frozenset()
        return self._flow.withheld.union(range(self._until, len(self._flow.cells)))

    def change(self, cells: Collection[str]) -> None:
        """As Planning."""
        self._known = self._known.changed(self._flow, cells, self._rerun)

    def request(self, cell: str) -> None:
        """As Planning."""
        self._known = self._known.requested(self._flow, cell)

    def next(self) -> Plan:
        """As Planning."""
        return plan(self._flow, self._known, self._leave())

    def ran(self, step: Step, outcome: str, report: Mapping[str, Any] | None, reset: bool) -> list[str]:
        """As Planning."""
        told = _told(report)
        self._known = after(self._flow, self._known, step, outcome, told, reset)
        news = surprised(self._flow, self._known, step, told, self._analysis.cells, self._surprises)
        if news is None:
            return []
        self._flow, self._known, self._surprises = news
        new = self._analysis.learn(self._surprises).get(step.cell)
        if not new:
            return []  # another session has told already
        return [f"cell {step.cell} changed {', '.join(sorted(new))}, which its source had not told: a defect of kernelapp's table of calls"]

    def restored(self, finish: Instructions, report: Mapping[str, Any] | None) -> None:
        """As Planning."""
        self._known = after_finish(self._flow, self._known, finish, _told(report))

    def readers(self, names: Collection[str]) -> Collection[str]:
        """As Planning."""
        if not self._widgets:
            return ()
        return frozenset().union(*(self._analysis.value_readers.get(name, frozenset()) for name in names))

    def instructions(self, cell: str, instructions: Instructions) -> Mapping[str, Any]:
        """As Planning."""
        return instructions.to_json(self._flow, cell)


def _told(report: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Without a report (the kernel's runtime did not come to it) nothing was saved or restored."""
    return report if report is not None and "unfinished" in report else {"unfinished": True}


def plan_for(notebook: Notebook, until: int | None = None) -> Planning:
    """The planning of a session: from the analysis where the notebook is Python, else the whole notebook each time.

    `until`: of a template that runs that many code cells, without those that are each session's own.
    """
    cells = notebook.code_cells
    if notebook.language != "python":
        return WholeNotebook([cell.id for cell in cells], [cell.id for cell in cells if cell.raises_exception])
    return Reactive(analysis_of(notebook), notebook.metadata.rerun or DEPENDENTS, until, notebook.metadata.reactive == "widgets")


def analysis_of(notebook: Notebook) -> Analysis:
    """The analysis of a Python notebook's code; kept, for the sessions of an app share it."""
    return _analysed(tuple(Source(cell.id, cell.source, cell.tags) for cell in notebook.code_cells))


@lru_cache(maxsize=64)
def _analysed(cells: tuple[Source, ...]) -> Analysis:
    return Analysis(cells)
