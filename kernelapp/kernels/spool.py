"""Reads what a kernel published while no server was listening (`inkernel/spool.py` writes it, and says the format)."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .kernel import KernelMessage
from .own_files import read_own_file

SPOOL_NAMES = ("iopub.0", "iopub.1")  # as inkernel/spool.py names them

_NOT_SPOOLED = ("iopub_welcome", "execute_reply")  # they come by another way than the rest

_HEADER = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")


def read_spool(directory: Path) -> Iterator[list[bytes]]:
    """The messages that are still there, oldest first, each as its frames from the signature on. What is cut short is left out."""
    files = []
    for name in SPOOL_NAMES:
        try:
            content = read_own_file(directory / name)
        except OSError:
            continue
        if len(content) >= _HEADER.size:
            files.append((_HEADER.unpack_from(content)[0], content))
    for _, content in sorted(files, key=lambda file: file[0]):
        yield from _records(content)


def read_missed(directory: Path, last_message: str) -> tuple[list[KernelMessage], bool]:
    """What the kernel published after the message with the id `last_message` (empty: all of it), in order; and whether that is all.

    When that message itself is gone, then so may be others after it.
    """
    missed: list[KernelMessage] = []
    whole = not last_message
    for frames in read_spool(directory):
        header, parent, metadata = map(json.loads, frames[1:4])
        if header["msg_id"] == last_message:
            missed, whole = [], True
        else:
            missed.append(
                KernelMessage(header["msg_type"], parent.get("msg_id", ""), frames[4], metadata, tuple(frames[5:]), header["msg_id"])
            )
    return missed, whole


class Fresh:
    """Passes on what a kernel says after its spool was read: what was on its way meanwhile is in there, and still comes.

    Messages come in the order of the spool, so the first that was not in it is after all that were.
    """

    def __init__(self, listener: Callable[[KernelMessage], None], read: Iterable[str]) -> None:
        """`read`: the ids of the messages that were read."""
        self._listener = listener
        self._read = set(read)

    def hear(self, message: KernelMessage) -> None:
        """The next message that came by itself."""
        if message.id in self._read:
            return
        if message.kind not in _NOT_SPOOLED:
            self._read.clear()
        self._listener(message)


def _records(content: bytes) -> Iterator[list[bytes]]:
    at = _HEADER.size
    while (record := _slice(content, at)) is not None:
        at += _LENGTH.size + len(record)
        yield list(_frames(record))


def _frames(record: bytes) -> Iterator[bytes]:
    at = 0
    while (frame := _slice(record, at)) is not None:
        at += _LENGTH.size + len(frame)
        yield frame


def _slice(content: bytes, at: int) -> bytes | None:
    """What follows the length at `at`; None at the end, or when it is not all there."""
    start = at + _LENGTH.size
    if start > len(content):
        return None
    end = start + int(_LENGTH.unpack_from(content, at)[0])
    return content[start:end] if end <= len(content) else None
