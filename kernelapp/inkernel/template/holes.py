"""Fills the holes that freed memory has left: what forks allocate then lies together, in pages of its own instead of copied ones.

The holes are taken by allocations of their size that are never freed; they cost nothing, for their pages are in use anyway.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

_LARGEST_BYTES = 64 * 1024  # of holes in the C library's heap that are looked for; larger ones are few, and fill pages of their own
_SMALLEST_BYTES = 24  # of its blocks
_HEAD_BYTES = sys.getsizeof(b"")

_filled: list[Any] = []


class _Use(ctypes.Structure):
    """The C library's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def fill_holes() -> None:
    """Fill those of Python's allocator and of the C library's; of others none are known."""
    for size, count in _python_holes():
        # Each kind of object fills the block that is just large enough for it.
        if size < _HEAD_BYTES:
            _filled.append([object() if size <= 16 else float(number) for number in range(count)])
        else:
            _filled.append([bytes(size - _HEAD_BYTES) for _ in range(count)])
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallinfo2"):
        _fill_heap(libc)


def _python_holes() -> list[tuple[int, int]]:
    """The free blocks in pools that are in use: size in bytes, how many. The interpreter tells them on stderr only."""
    told, kept = os.memfd_create("kernelapp"), os.dup(2)
    try:
        os.dup2(told, 2)
        sys._debugmallocstats()
        os.dup2(kept, 2)
        text = os.pread(told, 1_000_000, 0).decode(errors="replace")
    finally:
        os.close(kept)
        os.close(told)
    rows = (line.split() for line in text.splitlines())
    return [(int(row[1]), int(row[4])) for row in rows if len(row) == 5 and all(field.isdigit() for field in row)]


def _fill_heap(libc: ctypes.CDLL) -> None:
    libc.mallinfo2.restype = _Use
    libc.sbrk.restype, libc.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    end = libc.sbrk(0) - libc.mallinfo2().keepcost  # what lies above has never been used, or is one piece
    size = _LARGEST_BYTES
    while size >= _SMALLEST_BYTES:
        place = libc.malloc(size)
        if place is None or place >= end:
            libc.free(place)
            size = size * 3 // 4
    libc.malloc_trim(0)
