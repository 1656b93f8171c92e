"""How a kernel's process ended, and the wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from .adoption import UNKNOWN_CODE
from .own_files import read_own_file

log = logging.getLogger(__name__)

STDERR = "stderr"
"""The file in a kernel's own directory that takes what it writes there around its streams."""

_STDERR_BYTES = 4_000
_POLL_S = 0.5  # where the platform has no pidfd, or the kernel is not a process of this host


async def wait_for_end(provisioner: KernelProvisionerBase) -> int | None:
    """Wait until the kernel has ended; returns its exit code, negative for a signal, None when it is not known."""
    pid = getattr(provisioner, "pid", None)
    if pid is not None and hasattr(os, "pidfd_open"):
        await process_end(pid)
    while (code := await provisioner.poll()) is None:
        if not provisioner.has_process:
            return None
        await asyncio.sleep(_POLL_S)
    return None if code == UNKNOWN_CODE else code


async def process_end(pid: int) -> None:
    """Wait until a process of this host has ended; its parent may still have to reap it."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return  # it has ended already
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def describe_end(code: int | None, for_memory: bool = False) -> str:
    """A sentence for the viewer: how the kernel ended. `for_memory`: while it ran the host ended a process for want of memory."""
    if code is None:
        return "The kernel ended."
    if code >= 0:
        return f"The kernel ended with exit code {code}."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    if -code == signal.SIGKILL:
        why = "the host had no memory left" if for_memory else "by another program, or for a limit of the host"
        return f"The kernel was killed (signal 9, SIGKILL): {why}."
    if reason := _REASONS.get(name):
        return f"The kernel {reason} (signal {-code}, {name})."
    return f"The kernel was ended by signal {-code} ({name})."


_REASONS = {
    "SIGSEGV": "crashed",
    "SIGBUS": "crashed",
    "SIGILL": "crashed",
    "SIGFPE": "crashed",
    "SIGABRT": "gave up",
    "SIGXCPU": "used all the processor time that it may use",
    "SIGXFSZ": "wrote a larger file than it may write",
}


def log_last_words(directory: Path) -> None:
    """Say what a kernel that died wrote to its stderr at last: where faulthandler tells of a crash."""
    with contextlib.suppress(OSError):
        if told := read_own_file(directory / STDERR, _STDERR_BYTES).decode(errors="replace").strip():
            log.warning("the kernel's last words:\n%s", told)
