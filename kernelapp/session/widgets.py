"""What a kernel says of widgets, on its way to the page: comm messages, what Output widgets capture, what callbacks print."""

from __future__ import annotations

import json
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..kernels.kernel import KernelMessage
from ..wire.messages import Output, PageMessage
from .comms import Comms, answered
from .mimes import as_json

COMM_KINDS = frozenset({"comm_open", "comm_msg", "comm_close"})
_OPS = {
    "stream": "append",
    "display_data": "append",
    "execute_result": "append",
    "error": "append",
    "update_display_data": "update",
    "clear_output": "clear",
}
_FAILED = "Something went wrong in this part of the app."
_REMEMBERED_REQUESTS = 1_000  # of ours to the kernel, whose answers are told apart


class CommSender(Protocol):
    """The part of a kernel that widgets need."""

    def send_comm(self, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> str:
        """As `Kernel.send_comm`."""


class Widgets:
    """The widgets of one session between its kernel and its page. `debug`: errors are shown with their tracebacks."""

    def __init__(
        self,
        comms: Comms,
        publish: Callable[[PageMessage], None],
        notice: Callable[[str], None],
        log: logging.LoggerAdapter[logging.Logger],
        debug: bool,
    ) -> None:
        self._comms = comms
        self._publish = publish
        self._notice = notice
        self._log = log
        self._debug = debug
        self._requests: OrderedDict[str, int | None] = OrderedDict()  # id -> the event; None: outputs that we told an Output widget
        self._said: set[str] = set()

    def sent(self, request: str, event: int | None) -> None:
        """A comm message went to the kernel."""
        self._requests[request] = event
        while len(self._requests) > _REMEMBERED_REQUESTS:
            self._requests.popitem(last=False)

    def event_of(self, request: str) -> int | None:
        """The event that was sent with this request, if it was one of a widget's."""
        return self._requests.get(request)

    def comm(self, message: KernelMessage, kernel: CommSender | None) -> None:
        """A comm message of the kernel's."""
        parent = message.parent
        if parent in self._requests and self._requests[parent] is None:
            return  # the kernel's echo of outputs that it has from us
        read = self._comms.read(message.kind, as_json(message.content), message.buffers, _version(message.metadata))
        if isinstance(read, str):
            if read not in self._said and len(self._said) < 100:
                self._said.add(read)
                self._log.warning("%s", read)
        elif read is not None:
            self._publish(answered(read, self._requests.get(parent)))
            if kernel is not None and b'"msg_id"' in message.content:
                self._tell(kernel)

    def _tell(self, kernel: CommSender) -> None:
        """Output widgets that have captured something get to know it, as front ends tell them."""
        for comm, outputs in self._comms.to_tell():
            data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
            self.sent(kernel.send_comm(comm, data, ()), None)

    def captures(self, message: KernelMessage) -> bool:
        """Whether an Output widget captures this."""
        return message.kind in _OPS and self._comms.captures(message.parent)

    def capture(self, message: KernelMessage) -> None:
        """Show something in the Output widget that captures it."""
        content = self._error(message.content) if message.kind == "error" else as_json(message.content)
        if message.kind == "update_display_data":
            self._publish(Output("", "update", message.kind, content))
        elif (output := self._comms.capture(message.parent, _OPS[message.kind], message.kind, content)) is not None:
            self._publish(output)

    def _error(self, content: bytes) -> bytes:
        """An error as a viewer may see it: with a reference; the log has the rest."""
        error = json.loads(content)
        reference = self._log_error(error)
        if self._debug:
            return as_json(content)
        return json.dumps({"ename": "Error", "evalue": f"{_FAILED} Reference {reference}", "traceback": []}).encode()

    def _log_error(self, error: Mapping[str, Any]) -> str:
        reference = secrets.token_hex(4)
        lines = "\n".join(str(line) for line in error.get("traceback") or ())
        self._log.warning("a widget's callback failed, reference %s: %s: %s\n%s", reference, error.get("ename"), error.get("evalue"), lines)
        return reference

    def callback(self, message: KernelMessage) -> None:
        """What a callback shows without an Output widget has no place on the page: it goes to the log; of an error the viewer is told."""
        match message.kind:
            case "update_display_data":
                self._publish(Output("", "update", message.kind, as_json(message.content)))
            case "stream":
                self._log.info("a widget's callback printed: %s", json.loads(message.content).get("text"))
            case "error":
                self._notice(f"{_FAILED} Reference {self._log_error(json.loads(message.content))}")
            case "display_data" | "execute_result":
                self._log.warning("a widget's callback displays something outside an Output widget: it is not shown")

    def close_all(self) -> None:
        """The kernel is gone, and its widgets with it."""
        for closing in self._comms.closings():
            self._publish(closing)
        self._requests.clear()


def _version(metadata: Mapping[str, Any]) -> str | None:
    version = metadata.get("version")
    return version if isinstance(version, str) else None
