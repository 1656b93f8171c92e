"""What one session's kernel, and all that it starts, may use of the host: enforced with the best that the host allows.

Best are cgroups (v2 or v1), where the server may make some: as root, or where they are delegated to it. They hold for a kernel and
everything below it together. Without them the kernel's process gets resource limits, which hold for each process alone, and a set of
processors.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import math
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

if sys.platform != "win32":
    import resource

log = logging.getLogger(__name__)

_PERIOD_US = 100_000  # in which the share of processors is measured; the kernel's own default
_ROOT = Path("/sys/fs/cgroup")
_OTHER_FILES = 4_096  # that a server has open besides its connections: some for each session
_PREFIX = "kernelapp"
_WAITS_S = [0.005 * 2**i for i in range(11)]  # between looking whether a group is empty; ten seconds in all


@dataclass(frozen=True)
class Limits:
    """Of one session; 0 is no limit. `cpus`: processors, of which a part is allowed."""

    memory_bytes: int = 0
    cpus: float = 0.0
    processes: int = 0
    open_files: int = 0


class Fence(Protocol):
    """The limits of one kernel."""

    def why_killed(self) -> str | None:
        """A sentence for the viewer when the kernel was killed for using too much, as far as can be known."""

    async def close(self) -> None:
        """The kernel has ended: end what is left behind the fence, and take it down."""


class Fences(Protocol):
    """A way to enforce limits."""

    def describe(self) -> Mapping[str, str]:
        """What is limited, and by which means: for the operator."""

    def sweep(self) -> None:
        """Take down what killed servers left standing, where nobody is behind it any more."""

    def patterns(self) -> list[str]:
        """Globs of what this server puts up: for the keeper."""

    def around(self, directory: Path, pid: int) -> Fence:
        """Put a fence around a kernel's process before it runs a cell, or find the one that it has; `directory` is the kernel's own."""


def find_fences(limits: Limits, mark: str = "", root: Path = _ROOT, own: Path = Path("/proc/self/cgroup")) -> Fences:
    """The best way that this host allows. `mark` names the servers that follow each other with one state directory; empty: this process."""
    for groups in (_Groups2(root), _Groups1(root)):
        with contextlib.suppress(OSError, KeyError, ValueError):
            groups.prepare(dict(_memberships(own.read_text(encoding="ascii"))))
            return _GroupFences(limits, groups, mark or process_mark(os.getpid()))
    return _ProcessFences(limits)


def process_mark(pid: int) -> str:
    """A name that no other process of this host has, or will have."""
    started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    return f"p{pid}.{started}"


def _has_ended(mark: str) -> bool:
    """Whether the process that made groups under this mark is gone; of marks of state directories nothing is known."""
    pid = mark.removeprefix("p").partition(".")[0]
    if not mark.startswith("p") or not pid.isdigit():
        return False
    try:
        return process_mark(int(pid)) != mark
    except (OSError, IndexError):
        return True


def _memberships(text: str) -> Iterator[tuple[str, str]]:
    """Controller -> path, of /proc/self/cgroup; the unified hierarchy has the controller "" (cgroups(7))."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, path.lstrip("/")


