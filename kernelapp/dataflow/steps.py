"""What a plan is made of: steps, with what the kernel does around each."""

from dataclasses import dataclass, field
from typing import Any

from .versions import Flow

REFERENCE, COPY, UNBIND = "reference", "copy", "absent"

# A name, how it is restored, and the version (of a reference) or the cell (before which copies were made).
Restore = tuple[str, str, int]


@dataclass(frozen=True)
class Instructions:
    """What the kernel does around one cell, in this order; `to_json` makes the request's metadata of it.

    `keep`: remember the live object of a name, as (name, version).
    `restore`: bind a name again, as (name, how, key). How is `reference` (key: the version), `copy` (key: the cell that the copies were
    made before) or `absent` (the name is unbound).
    `copy`: make isolated copies of these names, as one group, before the cell.
    `keep_after`: remember these names as the cell leaves them.
    `digest`: tell a fingerprint of each afterwards; `atoms`: only where the value is immutable; `classes`: a class counts as the same
    when its body is.
    `expect`: the names that the cell should change (`*`: any).
    `finish`: restores after the cell. `drop`: references to forget then.
    """

    keep: tuple[tuple[str, int], ...] = ()
    restore: tuple[Restore, ...] = ()
    copy: tuple[str, ...] = ()
    keep_after: tuple[str, ...] = ()
    digest: tuple[str, ...] = ()
    atoms: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    classes: bool = False
    finish: tuple[Restore, ...] = ()
    drop: tuple[tuple[str, int], ...] = ()

    def to_json(self, flow: Flow, cell: str) -> dict[str, Any]:
        """JSON for the kernel, where cells go by their ids (`""`: before the first)."""
        return {
            "cell": cell,
            "keep": [[name, _id(flow, version)] for name, version in self.keep],
            "restore": [[name, how, _id(flow, key)] for name, how, key in self.restore],
            "copy": list(self.copy),
            "keep_after": list(self.keep_after),
            "digest": list(self.digest),
            "atoms": list(self.atoms),
            "expect": list(self.expect),
            "classes": self.classes,
            "finish": [[name, how, _id(flow, key)] for name, how, key in self.finish],
            "drop": [[name, _id(flow, version)] for name, version in self.drop],
        }


def _id(flow: Flow, cell: int) -> str:
    return flow.cells[cell].cell if cell >= 0 else ""


@dataclass(frozen=True)
class Step:
    """One cell to run. `changed`: its inputs changed; else it runs only to bring back what mutation spoiled."""

    cell: str
    instructions: Instructions = field(default_factory=Instructions)
    changed: bool = True


@dataclass(frozen=True)
class Plan:
    """What must run, in order; `reset` empties the namespace before the first step.

    `upstream_failed`: cells that are not run because something that they read failed. `stale`: cells tagged `manual` that wait for their
    button, and what depends on them. `finish`: restores that are due when there is no step to carry them.
    """

    steps: tuple[Step, ...]
    reset: bool
    upstream_failed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    finish: Instructions | None = None
