"""The descriptors of a template: which of them a fork may share, and how it takes over those it must not."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass

_HARMLESS = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Descriptor:
    """One open descriptor: where it leads, and how it was opened."""

    number: int
    device: int
    inode: int
    target: str
    mode: int
    flags: int

    @property
    def identity(self) -> tuple[int, int, int]:
        """Number, device and inode; all anonymous ones (epoll and such) share one inode."""
        return self.number, self.device, self.inode


def open_descriptors() -> list[Descriptor]:
    """The descriptors of this process."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        with contextlib.suppress(OSError):
            status = os.fstat(number)
            target = os.readlink(f"/proc/self/fd/{number}")
            found.append(Descriptor(number, status.st_dev, status.st_ino, target, status.st_mode, _flags(number)))
    return found


def _flags(number: int) -> int:
    with open(f"/proc/self/fdinfo/{number}", encoding="ascii") as file:
        for line in file:
            if line.startswith("flags:"):
                return int(line.split()[1], 8)
    return 0


def describe_unsafe(known: set[tuple[int, int, int]]) -> str | None:
    """The first descriptor that forks must not share, in words; None when there is none. `known` are the `identity` of our own."""
    for descriptor in open_descriptors():
        if descriptor.identity not in known:
            reason = _describe(descriptor)
            if reason is not None:
                return reason
    return None


def _describe(descriptor: Descriptor) -> str | None:
    mode, target = descriptor.mode, descriptor.target
    if stat.S_ISSOCK(mode):
        return "an open socket"
    if stat.S_ISFIFO(mode):
        return "an open pipe"
    if stat.S_ISCHR(mode):
        return None if target in _HARMLESS else f"the device {target}"
    if stat.S_ISDIR(mode):
        return None
    if not stat.S_ISREG(mode):
        return f"an open {target.removeprefix('anon_inode:').strip('[]') or 'descriptor'}"
    if descriptor.flags & os.O_ACCMODE == os.O_RDONLY:
        return None  # each fork opens it anew
    if _is_quiet_database(descriptor):
        return None
    return f"the file {os.path.basename(target)!r} open for writing"


def _is_quiet_database(descriptor: Descriptor) -> bool:
    """Whether this is an SQLite file outside a transaction: SQLite keeps no position, and takes its locks anew for each process."""
    try:
        if os.pread(descriptor.number, len(_SQLITE), 0) != _SQLITE:
            return os.fstat(descriptor.number).st_size == 0 and _is_sqlite_connection(descriptor.target)
    except OSError:
        return False
    return not any(os.path.exists(descriptor.target + ending) for ending in ("-journal", "-wal"))


def _is_sqlite_connection(path: str) -> bool:
    return path.endswith((".db", ".sqlite", ".sqlite3"))


def read_files() -> list[Descriptor]:
    """Those that are open for reading; each fork is to have a position of its own there."""
    return [
        descriptor
        for descriptor in open_descriptors()
        if descriptor.number > 2 and stat.S_ISREG(descriptor.mode) and descriptor.flags & os.O_ACCMODE == os.O_RDONLY
    ]


def reopen(files: list[Descriptor]) -> None:
    """In a fork: open them anew, at the same position."""
    for descriptor in files:
        try:
            position = os.lseek(descriptor.number, 0, os.SEEK_CUR)
            own = os.open(f"/proc/self/fd/{descriptor.number}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        os.lseek(own, position, os.SEEK_SET)
        os.dup2(own, descriptor.number, inheritable=os.get_inheritable(descriptor.number))
        os.close(own)
