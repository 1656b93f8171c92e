"""Changed inputs in, the cells to run out: in document order, each with what must be restored before it.

A plan is made again after every cell that ran, from what was then learnt (`Known`): a failure, an interrupt, an event that came meanwhile,
a copy that could not be made are no special cases.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .ledger import COPY, DONE, REFERENCE, Binding, Instructions, Known, World
from .versions import ABSENT, Flow

DEPENDENTS, BELOW, ALL = "dependents", "below", "all"


@dataclass(frozen=True)
class Step:
    """One cell to run. `changed`: its inputs changed; else it runs only to bring back what mutation spoiled."""

    cell: str
    instructions: Instructions = Instructions()
    changed: bool = True


@dataclass(frozen=True)
class Plan:
    """What must run, in order; `reset` empties the namespace before the first step.

    `upstream_failed`: cells that are not run because something that they read failed. `stale`: cells tagged `manual` that wait for their button,
    and what depends on them. `finish`: restores that are due when there is no step to carry them.
    """

    steps: tuple[Step, ...]
    reset: bool
    upstream_failed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    finish: Instructions | None = None


def plan_rerun(cells: Sequence[str], changed: Collection[str]) -> Plan:
    """The plan for kernels without analysis: the whole notebook, from an empty namespace."""
    unknown = sorted(set(changed) - set(cells))
    if unknown:
        raise ValueError(f"changed cells that are not in the notebook: {', '.join(unknown)}")
    return Plan(steps=tuple(Step(cell) for cell in cells), reset=True)


def plan(flow: Flow, known: Known, mode: str = DEPENDENTS) -> Plan:
    """The plan that makes every cell's output what a full run would show, from what is known of the kernel."""
    wait = _waiting(flow, known)
    run, failed, stale = _runnable(flow, known, flow.below(known.dirty), wait)
    if mode != DEPENDENTS and run:
        return _rerun(flow, known, mode, min(known.dirty))
    reset = known.fresh or known.steps > 3 * len(flow.cells) or any(flow.is_opaque(cell) and cell in known.ran for cell in run)
    while not reset:
        tried = _try(flow, known, run)
        if isinstance(tried, tuple):
            steps, finish = tried
            return Plan(steps, False, _ids(flow, failed), _ids(flow, stale), finish)
        grown, failed, stale = _runnable(flow, known, run | flow.below(known.dirty) | _with_volatile(flow, tried), wait)
        if grown <= run or any(flow.is_opaque(cell) and cell in known.ran for cell in grown):
            break
        run = grown
    return _everything(flow, known, wait)


def _ids(flow: Flow, cells: Collection[int]) -> tuple[str, ...]:
    return tuple(flow.cells[cell].cell for cell in sorted(cells))


def _waiting(flow: Flow, known: Known) -> frozenset[int]:
    """Cells tagged `manual` which would run, had their button been pressed."""
    return frozenset(
        cell for cell, one in enumerate(flow.cells) if "manual" in one.tags and cell not in known.asked
    )


def _with_volatile(flow: Flow, producers: Collection[int]) -> set[int]:
    """Producers that run again; a volatile one makes another value, so whatever reads it runs, too."""
    return set(producers) | flow.below(cell for cell in producers if flow.is_volatile(cell))


def _runnable(flow: Flow, known: Known, run: Collection[int], wait: frozenset[int]) -> tuple[set[int], set[int], set[int]]:
    """Parts the cells that should run: those that can, those below a failed cell, those below a cell that waits for its button."""
    can: set[int] = set()
    failed: set[int] = set()
    stale: set[int] = set()
    for cell in sorted(run):
        versions = {flow.wanted(name, cell) for name in flow.needs[cell]}
        if versions & failed or any(version in known.failed and version not in can for version in versions):
            failed.add(cell)
        elif cell in wait or versions & stale:
            stale.add(cell)
        else:
            can.add(cell)
    return can, failed, stale


def _rerun(flow: Flow, known: Known, mode: str, first: int) -> Plan:
    """Everything, or everything from the first changed cell on."""
    if mode == ALL and not known.fresh and known.in_order and known.dirty == frozenset(range(first, len(flow.cells))):
        mode = BELOW
    if mode == ALL or known.fresh:
        return _everything(flow, known, _waiting(flow, known))
    can, failed, stale = _runnable(flow, known, range(first, len(flow.cells)), _waiting(flow, known))
    return Plan(tuple(_step(flow, cell, Instructions()) for cell in sorted(can)), False, _ids(flow, failed), _ids(flow, stale))


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
    restore: list[tuple[str, str, int]]
    lacking: set[int]
    # While cells run once each, from an empty namespace and in order, everything is as it should be by itself.
    last = max(known.ran, default=-1)
    for cell in sorted(run):
        in_order = known.in_order and cell > last
        restore, lacking = ([], set()) if in_order else _select(world, cell, flow.needs[cell])
        if lacking:
            stuck = True
            missing |= lacking - set(run)
            continue
        keep = _hold(world, known, cell, restore)
        for name, version in keep:
            world.keep(name, version)
        world.restore(restore)
        copy = tuple(name for name in flow.copies[cell] if name in world.live)
        world.copy(cell, copy)
        world.run(cell)
        for name in flow.keeps[cell]:
            world.keep(name, cell)
        instructions = Instructions(keep=tuple(keep), restore=tuple(restore), copy=copy, keep_after=flow.keeps[cell])
        steps.append(_step(flow, cell, instructions, cell in known.dirty))
    if stuck:
        return missing
    finish, lacking = ([], set()) if known.in_order and min(run, default=0) > last else _finish(world, known, run)
    if lacking:
        return lacking
    drop = tuple(key for key in world.references if key[1] < 0 or key[0] not in flow.keeps[key[1]]) if finish else ()
    drop = tuple(key for key in drop if ":" not in key[0])
    if not finish:
        return tuple(steps), None
    if not steps:
        return (), Instructions(finish=tuple(finish), drop=drop)
    last = replace(steps[-1], instructions=replace(steps[-1].instructions, finish=tuple(finish), drop=drop))
    return (*steps[:-1], last), None


