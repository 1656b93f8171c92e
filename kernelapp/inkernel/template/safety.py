"""Whether a template may be forked now, judged by what can be seen of its process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
import weakref
from typing import Any

from kernelapp.inkernel.template import orphans
from kernelapp.inkernel.template.descriptors import describe_unsafe, open_descriptors
from kernelapp.inkernel.template.loops import describe_pending


class Safety:
    """Compares the process with what it was before the first cell."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._threads = set(threading.enumerate())
        self.own_descriptors: set[tuple[int, int, int]] = set()

    def know_descriptors(self) -> None:
        """All that are open now are our own."""
        self.own_descriptors = {descriptor.identity for descriptor in open_descriptors()}

    def know_descriptors_of(self, number: int) -> None:
        """This one is our own, too."""
        self.own_descriptors |= {descriptor.identity for descriptor in open_descriptors() if descriptor.number == number}

    def describe(self) -> str | None:
        """Why this process may not be forked, in words; None when nothing of it can be seen."""
        for judge in (
            self._threads_alive,
            _shared_memory,
            self._children,
            _timers,
            self._descriptors,
            self._loop_waits,
            _finalizers,
            _cuda,
        ):
            found = judge()
            if found is not None:
                return found
        return None

    def _threads_alive(self) -> str | None:
        others = [thread.name for thread in threading.enumerate() if thread not in self._threads]
        if others:
            return f"a thread that still runs ({', '.join(sorted(others)[:3])})"
        return None

    def _children(self) -> str | None:
        return "a program that was started and has not ended" if orphans.children_of({os.getpid()}) else None

    def _descriptors(self) -> str | None:
        return describe_unsafe(self.own_descriptors)

    def _loop_waits(self) -> str | None:
        return describe_pending(self._loop)


def native_threads() -> int:
    """How many threads there are that Python did not start."""
    return len(os.listdir("/proc/self/task")) - len(threading.enumerate())


def _timers() -> str | None:
    if any(signal.getitimer(which)[0] for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)):
        return "a timer that was set (signal.setitimer)"
    try:
        with open("/proc/self/timers", "rb") as file:
            return "a POSIX timer" if file.read(1) else None
    except OSError:
        return None


def _shared_memory() -> str | None:
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.split(maxsplit=5)
            if fields[1].endswith("s") and "w" in fields[1]:
                name = fields[5].strip() if len(fields) > 5 else "anonymous"
                return f"memory that is shared for writing ({os.path.basename(name.removesuffix(' (deleted)'))})"
    return None


def _finalizers() -> str | None:
    """Directories that every fork would remove when it ends."""
    registry: dict[Any, Any] = getattr(weakref.finalize, "_registry", {})
    for info in list(registry.values()):
        if getattr(info.func, "__func__", None) is tempfile.TemporaryDirectory.__dict__["_cleanup"].__func__:
            return "a temporary directory (tempfile.TemporaryDirectory)"
    return None


def _cuda() -> str | None:
    torch = sys.modules.get("torch")
    if torch is not None and getattr(torch, "cuda", None) is not None and torch.cuda.is_initialized():
        return "CUDA, which torch has initialised"
    return None
