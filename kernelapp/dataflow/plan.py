"""Changed inputs in, the cells to run out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One cell to run."""

    cell: str


@dataclass(frozen=True)
class Plan:
    """What an event re-executes, in order; `reset` empties the namespace before the first step."""

    steps: tuple[Step, ...]
    reset: bool


def plan_rerun(cells: Sequence[str], changed: Collection[str]) -> Plan:
    """The plan for an event on controls of the cells `changed`: the whole notebook, from an empty namespace."""
    unknown = sorted(set(changed) - set(cells))
    if unknown:
        raise ValueError(f"changed cells that are not in the notebook: {', '.join(unknown)}")
    return Plan(steps=tuple(Step(cell) for cell in cells), reset=True)
