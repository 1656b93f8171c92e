"""Where one cell of a session stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..wire.messages import CellFailure, CellStatus, Declaration

RESTORES = ""
"""Stands for a cell where there is none to run, but bindings to restore."""


@dataclass(frozen=True)
class CodeCell:
    """What the machine needs to know of a code cell. `manual`: it runs when the viewer presses its button."""

    id: str
    manual: bool = False


@dataclass
class Track:
    """Where one cell stands. `outcome` is the status that its latest run left, None before the first."""

    status: CellStatus = CellStatus.QUEUED
    outcome: CellStatus | None = None
    run: int = 0
    output_bytes: int = 0
    truncated: bool = False
    failure: CellFailure | None = None
    report: Mapping[str, Any] | None = None  # what the kernel's runtime told of this run
    declared: list[str] = field(default_factory=list)  # keys, in this run
    declared_before: list[str] = field(default_factory=list)  # keys, in the run before

    def copy(self) -> Track:
        """The same, to be changed apart."""
        return replace(self, declared=list(self.declared), declared_before=list(self.declared_before))


def run_key(cell: str) -> str:
    """The key of the button that runs a cell tagged `manual`."""
    return f"{cell}-run"


def run_button(cell: str) -> Declaration:
    """That button."""
    return {
        "key": run_key(cell),
        "kind": "button",
        "label": "Run",
        "help": None,
        "disabled": False,
        "label_visibility": "visible",
        "nullable": False,
        "value": False,
        "style": "primary",
        "stretch": False,
    }
