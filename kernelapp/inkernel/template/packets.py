"""Messages over a SEQPACKET socket: a JSON object, bytes that belong to it, and descriptors.

A message is sent as pieces, because one packet may not be larger than the socket's buffer; the first byte of each says whether
it is the last.
"""

from __future__ import annotations

import array
import json
import socket
from typing import Any

PIECE_BYTES = 64_000  # well below Linux' smallest default for a socket's buffer (212,992)
MAX_FDS = 4
_MORE, _LAST = b"\0", b"\1"


class Packets:
    """One connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._pieces: list[bytes] = []

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, head: dict[str, Any], raw: bytes = b"", fds: tuple[int, ...] = ()) -> None:
        """Send a message; waits while the other side does not read. Raises OSError when it is gone."""
        body = b"\n".join((json.dumps(head, separators=(",", ":")).encode(), raw))
        ancillary: list[tuple[int, int, Any]] = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        for start in range(0, len(body), PIECE_BYTES):
            piece = body[start : start + PIECE_BYTES]
            mark = _LAST if start + PIECE_BYTES >= len(body) else _MORE
            self.socket.sendmsg([mark, piece], ancillary, socket.MSG_NOSIGNAL)
            ancillary = []

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        """The next message, once all its pieces are there; None when this was not the last piece. Raises EOFError at the end."""
        packet = self.socket.recv(PIECE_BYTES + 1)
        if not packet:
            raise EOFError
        self._pieces.append(packet[1:])
        if packet[:1] == _MORE:
            return None
        head, _, raw = b"".join(self._pieces).partition(b"\n")
        self._pieces.clear()
        return json.loads(head), raw

    def close(self) -> None:
        self.socket.close()
