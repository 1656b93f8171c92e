"""A kernel's channels: sends it requests, and tells what it publishes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.session import Session

from .kernel import KernelMessage

log = logging.getLogger(__name__)

_ASK_AGAIN_S = 0.5  # a kernel that subscribes us late gets asked again, as jupyter_client's wait_for_ready does


class Channels:
    """The shell, control and iopub channels of one kernel that runs. `listener` is told what comes, once `open` is true."""

    def __init__(self, client: AsyncKernelClient, listener: Callable[[KernelMessage], None]) -> None:
        self.open = False
        self._client = client
        self._listener = listener
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

    def send(self, kind: str, content: dict[str, Any], metadata: Mapping[str, Any]) -> str:
        """Send a request on the shell channel; returns its id."""
        session = self._client.session
        message = session.msg(kind, content, metadata=dict(metadata))
        session.send(self._client.shell_channel.socket, message)
        return str(message["header"]["msg_id"])

    def shut_down(self) -> None:
        """Ask the kernel to end."""
        self._client.shutdown()

    async def run_silently(self, code: str) -> bytes | None:
        """Run code of our own; returns the content of the error that it raised, or None."""
        request = self.send("execute_request", execute_content(code, silent=True), {})
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        try:
            return await answer
        finally:
            del self._answers[request]

    async def close(self) -> None:
        """Close the channels."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.stop_channels()

    async def _read_replies(self) -> None:
        """Completion is taken from iopub; the replies are passed on for the case that it lost something."""
        while True:
            self._receive(self._client.session, await self._client.shell_channel.socket.recv_multipart())

    async def _read_iopub(self) -> None:
        while True:
            frames = await self._client.iopub_channel.socket.recv_multipart()
            self._heard.set()
            self._receive(self._client.session, frames)

    def _receive(self, session: Session, frames: list[bytes]) -> None:
        try:
            _, parts = session.feed_identities(frames)
            message = session.deserialize(parts, content=False)
        except (ValueError, TypeError, zmq.ZMQError) as problem:
            log.warning("an unreadable message from a kernel was dropped: %s", problem)
            return
        parent = str(message["parent_header"].get("msg_id", ""))
        self._dispatch(KernelMessage(str(message["msg_type"]), parent, bytes(message["content"])))

    def _dispatch(self, message: KernelMessage) -> None:
        answer = self._answers.get(message.parent)
        if answer is not None and not answer.done():
            if message.kind == "error":
                answer.set_result(message.content)
            elif message.kind == "status" and json.loads(message.content).get("execution_state") == "idle":
                answer.set_result(None)
            return
        if self.open:
            self._listener(message)


def execute_content(code: str, silent: bool) -> dict[str, Any]:
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
