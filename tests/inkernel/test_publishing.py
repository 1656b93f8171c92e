"""What a kernel publishes faster than it leaves is kept: with ipykernel's own thread and sockets, and a listener that does not read yet."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import zmq
from ipykernel.iostream import IOPubThread
from jupyter_client.session import Session

from kernelapp.inkernel.publishing import widen_iopub

MESSAGES = 5_000
WAIT_MS = 60_000


@pytest.fixture
def thread() -> Iterator[Any]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.bind("inproc://iopub")
    thread: Any = IOPubThread(socket, session=Session(key=b""))  # type: ignore[no-untyped-call]
    thread.start()
    yield thread
    thread.stop()
    thread.close()
    context.destroy(linger=0)


def listen(thread: Any) -> zmq.Socket[bytes]:
    """A subscriber that keeps next to nothing itself; the kernel has welcomed it."""
    socket: zmq.Socket[bytes] = thread.socket.context.socket(zmq.SUB)
    socket.rcvhwm, socket.rcvtimeo = 1, WAIT_MS
    socket.connect("inproc://iopub")
    socket.subscribe(b"")
    socket.recv_multipart()
    return socket


def publish(thread: Any) -> None:
    for number in range(MESSAGES):
        thread.send_multipart([b"%d" % number])


def heard(socket: zmq.Socket[bytes]) -> list[int]:
    numbers = [int(socket.recv_multipart()[0]) for _ in range(MESSAGES)]
    socket.close()
    return numbers


def test_nothing_is_dropped_for_a_listener_that_does_not_read_yet(thread: Any) -> None:
    socket = listen(thread)
    widen_iopub(SimpleNamespace(iopub_thread=thread))
    publish(thread)
    assert heard(socket) == list(range(MESSAGES))


def test_nothing_is_dropped_for_a_listener_that_comes_later(thread: Any) -> None:
    widen_iopub(SimpleNamespace(iopub_thread=thread))
    socket = listen(thread)
    publish(thread)
    assert heard(socket) == list(range(MESSAGES))


def test_a_template_has_no_socket_yet() -> None:
    widen_iopub(SimpleNamespace(iopub_thread=SimpleNamespace(socket=None)))
