"""Ends kernels that no server came back for: a small process beside the server, which outlives it.

Run as a program (`python keeper.py DIRECTORY GRACE_S`) with the standard library alone. It waits for the lock of the server's state
directory: when it gets it the server is gone. If no other takes the lock within the grace period, every process that has the directory's
mark in its environment is killed, however it was started, and what kernels left on disk is removed, with the control groups that they
were in.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

MARK = "KERNELAPP_STATE"
"""The environment variable that every kernel has; what a kernel starts inherits it."""

GROUPS = "groups"
"""The file of the state directory that has globs of the kernels' control groups, one a line."""

_LOOK_S = 0.25
_ROUNDS = 20  # of killing: processes that fork while they are being killed are found by the next


def keep(directory: Path, grace_s: float) -> None:
    """Wait until there is nothing left to watch over."""
    own = os.open(directory / "keeper.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # there is one already
    while True:
        server = os.open(directory / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(server, fcntl.LOCK_EX)
        if not _marked(directory):
            _left_groups(directory)
            return  # a server that stopped as it should leaves nothing
        os.close(server)
        if not _comes_back(directory, grace_s):
            return


def _comes_back(directory: Path, grace_s: float) -> bool:
    """Whether a server takes the directory again in time; else what is left of the last one is ended."""
    end = time.monotonic() + grace_s
    while True:
        server = os.open(directory / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(server, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(server)
            return True
        if time.monotonic() >= end:
            end_all(directory)  # with the lock in hand: a server that starts now waits
            os.close(server)
            return False
        os.close(server)
        time.sleep(_LOOK_S)


def end_all(directory: Path) -> None:
    """Kill every process that has the mark, and remove the files of kernels and sessions."""
    for _ in range(_ROUNDS):
        found = _marked(directory)
        if not found:
            break
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_S / 5)
    for link in (*(directory / "k").glob("*"), *(directory / "d").glob("*")):  # each names a kernel's own directory, or a session's
        shutil.rmtree(link.resolve(), ignore_errors=True)
        link.unlink(missing_ok=True)
    for _ in range(_ROUNDS):  # a group is empty a moment after what was in it has been killed
        if not _left_groups(directory):
            break
        time.sleep(_LOOK_S / 5)


def _left_groups(directory: Path) -> list[Path]:
    """Remove the kernels' control groups; those that are not empty yet."""
    try:
        patterns = [Path(line) for line in (directory / GROUPS).read_text(encoding="utf-8").splitlines()]
    except OSError:
        return []
    found = [group for pattern in patterns for group in pattern.parent.glob(pattern.name)]
    for group in found:
        with contextlib.suppress(OSError):
            group.rmdir()
    return [group for group in found if group.exists()]


def _marked(directory: Path) -> list[int]:
    """The processes of the kernels of this directory's servers."""
    mark = f"{MARK}={directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()):
            with contextlib.suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
    return found


if __name__ == "__main__":
    if os.fork() == 0:  # nobody's child: whoever started it may be killed, and need not wait for it
        keep(Path(sys.argv[1]), float(sys.argv[2]))
