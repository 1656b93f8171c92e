"""A kernel's channels: sends it requests, and tells what it publishes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.session import Session

from .kernel import KernelMessage

log = logging.getLogger(__name__)

_ASK_AGAIN_S = 0.5  # a kernel that subscribes us late gets asked again, as jupyter_client's wait_for_ready does
_AT_ONCE = 20  # messages of one kernel that are received before others get their turn
_WELCOME_S = 5.0  # how long an adopted kernel may take to say that we are subscribed; kernels since protocol 5.4 say it at once

_FAREWELL = '__import__("kernelapp.inkernel.runtime", fromlist=["close"]).close()'


class Channels:
    """The shell, control and iopub channels of one kernel that runs. `listener` is told what comes; until it is set, that is dropped."""

    def __init__(self, client: AsyncKernelClient) -> None:
        self.listener: Callable[[KernelMessage], None] | None = None
        self._client = client
        self._answers: dict[str, asyncio.Future[bytes | None]] = {}  # requests of our own: the error's content, or None
        self._heard = asyncio.Event()  # something came on iopub: we are subscribed
        client.context.setsockopt(zmq.RCVHWM, 0)  # a full queue would lose messages: here ours decides what is too much
        client.start_channels(stdin=False, hb=False)
        self._tasks = [asyncio.create_task(self._read_iopub()), asyncio.create_task(self._read_replies())]

    async def answer(self) -> None:
        """Return when the kernel answers and its iopub is heard."""
        while not self._heard.is_set():
            self._client.kernel_info()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), _ASK_AGAIN_S)

    async def welcome(self) -> None:
        """Return when the iopub of a kernel that may be busy is heard, as far as that can be known."""
        self._client.kernel_info()  # for kernels that do not say welcome on iopub
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), _WELCOME_S)  # a busy one of another language says nothing

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """Send a cell, as the request with this id."""
        self._send(request, "execute_request", _execution(source, silent=False), metadata)

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """Send a `comm_msg`, as the request with this id."""
        self._send(request, "comm_msg", {"comm_id": comm, "data": dict(data)}, {}, buffers)

    async def run_silently(self, code: str) -> bytes | None:
        """Run code of our own; returns the content of the error that it raised, or None."""
        request = uuid.uuid4().hex
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        self._send(request, "execute_request", _execution(code, silent=True), {})
        try:
            return await answer
        finally:
            del self._answers[request]

    async def farewell(self) -> None:
        """As `Kernel.farewell`, for a kernel that has our runtime."""
        error = await self.run_silently(_FAREWELL)
        if error is not None:
            log.warning("a kernel could not call what was given to ka.on_close: %s", error.decode(errors="replace")[:2000])

    def shut_down(self) -> None:
        """Ask the kernel to end."""
        self._client.shutdown()

    async def close(self) -> None:
        """Close the channels."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.stop_channels()

    def _send(self, request: str, kind: str, content: dict[str, Any], metadata: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        session = self._client.session
        header = {**session.msg_header(kind), "msg_id": request}
        message = session.msg(kind, content, header=header, metadata=dict(metadata))
        session.send(self._client.shell_channel.socket, message, buffers=list(buffers))

    async def _read_replies(self) -> None:
        """Completion is taken from iopub; the replies are passed on for the case that it lost something."""
        while True:
            self._receive(self._client.session, await self._client.shell_channel.socket.recv_multipart())

    async def _read_iopub(self) -> None:
        for number in itertools.count(1):
            frames = await self._client.iopub_channel.socket.recv_multipart()
            self._heard.set()
            self._receive(self._client.session, frames)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # what is there already is received without waiting: a flood would let nobody else run

    def _receive(self, session: Session, frames: list[bytes]) -> None:
        try:
            _, parts = session.feed_identities(frames)
            message = session.deserialize(parts, content=False)
        except (ValueError, TypeError, zmq.ZMQError) as problem:
            log.warning("an unreadable message from a kernel was dropped: %s", problem)
            return
        parent = str(message["parent_header"].get("msg_id", ""))
        buffers = tuple(bytes(buffer) for buffer in message["buffers"])
        content, own = bytes(message["content"]), str(message["msg_id"])
        self._dispatch(KernelMessage(str(message["msg_type"]), parent, content, message["metadata"], buffers, own))

    def _dispatch(self, message: KernelMessage) -> None:
        answer = self._answers.get(message.parent)
        if answer is not None and not answer.done():
            if message.kind == "error":
                answer.set_result(message.content)
            elif message.kind == "status" and json.loads(message.content).get("execution_state") == "idle":
                answer.set_result(None)
            if message.kind != "display_data":  # the runtime's reports are displays, whatever they answer
                return
        if self.listener is not None:
            self.listener(message)


def _execution(code: str, silent: bool) -> dict[str, Any]:
    """The content of an `execute_request`."""
    # stop_on_error would make the kernel refuse the next cell if it came too soon after a failed one
    return {
        "code": code,
        "silent": silent,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }
