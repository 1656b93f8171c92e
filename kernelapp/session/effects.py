"""What the session machine asks for; the relay performs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..wire.messages import CommEvent, PageMessage


@dataclass(frozen=True)
class StartKernel:
    """Start a kernel (after ending the one there is) and answer with `kernel_ready` or `kernel_died`.

    `farewell`: the one there is has something to do first, and can do it; `busy`: what it is at has to be interrupted for that.
    """

    farewell: bool = False
    busy: bool = False


@dataclass(frozen=True)
class EndKernel:
    """End the kernel, whatever it does, and answer with `kernel_died`; with `empty` what it has left in the session's directory goes, too.

    `reason`: a sentence for the viewer.
    """

    reason: str
    empty: bool = False


@dataclass(frozen=True)
class RunCell:
    """Execute a cell. `inputs` (the viewer's values by control key) is given when they changed since the cell before, else None.

    `reset`: from an empty namespace. `instructions`: what the kernel saves, restores and compares around the cell, as JSON.
    """

    cell: str
    run: int
    inputs: Mapping[str, Any] | None
    reset: bool
    instructions: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class SendComm:
    """Hand a widget's message to the kernel, and answer with `comm_handled` when it is done with it."""

    event: CommEvent


@dataclass(frozen=True)
class InterruptKernel:
    """Interrupt the cell that runs."""


@dataclass(frozen=True)
class KeepRest:
    """Keep output that is not shown, for the viewer to download. `first`: of this run of the cell."""

    cell: str
    kind: str
    content: bytes
    first: bool


@dataclass(frozen=True)
class Publish:
    """Number a message, keep it, and send it to the page."""

    message: PageMessage


@dataclass(frozen=True)
class Note:
    """Something for the log."""

    text: str


Effect = StartKernel | EndKernel | RunCell | SendComm | InterruptKernel | KeepRest | Publish | Note
