"""Which of the host's files a sandbox has: a plan of its root directory. Looks at the file system, and changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/gnu", "/var/cache/fontconfig"),
    # what programs ask about the machine; not the control groups, which tell of other sessions
    *("/sys/block", "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices", "/sys/module"),
)
"""What every program may need: read-only."""

_PRIVATE = ("/", "/tmp", "/var/tmp", "/dev", "/proc", "/sys", "/run")  # a sandbox has its own
_MOST_LINKS = 40  # as in Linux


@dataclass(frozen=True)
class Plan:
    """What a root directory is made of, in this order.

    `steps` are ("bind", path), read-only as it is on the host, or ("hide", path), an empty directory in its place; `links` are symbolic
    links, path and target, for those places that are not there already.
    """

    steps: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]


def plan_root(readable: Iterable[str], hidden: Iterable[str]) -> Plan:
    """The root of a sandbox that may read these files and folders, but not what is `hidden` in them.

    A readable folder inside a hidden one may be read. Raises ValueError, saying what is wrong, for a folder that cannot be had in part.
    """
    links: dict[str, str] = {}
    binds = {_follow(path, links) for path in (*SYSTEM, *readable) if os.path.exists(path)}
    masks = {os.path.realpath(path) for path in hidden}
    for path in sorted(binds):
        if path in _PRIVATE or path in masks:
            raise ValueError(f"{path} also holds what sessions may not see; have the notebook in a folder of its own")
    steps = [(path, "hide") for path in masks if os.path.isdir(path) and _above(path, binds)]
    for path in binds:
        above = _above(path, binds)
        if above is None or any(_is_below(mask, above) and _is_below(path, mask) for mask in masks):
            steps.append((path, "bind"))
    return Plan(tuple((kind, path) for path, kind in sorted(steps)), tuple(sorted(links.items())))


def own_places(command: str = "") -> list[str]:
    """What this interpreter needs: where modules are imported from; and the places of a program and of what it links to."""
    found = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path, *_programs(sys.executable)]
    if command:
        found += _programs(command)
    return [os.path.abspath(path) for path in found if path]


def _programs(program: str) -> Sequence[str]:
    """The folders that hold a program's `bin`, for each link on the way to it."""
    found = []
    for _ in range(_MOST_LINKS):
        folder = os.path.dirname(os.path.abspath(program))
        found.append(os.path.dirname(folder) if os.path.basename(folder) == "bin" else program)
        if not os.path.islink(program):
            break
        program = os.path.join(folder, os.readlink(program))
    return [path for path in found if path != "/"]


def _follow(path: str, links: dict[str, str]) -> str:
    """Where a path leads, without links; those on the way are noted."""
    real, rest = "/", [part for part in path.split("/") if part]
    followed = 0
    while rest:
        part = rest.pop(0)
        if part == "..":
            real = os.path.dirname(real)
            continue
        here = os.path.join(real, part) if part != "." else real
        if not os.path.islink(here):
            real = here
            continue
        followed += 1
        if followed > _MOST_LINKS:
            raise ValueError(f"{path} leads through too many links")
        links[here] = target = os.readlink(here)
        real = "/" if target.startswith("/") else real
        rest = [step for step in target.split("/") if step] + rest
    return real


def _above(path: str, folders: Iterable[str]) -> str | None:
    """The nearest of the folders that this path is in."""
    return max((folder for folder in folders if _is_below(path, folder)), key=len, default=None)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/") and path != folder
