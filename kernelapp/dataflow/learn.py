"""What is known of a kernel once a step has run: `Known` in, the kernel's report, `Known` out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .ledger import DONE, Known, World
from .steps import REFERENCE, Instructions, Step
from .versions import ABSENT, Flow, Source, build_flow


def after(flow: Flow, known: Known, step: Step, outcome: str = DONE, report: Mapping[str, Any] | None = None, reset: bool = False) -> Known:
    """What is known once a step has run.

    `report` is what the kernel told (inkernel/bindings.py); `reset`: the namespace was emptied first.
    """
    cell = flow.index[step.cell]
    told: Mapping[str, Any] = report or {}
    if reset:
        known = replace(Known.nothing(flow), asked=known.asked)
    if told.get("missing"):
        return Known.nothing(flow)
    world = World(flow, known)
    kept = {(name, flow.index.get(version, ABSENT)) for name, version in told.get("kept", ())}
    _before(world, cell, step.instructions, kept, set(told.get("copied", ())))
    digests = dict(known.digests)
    if outcome == DONE or "raises-exception" in flow.cells[cell].tags:
        world.run(cell)
        failed = known.failed - {cell}
        touched = _dirtied(flow, known, world, cell, step, told.get("digests", {}), digests)
        dirty = (known.dirty - {cell}) | (touched - (flow.run_once & known.ran))
    else:
        world.taint(cell)
        failed = known.failed | {cell}
        for name in flow.produces[cell]:
            digests.pop((name, cell), None)
        # all of them show that something above failed, until it no longer does
        dirty = (known.dirty | flow.below([cell])) - {cell}
    _end(world, cell, step.instructions, kept, told)
    known = replace(
        known,
        dirty=dirty,
        failed=failed,
        ran=known.ran | {cell},
        asked=known.asked - {cell},
        fresh=False,
        steps=known.steps + 1,
        in_order=known.in_order and cell > max(known.ran, default=-1),
        digests=digests,
    )
    return world.known(known)


def after_finish(flow: Flow, known: Known, finish: Instructions, report: Mapping[str, Any]) -> Known:
    """What is known once the restores of a plan without steps are done."""
    if report.get("missing"):
        return Known.nothing(flow)
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


def surprised(
    flow: Flow, known: Known, step: Step, report: Mapping[str, Any], cells: Sequence[Source], before: Mapping[str, frozenset[str]]
) -> tuple[Flow, Known, dict[str, frozenset[str]]] | None:
    """When a cell changed names that reading its source had not told: the notebook read anew with that in mind, and what is known then.

    `before`: the surprises of earlier runs, by cell; the third of what is given back is these and the new ones. None: there was none.
    """
    names = frozenset(report.get("changed", ())) - before.get(step.cell, frozenset())
    if not names:
        return None
    surprises = {**before, step.cell: before.get(step.cell, frozenset()) | names}
    new = build_flow(cells, surprises, [flow.cells[cell].cell for cell in flow.controls])
    if not known.in_order:
        # what is live and saved was worked out from a wrong picture
        return new, Known.nothing(new), surprises
    world = World(new, replace(Known.nothing(new)))
    for cell in sorted(known.ran):
        if cell in known.failed:
            world.taint(cell)
        else:
            world.run(cell)
    dirty = known.dirty | (new.below([new.index[step.cell]]) - known.ran)
    return new, world.known(replace(known, dirty=dirty, digests={})), surprises
