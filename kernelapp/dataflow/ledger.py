"""What the session knows of its kernel: which version of each name is live, what is saved, which cells are out of date.

Objects that cells mutate are followed by *incarnation*: a region (a place in the source) has a new incarnation each time that its
place runs, or a copy of it is restored. Two names share an object only if they hold the same incarnation, and an incarnation is as
some cell wants it only if the last cell that mutated it is the last that would have in a full run.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .steps import COPY, REFERENCE, Restore
from .versions import ABSENT, Flow

# Which cells an event makes run (the app's metadata, `rerun`).
DEPENDENTS, BELOW, ALL = "dependents", "below", "all"

TAINTED = -2  # the version of what a cell left behind that failed or was interrupted

# How a cell ended.
DONE, FAILED, INTERRUPTED, STOPPED = "done", "failed", "interrupted", "stopped"


class Binding(NamedTuple):
    """One version of a name, with the incarnations of the mutable regions that it reaches."""

    version: int
    incarnations: Mapping[int, int] = {}


@dataclass(frozen=True)
class Known:
    """What is known of a kernel; every change makes a new one. Cells go by their position in the notebook.

    `dirty`: must run, for their inputs changed (or they never ran). `failed`: ran, and did not come to their end. `ran`: ran since the
    namespace was last empty. `asked`: cells tagged `manual` whose button was pressed.
    """

    dirty: frozenset[int]
    failed: frozenset[int] = frozenset()
    ran: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()
    fresh: bool = True  # the namespace is to be emptied before the first cell
    steps: int = 0  # that have run since the last event; far more than there are cells would mean that planning goes round in circles
    in_order: bool = True  # since the namespace was empty, cells ran once each, in document order
    live: Mapping[str, Binding] = field(default_factory=dict)
    state: Mapping[int, int] = field(default_factory=dict)
    references: Mapping[tuple[str, int], Binding] = field(default_factory=dict)
    copies: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    digests: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @staticmethod
    def nothing(flow: Flow) -> "Known":
        """Of a kernel that has run nothing (or of which nothing is known): everything must run, from an empty namespace."""
        return Known(dirty=frozenset(range(len(flow.cells))))

    def changed(self, flow: Flow, cells: Collection[str], rerun: str = DEPENDENTS) -> "Known":
        """Inputs of these cells changed. `rerun`: which cells that makes run: dependents, all below, or all, from an empty namespace."""
        positions = {flow.index[cell] for cell in cells}
        if not positions:
            return self
        if rerun == ALL:
            return replace(self, steps=0, fresh=True, dirty=frozenset(range(len(flow.cells))))
        if rerun == BELOW:
            positions = set(range(min(positions), len(flow.cells)))
        return replace(self, steps=0, dirty=self.dirty | (positions - (flow.run_once & self.ran)))

    def forked(self, flow: Flow, failed: Collection[str] = ()) -> "Known":
        """Of a kernel forked from the one that this is known of: cells that might make something else there run again.

        These are the cells that are each session's own (`Flow.own`), what is tagged `run-once` below them, for it has not run in this
        session, and the cells `failed`, for what hindered them may be gone.
        """
        again = flow.below(flow.own)
        kept = self.failed & {flow.index[cell] for cell in failed}
        return replace(self, steps=0, dirty=self.dirty | flow.own | (again & flow.run_once) | kept)

    def requested(self, flow: Flow, cell: str) -> "Known":
        """The viewer pressed the button of a cell tagged `manual`."""
        position = flow.index[cell]
        return replace(self, asked=self.asked | {position}, dirty=self.dirty | {position}, steps=0)


class World:
    """A kernel as far as planning sees it, changed step by step: by a plan that is being tried, or by the report of a step that ran."""

    def __init__(self, flow: Flow, known: Known) -> None:
        self.flow = flow
        self.live = dict(known.live)
        self.state = dict(known.state)
        self.references = dict(known.references)
        self.copies = {point: dict(names) for point, names in known.copies.items()}
        self._next = max(self.state, default=0) + 1
        self._renewed: set[int] = set()

    def reset(self) -> None:
        """The namespace is emptied, and everything saved forgotten."""
        self.live, self.state, self.references, self.copies = {}, {}, {}, {}

    def incarnate(self, state: int) -> int:
        """A new incarnation, last mutated (or made) by the cell `state`."""
        self._next += 1
        self.state[self._next] = state
        return self._next

    def is_valid(self, binding: Binding, cell: int) -> bool:
        """Whether what a binding reaches is as it would be before `cell` in a full run."""
        return all(self.state.get(one) == self.flow.last_mutator(region, cell) for region, one in binding.incarnations.items())

    def keep(self, name: str, version: int) -> None:
        """The live object of a name is remembered."""
        self.references[name, version] = self.live.get(name, Binding(version))

    def restore(self, restores: Collection[Restore]) -> None:
        """Names are bound to saved versions; the copies of one group stay together."""
        made: dict[tuple[int, int], int] = {}
        for name, how, key in restores:
            if how == REFERENCE:
                self.live[name] = self.references[name, key]
            elif how == COPY:
                version = self.copies[key][name]
                incarnations: dict[int, int] = {}
                for region in self.flow.reach.get((name, version), ()):
                    if (key, region) not in made:
                        made[key, region] = self.incarnate(self.flow.last_mutator(region, key))
                    incarnations[region] = made[key, region]
                self.live[name] = Binding(version, incarnations)
            else:
                self.live.pop(name, None)

    def copy(self, cell: int, names: Collection[str]) -> None:
        """Isolated copies were made before a cell, of the names that were then as a full run has them."""
        group = {}
        for name in names:
            binding = self.live.get(name)
            if binding is not None and binding.version == self.flow.wanted(name, cell) and self.is_valid(binding, cell):
                group[name] = binding.version
        self.copies[cell] = group

    def run(self, cell: int) -> None:
        """A cell ran to its end."""
        flow = self.flow
        held = self._held(cell)
        for region in flow.mutated[cell]:
            if region in held:
                self.state[held[region]] = cell
        for name in flow.produces[cell]:
            reached = flow.reach.get((name, cell))
            incarnations: dict[int, int] = {}
            for region in reached or ():
                if flow.made_by[region] == cell and region not in self._renewed:
                    held[region] = self.incarnate(cell)
                    self._renewed.add(region)
                elif region not in held:
                    held[region] = self._somewhere(region, cell)
                incarnations[region] = held[region]
            self.live[name] = Binding(cell, incarnations)
            self.references.pop((name, cell), None)

    def _somewhere(self, region: int, cell: int) -> int:
        """The newest incarnation of a region that a cell got hold of without reading a name that holds it."""
        newest = max((one.incarnations[region] for one in self.live.values() if region in one.incarnations), default=None)
        if newest is not None:
            return newest
        if self.flow.made_by[region] < 0:
            self.state.setdefault(0, ABSENT)
            return 0
        return self.incarnate(self.flow.last_mutator(region, cell + 1))

    def taint(self, cell: int) -> None:
        """A cell did not come to its end: what it would have produced is in no known state."""
        held = self._held(cell)
        for region in self.flow.mutated[cell]:
            if region in held:
                self.state[held[region]] = TAINTED
        for name in self.flow.produces[cell]:
            self.live[name] = Binding(TAINTED)
            self.references.pop((name, cell), None)

    def _held(self, cell: int) -> dict[int, int]:
        self._renewed = set()
        held: dict[int, int] = {}
        for name in self.flow.needs[cell]:
            binding = self.live.get(name)
            if binding is not None:
                held.update(binding.incarnations)
        return held

    def forget(self, name: str, version: int) -> None:
        """A version has a new value: what was saved of the old one is of no use."""
        self.references.pop((name, version), None)
        for group in self.copies.values():
            if group.get(name) == version:
                del group[name]

    def known(self, known: Known, **changes: Any) -> Known:
        """`known`, with this world's names and saved versions."""
        alive = {one for binding in (*self.live.values(), *self.references.values()) for one in binding.incarnations.values()}
        state = {one: cell for one, cell in self.state.items() if one in alive}
        return replace(known, live=self.live, state=state, references=self.references, copies=self.copies, **changes)
