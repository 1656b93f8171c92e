"""What an Output widget has captured: Jupyter's outputs, as the notebook format has them."""

from __future__ import annotations

import json
from typing import Any

from ..wire.messages import WidgetOutput


class Captured:
    """The outputs of one Output widget. `max_bytes` bounds them; what comes beyond is left out, with a line that says so."""

    def __init__(self, max_bytes: int) -> None:
        self.untold = False  # the kernel's widget does not know of it yet
        self._max_bytes = max_bytes
        self._bytes = 0
        self._outputs: list[dict[str, Any]] = []
        self._clear_next = False
        self._truncated = False

    def copy(self) -> Captured:
        """The same, to be changed apart."""
        copied = Captured(self._max_bytes)
        copied.__dict__.update(self.__dict__)
        copied._outputs = [dict(output) for output in self._outputs]
        for output in copied._outputs:
            if isinstance(output.get("text"), list):
                output["text"] = list(output["text"])
        return copied

    def set(self, outputs: Any) -> None:
        """The kernel's widget has these outputs now."""
        self._outputs = [dict(each) for each in outputs if isinstance(each, dict)] if isinstance(outputs, list) else []
        self._bytes, self._clear_next, self._truncated = 0, False, False

    def admit(self, comm: str, op: str, kind: str, content: bytes) -> WidgetOutput | None:
        """The message that takes an output in; once there is no room, a note of that, and then None until the outputs are cleared."""
        if op == "clear" or (not self._truncated and self._bytes + len(content) <= self._max_bytes):
            return WidgetOutput(comm, op, kind, content)
        if self._truncated:
            return None
        return WidgetOutput(comm, "truncated", "truncated", json.dumps({"limit_bytes": self._max_bytes}).encode())

    def fold(self, message: WidgetOutput) -> None:
        """Take in what the widget captures."""
        content = json.loads(message.content)
        self.untold = True
        if message.op == "clear":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._clear()
            return
        if message.op == "truncated":
            self._truncated = True
            return
        if self._clear_next:
            self._clear()
        self._bytes += len(message.content)
        last = self._outputs[-1] if self._outputs else {}
        if message.kind == "stream" and last.get("output_type") == "stream" and last.get("name") == content.get("name"):
            parts = last["text"] if isinstance(last["text"], list) else [last["text"]]
            parts.append(content.get("text", ""))
            last["text"] = parts
        else:
            self._outputs.append({"output_type": message.kind, **content})

    def _clear(self) -> None:
        self._outputs, self._bytes, self._clear_next, self._truncated = [], 0, False, False

    def shows(self, display_id: str) -> bool:
        """Whether one of the outputs is this display."""
        return any(_display_id(output) == display_id for output in self._outputs)

    def replace(self, display_id: str, content: bytes) -> None:
        """`update_display_data` of that display."""
        for output in self._outputs:
            if _display_id(output) == display_id:
                output.update(json.loads(content))
                self.untold = True

    def outputs(self, *, whole: bool = False) -> list[dict[str, Any]]:
        """The outputs; `whole`: with what only pages need (`transient`)."""
        return [_joined(output, whole) for output in self._outputs]


def _display_id(output: dict[str, Any]) -> Any:
    transient = output.get("transient")
    return transient.get("display_id") if isinstance(transient, dict) else None


def _joined(output: dict[str, Any], whole: bool) -> dict[str, Any]:
    kept = {name: value for name, value in output.items() if whole or name != "transient"}
    if isinstance(kept.get("text"), list):
        kept["text"] = "".join(kept["text"])
    return kept
