"""Changed inputs in, the cells to run out: in document order, each with what must be restored before it.

A plan is made again after every cell that ran, from what was then learnt (`Known`): a failure, an interrupt, an event that came meanwhile,
a copy that could not be made are no special cases. So only the first step of a plan is ever run; the others say what is queued.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from .learn import after, after_finish
from .ledger import ALL, BELOW, DEPENDENTS, Binding, Known, World
from .steps import COPY, REFERENCE, UNBIND, Instructions, Plan, Restore, Step
from .versions import ABSENT, Flow

__all__ = ["ALL", "BELOW", "DEPENDENTS", "Instructions", "Plan", "Step", "after", "after_finish", "plan"]


# A plan that is made again and again without an end would be a mistake of ours: after this many times all cells, everything runs.
MAX_ROUNDS = 3


def plan(flow: Flow, known: Known, leave: frozenset[int] = frozenset()) -> Plan:
    """The plan that makes every cell's output what a full run would show, from what is known of the kernel.

    `leave`: cells that must not run, as if they waited for a button.
    """
    wait = leave.union(cell for cell, one in enumerate(flow.cells) if "manual" in one.tags and cell not in known.asked)
    once = flow.run_once & known.ran
    run, failed, stale = _runnable(flow, known, flow.below(known.dirty, once), wait)
    reset = known.fresh or known.steps > MAX_ROUNDS * len(flow.cells) or _meets_opaque(flow, known, run)
    while not reset:
        tried = _try(flow, known, run)
        if isinstance(tried, tuple):
            return Plan(tried[0], False, _ids(flow, failed), _ids(flow, stale), tried[1])
        volatile = flow.below((cell for cell in tried if flow.is_volatile(cell)), once)
        grown, failed, stale = _runnable(flow, known, run | tried | volatile | flow.below(known.dirty, once), wait)
        if grown <= run or _meets_opaque(flow, known, grown):
            break
        run = grown
    return _everything(flow, known, wait)


def _meets_opaque(flow: Flow, known: Known, run: Collection[int]) -> bool:
    """Whether an opaque cell would run a second time: that is right only on a kernel that has run what is above it, and nothing else."""
    return any(flow.is_opaque(cell) and cell in known.ran for cell in run)


def _ids(flow: Flow, cells: Collection[int]) -> tuple[str, ...]:
    return tuple(flow.cells[cell].cell for cell in sorted(cells))


def _runnable(flow: Flow, known: Known, run: Collection[int], wait: frozenset[int]) -> tuple[set[int], set[int], set[int]]:
    """Parts the cells that should run: those that can, those below a failed cell, those below a cell that waits for its button."""
    if not known.failed and wait.isdisjoint(run):
        return set(run), set(), set()
    can: set[int] = set()
    failed: set[int] = set()
    stale: set[int] = set()
    for cell in sorted(run):
        versions = flow.sources[cell]
        if versions & failed or any(version in known.failed and version not in can for version in versions):
            failed.add(cell)
        elif cell in wait or versions & stale:
            stale.add(cell)
        else:
            can.add(cell)
    return can, failed, stale


def _everything(flow: Flow, known: Known, wait: frozenset[int]) -> Plan:
    """The whole notebook from an empty namespace."""
    fresh = Known.nothing(flow)
    run, failed, stale = _runnable(flow, fresh, range(len(flow.cells)), wait - known.ran)
    tried = _try(flow, fresh, run)
    assert isinstance(tried, tuple), "a run in order lacks nothing"
    return Plan(tried[0], True, _ids(flow, failed), _ids(flow, stale), tried[1])


def _try(flow: Flow, known: Known, run: Collection[int]) -> tuple[tuple[Step, ...], Instructions | None] | set[int]:
    """The steps of a run of these cells; or, where versions that they want cannot be had, the producers that must run, too."""
    world = World(flow, known)
    steps: list[Step] = []
    missing: set[int] = set()
    stuck = False
    # While cells run once each, in order, from an empty namespace, everything is as it should be by itself.
    in_order = known.in_order and min(run, default=0) > max(known.ran, default=-1)
    for cell in sorted(run):
        if in_order and steps:
            # nothing to work out, and the plan is made again before this one runs
            steps.append(Step(flow.cells[cell].cell))
            continue
        restore, lacking = _nothing() if in_order else _select(world, cell, flow.needs[cell])
        if lacking:
            stuck = True
            missing |= lacking - set(run)
        else:
            steps.append(_prepare(world, known, cell, restore))
    if stuck:
        return missing
    restore, lacking = _nothing() if in_order else _finish(world, known, run)
    if lacking:
        return lacking
    return _with_finish(world, steps, restore)


def _nothing() -> tuple[list[Restore], set[int]]:
    return [], set()


def _prepare(world: World, known: Known, cell: int, restore: list[Restore]) -> Step:
    """One step, which the world then has taken."""
    flow = world.flow
    keep = _hold(world, known, cell, restore)
    for name, version in keep:
        world.keep(name, version)
    world.restore(restore)
    copy = tuple(name for name in flow.copies[cell] if name in world.live)
    world.copy(cell, copy)
    world.run(cell)
    for name in flow.keeps[cell]:
        world.keep(name, cell)
    return _step(flow, cell, Instructions(tuple(keep), tuple(restore), copy, flow.keeps[cell]), cell in known.dirty)


def _with_finish(world: World, steps: list[Step], restore: list[Restore]) -> tuple[tuple[Step, ...], Instructions | None]:
    """The last restores go with the last step; without a step they stand alone."""
    if not restore:
        return tuple(steps), None
    keeps = world.flow.keeps
    # what was held for this plan alone; hidden state as it was before all cells is never dropped
    drop = tuple(key for key in world.references if key[1] >= 0 and key[0] not in keeps[key[1]])
    if not steps:
        return (), Instructions(finish=tuple(restore), drop=drop)
    steps[-1] = replace(steps[-1], instructions=replace(steps[-1].instructions, finish=tuple(restore), drop=drop))
    return tuple(steps), None


def _step(flow: Flow, cell: int, instructions: Instructions, changed: bool = True) -> Step:
    digest, atoms, expect = flow.told[cell]
    told = replace(instructions, digest=digest, atoms=atoms, expect=expect, classes=flow.plain_classes)
    return Step(flow.cells[cell].cell, told, changed)


def _hold(world: World, known: Known, cell: int, restore: list[Restore]) -> list[tuple[str, int]]:
    """Live versions that this cell (or what is restored for it) is about to replace, and that are wanted again."""
    flow = world.flow
    held: list[tuple[str, int]] = []
    for name in sorted({one[0] for one in restore} | flow.produces[cell]):
        binding = world.live.get(name)
        if binding is None:
            producers = flow.producers[name]
            if ":" in name and producers[0] == cell and (name, ABSENT) not in world.references:
                held.append((name, ABSENT))
            continue
        version = binding.version
        if version < cell or ((name, version) in world.references and world.references[name, version] == binding):
            continue
        if version not in known.dirty:
            held.append((name, version))
    return held


def _select(world: World, cell: int, names: Collection[str]) -> tuple[list[Restore], set[int]]:
    """The restores before a cell; and the producers of what cannot be restored."""
    flow = world.flow
    restore: dict[str, Restore] = {}
    chosen: dict[str, Binding] = {}
    bad: set[str] = set()
    for name in sorted(names):
        wanted = flow.wanted(name, cell)
        live = world.live.get(name)
        if (ABSENT if live is None else live.version) == wanted and (live is None or world.is_valid(live, cell)):
            chosen[name] = live or Binding(ABSENT)
        elif (name, wanted) in world.references and world.is_valid(world.references[name, wanted], cell):
            chosen[name] = world.references[name, wanted]
            restore[name] = (name, REFERENCE, wanted)
        elif wanted == ABSENT:
            chosen[name] = Binding(ABSENT)
            if ":" not in name and name != "files":
                restore[name] = (name, UNBIND, ABSENT)
        else:
            bad.add(name)
    bad |= _outdated(chosen)
    lacking: set[int] = set()
    while bad:
        group = _sharing(flow, names, cell, bad)
        point = _point(world, cell, group)
        if point is None:
            restore = {name: one for name, one in restore.items() if name not in bad & group}
            lacking |= {wanted for name in bad & group if (wanted := flow.wanted(name, cell)) >= 0}
        else:
            restore.update({name: (name, COPY, point) for name in group})
        bad -= group
    return list(restore.values()), lacking


def _outdated(chosen: Mapping[str, Binding]) -> set[str]:
    """Names that should share an object with others, and hold an older incarnation of it."""
    newest: dict[int, int] = {}
    for binding in chosen.values():
        for region, one in binding.incarnations.items():
            newest[region] = max(one, newest.get(region, one))
    return {name for name, binding in chosen.items() if any(newest[region] != one for region, one in binding.incarnations.items())}


def _sharing(flow: Flow, names: Collection[str], cell: int, bad: Collection[str]) -> set[str]:
    """The needed names that share mutable objects with one of the bad ones, itself among them."""
    first = min(bad)
    group = {first}
    regions = set(flow.reach.get((first, flow.wanted(first, cell)), ()))
    grown = bool(regions)
    while grown:
        grown = False
        for name in names:
            reach = flow.reach.get((name, flow.wanted(name, cell)))
            if reach and name not in group and not regions.isdisjoint(reach):
                group.add(name)
                regions |= reach
                grown = True
    return group


def _point(world: World, cell: int, group: Collection[str]) -> int | None:
    """A cell before which copies were made of all these names, as they are wanted."""
    for point, names in world.copies.items():
        if all(names.get(name) == world.flow.wanted(name, cell) for name in group):
            return point
    return None


def _finish(world: World, known: Known, run: Collection[int]) -> tuple[list[Restore], set[int]]:
    """The restores that bind every name to its last version again."""
    flow = world.flow
    restore: list[Restore] = []
    lacking: set[int] = set()
    end = len(flow.cells)
    for name, producers in flow.producers.items():
        last = producers[-1]
        live = world.live.get(name)
        if (live is not None and live.version == last) or (last not in run and (last in known.dirty or last in known.failed)):
            continue
        reference = world.references.get((name, last))
        if reference is not None and world.is_valid(reference, end):
            restore.append((name, REFERENCE, last))
        elif last not in run and last in known.ran and not (live is None and last not in known.ran):
            lacking.add(last)
    return restore, lacking
