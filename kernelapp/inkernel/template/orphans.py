"""Ties lives together: no process outlives what it was started for, however stuck it is.

* A *guard* is the parent of the template and does nothing but wait. When the template's owner is gone, and the template with it, it
  ends every process below. A template that ends by itself takes no kernel with it: they live on until their owner goes. Kernels that
  are to outlive their owner live on then, too: whoever wants that ends them in the end (the server's keeper).
* Each forked kernel holds the reading end of a pipe whose writing end only the guard has: when that closes, Linux kills the
  kernel's whole process group by itself (O_ASYNC with F_SETSIG). A template dies with its guard, too (PR_SET_PDEATHSIG).
* Each kernel is the *subreaper* of what it starts: a process that made a session of its own stays below its kernel, and is found
  when that has ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_F_SETSIG = 10
_LOOK_S = 0.5  # how often a guard without a template looks for kernels that have ended
_OWNER_GONE_S = 5.0  # how long a template may take to end by itself once its owner is gone


def become_subreaper() -> None:
    """From now on, processes below this one whose parent ends become its children."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def start_guard(owner: int, directories: list[str], outlive: bool) -> tuple[int, int]:
    """Fork; returns in the child, which is to become the template, with two descriptors; the parent stays as the guard and never returns.

    `owner` is the reading end of a pipe whose other end the owner holds; `directories`, and links to them, are removed at the end;
    `outlive`: kernels outlive the owner. The first descriptor is closed to say that the template can no longer be stuck, the second is for
    `tie_to`.
    """
    become_subreaper()
    calm_here, calm_there = os.pipe()
    life_here, life_there = os.pipe()
    pid = os.fork()
    if pid:
        _guard(pid, owner, calm_here, life_there, directories, outlive)
    for descriptor in (calm_here, life_there, owner):
        os.close(descriptor)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)  # the guard ended in between
    os.setsid()
    become_subreaper()
    return calm_there, life_here


def _guard(template: int, owner: int, calm: int, life: int, directories: list[str], outlive: bool) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    ended = os.pidfd_open(template)
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in (owner, calm, life, ended):
            with contextlib.suppress(OSError):
                os.close(descriptor)
    _await_template(template, ended, owner, calm)
    _, status = os.waitpid(template, 0)
    _await_kernels(None if outlive else owner)
    end_strangers(set())
    _remove(directories)
    _end_like(os.waitstatus_to_exitcode(status))


def _await_template(template: int, ended: int, owner: int, calm: int) -> None:
    """Return when the template has ended; end it when its owner goes before it is calm, and it does not see that in time."""
    poll = select.poll()
    for descriptor in (ended, owner, calm):
        poll.register(descriptor, select.POLLIN)
    deadline: float | None = None
    while True:
        wait_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        ready = {descriptor for descriptor, _ in poll.poll(wait_ms)}
        if ended in ready:
            return
        if calm in ready:  # it waits for its owner in a loop of its own from now on, and may have been told to wait for another
            poll.unregister(calm)
            if deadline is None and owner not in ready:
                poll.unregister(owner)
        if owner in ready and deadline is None:
            poll.unregister(owner)
            deadline = time.monotonic() + _OWNER_GONE_S
        elif deadline is not None and not ready:
            os.kill(template, signal.SIGKILL)
            deadline = time.monotonic() + _OWNER_GONE_S


def _await_kernels(owner: int | None) -> None:
    """Return when the owner, if any, is gone, or no kernel is left; what a kernel that ended leaves behind is ended meanwhile."""
    kernels = set(children_of({os.getpid()}))
    while kernels:
        if select.select([] if owner is None else [owner], [], [], _LOOK_S)[0]:
            return
        for pid in list(kernels):
            if os.waitpid(pid, os.WNOHANG)[0]:
                kernels.discard(pid)
                end_strangers(kernels)


def _end_like(code: int) -> None:
    if code < 0:
        number = -code
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(code if code >= 0 else 128 - code)


def _remove(directories: list[str]) -> None:
    import shutil

    for directory in directories:
        if os.path.islink(directory):
            with contextlib.suppress(OSError):
                os.unlink(directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def end_strangers(kept: set[int]) -> None:
    """Kill and reap every child of this process that is not `kept`, and all that is below it."""
    while strangers := [pid for pid in children_of({os.getpid()}) if pid not in kept]:
        for pid in [*strangers, *descendants_of(set(strangers))]:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in strangers:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def descendants_of(pids: set[int]) -> list[int]:
    """Every process below `pids`, without them."""
    found: list[int] = []
    parents = _parents()
    level = set(pids)
    while level := {pid for pid, parent in parents.items() if parent in level}:
        found.extend(level)
    return found


def children_of(pids: set[int]) -> list[int]:
    """The processes whose parent is one of `pids`, those that have ended and wait to be reaped among them."""
    return [pid for pid, parent in _parents().items() if parent in pids]


def _parents() -> dict[int, int]:
    found: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                found[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
    return found


def _exit_signal() -> int:
    """A signal that ends the first process of a namespace, which no SIGKILL from inside does, and with it all of the namespace.

    Its handler is the C library's `_exit`: it runs however stuck Python is.
    """
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    libc.signal(signal.SIGRTMAX, ctypes.cast(libc._exit, ctypes.c_void_p))
    return int(signal.SIGRTMAX)


def tie_to(life: int) -> int:
    """Tie the process group that this process leads to the pipe whose reading end is `life`; returns the descriptor to keep open."""
    own = os.open(f"/proc/self/fd/{life}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.close(life)
    fcntl.fcntl(own, fcntl.F_SETOWN, -os.getpgid(0))
    fcntl.fcntl(own, _F_SETSIG, _exit_signal() if os.getpid() == 1 else signal.SIGKILL)
    fcntl.fcntl(own, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        if os.read(own, 1) == b"":
            os._exit(1)  # the guard ended before this was set up
    return own
