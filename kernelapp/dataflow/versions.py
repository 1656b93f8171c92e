"""Cells in document order -> `Flow`: which cell produces which version of which name, and who reads it.

A version of a name is the cell that produced it: bound it, deleted it, or mutated an object that it reaches. What a cell wants of a name is
the last version above it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .effects import Effects, Finding, method_names, new_reader, read_cell, tells_classes_apart
from .known import FILE, FILES, OPTIONS
from .values import Heap, Value

ABSENT = -1  # the version of a name that nothing above has bound

CLOCK_CONTROLS = frozenset({"date_input", "time_input", "datetime_input"})  # they may begin with today, or now

EVENT_TAGS = frozenset({"run-once", "per-session", "manual", "raises-exception"})


@dataclass(frozen=True)
class Source:
    """A code cell as the planner needs it."""

    cell: str
    source: str
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Flow:
    """An analysed notebook. Cells are counted from 0, in document order; everything here is worked out once.

    `needs`: names that must hold what they would hold in a full run, before the cell may run. `produces`: names that have a new
    version after it. `readers[name, version]`: the cells that want this version. `reach[name, version]`: regions that some cell mutates
    and that this version can reach. `copies[cell]`: names to copy before it. `keeps[cell]`: names to remember after it.
    """

    cells: tuple[Source, ...]
    effects: tuple[Effects, ...]
    needs: tuple[frozenset[str], ...]
    produces: tuple[frozenset[str], ...]
    producers: Mapping[str, tuple[int, ...]]
    readers: Mapping[tuple[str, int], tuple[int, ...]]
    reach: Mapping[tuple[str, int], frozenset[int]]
    mutated: tuple[frozenset[int], ...]
    made_by: Mapping[int, int]
    mutators: Mapping[int, tuple[int, ...]]
    copies: tuple[tuple[str, ...], ...]
    keeps: tuple[tuple[str, ...], ...]
    controls: frozenset[int]
    plain_classes: bool = True  # no cell can tell a class from another with the same body
    index: Mapping[str, int] = field(default_factory=dict)

    def wanted(self, name: str, cell: int) -> int:
        """The version of a name that a cell wants (for the number of cells: the last one)."""
        producers = self.producers.get(name, ())
        position = bisect_left(producers, cell)
        return producers[position - 1] if position else ABSENT

    def last_mutator(self, region: int, cell: int) -> int:
        """The last cell above `cell` that mutates a region, or else the one that made it."""
        mutators = self.mutators.get(region, ())
        position = bisect_left(mutators, cell)
        return mutators[position - 1] if position else self.made_by[region]

    def is_opaque(self, cell: int) -> bool:
        return bool(self.effects[cell].opaque)

    def is_volatile(self, cell: int) -> bool:
        """Whether a cell may make something else when it runs again on the same inputs."""
        return bool(self.effects[cell].volatile) or (self.effects[cell].classes and not self.plain_classes)

    def dependents(self, cell: int) -> frozenset[int]:
        """The cells that read what a cell produces."""
        return frozenset(reader for name in self.produces[cell] for reader in self.readers.get((name, cell), ()))

    @cached_property
    def run_once(self) -> frozenset[int]:
        """Cells that no event runs again."""
        return frozenset(cell for cell, one in enumerate(self.cells) if "run-once" in one.tags)

    @cached_property
    def own(self) -> frozenset[int]:
        """Cells that may make something else in each session: the volatile, those that nobody can judge, those whose controls begin with
        today or now, and those that the author tagged."""
        return frozenset(cell for cell in range(len(self.cells)) if self._is_own(cell))

    def _is_own(self, cell: int) -> bool:
        effects = self.effects[cell]
        clock = any(kind in CLOCK_CONTROLS for _, kind in effects.controls)
        return bool(effects.volatile or effects.opaque) or clock or "per-session" in self.cells[cell].tags

    @cached_property
    def withheld(self) -> frozenset[int]:
        """Cells tagged `per-session`, and whatever reads what they produce: no template runs them."""
        return frozenset(self.below(cell for cell, one in enumerate(self.cells) if "per-session" in one.tags))

    def below(self, cells: Iterable[int], stop: Collection[int] = ()) -> set[int]:
        """These cells, and whatever reads what they produce, however indirectly; not through the cells `stop`."""
        seen = set(cells)
        queue = list(seen)
        while queue:
            for reader in self._direct[queue.pop()]:
                if reader not in seen and reader not in stop:
                    seen.add(reader)
                    queue.append(reader)
        return seen

    @cached_property
    def _direct(self) -> tuple[frozenset[int], ...]:
        return tuple(self.dependents(cell) for cell in range(len(self.cells)))

    @cached_property
    def sources(self) -> tuple[frozenset[int], ...]:
        """For each cell: the cells that produced what it wants."""
        return tuple(frozenset(self.wanted(name, cell) for name in self.needs[cell]) for cell in range(len(self.cells)))

    @cached_property
    def told(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]:
        """For each cell: names to tell fingerprints of, those that count only while they are immutable, and all that should change."""
        return tuple(self._told(cell) for cell in range(len(self.cells)))

    def _told(self, cell: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        if self.is_opaque(cell):
            return (), (), ("*",)
        read = sorted(name for name in self.produces[cell] if self.readers.get((name, cell)))
        shared = {name for name in read if self.reach.get((name, cell))}
        return tuple(name for name in read if name not in shared), tuple(sorted(shared)), tuple(sorted(self.produces[cell]))


@dataclass
class _Notes:
    """What is noted of each cell while the notebook is read."""

    effects: list[Effects] = field(default_factory=list)
    produced: list[set[str]] = field(default_factory=list)
    changed_by_mutation: list[set[str]] = field(default_factory=list)
    values: list[dict[str, frozenset[int]]] = field(default_factory=list)


def build_flow(cells: Sequence[Source], surprises: Mapping[str, Collection[str]] | None = None, controls: Collection[str] = ()) -> Flow:
    """Reads a notebook. `surprises`: names by cell which a run saw change though reading the source had not told; `controls`: cells that
    were seen to place a control."""
    reader = new_reader(method_names(one.source for one in cells))
    notes = _Notes()
    held: list[dict[str, Value]] = []
    for one in cells:
        before = dict(reader.env)
        effects = read_cell(reader, one.source, "raises-exception" in one.tags)
        effects = _surprised(effects, before, reader.env, reader.heap, (surprises or {}).get(one.cell, ()))
        notes.effects.append(effects)
        held.append(dict(reader.env))
        _note(notes, effects, before, reader.env, reader.heap)
    tracked = frozenset().union(*(effects.mutates for effects in notes.effects), *(effects.compared for effects in notes.effects))
    return _assemble(tuple(cells), notes, tracked, reader.heap, frozenset(controls))


def _surprised(effects: Effects, before: dict[str, Value], after: dict[str, Value], heap: Heap, names: Collection[str]) -> Effects:
    if not names:
        return effects
    regions = frozenset(
        heap.data(region for name in names for value in (before.get(name), after.get(name)) if value for region in value.regions)
    )
    line = dict.fromkeys(regions, 1)
    for name in names:
        after.setdefault(name, Value())
    return Effects(
        effects.reads, effects.binds, effects.may_bind | (frozenset(names) - effects.binds), effects.deletes, {**line, **effects.mutates},
        effects.compared, effects.volatile, effects.opaque, effects.controls, effects.broken, effects.classes,
    )  # fmt: skip


def _note(notes: _Notes, effects: Effects, before: dict[str, Value], after: dict[str, Value], heap: Heap) -> None:
    mutated: set[str] = set()
    if effects.mutates:
        holders = heap.holders(effects.mutates)
        for env in (before, after):
            mutated.update(name for name, value in env.items() if not holders.isdisjoint(value.regions))
        mutated -= {name for name in mutated if name not in before and name in effects.binds}
    notes.changed_by_mutation.append(mutated)
    produced = set(effects.binds | effects.may_bind | mutated)
    notes.produced.append(produced)
    # Reached as of now: what cells below will put into these objects is no part of this version.
    names = after if effects.opaque else produced
    notes.values.append({name: frozenset(heap.reach(after[name].regions)) for name in names if name in after and after[name].regions})


def _universe(notes: _Notes) -> frozenset[str]:
    return frozenset().union(*notes.produced) if notes.produced else frozenset()


def _needs(notes: _Notes, universe: frozenset[str]) -> list[frozenset[str]]:
    """What each cell needs: its reads, what it mutates, and what it only may bind where somebody below reads that."""
    count = len(notes.effects)
    needs: list[frozenset[str]] = [frozenset()] * count
    files = {name for name in universe if name.startswith(FILE)}
    wanted_below: set[str] = set()
    for cell in reversed(range(count)):
        effects = notes.effects[cell]
        if effects.opaque:
            needs[cell] = universe
            wanted_below = set(universe)
            continue
        passed = effects.may_bind & wanted_below
        mutated = notes.changed_by_mutation[cell]
        own = (effects.reads.keys() | passed | {name for name in mutated if name not in effects.binds or name in effects.reads}) & universe
        if FILES in own:
            own |= files
        needs[cell] = frozenset(own)
        wanted_below -= effects.binds
        wanted_below |= own
    return needs


def _assemble(cells: tuple[Source, ...], notes: _Notes, tracked: frozenset[int], heap: Heap, seen_controls: frozenset[str]) -> Flow:
    universe = _universe(notes)
    count = len(cells)
    needs = _needs(notes, universe)
    opaque = [bool(effects.opaque) for effects in notes.effects]
    produces = [universe if opaque[cell] else frozenset(notes.produced[cell]) for cell in range(count)]
    producers: dict[str, list[int]] = {}
    for cell, names in enumerate(produces):
        for name in names:
            producers.setdefault(name, []).append(cell)
    reach: dict[tuple[str, int], frozenset[int]] = {}
    for cell, values in enumerate(notes.values):
        for name, regions in values.items():
            if tracked & regions:
                reach[name, cell] = tracked & regions
    mutators: dict[int, list[int]] = {}
    for cell, effects in enumerate(notes.effects):
        for region in effects.mutates:
            mutators.setdefault(region, []).append(cell)
    readers: dict[tuple[str, int], list[int]] = {}
    partial = Flow(
        cells, tuple(notes.effects), tuple(needs), tuple(produces), {name: tuple(found) for name, found in producers.items()}, {}, reach,
        tuple(frozenset(effects.mutates) for effects in notes.effects), {region: heap.made_by[region] for region in tracked},
        {region: tuple(found) for region, found in mutators.items()}, (), (),
        frozenset(cell for cell in range(count) if notes.effects[cell].controls or cells[cell].cell in seen_controls),
        not any(tells_classes_apart(one.source) for one in cells),
        {one.cell: position for position, one in enumerate(cells)},
    )  # fmt: skip
    for cell in range(count):
        for name in needs[cell]:
            readers.setdefault((name, partial.wanted(name, cell)), []).append(cell)
    rigid = frozenset(region for region in tracked if heap.kinds[region] in ("class", "function", "static", "classmethod", "scope"))
    return _with_saves(partial, {key: tuple(found) for key, found in readers.items()}, rigid)


def _with_saves(flow: Flow, readers: dict[tuple[str, int], tuple[int, ...]], rigid: frozenset[int]) -> Flow:
    """Adds what is worth saving: versions that are lost later, and that a cell may want which an event can run again.

    `rigid`: mutated regions of which no copy can be made (classes, functions).
    """
    flow = _replaced(flow, readers, (), ())
    running = _may_run(flow)
    keeps: list[tuple[str, ...]] = []
    copies: list[tuple[str, ...]] = []
    for cell in range(len(flow.cells)):
        keeps.append(tuple(sorted(name for name in flow.produces[cell] if _worth_keeping(flow, name, cell, running))))
        copies.append(_worth_copying(flow, cell, running, rigid))
    return _replaced(flow, readers, tuple(copies), tuple(keeps))


def _replaced(
    flow: Flow, readers: dict[tuple[str, int], tuple[int, ...]], copies: tuple[tuple[str, ...], ...], keeps: tuple[tuple[str, ...], ...]
) -> Flow:
    return Flow(
        flow.cells, flow.effects, flow.needs, flow.produces, flow.producers, readers, flow.reach, flow.mutated, flow.made_by,
        flow.mutators, copies, keeps, flow.controls, flow.plain_classes, flow.index,
    )  # fmt: skip


def _may_run(flow: Flow) -> set[int]:
    """The cells that some event may run: those below a control, and the producers of versions that mutation spoils for them."""
    running = flow.below(flow.controls)
    queue = sorted(running)
    while queue:
        cell = queue.pop()
        for name in flow.needs[cell]:
            version = flow.wanted(name, cell)
            if version < 0 or version in running:
                continue
            if any(flow.mutators.get(region, (0,))[-1] >= cell for region in flow.reach.get((name, version), ())):
                running.add(version)
                queue.append(version)
    return running


def _worth_keeping(flow: Flow, name: str, cell: int, running: set[int]) -> bool:
    if flow.producers[name][-1] == cell or (":" in name and name.startswith(FILE)):
        return False
    if any(flow.mutators.get(region, (0,))[-1] > cell for region in flow.reach.get((name, cell), ())):
        return False
    return any(reader in running for reader in flow.readers.get((name, cell), ()))


def _worth_copying(flow: Flow, cell: int, running: set[int], rigid: frozenset[int]) -> tuple[str, ...]:
    """The names that share objects with what a cell mutates, where some cell that may run wants them as they are before it."""
    mutated = flow.mutated[cell]
    if not mutated or flow.is_opaque(cell):
        return ()
    versions = {name: flow.wanted(name, cell) for name in flow.producers}
    reach = {name: flow.reach.get((name, version), frozenset()) for name, version in versions.items()}
    regions = set(mutated)
    group: set[str] = set()
    grown = True
    while grown:
        grown = False
        for name, found in reach.items():
            if name not in group and not regions.isdisjoint(found):
                group.add(name)
                regions |= found
                grown = True
    useful = any(reader in running for name in group for reader in flow.readers.get((name, versions[name]), ()))
    return tuple(sorted(name for name in group if rigid.isdisjoint(reach[name]))) if useful else ()


@dataclass(frozen=True)
class CellFacts:
    """What `kernelapp check` prints of one cell."""

    cell: str
    reads: tuple[str, ...]
    binds: tuple[str, ...]
    mutates: tuple[str, ...]
    volatile: tuple[Finding, ...]
    opaque: tuple[Finding, ...]
    controls: tuple[tuple[int, str], ...]
    reruns: tuple[str, ...]  # for a cell with controls: the cells that its events run again, itself among them
    reruns_everything: bool


def describe(flow: Flow) -> list[CellFacts]:
    """The facts of each cell, in document order."""
    facts: list[CellFacts] = []
    for cell, one in enumerate(flow.cells):
        effects = flow.effects[cell]
        known = flow.producers.keys()
        below = flow.below([cell]) if cell in flow.controls else set()
        everything = any(flow.is_opaque(other) for other in below)
        mutates = (flow.produces[cell] - effects.binds - effects.may_bind) if not effects.opaque else frozenset()
        facts.append(
            CellFacts(
                one.cell,
                tuple(sorted(name for name in effects.reads if name in known and name not in OPTIONS)),
                tuple(sorted(effects.binds | effects.may_bind)),
                tuple(sorted(mutates)),
                effects.volatile,
                effects.opaque,
                effects.controls,
                tuple(other.cell for position, other in enumerate(flow.cells) if position in below or everything),
                everything,
            )
        )
    return facts
