"""Puts the process that is to be a kernel into a sandbox: namespaces first, then a root directory of its own, then fewer rights.

What it is told (`Options`) comes from `kernels/isolation.py`, as JSON.
"""

from __future__ import annotations

import glob
import os
import resource
import stat
from typing import TypedDict

from kernelapp.inkernel.isolation import system
from kernelapp.inkernel.isolation.places import Plan

_HOME = "/tmp"
_OLD = "/.host"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "nvidia*", "dri", "kfd")
_STANDARD = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_ELSEWHERE = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


class Options(TypedDict):
    """`user`: the number of a user and group of this kernel's own; None stays the same user, which needs user namespaces.

    `readable`, `hidden`: for `plan_root`. `tmp_bytes`, `open_files`: bounds, 0 for none.
    """

    network: bool
    user: int | None
    readable: list[str]
    hidden: list[str]
    tmp_bytes: int
    open_files: int


def leave_host(options: Options) -> None:
    """Enter new namespaces; that of processes is for children. The process must have one thread."""
    user, group = os.getuid(), os.getgid()
    kinds = system.NEW_FILES | system.NEW_IPC | system.NEW_PROCESSES
    if not options["network"]:
        kinds |= system.NEW_NETWORK
    if options["user"] is not None:
        system.unshare(kinds)
        return
    system.unshare(kinds | system.NEW_USER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    system.stay_visible()


def fork_apart(options: Options) -> int:
    """As os.fork, but the child is the first process of a sandbox that has yet to be furnished: see `furnish`.

    It is a child of this process if that is a subreaper. Raises OSError, saying what the host refused.
    """
    here, there = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(here)
        try:
            leave_host(options)
            pid = os.fork()
        except BaseException as problem:
            os.write(there, f"! {problem}".encode())
            os._exit(1)
        if pid == 0:
            os.close(there)
            return 0
        os.write(there, str(pid).encode())
        os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as file:
        told = file.read().decode()
    os.waitpid(between, 0)
    if not told.isdigit():
        raise OSError(told.removeprefix("! ") or "the process between ended")
    return int(told)


def furnish(options: Options, plan: Plan, writable: list[str], cwd: str) -> None:
    """In the first process of a sandbox: have a root directory by this plan, give up all rights, and go to `cwd`.

    The `writable` directories become the user's. Descriptors stay open, but for directories: through these the host could be reached.
    """
    _close_directories()
    system.make_private()
    _build_root(options, plan, writable)
    if not options["network"]:
        system.bring_up_loopback()
    if options["open_files"]:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        bound = options["open_files"] if most == resource.RLIM_INFINITY else min(options["open_files"], most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (bound, bound))
    _become(options["user"], writable)
    try:
        os.chdir(cwd)
        os.listdir()
    except PermissionError as problem:
        raise PermissionError(f"sessions' users may not read {cwd}; let others read it (chmod o+rx)") from problem


def change_environment() -> None:
    """What names places of the account leads to the sandbox's own."""
    os.environ.update({"HOME": _HOME, "TMPDIR": _HOME})
    for name in (*_ELSEWHERE, "XDG_RUNTIME_DIR"):
        os.environ.pop(name, None)


def _close_directories() -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISDIR(os.fstat(int(name)).st_mode):
                os.dup2(nothing, int(name), inheritable=False)
        except OSError:
            continue  # the listing's own
    os.close(nothing)


def _build_root(options: Options, plan: Plan, writable: list[str]) -> None:
    base = "/tmp"
    system.mount("tmpfs", base, "mode=755,size=1m")
    os.mkdir(base + _OLD)
    system.change_root(base, base + _OLD)
    os.chdir("/")
    size = f",size={options['tmp_bytes']}" if options["tmp_bytes"] else ""
    for place in ("/tmp", "/dev", "/dev/shm"):
        os.mkdir(place)
        system.mount("tmpfs", place, "mode=755,size=64k" if place == "/dev" else f"mode=1777{size}")
        if place == "/dev":
            _place_devices()
    os.mkdir("/proc")
    system.mount("proc", "/proc")
    for kind, path in plan.steps:
        if kind == "bind":
            _place(path, read_only=True)
        else:
            system.mount("tmpfs", path, "mode=755,size=64k")
    for path, target in plan.links:
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)
    for path in writable:
        _place(path, read_only=False)
    os.makedirs("/var", exist_ok=True)
    os.symlink("/tmp", "/var/tmp")
    system.detach(_OLD)
    os.rmdir(_OLD)
    for path in ("/dev", "/"):
        system.make_read_only(path)


def _place(path: str, read_only: bool, devices: bool = False) -> None:
    """Have what is at `path` of the host at the same path here."""
    source = _OLD + path
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
    elif not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    system.bind(source, path, read_only, devices)


def _place_devices() -> None:
    for pattern in _DEVICES:
        for source in glob.glob(f"{_OLD}/dev/{pattern}"):
            _place(source.removeprefix(_OLD), read_only=False, devices=True)
    for name, target in _STANDARD.items():
        os.symlink(target, f"/dev/{name}")


def _become(user: int | None, writable: list[str]) -> None:
    if user is None:
        system.give_up_capabilities()
    else:
        for top in writable:
            for folder, _, names in os.walk(top):
                for path in (folder, *(os.path.join(folder, name) for name in names)):
                    os.chown(path, user, user, follow_symlinks=False)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    system.never_gain_rights()
    system.stay_visible()
