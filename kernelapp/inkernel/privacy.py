"""Keeps what Python prints about its own troubles off the page: warnings, errors of threads, tasks and finalizers, stray log records.

They hold paths and source lines, and go to the server's log instead. What an author prints or logs by a handler of the author's own, to
stderr too, stays on the page.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any, TextIO

Report = Callable[[str, str], None]


class Privacy:
    """Redirects Python's hooks to `report(level, message)`."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._reporting = threading.local()

    def install(self) -> None:
        """Replace the hooks of this process and of the running event loop."""
        self._show_in_file = warnings.showwarning
        warnings.showwarning = self._on_warning
        threading.excepthook = self._on_thread_error
        sys.unraisablehook = self._on_unraisable
        logging.lastResort = _ReportHandler(self._send)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        loop.set_exception_handler(self._on_loop_error)

    def _send(self, level: str, message: str) -> None:
        # Sending may itself warn or log: that must not come back here.
        if getattr(self._reporting, "now", False):
            return
        self._reporting.now = True
        try:
            self._report(level, message)
        finally:
            self._reporting.now = False

    def _on_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is not None:
            self._show_in_file(message, category, filename, lineno, file, line)
        else:
            self._send("warning", warnings.formatwarning(message, category, filename, lineno, line).rstrip())

    def _on_thread_error(self, args: Any) -> None:
        if args.exc_type is SystemExit:
            return
        name = args.thread.name if args.thread is not None else "?"
        self._send("error", f"Exception in thread {name}\n{_traceback(args.exc_type, args.exc_value, args.exc_traceback)}")

    def _on_unraisable(self, args: Any) -> None:
        note = args.err_msg or "Exception ignored in"
        self._send("error", f"{note}: {_name(args.object)}\n{_traceback(args.exc_type, args.exc_value, args.exc_traceback)}")

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        trace = _traceback(type(error), error, error.__traceback__) if isinstance(error, BaseException) else ""
        self._send("error", f"{context.get('message', 'Unhandled exception in the event loop')}\n{trace}".rstrip())


class _ReportHandler(logging.Handler):
    """Takes the place of logging.lastResort: records that no handler of the author's wants."""

    def __init__(self, send: Report) -> None:
        super().__init__(logging.WARNING)
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = self.format(record)
        except Exception as error:
            message = f"{record.msg!r} (its arguments do not fit: {error})"
        self._send(record.levelname.lower(), f"{record.name}: {message}")


def _traceback(kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> str:
    return "".join(traceback.format_exception(kind, error, trace)).rstrip()


def _name(thing: object) -> str:
    # A repr is the author's code, of an object that is being torn down.
    try:
        return repr(thing)
    except Exception:
        return object.__repr__(thing)
