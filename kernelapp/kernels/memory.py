"""What memory the host has left, and whether it has ended processes for want of it. Linux; elsewhere nothing is known."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_NO_LIMIT = 1 << 60  # cgroup v1 writes a number near 2^63 where there is no limit


def available_bytes(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Memory that new processes of ours may still take: what the host has left, or less where a container's limit is nearer."""
    left = [_host_bytes(proc), *_container_bytes(cgroups)]
    known = [each for each in left if each is not None]
    return min(known) if known else None


def host_bytes() -> int:
    """The memory that the host has, or the container that we are in; 0 where it is not known."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 0


def _host_bytes(proc: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (proc / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _container_bytes(cgroups: Path) -> list[int]:
    """Of the cgroup that we see as the root, which is a container's own: version 2, then 1. Its page cache can be taken back."""
    names = (
        (cgroups, "memory.max", "memory.current", "inactive_file"),
        (cgroups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    found = []
    for folder, limit, usage, cache in names:
        with contextlib.suppress(OSError, ValueError):
            most = int((folder / limit).read_text())
            if most < _NO_LIMIT:
                found.append(most - int((folder / usage).read_text()) + _entry(folder / "memory.stat", cache))
    return found


def ended_for_memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """How many processes were ended for want of memory since the host, or the container, started; as far as it can be known."""
    files = (proc / "vmstat", cgroups / "memory.events", cgroups / "memory" / "memory.oom_control")
    return sum(_entry(file, "oom_kill") for file in files)


def _entry(file: Path, name: str) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in file.read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0
