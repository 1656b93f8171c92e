"""Reads what a kernel left in its own directory, which it may have filled with anything: links to files of ours, pipes that never end."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_own_file(path: Path, last_bytes: int | None = None) -> bytes:
    """The content of a regular file, or its end. Raises OSError for anything else: a link is not followed, and nothing waits."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path.name} is not a file")
        if last_bytes is not None:
            file.seek(max(file.seek(0, os.SEEK_END) - last_bytes, 0))
        return file.read() if last_bytes is None else file.read(last_bytes)
