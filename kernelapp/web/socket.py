"""`/app/<name>/socket`: one page's WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..errors import ViewerError
from ..notebook import Notebook
from ..session.relay import Relay
from ..wire.codec import decode, encode, event_of, is_text
from ..wire.messages import VERSION, Hello, Refusal
from .handler import may_pass
from .listening import hand_over
from .site import Site

log = logging.getLogger(__name__)

_ANSWER_S = 2.0  # how long a page may take to say that it is there, when another asks for its session
_HELLO_S = 10.0  # how long a connection may stay without saying hello
_MAX_UNSENT_BYTES = 64_000_000  # a page that reads slower than this piles up is dropped; it comes back and resumes
_MAX_REFUSALS = 200  # a page that sends nothing but nonsense is cut off


class SocketHandler(WebSocketHandler):
    """Frames in, frames out. Everything else is the session's."""

    def initialize(self, site: Site) -> None:
        """As tornado calls it."""
        self.site = site
        self._relay: Relay | None = None
        self._notebook: Notebook | None = None
        self._unsent: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._wake = asyncio.Event()
        self._pong = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._hello_timer: asyncio.TimerHandle | None = None
        self._refusals = 0
        self._second = 0
        self._in_second = 0
        self._closing = False
        self._address: str | None = None  # until it has left the crowd

    async def prepare(self) -> None:
        """Refuse who may not pass."""
        if not may_pass(self, self.site):
            raise HTTPError(403)

    def check_origin(self, origin: str) -> bool:
        """Only our own pages may connect."""
        return urlsplit(origin).netloc.lower() == self.request.host.lower()

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The wire's version."""
        return VERSION if VERSION in subprotocols else None

    def get_compression_options(self) -> dict[str, Any] | None:
        """No compression of messages: it multiplies the latency."""
        return None

    async def open(self, name: str) -> None:
        """A page has connected; it must say hello."""
        self._address = hand_over(self)
        if self.selected_subprotocol != VERSION:
            self.close(4002, f"subprotocol {VERSION} expected")
            return
        entry = await self.site.catalog.get(name)
        if not isinstance(entry, Notebook) or not self.get_cookie(self.site.viewer_cookie):
            self.close(4004, "no such app")
            return
        self.set_nodelay(True)
        loop = asyncio.get_running_loop()
        self._writer = loop.create_task(self._write())
        if self.site.crowd.open(self._address or "", loop.time()):
            self._refuse(ViewerError("busy", "The server has too many visitors at the moment. This page tries again by itself."))
            self.drop(4008, "busy")
            return
        self._notebook = entry
        self._hello_timer = loop.call_later(_HELLO_S, self.drop, 4003, "hello expected")

    async def on_message(self, message: str | bytes) -> None:
        """A frame from the page. Tornado reads the next when this one is dealt with."""
        if self._notebook is None or self._closing:
            return
        try:
            self._bound(message)
            if self._relay is None:
                await self._greet(self._notebook, message)
                return
        except ViewerError as refusal:
            self._refuse(refusal)
            return
        self._relay.receive(message)

    def _bound(self, message: str | bytes) -> None:
        """Refuse a frame that is too large, or one too many in this second."""
        binary = isinstance(message, bytes)
        size = len(message) if isinstance(message, bytes) else len(message.encode("utf-8", "surrogatepass"))
        name, limit = ("max_comm_bytes", self.site.max_comm_bytes) if binary else ("max_message_bytes", self.site.max_message_bytes)
        if size > limit:
            raise ViewerError("too-large", f"A message has at most {limit} bytes ({name}); {size} came.", event_of(message))
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        if self._in_second > self.site.max_events_per_s:
            limit = self.site.max_events_per_s
            raise ViewerError("rate", f"A page sends at most {limit} messages in a second (max_events_per_s).", event_of(message))
        if not self.site.crowd.may_send(self._address or "", asyncio.get_running_loop().time()):
            raise ViewerError("rate", "Too many messages come from this address (max_events_per_s_per_address).", event_of(message))

    async def _greet(self, notebook: Notebook, message: str | bytes) -> None:
        hello = decode(message)
        if not isinstance(hello, Hello):
            raise ViewerError("no-hello", "The first message must be a hello.")
        viewer = self.get_cookie(self.site.viewer_cookie) or ""
        try:
            self._relay = relay = await self.site.registry.attach(notebook, viewer, hello, self)
        except ViewerError as refusal:
            self._refuse(refusal)
            self.drop(4005, refusal.code)
            return
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        if self._closing:  # it went while it was being attached
            self.site.registry.detach(relay, self)

    def _refuse(self, refusal: ViewerError) -> None:
        self._refusals += 1
        self.send(encode(Refusal(refusal.code, str(refusal), refusal.event), 0))
        if self._refusals > _MAX_REFUSALS:
            self.drop(4006, "too many bad messages")

    def send(self, frame: bytes) -> None:
        """As Connection: write a frame, or queue it when the page has not read those before."""
        if self._closing:
            return
        if not self._unsent and self.ws_connection is not None and not self._is_writing():
            self._put(frame)  # at once: the writer's turn would come after whatever else the kernel says now
            return
        self._unsent.append(frame)
        self._unsent_bytes += len(frame)
        if self._unsent_bytes > _MAX_UNSENT_BYTES:
            log.info("a page that does not read is dropped, with %d bytes for it waiting", self._unsent_bytes)
            self._unsent.clear()
            self._closing = True
            self.close(4007, "the page does not read")  # tornado cuts the connection when the page does not answer
            return
        self._wake.set()

    def _is_writing(self) -> bool:
        """Whether what was written before has not left yet."""
        stream = getattr(self.ws_connection, "stream", None)
        return stream is None or bool(stream.writing())

    def _put(self, frame: bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(frame, binary=not is_text(frame)).add_done_callback(_ignore)

    def drop(self, code: int, reason: str) -> None:
        """As Connection: send what is queued, and close."""
        if not self._closing:
            self._closing = True
            self._close_code = (code, reason)
            self._wake.set()

    async def answers(self) -> bool:
        """As Connection: by a ping of the WebSocket, which a browser answers whatever its page is doing."""
        self._pong.clear()
        try:
            self.ping(b"there?")
            await asyncio.wait_for(self._pong.wait(), _ANSWER_S)
        except (WebSocketClosedError, TimeoutError):
            return False
        return not self._closing

    def on_pong(self, data: bytes) -> None:
        """As tornado calls it."""
        self._pong.set()

    async def _write(self) -> None:
        """Send the queued frames one after the other, at the pace at which the page reads them."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._unsent:
                frame = self._unsent.popleft()
                self._unsent_bytes -= len(frame)
                try:
                    await self.write_message(frame, binary=not is_text(frame))
                except WebSocketClosedError:
                    return
            if self._closing:
                self.close(*self._close_code)
                return

    def on_close(self) -> None:
        """The page is gone."""
        self._closing = True
        if self._address is not None:
            self.site.crowd.leave(self._address)
            self._address = None
        self._pong.set()  # who waits for an answer need not wait longer
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        if self._writer is not None:
            self._writer.cancel()
        if self._relay is not None:
            self.site.registry.detach(self._relay, self)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A short answer to a request that is no WebSocket, or may not pass."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}\n")


def _ignore(written: asyncio.Future[None]) -> None:
    """A page that goes meanwhile is told to `on_close`."""
    if not written.cancelled():
        written.exception()
