"""What a session needs of a kernel. The session cannot tell what is behind it: any language, any provisioner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class KernelMessage:
    """A message on iopub, or the reply to a cell.

    `content` is JSON as the kernel sent it, not decoded; `parent` is the id of the request that it answers.
    """

    kind: str
    parent: str
    content: bytes


class KernelListener(Protocol):
    """Who is told what a kernel does. Both are called on the event loop and do not block."""

    def kernel_message(self, message: KernelMessage) -> None:
        """The kernel published something."""

    def kernel_died(self, reason: str) -> None:
        """The kernel ended without being asked to; `reason` is a sentence that says how. Called at most once."""


class Kernel(Protocol):
    """A kernel that runs one session's cells."""

    async def start(self, listener: KernelListener) -> None:
        """Start, and return when cells can be run. Raises KernelError, saying why, when it does not start."""

    def execute(self, source: str, metadata: Mapping[str, Any]) -> str:
        """Send a cell; returns the id of the request. Its last message is a `status` that says `idle`.

        ZMQ may drop messages of iopub when it is flooded, that one among them; `execute_reply` comes for sure.
        """

    async def interrupt(self) -> None:
        """Interrupt the cell that runs, as Jupyter's interrupt does."""

    async def end(self) -> None:
        """End the kernel and what it started; may be called at any time and more than once."""
