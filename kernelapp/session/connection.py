"""What a session needs of the socket of its page."""

from __future__ import annotations

from typing import Protocol


class Connection(Protocol):
    """The socket of one page."""

    def send(self, frame: bytes) -> None:
        """Queue a frame; does not block. A page that does not read is dropped."""

    def drop(self, code: int, reason: str) -> None:
        """Close the socket."""

    async def answers(self) -> bool:
        """Whether there is still someone at the other end: asks, and waits a moment for the answer."""
