"""What a session's kernel says of its cells, on its way to the machine."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from ..kernels.kernel import KernelMessage
from ..notebook import Cell
from ..wire.messages import CellFailure
from .effects import Effect
from .machine import Machine
from .mimes import LAYOUT_MIME, as_json, find_declaration, find_report, is_structure
from .track import RESTORES
from .widgets import Widgets

_FAILED = "Something went wrong in this part of the app."


class Hearing:
    """Tells the machine; what it answers is the relay's to perform. `debug`: errors are shown with their tracebacks."""

    def __init__(
        self, machine: Machine, widgets: Widgets, cells: Mapping[str, Cell], log: logging.LoggerAdapter[logging.Logger], debug: bool
    ) -> None:
        self._machine = machine
        self._widgets = widgets
        self._cells = cells
        self._log = log
        self._debug = debug

    def hear(self, message: KernelMessage, request: tuple[str, int] | None) -> list[Effect]:
        """Any message but those of comms; `request`: the cell and the run that it answers, if it answers one."""
        if (report := find_report(message.content)) is not None:
            return self._note(report, request)  # whatever its parent: background tasks report as well
        if self._widgets.captures(message) and not is_structure(message.content):
            self._widgets.capture(message)
        elif (event := self._widgets.event_of(message.parent)) is not None:
            return self._handle(event, message)
        elif request is not None:
            return self._show(*request, message)
        return []

    def _handle(self, event: int, message: KernelMessage) -> list[Effect]:
        """What the kernel says while it handles a widget's event."""
        if message.kind != "status":
            self._widgets.callback(message)
        if not _is_idle(message):
            return []
        self._widgets.tell_echoes()
        return self._machine.comm_handled(event)

    def _show(self, cell: str, run: int, message: KernelMessage) -> list[Effect]:
        """What the kernel says of a cell."""
        if _is_idle(message):
            return self._machine.finish(cell, run)
        if cell == RESTORES:
            return []  # of restores nothing is shown
        match message.kind:
            case "stream" | "display_data" | "execute_result":
                return self._display(cell, run, message)
            case "update_display_data":
                return self._machine.output(cell, run, "update", message.kind, as_json(message.content))
            case "clear_output":
                return self._machine.output(cell, run, "clear", message.kind, message.content)
            case "error":
                return self._fail(cell, run, json.loads(message.content))
        return []

    def _display(self, cell: str, run: int, message: KernelMessage) -> list[Effect]:
        content, tags = message.content, self._cells[cell]
        if tags.removed:
            return []
        if (declaration := find_declaration(content)) is not None:
            return self._machine.declare(cell, run, declaration)
        if tags.hide_output and LAYOUT_MIME not in content:
            return []
        return self._machine.output(cell, run, "append", message.kind, as_json(content))

    def _note(self, report: Mapping[str, Any], request: tuple[str, int] | None) -> list[Effect]:
        """What the kernel's runtime tells: of a run, or for the log."""
        told, entry = report.get("run"), report.get("log")
        if isinstance(entry, dict):
            level = logging.getLevelNamesMapping().get(str(entry.get("level")).upper(), logging.INFO)
            self._log.log(level, "from the kernel: %s", entry.get("message"))
        if report.get("closes"):
            self._machine.closes = True
        return self._machine.report(*request, told) if isinstance(told, dict) and request is not None else []

    def _fail(self, cell: str, run: int, error: Mapping[str, Any]) -> list[Effect]:
        """A viewer sees a short message and a reference; the log, and the page with --debug, have the traceback."""
        reference = secrets.token_hex(4)
        name, value = error.get("ename", "Error"), error.get("evalue", "")
        lines = tuple(str(line) for line in error.get("traceback") or ())
        self._log.warning("cell %s failed, reference %s: %s: %s\n%s", cell, reference, name, value, "\n".join(lines))
        shown = self._debug or self._cells[cell].raises_exception
        failure = CellFailure(f"{name}: {value}" if shown else _FAILED, reference, lines if self._debug else None)
        return self._machine.fail(cell, run, failure)


def _is_idle(message: KernelMessage) -> bool:
    return message.kind == "status" and json.loads(message.content).get("execution_state") == "idle"
