"""Lets iopub keep what it cannot send at once: ZMQ drops what comes beyond a thousand messages, and nobody is told.

A callback that changes widgets in a loop publishes faster than they leave. What is dropped then is at the end: the last values, and the
`status` that says that the kernel is done.
"""

from __future__ import annotations

from typing import Any

MAX_UNSENT_MESSAGES = 100_000
"""They are the kernel's memory, which its session's bound holds: a server that does not read for so long is stopped or stuck."""


def hold_more(socket: Any) -> None:
    """Of a socket that is still to be bound, for every reader; of one that is bound, for those that are there."""
    socket.sndhwm = MAX_UNSENT_MESSAGES


def widen_iopub(kernel: Any) -> None:
    """In a kernel whose socket ipykernel has bound: from now on, for whoever listens and for whoever comes to."""
    thread = getattr(kernel, "iopub_thread", None)
    if thread is None or thread.socket is None:
        return  # a template, whose forks bind sockets of their own; or no kernel of ipykernel's

    def subscribed(frames: list[bytes]) -> None:
        hold_more(thread.socket)
        thread._handle_subscription(frames)

    def widen() -> None:
        hold_more(thread.socket)
        stream = getattr(thread, "_xpub_stream", None)  # ipykernel before 7 has none: there it holds for those who are connected
        if stream is not None:
            stream.on_recv(subscribed)

    thread.schedule(widen)  # a socket is one thread's