def _step(flow: Flow, cell: int, instructions: Instructions, changed: bool = True) -> Step:
    produced = flow.produces[cell] if not flow.is_opaque(cell) else frozenset()
    read = sorted(name for name in produced if flow.readers.get((name, cell)))
    digest = tuple(name for name in read if not flow.reach.get((name, cell)))
    atoms = tuple(name for name in read if flow.reach.get((name, cell)))
    expect = tuple(sorted(produced)) if not flow.is_opaque(cell) else ("*",)
    return Step(flow.cells[cell].cell, replace(instructions, digest=digest, atoms=atoms, expect=expect, classes=flow.plain_classes), changed)


def _hold(world: World, known: Known, cell: int, restore: list[tuple[str, str, int]]) -> list[tuple[str, int]]:
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


def _select(world: World, cell: int, names: Collection[str]) -> tuple[list[tuple[str, str, int]], set[int]]:
    """The restores before a cell; and the producers of what cannot be restored."""
    flow = world.flow
    restore: dict[str, tuple[str, str, int]] = {}
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
                restore[name] = (name, "absent", ABSENT)
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


def _finish(world: World, known: Known, run: Collection[int]) -> tuple[list[tuple[str, str, int]], set[int]]:
    """The restores that bind every name to its last version again."""
    flow = world.flow
    restore: list[tuple[str, str, int]] = []
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


def after(
    flow: Flow, known: Known, step: Step, outcome: str = DONE, report: Mapping[str, Any] | None = None, reset: bool = False
) -> Known:
    """What is known once a step ran; `report` is what the kernel told (inkernel/bindings.py), `reset` whether the namespace was emptied first."""
    cell = flow.index[step.cell]
    told: Mapping[str, Any] = report or {}
    if reset:
        known = replace(Known.nothing(flow), surprises=known.surprises, asked=known.asked)
    if told.get("missing"):
        return replace(Known.nothing(flow), surprises=known.surprises)
    world = World(flow, known)
    kept = {(name, flow.index.get(version, ABSENT)) for name, version in told.get("kept", ())}
    _before(world, cell, step.instructions, kept, set(told.get("copied", ())))
    in_order = known.in_order and (not known.ran or cell > max(known.ran))
    common: dict[str, Any] = {"steps": known.steps + 1, "fresh": False, "ran": known.ran | {cell}, "in_order": in_order, "asked": known.asked - {cell}}
    digests = dict(known.digests)
    if outcome != DONE and "raises-exception" not in flow.cells[cell].tags:
        world.taint(cell)
        for name in flow.produces[cell]:
            digests.pop((name, cell), None)
        _end(world, cell, step.instructions, kept, told)
        # all of them show that something above failed, until it no longer does
        dirty = (known.dirty | flow.below([cell])) - {cell}
        return world.known(known, failed=known.failed | {cell}, dirty=dirty, digests=digests, **common)
    world.run(cell)
    dirty = _dirtied(flow, known, world, cell, step, told.get("digests", {}), digests)
    _end(world, cell, step.instructions, kept, told)
    dirty = frozenset(one for one in dirty if "run-once" not in flow.cells[one].tags or one not in known.ran)
    return world.known(known, failed=known.failed - {cell}, dirty=(known.dirty - {cell}) | dirty, digests=digests, **common)


def after_finish(flow: Flow, known: Known, finish: Instructions, report: Mapping[str, Any]) -> Known:
    """What is known once the restores of a plan without steps are done."""
    if report.get("missing"):
        return replace(Known.nothing(flow), surprises=known.surprises)
    world = World(flow, known)
    _end(world, -1, finish, set(), report)
    return world.known(known)


def _before(world: World, cell: int, instructions: Instructions, kept: set[tuple[str, int]], copied: set[str]) -> None:
    for name, version in instructions.keep:
        if (name, version) in kept:
            world.keep(name, version)
    world.restore(instructions.restore)
    world.copy(cell, [name for name in instructions.copy if name in copied])


def _end(world: World, cell: int, instructions: Instructions, kept: set[tuple[str, int]], told: Mapping[str, Any]) -> None:
    for name in instructions.keep_after:
        if (name, cell) in kept:
            world.keep(name, cell)
    if not told.get("unfinished"):
        world.restore(instructions.finish)
        for key in instructions.drop:
            world.references.pop(key, None)
    for how, name, key in told.get("lost", ()):
        position = world.flow.index.get(key, ABSENT)
        if how == REFERENCE:
            world.references.pop((name, position), None)
        else:
            world.copies.get(position, {}).pop(name, None)


def _dirtied(
    flow: Flow, known: Known, world: World, cell: int, step: Step, told: Mapping[str, str], digests: dict[tuple[str, int], str]
) -> set[int]:
    """The cells whose inputs changed because a cell ran: readers of what it produced, unless that is known to be as it was."""
    dirty: set[int] = set()
    for name in flow.produces[cell]:
        new = told.get(name)
        same = new is not None and digests.get((name, cell)) == new
        digests.pop((name, cell), None)
        if new is not None:
            digests[name, cell] = new
        if same or (not step.changed and not flow.is_volatile(cell) and cell not in known.failed):
            continue
        world.forget(name, cell)
        dirty.update(flow.readers.get((name, cell), ()))
    return dirty
