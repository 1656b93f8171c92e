"""A session as the server has it, on the executor: plans, runs, learns; and the reference that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernelapp.dataflow.learn import after, after_finish, surprised
from kernelapp.dataflow.ledger import Known
from kernelapp.dataflow.plan import Instructions, Plan, Step, plan
from kernelapp.dataflow.versions import Flow, Source, build_flow
from kernelapp.inkernel.bindings import Bindings

from .executor import UPSTREAM_FAILED, Executor, Output, Reads, Tracing, read_states, shape, write_states

INITIAL_STATES = read_states()

# A plan that never ends would be a bug of its own.
MAX_STEPS = 400

Twist = Callable[[Step], Step]


def _as_it_is(step: Step) -> Step:
    return step


@dataclass
class Session:
    """One viewer's kernel, driven as session/machine.py drives a real one."""

    cells: Sequence[Source]
    flow: Flow
    known: Known
    executor: Executor = field(default_factory=Executor)
    bindings: Bindings = field(default_factory=Bindings)
    shown: dict[str, Output] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=lambda: dict(INITIAL_STATES))
    ran: list[str] = field(default_factory=list)
    surprises: Mapping[str, frozenset[str]] = field(default_factory=dict)
    twist: Twist = _as_it_is

    @staticmethod
    def open(cells: Sequence[Source], twist: Twist | None = None, flow: Flow | None = None, **limits: int) -> Session:
        """A session that has run nothing yet."""
        flow = flow or build_flow(cells)
        session = Session(cells, flow, Known.nothing(flow), bindings=Bindings(**limits))
        if twist is not None:
            session.twist = twist
        return session

    def settle(self, values: Mapping[str, int], changed: Collection[str] = (), stop_after: int = MAX_STEPS) -> None:
        """Applies an event and runs cells until nothing is left to run (or `stop_after` cells have run)."""
        self.executor.controls.values = values
        self.known = self.known.changed(self.flow, changed)
        write_states(self.states)
        for _ in range(stop_after):
            due = plan(self.flow, self.known)
            for cell in due.upstream_failed:
                self.shown[cell] = UPSTREAM_FAILED
            if due.finish is not None:
                self._finish(due.finish)
            if not due.steps:
                break
            self._run(due)
        else:
            assert stop_after < MAX_STEPS, "the plan does not end"
        self.states = read_states()

    def _finish(self, finish: Instructions) -> None:
        self.bindings.before(finish.to_json(self.flow, ""), self.executor.namespace)
        self.known = after_finish(self.flow, self.known, finish, self.bindings.after(self.executor.namespace))

    def _run(self, due: Plan) -> None:
        step = due.steps[0]
        if due.reset:
            self.executor.clear()
            self.bindings.clear()
            write_states(INITIAL_STATES)
        twisted = self.twist(step)
        self.bindings.before(twisted.instructions.to_json(self.flow, step.cell), self.executor.namespace)
        self.shown[step.cell] = self.executor.run(step.cell, self.flow.cells[self.flow.index[step.cell]].source)
        report = self.bindings.after(self.executor.namespace)
        assert not report["missing"], (step, report)
        self.ran.append(step.cell)
        self.known = after(self.flow, self.known, step, self.shown[step.cell][0], report, due.reset)
        news = surprised(self.flow, self.known, step, report, self.cells, self.surprises)
        if news is not None:
            self.flow, self.known, self.surprises = news


@dataclass
class Reference:
    """A fresh run of everything."""

    shown: dict[str, Output]
    names: dict[str, str]
    reads: dict[str, Reads]

    def controls(self) -> dict[str, int]:
        """The controls on the page, with their values."""
        prefix = "control "
        return {
            name.removeprefix(prefix): int(value)
            for reads in self.reads.values()
            for name, value in reads.values.items()
            if name.startswith(prefix)
        }


def run_all(cells: Sequence[Source], flow: Flow, values: Mapping[str, int]) -> Reference:
    """Runs all cells in a clean namespace; those below a failed one are not run."""
    namespace = Tracing()
    executor = Executor(namespace)
    executor.controls.values = values
    write_states(INITIAL_STATES)
    shown: dict[str, Output] = {}
    reads: dict[str, Reads] = {}
    without: set[int] = set()
    for position, one in enumerate(cells):
        if any(flow.wanted(name, position) in without for name in flow.needs[position]):
            shown[one.cell] = UPSTREAM_FAILED
            without.add(position)
            continue
        noted = Reads()
        if "random" in one.source:
            noted.values["random state"] = repr(read_states())
        namespace.reads = noted
        shown[one.cell] = executor.run(one.cell, one.source)
        namespace.reads = None
        noted.values.update({f"control {key}": str(value) for key, value in executor.controls.used.items()})
        reads[one.cell] = Reads({name: value for name, value in noted.values.items() if value != "bound here"})
        if shown[one.cell][0] == "failed":
            without.add(position)
    names = {name: shape(value) for name, value in dict.items(namespace) if not name.startswith("__")}
    for name in list(names):
        last = flow.producers.get(name, (0,))[-1]
        # what nobody reads and a cell only may bind (a loop's variable) is left as it is
        if last in without or (name in flow.effects[last].may_bind and name not in flow.needs[last]):
            del names[name]
    return Reference(shown, names, reads)


def least(before: Reference, now: Reference) -> set[str]:
    """The cells that nothing could spare: what they read, as it was when they read it, is not what it was in the run before."""
    return {cell for cell, reads in now.reads.items() if cell not in before.reads or before.reads[cell].values != reads.values}


@dataclass(frozen=True)
class Difference:
    """A cell (or a name) that is not as a fresh run has it."""

    event: int
    what: str
    expected: str
    got: str


def compare(event: int, session: Session, reference: Reference) -> list[Difference]:
    """What a settled session shows against the reference."""
    found = [
        Difference(event, cell, repr(expected), repr(session.shown.get(cell)))
        for cell, expected in reference.shown.items()
        if session.shown.get(cell) != expected
    ]
    names = session.executor.namespace
    for name, expected in reference.names.items():
        got = shape(names[name]) if name in names else "nothing"
        if got != expected:
            found.append(Difference(event, f"name {name}", expected, got))
    return found
