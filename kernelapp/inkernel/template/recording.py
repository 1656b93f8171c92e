"""What stands in for the sockets until the fork: messages go to the template's owner instead."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from ipykernel.iostream import IOPubThread, OutStream
from jupyter_client.session import Message, Session

Record = Callable[[dict[str, Any], list[bytes]], None]
"""Told a message, and its content as JSON with its buffers after it."""

_FLUSH_S = 0.2  # as ipykernel's OutStream: how long printed text may wait while the cell runs


class RecordingSession(Session):
    """A Session that hands its messages to `record`; after `forget_past` it is an ordinary one."""

    record: Record | None = None

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> Any:
        """As Session.send."""
        if self.record is None:
            return super().send(stream, msg_or_type, content, parent, ident, buffers, track, header, metadata)
        if isinstance(msg_or_type, (Message, dict)):
            message: Any = msg_or_type
        else:
            message = self.msg(msg_or_type, content=content, parent=parent, header=header, metadata=metadata)
        # It may hold what only the session's own packer can write, such as dates.
        message["metadata"] = self.unpack(self.pack(message.get("metadata") or {}))
        buffers = buffers or message.get("buffers") or []
        self.record(message, [self.pack(message["content"]), *(bytes(memoryview(buffer).cast("B")) for buffer in buffers)])
        return message

    def forget_past(self, key: bytes) -> None:
        """Become the session of a process of its own, which signs with `key`."""
        self.record = None
        self.session = os.urandom(16).hex()
        self.key = key
        self.digest_history = set()
        self.message_count = 0
        self.pid = os.getpid()


class RecordingThread(IOPubThread):
    """In the place of ipykernel's thread for iopub: no thread, no socket; what is scheduled runs at once."""

    def __init__(self) -> None:
        self.thread = threading.Thread(name="IOPub")  # never started
        self.io_loop: Any = _NoLoop()
        self.socket = None

    def schedule(self, f: Callable[[], Any]) -> None:
        f()

    def send_multipart(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError("a message went around the recording session")


class _NoLoop:
    def call_later(self, delay: float, callback: Callable[[], Any]) -> None:
        """Nothing: the streams flush by themselves."""


class ForkStream(OutStream):
    """sys.stdout or sys.stderr of a template and, as the same object, of the kernels forked from it: an author may keep it.

    Until the fork, what programs and libraries write to the descriptor goes to a file in memory, which needs no thread to read it.
    """

    def __init__(self, session: Session, thread: RecordingThread, name: str, descriptor: int) -> None:
        super().__init__(session, thread, name, watchfd=False)
        self._descriptor = descriptor
        self.original = os.dup(descriptor)
        self._captured = os.memfd_create(name, os.MFD_CLOEXEC)
        append = os.open(f"/proc/self/fd/{self._captured}", os.O_WRONLY | os.O_APPEND)
        os.dup2(append, descriptor)
        os.close(append)
        self._offset = 0
        self._waiting_since: float | None = None
        self._recording = True

    def fileno(self) -> int:
        return self.original if self._recording else super().fileno()

    def write(self, string: str) -> int | None:  # type: ignore[override]
        """As OutStream.write."""
        written = super().write(string)
        if self._recording:
            now = time.monotonic()
            if self._waiting_since is None:
                self._waiting_since = now
            elif now - self._waiting_since > _FLUSH_S:
                self.flush()
        return written

    def flush(self) -> None:
        """As OutStream.flush."""
        if not self._recording:
            if self._buffers:  # else it would wait for the iopub thread for nothing
                super().flush()
            return
        self._flush()
        self._waiting_since = None
        self._flush_captured()

    def _flush_captured(self) -> None:
        while data := os.pread(self._captured, 1_000_000, self._offset):
            self._offset += len(data)
            content = {"name": self.name, "text": data.decode(errors="replace")}
            self.session.send(self.pub_thread, "stream", content, self.parent_header, ident=self.topic)
        if self._offset > 16_000_000:
            os.ftruncate(self._captured, 0)
            self._offset = 0

    def come_alive(self, thread: IOPubThread, session: Session) -> None:
        """After the fork: speak through `thread`, and watch the descriptor as ipykernel does."""
        os.dup2(self.original, self._descriptor)
        self._recording = False
        # OutStream asks sys.stdout for the descriptor: the interpreter's own stream has it.
        import sys

        setattr(sys, self.name, getattr(sys, f"__{self.name}__"))
        try:
            super().__init__(session, thread, self.name)
        finally:
            setattr(sys, self.name, self)
        for descriptor in (self.original, self._captured):
            with contextlib.suppress(OSError):
                os.close(descriptor)
