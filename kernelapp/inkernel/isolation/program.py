"""Starts a kernel of its own process inside a sandbox, and ends as it does.

Three processes: this one stays outside, and is to the server what the kernel would be; the first process inside takes in what loses its
parent, and is there for nothing else; its child becomes the kernel. Signals to the process group reach the kernel.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys

from kernelapp.inkernel.isolation import system
from kernelapp.inkernel.isolation.places import own_places, plan_root
from kernelapp.inkernel.isolation.sandbox import Options, change_environment, furnish, leave_host

_NOT_STARTED = 125


def main(options: Options, own: list[str], lock: str, outlive: bool, command: list[str]) -> None:
    """Run a command inside; never returns.

    `own` are directories that it may write to; `lock` a file that whoever starts this holds until the kernel may begin, or empty.
    `outlive`: go on when the parent has ended.
    """
    if not outlive:
        system.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if lock:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
    try:
        code = _run(options, own, command)
    except (OSError, ValueError) as problem:
        print(f"the kernel cannot be isolated: {problem}", file=sys.stderr, flush=True)
        code = _NOT_STARTED
    _end_like(code)


def _run(options: Options, own: list[str], command: list[str]) -> int:
    """The exit code, negative for a signal."""
    cwd = os.getcwd()
    plan = plan_root([*options["readable"], *own_places(command[0])], options["hidden"])
    here, there = os.pipe()
    leave_host(options)
    pid = os.fork()
    if pid == 0:
        os.close(here)
        try:
            change_environment()
            furnish(options, plan, own, cwd)
            system.die_with_parent()
            code = _take_care_of(_start(command))
        except (OSError, ValueError) as problem:
            print(f"the kernel cannot be isolated: {problem}", file=sys.stderr, flush=True)
            code = _NOT_STARTED
        os.write(there, str(code).encode())
        os._exit(0)
    os.close(there)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(here, "rb") as file:
        told = file.read()
    return int(told) if told else os.waitstatus_to_exitcode(status)


def _start(command: list[str]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvp(command[0], command)
        except OSError as problem:
            print(f"{command[0]}: {problem}", file=sys.stderr, flush=True)
            os._exit(_NOT_STARTED)
    return pid


def _take_care_of(kernel: int) -> int:
    """Wait for the kernel; and for whatever became a child of the first process."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == kernel:
            return os.waitstatus_to_exitcode(status)


def _end_like(code: int) -> None:
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would be of this process
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)
