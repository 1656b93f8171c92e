"""The event loop of a template, which goes on in its forks: the same object, with descriptors of its own."""

from __future__ import annotations

import asyncio
import selectors
import signal
from typing import Any


def renew_loop(loop: Any) -> None:
    """Give `loop` a selector and a self-pipe of its own, in a process that has just been forked.

    The inherited epoll instance is shared with the template: nothing may be registered or unregistered there, only closed.
    """
    loop._selector.close()
    for end in (loop._ssock, loop._csock):
        end.close()
    loop._internal_fds -= 1  # the one that `_make_self_pipe` counts again
    loop._selector = selectors.DefaultSelector()
    loop._make_self_pipe()
    # A signal wakes a loop that waits, whichever thread it reaches.
    signal.set_wakeup_fd(loop._csock.fileno(), warn_on_full_buffer=False)


def describe_pending(loop: Any) -> str | None:
    """What waits in the loop and would be lost by a fork, in words; None when nothing does."""
    tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    if tasks:
        return f"{len(tasks)} asyncio task{'s' if len(tasks) > 1 else ''} that had not ended"
    if loop._ready or any(not handle.cancelled() for handle in loop._scheduled):
        return "a callback scheduled on the event loop"
    if len(loop._selector.get_map()) > 1:
        return "a descriptor watched by the event loop"
    return None
