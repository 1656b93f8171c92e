"""Whether and how sessions' kernels are isolated: what `inkernel/isolation/` is told, and whether this host allows it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OperatorError

_BOOTSTRAP = """\
import sys
if sys.path[:1] == [""]:
    del sys.path[0]
import json
options = json.loads(sys.argv[1])
sys.path.insert(0, options.pop("package_dir"))
from kernelapp.inkernel.isolation.program import main
main(**options, command=sys.argv[2:])
"""
_TRY_S = 30.0
_USERS = range(0x7000_0000, 0x7FFF_0000)  # above those that accounts, services and containers are given


@dataclass(frozen=True)
class Isolation:
    """What a sandbox has. `users`: of which each session's is taken; empty where all have the server's account, in user namespaces."""

    network: bool
    users: range
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    tmp_bytes: int = 0
    open_files: int = 0

    def options(self, package_dir: Path, folder: Path) -> dict[str, Any]:
        """For one kernel whose notebook is in that folder (`Options` in inkernel/isolation/sandbox.py)."""
        readable = (folder, package_dir, Path(__file__).parent.parent, Path("/etc/resolv.conf"), *self.readable)
        hidden = (Path(tempfile.gettempdir()), *self.hidden)
        return {
            "network": self.network,
            "user": self.user(),
            "readable": [str(path.absolute()) for path in readable],
            "hidden": [str(path.absolute()) for path in hidden],
            "tmp_bytes": self.tmp_bytes,
            "open_files": self.open_files,
        }

    def user(self) -> int | None:
        """A user for one session, by its number; drawn, so that sessions of several servers do not meet."""
        return secrets.choice(self.users) if self.users else None

    def describe(self) -> str:
        """For the operator."""
        who = "each session as a user of its own" if self.users else "all sessions as the server's account"
        return f"namespaces of Linux, {who}, {'with' if self.network else 'without'} network"


def wrap_command(options: dict[str, Any], package_dir: Path, own: Sequence[Path], lock: Path | None, outlive: bool) -> list[str]:
    """What stands before the command of a kernel of its own process; run by our interpreter, unless the kernel's is put in its place."""
    told = {
        "package_dir": str(package_dir),
        "options": options,
        "own": [str(path) for path in own],
        "lock": str(lock or ""),
        "outlive": outlive,
    }
    return [sys.executable, "-c", _BOOTSTRAP, json.dumps(told)]


def session_users(uid: int, uid_map: str) -> range:
    """The users that a server may give to sessions: none unless it is root; in a container only as many as that has."""
    if uid != 0:
        return range(0)
    for line in uid_map.splitlines():
        first, _, count = map(int, line.split())
        if first <= _USERS.start and first + count >= _USERS.stop:
            return _USERS
    ranges = [(count, first) for first, _, count in (map(int, line.split()) for line in uid_map.splitlines())]
    count, first = max(ranges, default=(0, 0))
    return range(first + count // 2, first + count - 2) if count >= 10_000 else range(0)  # not the last two: nobody


def try_isolation(isolation: Isolation, package_dir: Path) -> None:
    """Run a program in a sandbox. Raises OperatorError, saying what the host refuses."""
    options = isolation.options(package_dir, package_dir)
    command = [*wrap_command(options, package_dir, (), None, outlive=False), *_nothing()]
    try:
        found = subprocess.run(command, cwd=package_dir, capture_output=True, text=True, timeout=_TRY_S, check=False, env=_bare())
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise OperatorError(_refusal(str(problem))) from problem
    if found.returncode != 0:
        raise OperatorError(_refusal(found.stderr.strip().removeprefix("the kernel cannot be isolated: ").splitlines()[-1:]))


def _nothing() -> Sequence[str]:
    return sys.executable, "-c", "pass"


def _bare() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME") if name in os.environ}


def _refusal(why: str | list[str]) -> str:
    text = why if isinstance(why, str) else " ".join(why)
    return (
        f"this host does not allow --isolate ({text or 'no reason was given'}); it takes Linux 5.12 or later, and root or user namespaces "
        "(sysctl user.max_user_namespaces, in containers the right to mount)"
    )


def find_isolation(
    mode: str, package_dir: Path, hidden: Sequence[Path], readable: Sequence[Path], tmp_bytes: int = 0, open_files: int = 0
) -> Isolation:
    """The isolation that `mode` (`on` or `offline`) asks for, tried out. Raises OperatorError when the host does not allow it."""
    if sys.platform != "linux":
        raise OperatorError("--isolate needs Linux; leave it off, or run the server in a virtual machine")
    uid_map = ""
    with contextlib.suppress(OSError):
        uid_map = Path("/proc/self/uid_map").read_text(encoding="ascii")
    users = session_users(os.getuid(), uid_map)
    isolation = Isolation(mode == "on", users, tuple(readable), tuple(hidden), tmp_bytes, open_files)
    for path in readable:
        if not path.exists():
            raise OperatorError(f"--isolate-paths must name files and folders that exist, not {path}")
    try_isolation(isolation, package_dir)
    return isolation
