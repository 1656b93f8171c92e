"""Interrupts reach a cell that only awaits: an event loop that sleeps does not notice a signal by itself.

Python runs a signal's handler between two steps of the interpreter; a loop that waits in `select` makes none, and goes on waiting after the
handler. A loop that handles one signal is woken by all, and then finds the cell's task cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading


class Wakeup:
    """Keeps the loop in which cells run awake to signals; a process that was forked has a loop of its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def arm(self) -> None:
        """Make signals wake the running loop, if there is one."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if loop is self._loop or threading.current_thread() is not threading.main_thread():
            return
        self._loop = loop
        with contextlib.suppress(NotImplementedError, AttributeError):  # Windows, where the loop wakes up by itself
            loop.add_signal_handler(signal.SIGCONT, _nothing)  # a signal whose handler changes nothing


def _nothing() -> None:
    pass
