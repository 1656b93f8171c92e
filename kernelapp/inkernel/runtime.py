"""Follows the cells that the server runs: takes their inputs, names their controls, and speaks to the page.

One `Runtime` per kernel, made by `start`; nothing happens at import. The protocol stands in docs/architecture.md (The runtime
protocol). All cells run in the kernel's main thread, one at a time; `report` alone may be called from any thread.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kernelapp.inkernel.bindings import Bindings
from kernelapp.inkernel.closing import Closers
from kernelapp.inkernel.flow import StoppedError
from kernelapp.inkernel.hidden import OWN_VARIABLE, HiddenState
from kernelapp.inkernel.interrupts import Wakeup
from kernelapp.inkernel.libraries import Libraries
from kernelapp.inkernel.mistakes import DuplicateKeyError, PlaceError
from kernelapp.inkernel.namespace import Namespace, forget_outputs, leave_input
from kernelapp.inkernel.privacy import Privacy
from kernelapp.inkernel.publishing import widen_iopub
from kernelapp.inkernel.spool import Spool, keep_iopub
from kernelapp.inkernel.widgets import Widgets

PROTOCOL = 1
CONTROL_MIME = "application/vnd.kernelapp.control+json"
LAYOUT_MIME = "application/vnd.kernelapp.layout+json"
REPORT_MIME = "application/vnd.kernelapp.report+json"

# A cell that logs in a loop must not flood the server: enough to see what is wrong.
MAX_REPORTS_PER_RUN = 200
MAX_REPORT_CHARS = 8_000

MAX_SAVED_BYTES = 512_000_000

T = TypeVar("T")


@dataclass
class Run:
    """One run of one cell."""

    cell: str
    request: str
    thread: int
    ordinals: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)


class Runtime:
    """What one kernel knows of its server's requests."""

    def __init__(self, shell: Any, debug: bool, max_saved_bytes: int = MAX_SAVED_BYTES) -> None:
        self.inputs: Mapping[str, Any] = {}
        self.session: tuple[str, Path] | None = None  # its name and its private directory, as the server told
        self._shell = shell
        self._debug = debug
        self._run: Run | None = None
        # Tasks that a cell started keep the run that started them, also when later cells run.
        self._run_of_context: ContextVar[Run | None] = ContextVar("kernelapp_run", default=None)
        self._request = ""
        self._outer: object = None
        self._keys_of_cell: dict[str, set[str]] = {}
        self._firsts: dict[tuple[int, str, str], Any] = {}
        self._reports_left = MAX_REPORTS_PER_RUN
        self._namespace = Namespace(shell)
        self._hidden = HiddenState()
        self._bindings = Bindings(max_saved_bytes)
        self._instructions: dict[str, Any] | None = None  # of the current request, until they are carried out
        self._prepared = False
        self._libraries = Libraries()
        self._privacy = Privacy(self.report)
        self._wakeup = Wakeup()
        self._widgets = Widgets()
        self._closers = Closers()
        self._told_of_closers = False

    def attach(self) -> None:
        """Begin to follow the shell's cells."""
        self._shell.kernel._execute_sleep = 0.0  # it is for clients that take a cell to be done when its reply comes
        self._shell.events.register("pre_run_cell", self._before_cell)
        self._shell.events.register("post_run_cell", self._after_cell)
        self._shell.set_custom_exc((StoppedError,), _keep_quiet)
        if not self._debug:
            self._privacy.install()
        self._libraries.install()

    def place(self, kind: str, key: str | None) -> str:
        """The key of a control or block of `kind` at this point of the running cell; `key` is the author's, if any.

        Raises PlaceError when no cell is running here, DuplicateKeyError when another control has the key.
        """
        run = self.running(kind)
        ordinal = run.ordinals[kind]
        run.ordinals[kind] += 1
        name = key if key is not None else f"{run.cell}-{ordinal}-{kind}"
        owner = next((cell for cell, keys in self._keys_of_cell.items() if name in keys), None)
        if owner is not None:
            where = "this cell" if owner == run.cell else "another cell"
            raise DuplicateKeyError(f"{kind}: a control in {where} has the key {name!r} already; give each control a key of its own")
        run.keys.add(name)
        return name

    def running(self, kind: str) -> Run:
        """The run of the cell that calls for a `kind` of control or container; raises PlaceError when none does."""
        run = self._run
        if run is not None and threading.get_ident() != run.thread:
            raise PlaceError(f"{kind}: called in a background thread; call it in the cell itself and hand the value to the thread")
        if run is None or self._run_of_context.get() not in (None, run):
            raise PlaceError(
                f"{kind}: the cell that called it has ended; call it while the cell runs, not in a task or callback that outlives it"
            )
        return run

    def first(self, key: str, what: str, make: Callable[[], T]) -> T:
        """What `make` gave when this kernel first asked for `what` of the control `key`: "now" must not move as cells run again.

        A forked kernel asks anew: its template may be a day old.
        """
        place = (os.getpid(), key, what)
        if place not in self._firsts:
            self._firsts[place] = make()
        value: T = self._firsts[place]
        return value

    def at_close(self, function: Callable[[], Any]) -> None:
        """Call `function` when the session ends; raises PlaceError when no cell is running here."""
        run = self.running("on_close")
        self._closers.put(run.cell, run.ordinals["on_close"], function)
        run.ordinals["on_close"] += 1
        if not self._told_of_closers:
            self._told_of_closers = True
            self._tell({"closes": True})

    def close(self) -> None:
        """The session ends."""
        self._reports_left = MAX_REPORTS_PER_RUN
        self._closers.run(self.report)

    def publish(self, data: Mapping[str, Any]) -> None:
        """Display a MIME bundle in order with everything else that the cell displays."""
        self._shell.display_pub.publish(data=dict(data), metadata={})

    def report(self, level: str, message: str) -> None:
        """Send a log entry (`level` as in logging, lower case) to the server; viewers do not see it. Any thread may call it."""
        if self._reports_left <= 0:
            return
        self._reports_left -= 1
        if self._reports_left == 0:
            message = "too many log messages from one cell: the rest is left out"
        self._tell({"log": {"level": level, "message": message[:MAX_REPORT_CHARS]}})

    def _tell(self, told: Mapping[str, Any]) -> None:
        """Tell the server something at once, whatever the cell does with its output."""
        content = {"data": {REPORT_MIME: told}, "metadata": {}, "transient": {}}
        kernel = self._shell.kernel
        # Not through the display publisher: it flushes the streams, which can wait for the very thread that reports.
        # What fails here (a socket that is closing) must not fail the author's code that warned.
        with contextlib.suppress(Exception):
            kernel.send_response(kernel.iopub_socket, "display_data", content, ident=b"display_data", channel="shell")

    def _before_cell(self, info: Any) -> None:
        request = self._take_request()
        if self._run is not None and self._run.request == request:
            # A cell that runs code through IPython itself (%run, run_cell): it stays the same cell.
            return
        cell = self._metadata().get("cellId")
        self._run = Run(cell if isinstance(cell, str) and cell else "cell", request, threading.get_ident())
        self._run_of_context.set(self._run)
        self._outer = info
        self._wakeup.arm()
        self._keys_of_cell[self._run.cell] = self._run.keys
        leave_input(self._shell, info)
        self._prepare()
        self._widgets.begin()

    def _after_cell(self, result: Any) -> None:
        # An empty cell has no pre_run_cell, but its request may bring inputs.
        self._take_request()
        if result is None or result.info is self._outer:
            self._prepare()
            if self._run is not None:
                self._widgets.end(self._run.cell)
                if getattr(result, "success", False):
                    self._closers.keep(self._run.cell, self._run.ordinals["on_close"])
            self._conclude(isinstance(getattr(result, "error_in_exec", None), StoppedError))
            self._run = None
            self._outer = None
            forget_outputs(self._shell)

    def _take_request(self) -> str:
        """Apply what the current request's metadata says, once; returns the request's id."""
        request = str(self._shell.kernel.get_parent("shell").get("header", {}).get("msg_id", ""))
        if request == self._request:
            return request
        self._request = request
        self._reports_left = MAX_REPORTS_PER_RUN
        ours = self._metadata().get("kernelapp")
        if isinstance(ours, dict):
            if isinstance(ours.get("inputs"), dict):
                self.inputs = ours["inputs"]
            self._enter(ours.get("session"))
            if ours.get("reset") is True:
                self._reset()
            instructions = ours.get("instructions")
            self._instructions = instructions if isinstance(instructions, dict) else None
            self._prepared = False
        return request

    def _enter(self, told: Any) -> None:
        """The server tells whose kernel this is: a fork learns it with its first cell. From then on temporary files are the session's."""
        if not isinstance(told, dict) or self.session == (session := (str(told["id"]), Path(told["dir"]))):
            return
        self.session = session
        tempfile.tempdir = os.environ[OWN_VARIABLE] = str(told["tmp"])

    def _metadata(self) -> Mapping[str, Any]:
        metadata = self._shell.kernel.get_parent("shell").get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    def _prepare(self) -> None:
        """Carry out what the server's planner wants before the cell; once."""
        if self._instructions is not None and not self._prepared:
            self._bindings.before(self._instructions, self._shell.user_ns)
            self._prepared = True

    def _conclude(self, stopped: bool) -> None:
        """Carry out what is wanted after the cell, and tell the planner."""
        if self._instructions is None:
            return
        told = self._bindings.after(self._shell.user_ns)
        self._instructions = None
        bound = self._widgets.names(self._shell.user_ns)
        names = {"widgets": bound} if bound else {}
        self._shell.display_pub.publish(data={REPORT_MIME: {"run": {**told, "stopped": stopped, **names}}}, metadata={})

    def _reset(self) -> None:
        self._namespace.restore()
        self._widgets.reset()
        self._closers.clear()
        self._hidden.restore()
        self._bindings.clear()
        self._keys_of_cell.clear()
        # A cell that did not end properly must not be taken for the one that runs.
        self._run = None


