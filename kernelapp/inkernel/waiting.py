"""How much waits in a kernel for a server that does not come to read: beyond zmq's own bound, a thousand messages, it drops what comes.

A bound there must be, since the memory is the kernel's; and one session's memory has a bound of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import zmq

MAX_WAITING = 200_000
"""Messages for each reader. Of a flood, so many are more than fits on a page."""


def hold_more(socket: Any) -> None:
    """Before the socket is bound it holds for every reader; later, for those that are there."""
    socket.setsockopt(zmq.SNDHWM, MAX_WAITING)


def holder(kernel: Any) -> Callable[[], None]:
    """What sees to it, called before each cell, in a kernel whose socket ipykernel has bound: another server may read by now."""
    thread = getattr(kernel, "iopub_thread", None)
    if thread is None or thread.socket is None:
        return lambda: None  # a template: its forks bind sockets of their own
    return lambda: thread.schedule(lambda: hold_more(thread.socket))
