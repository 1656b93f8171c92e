"""What a kernel says of widgets, on its way to the page: comm messages, what Output widgets capture, what callbacks print."""

from __future__ import annotations

import json
import logging
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..kernels.kernel import KernelMessage
from ..wire.messages import Comm, Output, PageMessage
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

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """As `Kernel.send_comm`."""


class Widgets:
    """The widgets of one session between its kernel and its page. `changed` is told of values that change with a viewer's event."""

    def __init__(
        self,
        comms: Comms,
        publish: Callable[[PageMessage], None],
        notice: Callable[[str], None],
        changed: Callable[[str], None],
        log: logging.LoggerAdapter[logging.Logger],
        debug: bool,
    ) -> None:
        self._comms = comms
        self._publish = publish
        self._notice = notice
        self._changed = changed
        self._log = log
        self._debug = debug
        self.requests: OrderedDict[str, int | None] = OrderedDict()  # id -> the event; None: outputs that we told an Output widget
        self._said: set[str] = set()
        self._echoes: list[Comm] = []  # that the page has not been told

    def note(self, event: int | None) -> str:
        """A comm message is about to be sent to the kernel; returns the id of its request."""
        request = uuid.uuid4().hex
        self.requests[request] = event
        while len(self.requests) > _REMEMBERED_REQUESTS:
            self.requests.popitem(last=False)
        return request

    def event_of(self, request: str) -> int | None:
        """The event that was sent with this request, if it was one of a widget's."""
        return self.requests.get(request)

    def comm(self, message: KernelMessage, kernel: CommSender | None) -> None:
        """A comm message of the kernel's."""
        parent = message.parent
        ours = parent in self.requests and self.requests[parent] is None
        if ours and b'"echo_update"' in message.content:
            return  # of outputs that the kernel has from us; what its observers change is another thing
        read = self._comms.read(message.kind, as_json(message.content), message.buffers, _version(message.metadata))
        if isinstance(read, str):
            if read not in self._said and len(self._said) < 100:
                self._said.add(read)
                self._log.warning("%s", read)
        elif read is not None:
            event = self.requests.get(parent)
            self._tell_page(answered(read, event), is_echo=event is not None and b'"echo_update"' in message.content)
            if event is not None and b'"value"' in message.content:
                self._changed(read.comm)  # by a callback, or a link
            if kernel is not None and b'"msg_id"' in message.content:
                self._tell(kernel)

    def _tell_page(self, message: Comm, is_echo: bool) -> None:
        """Echoes wait until the kernel is done with the event, or says more of their widget: they would hold up the answer."""
        self.tell_echoes(message.comm)
        if is_echo:
            self._comms.fold(message)
            self._echoes.append(message)
        else:
            self._publish(message)

    def tell_echoes(self, comm: str | None = None) -> None:
        """Publish the echoes of one widget, or of all: the kernel is done with an event."""
        waiting = [each for each in self._echoes if comm in (None, each.comm)]
        self._echoes = [each for each in self._echoes if each not in waiting]
        for each in waiting:
            self._publish(each)

    def _tell(self, kernel: CommSender) -> None:
        """Output widgets that have captured something get to know it, as front ends tell them."""
        for comm, outputs in self._comms.to_tell():
            data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
            kernel.send_comm(self.note(None), comm, data, ())

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
        self._echoes.clear()
        for closing in self._comms.closings():
            self._publish(closing)
        self.requests.clear()


def _version(metadata: Mapping[str, Any]) -> str | None:
    version = metadata.get("version")
    return version if isinstance(version, str) else None