class _Groups2:
    """The unified hierarchy, below the server's own group."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._base = root

    def prepare(self, memberships: Mapping[str, str]) -> None:
        """Raises OSError when groups cannot be made."""
        own = self._root / memberships[""]
        if not {"memory", "pids", "cpu"} <= set((own / "cgroup.controllers").read_text(encoding="ascii").split()):
            raise OSError("the controllers are not delegated")
        if not {"memory", "pids", "cpu"} <= set((own / "cgroup.subtree_control").read_text(encoding="ascii").split()):
            leaf = own / "server"  # a group that hands controllers on may hold no process itself
            leaf.mkdir(exist_ok=True)
            for pid in (own / "cgroup.procs").read_text(encoding="ascii").split():
                (leaf / "cgroup.procs").write_text(pid, encoding="ascii")
            (own / "cgroup.subtree_control").write_text("+memory +pids +cpu", encoding="ascii")
        self._base = own

    def directories(self, name: str) -> list[Path]:
        """Where the group of that name is."""
        return [self._base / name]

    def kill(self, directories: list[Path]) -> None:
        """Kill all that is in a group, at once."""
        (directories[0] / "cgroup.kill").write_text("1", encoding="ascii")

    def settings(self, limits: Limits, directories: list[Path]) -> Iterator[tuple[Path, str]]:
        """What is written where."""
        (group,) = directories
        if limits.memory_bytes:
            yield group / "memory.max", str(limits.memory_bytes)
            yield group / "memory.swap.max", "0"
        if limits.processes:
            yield group / "pids.max", str(limits.processes)
        if limits.cpus:
            yield group / "cpu.max", f"{int(limits.cpus * _PERIOD_US)} {_PERIOD_US}"

    def kills(self, directories: list[Path]) -> int:
        """How often the kernel of the host killed something for want of memory."""
        return _count(directories[0] / "memory.events", "oom_kill")

    version = "cgroup v2"


class _Groups1:
    """A hierarchy for each controller, below the server's own groups."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bases: dict[str, Path] = {}

    def prepare(self, memberships: Mapping[str, str]) -> None:
        """Raises OSError when groups cannot be made, KeyError where a controller is missing."""
        for controller in ("memory", "pids", "cpu"):
            base = self._root / controller
            own = base / memberships[controller]
            base = own if own.is_dir() else base  # in a container the path may be the host's
            probe = base / f"kernelapp-probe-{os.getpid()}"
            probe.mkdir()
            probe.rmdir()
            self._bases[controller] = base

    def directories(self, name: str) -> list[Path]:
        """Where the groups of that name are."""
        return [base / name for base in self._bases.values()]

    def kill(self, directories: list[Path]) -> None:
        """Kill all that is in a group: what forks meanwhile is found by the next call."""
        for pid in (directories[0] / "cgroup.procs").read_text(encoding="ascii").split():
            if int(pid) > 0:  # 0: one that is not of our namespace; to kill that would mean our own group
                os.kill(int(pid), signal.SIGKILL)

    def settings(self, limits: Limits, directories: list[Path]) -> Iterator[tuple[Path, str]]:
        """What is written where."""
        memory, pids, cpu = directories
        if limits.memory_bytes:
            yield memory / "memory.limit_in_bytes", str(limits.memory_bytes)
            yield memory / "memory.memsw.limit_in_bytes", str(limits.memory_bytes)
        if limits.processes:
            yield pids / "pids.max", str(limits.processes)
        if limits.cpus:
            yield cpu / "cpu.cfs_period_us", str(_PERIOD_US)
            yield cpu / "cpu.cfs_quota_us", str(int(limits.cpus * _PERIOD_US))

    def kills(self, directories: list[Path]) -> int:
        """How often the kernel of the host killed something for want of memory."""
        return _count(directories[0] / "memory.oom_control", "oom_kill")

    version = "cgroup v1"


