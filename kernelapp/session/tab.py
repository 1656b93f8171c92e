"""The page at the other end of a session, if there is one."""

from __future__ import annotations

from ..wire.codec import encode
from ..wire.messages import ServerMessage
from .connection import Connection


class Tab:
    """One page at a time; a later one takes the place of an earlier one."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._page: str | None = None  # the name of the document at the other end

    def connect(self, connection: Connection, page: str | None) -> None:
        """A page is there; an earlier one is dropped."""
        self.drop(4001, "connected elsewhere")
        self._connection, self._page = connection, page

    def disconnect(self, connection: Connection) -> bool:
        """A page is gone; returns whether there is none now."""
        if self._connection is connection:
            self._connection = None
        return self._connection is None

    async def is_another(self, page: str | None) -> bool:
        """Whether another page than `page` is connected and answers: a browser that copies a tab copies what the tab remembers."""
        holder = self._connection
        return holder is not None and (page is None or page != self._page) and await holder.answers() and holder is self._connection

    def send(self, frame: bytes) -> None:
        """Send a frame, if there is someone to read it."""
        if self._connection is not None:
            self._connection.send(frame)

    def tell(self, message: ServerMessage) -> None:
        """Send what is no part of the page, and is not numbered."""
        if self._connection is not None:
            self._connection.send(encode(message, 0))

    def drop(self, code: int, reason: str) -> None:
        """Close the page's socket."""
        if self._connection is not None:
            self._connection.drop(code, reason)
