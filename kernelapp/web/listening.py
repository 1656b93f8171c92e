"""Takes connections in, as many as the bounds allow, and keeps account of them to their end."""

from __future__ import annotations

from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import RequestHandler

from .crowd import Crowd

IDLE_S = 75.0  # how long a connection may stay without asking for anything, or take to ask; browsers come back when they need one


class BoundedServer(HTTPServer):
    """Tornado's, with a crowd before the door. A connection that becomes a WebSocket is the handler's to account for: see `hand_over`."""

    crowd: Crowd

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """As HTTPServer's."""
        if not self.crowd.enter(str(address[0])):
            stream.close()
            return
        super().handle_stream(stream, address)

    def on_close(self, server_conn: Any) -> None:
        """As HTTPServer's."""
        super().on_close(server_conn)
        if not getattr(server_conn.context, "handed_over", False):
            self.crowd.leave(str(server_conn.context.address[0]))


def hand_over(handler: RequestHandler) -> str:
    """From now on the handler accounts for its connection: it must have its address, which is returned, leave the crowd at the end."""
    context: Any = handler.request.connection.context  # type: ignore[union-attr]
    context.handed_over = True
    return str(context.address[0])


def address_of(handler: RequestHandler) -> str:
    """Whose connection this is. Headers of proxies are not believed: behind one all have its address."""
    context: Any = handler.request.connection.context  # type: ignore[union-attr]
    return str(context.address[0])