def _keep_quiet(shell: Any, kind: Any, error: Any, trace: Any, tb_offset: Any = None) -> None:
    """In place of a traceback: stopping is no error."""


_runtime: Runtime | None = None


def start(options: Mapping[str, Any]) -> None:
    """Prepare this kernel for its server; called once by the server's bootstrap request, again without effect.

    `options` is {"protocol": 1, "debug": bool, "max_saved_bytes": int, "spool": {"directory": str, "max_bytes": int}}, the last only where
    the server may want to read again what it missed. Raises RuntimeError for another protocol, or outside an
    IPython kernel.
    """
    global _runtime
    if options.get("protocol") != PROTOCOL:
        raise RuntimeError(f"kernelapp: the kernel side speaks protocol {PROTOCOL}; the server asked for {options.get('protocol')!r}")
    if _runtime is not None:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        raise RuntimeError("kernelapp: the runtime starts only in an IPython kernel")
    runtime = Runtime(shell, bool(options.get("debug")), int(options.get("max_saved_bytes", MAX_SAVED_BYTES)))
    runtime.attach()
    widen_iopub(shell.kernel)
    spool = options.get("spool")
    if isinstance(spool, dict):
        keep_iopub(shell.kernel, Spool(Path(spool["directory"]), int(spool["max_bytes"])))
    _runtime = runtime


def close() -> None:
    """Called by the server's silent request when the session ends: what was given to `ka.on_close` is called."""
    if _runtime is not None:
        _runtime.close()


def current() -> Runtime | None:
    """This kernel's runtime, or None where no server runs the notebook."""
    return _runtime
