"""Keeps what this kernel publishes on iopub, in two bounded files: ZMQ never sends it again, and the server may be away.

A server that comes back reads what it missed from here (`kernels/spool.py`), also when the kernel has ended meanwhile. The files take
turns: when one is full the other is emptied and used, so that between half and all of the bound is there.

A file is a header (8 bytes: its generation, unsigned, little-endian) and records. A record is its length (4 bytes) and then the frames of
one message from the signature on, each preceded by its length (4 bytes). A record that is cut short, by the kernel's end, is no record.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

NAMES = ("iopub.0", "iopub.1")

_DELIMITER = b"<IDS|MSG>"
_HEADER = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")


class Spool:
    """The two files. What cannot be written (a full disk) is left out: a kernel must not fail for it."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._paths = [directory / name for name in NAMES]
        self._max_file_bytes = max_bytes // 2
        self._generation = 0
        self._descriptor = -1
        self._bytes = 0
        self._turn()

    def write(self, frames: Sequence[bytes]) -> None:
        """Append one message; a message that is larger than a file is left out."""
        parts = [part for frame in frames for part in (_LENGTH.pack(len(frame)), frame)]
        size = sum(map(len, parts))
        if size + _HEADER.size + _LENGTH.size > self._max_file_bytes:
            return
        if self._bytes + size + _LENGTH.size > self._max_file_bytes:
            self._turn()
        record = b"".join([_LENGTH.pack(size), *parts])
        with contextlib.suppress(OSError):
            written = os.write(self._descriptor, record)
            self._bytes += written
            if written < len(record):  # the disk is full: what was written of the record must not hide later ones
                self._bytes -= written
                os.ftruncate(self._descriptor, self._bytes)

    def close(self) -> None:
        """Close the file; called once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _turn(self) -> None:
        """Go on in the other file."""
        self.close()
        self._generation += 1
        path = self._paths[self._generation % 2]
        with contextlib.suppress(OSError):
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
            os.write(self._descriptor, _HEADER.pack(self._generation))
        self._bytes = _HEADER.size


def keep_iopub(kernel: Any, spool: Spool) -> None:
    """From now on, whatever the kernel's iopub thread sends is written to the spool first, in the order of sending."""
    thread = kernel.iopub_thread
    send: Callable[..., None] = thread._really_send

    def write_and_send(message: Sequence[Any], *args: Any, **kwargs: Any) -> None:
        # a child that a cell forked sends through its parent, which writes it
        if os.getpid() == owner:
            frames = [bytes(getattr(frame, "buffer", frame)) for frame in message]
            spool.write(frames[frames.index(_DELIMITER) + 1 :])
        send(message, *args, **kwargs)

    owner = os.getpid()
    thread._really_send = write_and_send
