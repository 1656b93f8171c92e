"""Messages over a SEQPACKET socket, as inkernel/template/packets.py, on the event loop."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

_PIECE_BYTES = 64_000
_MAX_FDS = 4
_MORE, _LAST = b"\0", b"\1"

OnMessage = Callable[[dict[str, Any], bytes, list[int]], None]
"""Told the object, the bytes and the descriptors of a message; the descriptors are the listener's to close."""


class PacketConnection:
    """One connection. `heard` is told each message, `ended` that the other side is gone: once, and not after `close`."""

    def __init__(self, sock: socket.socket, heard: OnMessage, ended: Callable[[], None]) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._heard = heard
        self._ended = ended
        self._pieces: list[bytes] = []
        self._fds: list[int] = []
        self._waiting: deque[bytes] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)

    def send(self, head: dict[str, Any], raw: bytes = b"") -> None:
        """Send a message, as soon as the other side takes it."""
        body = b"\n".join((json.dumps(head, separators=(",", ":")).encode(), raw))
        for start in range(0, len(body), _PIECE_BYTES):
            mark = _LAST if start + _PIECE_BYTES >= len(body) else _MORE
            self._waiting.append(mark + body[start : start + _PIECE_BYTES])
        self._write()

    def close(self) -> None:
        """End the connection; may be called more than once."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        for descriptor in self._fds:
            os.close(descriptor)
        self._fds.clear()

    def _write(self) -> None:
        try:
            while self._waiting:
                self._socket.send(self._waiting[0])
                self._waiting.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._write)
            return
        except OSError:
            self._waiting.clear()  # the reader sees the end
        self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        while self._socket.fileno() >= 0:
            try:
                packet, ancillary, _, _ = self._socket.recvmsg(_PIECE_BYTES + 1, socket.CMSG_SPACE(4 * _MAX_FDS))
            except BlockingIOError:
                return
            except OSError:
                packet, ancillary = b"", []
            for level, kind, data in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    self._fds.extend(array.array("i", data[: len(data) - len(data) % 4]))
            if not packet:
                self.close()
                self._ended()
                return
            self._pieces.append(packet[1:])
            if packet[:1] == _LAST:
                self._deliver()

    def _deliver(self) -> None:
        head, _, raw = b"".join(self._pieces).partition(b"\n")
        self._pieces.clear()
        fds, self._fds = self._fds, []
        self._heard(json.loads(head), raw, fds)


async def connect(path: str, heard: OnMessage, ended: Callable[[], None]) -> PacketConnection:
    """Connect to the socket at `path`. Raises OSError when nobody listens."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        sock.connect(path)  # a listener on this host with room in its queue: this does not wait
        return PacketConnection(sock, heard, ended)
    except BaseException:
        with contextlib.suppress(OSError):
            sock.close()
        raise
