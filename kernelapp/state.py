"""The state directory: what a server leaves for the next one that serves the same paths. One server at a time has it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import OperatorError

MAX_SERVERS = 100
"""Servers of the same paths at the same time; each has a directory of its own."""

_WAIT_S = 2.0  # the keeper looks whether a server is there by holding the lock for a moment
_PAUSE_S = 0.02


class StateDirectory:
    """A directory, mode 0700, that this process holds until `close` or its end."""

    def __init__(self, path: Path) -> None:
        """Raises BlockingIOError when another server has it, OSError when it cannot be made."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        self.path = path
        self._lock = lock(path / "lock", wait_s=_WAIT_S)

    @property
    def store(self) -> Path:
        """The file of the sessions' store."""
        return self.path / "sessions.sqlite"

    @property
    def kernels(self) -> Path:
        """A link to each kernel's own directory, which is elsewhere: the path of a socket has to be short."""
        return self.path / "k"

    @property
    def mark(self) -> str:
        """A short name for what belongs to servers of this directory, elsewhere on the host."""
        return hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:12]

    @property
    def directories(self) -> Path:
        """A link to each session's private directory, which is elsewhere: this may be no place for large files."""
        return self.path / "d"

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Leave a note of this server for `kernelapp stop`."""
        new = self.path / "server.json.new"
        new.write_text(json.dumps(dict(facts)), encoding="utf-8")
        new.replace(self.path / "server.json")

    def close(self) -> None:
        """Let another server have it."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / "server.json").unlink()
        os.close(self._lock)


def lock(path: Path, *, wait_s: float = 0.0) -> int:
    """The descriptor of a file that this process alone has locked; raises BlockingIOError when another has it for longer than `wait_s`."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(descriptor)
                raise
            time.sleep(_PAUSE_S)


def state_root(environment: Mapping[str, str]) -> Path:
    """Where state directories are unless the operator says: as the XDG base directory specification has it."""
    root = environment.get("XDG_STATE_HOME", "")
    return (Path(root) if root.startswith("/") else Path.home() / ".local" / "state") / "kernelapp"


def take_state(root: Path, paths: Sequence[Path]) -> StateDirectory:
    """The first directory for these paths that no server has: after a server was killed, the one that it left.

    Raises OperatorError when none can be made.
    """
    digest = _digest(paths)
    for number in range(1, MAX_SERVERS + 1):
        try:
            return StateDirectory(root / f"{digest}-{number}")
        except BlockingIOError:
            continue
        except OSError as problem:
            raise OperatorError(
                f"no state can be kept in {root}: {problem.strerror or problem}; name another place with --state-dir"
            ) from problem
    raise OperatorError(f"{MAX_SERVERS} servers serve these paths already; stop some of them with `kernelapp stop`")


@dataclass(frozen=True)
class RunningServer:
    """A server that has a state directory. `pid` is its process."""

    directory: Path
    pid: int
    url: str


def running_servers(root: Path, paths: Sequence[Path] = ()) -> list[RunningServer]:
    """The servers that run now and keep their state in `root`; with `paths`, those that serve just these."""
    found = []
    for note in sorted(root.glob(f"{_digest(paths)}-*/server.json" if paths else "*/server.json")):
        if not _is_held(note.parent / "lock"):
            continue  # what a killed server left
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            found.append(RunningServer(note.parent, int(told["pid"]), str(told["url"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it ended just now
    return found


def wait_for_release(directory: Path, timeout_s: float) -> bool:
    """Wait until no server has the directory; returns whether that came true."""
    try:
        os.close(lock(directory / "lock", wait_s=timeout_s))
    except BlockingIOError:
        return False
    return True


def _is_held(path: Path) -> bool:
    try:
        os.close(lock(path))
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _digest(paths: Sequence[Path]) -> str:
    served = "\0".join(sorted(str(path.resolve()) for path in paths))
    return hashlib.sha256(served.encode(errors="surrogateescape")).hexdigest()[:12]