def _count(path: Path, name: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            if line.split()[0] == name:
                return int(line.split()[1])
    return 0


class _GroupFences:
    def __init__(self, limits: Limits, groups: _Groups1 | _Groups2, mark: str) -> None:
        self._limits = limits
        self._groups = groups
        self._mark = mark

    def describe(self) -> Mapping[str, str]:
        return _describe(self._limits, dict.fromkeys(("memory", "processors", "processes"), self._groups.version))

    def sweep(self) -> None:
        for base in self._groups.directories("."):
            for group in base.glob(f"{_PREFIX}-*"):
                mark = group.name.split("-")[1]
                if mark == self._mark or _has_ended(mark):
                    with contextlib.suppress(OSError):  # a kernel lives in it, which may be taken over
                        group.rmdir()

    def patterns(self) -> list[str]:
        return [str(path) for path in self._groups.directories(f"{_PREFIX}-{self._mark}-*")]

    def around(self, directory: Path, pid: int) -> Fence:
        assert pid > 0, "0 would be this process itself"
        directories = self._groups.directories("-".join((_PREFIX, self._mark, *directory.parts[-2:])))
        try:
            for group in directories:
                group.mkdir(exist_ok=True)
            for path, value in self._groups.settings(self._limits, directories):
                if path.exists():  # not every host accounts for swap
                    path.write_text(value, encoding="ascii")
            for group in directories:
                (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
        except OSError as problem:
            log.error("a kernel runs without limits: %s", problem)
        _limit_files(pid, self._limits.open_files)
        return _GroupFence(self._limits, self._groups, directories)


class _GroupFence:
    def __init__(self, limits: Limits, groups: _Groups1 | _Groups2, directories: list[Path]) -> None:
        self._limits = limits
        self._groups = groups
        self._directories = directories

    def why_killed(self) -> str | None:
        if self._limits.memory_bytes and self._groups.kills(self._directories):
            return f"The kernel used more memory than a session may ({readable_bytes(self._limits.memory_bytes)}), and was killed."
        return None

    async def close(self) -> None:
        for wait_s in _WAITS_S:
            if self._remove():
                return
            with contextlib.suppress(OSError):
                self._groups.kill(self._directories)
            await asyncio.sleep(wait_s)  # what was killed takes its time to end, and no version tells when
        log.warning("a session's processes do not end: %s is left", self._directories[0])

    def _remove(self) -> bool:
        """Whether nothing is left."""
        for directory in self._directories:
            with contextlib.suppress(OSError):
                directory.rmdir()
        return not any(directory.exists() for directory in self._directories)


class _ProcessFences:
    """Resource limits and processor sets, where there are no cgroups."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turn = itertools.count()

    def describe(self) -> Mapping[str, str]:
        return _describe(self._limits, {"memory": "RLIMIT_AS, for each process alone", "processors": "processor affinity", "processes": ""})

    def sweep(self) -> None:
        """Nothing stays of a process's limits."""

    def patterns(self) -> list[str]:
        return []

    def around(self, directory: Path, pid: int) -> Fence:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if self._limits.memory_bytes:
                # beyond what it has mapped at its start: of a forked kernel that is all that the template has
                mapped = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
                bound = mapped + self._limits.memory_bytes
                resource.prlimit(pid, resource.RLIMIT_AS, (bound, bound))
            if self._limits.cpus:
                os.sched_setaffinity(pid, self._processors())
        _limit_files(pid, self._limits.open_files)
        return _ProcessFence()

    def _processors(self) -> set[int]:
        every = sorted(os.sched_getaffinity(0))
        count, first = min(math.ceil(self._limits.cpus), len(every)), next(self._turn)
        return {every[(first * count + i) % len(every)] for i in range(count)}


class _ProcessFence:
    def why_killed(self) -> str | None:
        return None  # a process that asks for too much gets a MemoryError

    async def close(self) -> None:
        """Nothing is left of it."""


def _limit_files(pid: int, count: int) -> None:
    if count:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, count))


def allow_files(connections: int) -> int:
    """See to it that this process may have so many connections, each an open file; returns how many the host allows."""
    with contextlib.suppress(OSError, ValueError, NameError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = connections + _OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            if soft < wanted:
                log.warning("this process may open %d files: connections are bounded by that, not by --max-connections", soft)
                return max(soft // 2, soft - _OTHER_FILES)
    return connections


def _describe(limits: Limits, means: Mapping[str, str]) -> Mapping[str, str]:
    asked = {
        "memory": readable_bytes(limits.memory_bytes) if limits.memory_bytes else "",
        "processors": f"{limits.cpus:g}" if limits.cpus else "",
        "processes": str(limits.processes) if limits.processes else "",
        "open files": str(limits.open_files) if limits.open_files else "",
    }
    by = {**means, "open files": "RLIMIT_NOFILE, for each process alone"}
    return {
        what: f"{bound} ({by[what]})" if bound and by[what] else ("not limited on this host" if bound else "not limited")
        for what, bound in asked.items()
    }


def readable_bytes(count: int) -> str:
    """A number of bytes as people say it: `1.5 GB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
