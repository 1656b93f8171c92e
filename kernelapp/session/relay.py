"""One session at work: performs what its machine asks for, between the kernel and the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import KernelError, ViewerError
from ..kernels.kernel import Kernel, KernelMessage
from ..notebook import Notebook
from ..wire.codec import decode, encode
from ..wire.messages import (
    Blob,
    CellFailure,
    CommEvent,
    Event,
    Hello,
    PageMessage,
    Ping,
    Pong,
    Refusal,
    Rerun,
    ServerMessage,
    Stop,
    Welcome,
)
from .comms import CommBounds
from .effects import Effect, InterruptKernel, Note, Publish, RunCell, SendComm, StartKernel
from .journal import Journal
from .machine import RESTORES, Machine
from .mimes import LAYOUT_MIME, as_json, find_declaration, find_report, is_structure
from .planning import Planning, plan_for
from .record import Record
from .starts import StartQueue
from .track import CodeCell
from .widgets import COMM_KINDS, Widgets

_REMEMBERED_REQUESTS = 500  # of cells that ran: their late output (threads, tasks) is told apart from that of later runs
_IDLE_S = 5.0  # how long after its reply a cell's last output may take
_BEGIN_S = 1.0  # kernels that do not say when they begin with a cell are interrupted after this

_FAILED = "Something went wrong in this part of the app."


class Connection(Protocol):
    """The socket of one page."""

    def send(self, frame: bytes) -> None:
        """Queue a frame; does not block. A page that does not read is dropped."""

    def drop(self, code: int, reason: str) -> None:
        """Close the socket."""


class Lease(Protocol):
    """A session's hold on a template, whose kernels are forks of it. `record`: what they hold and the page shows; None: no cell has run."""

    record: Record | None

    def fork(self) -> Kernel:
        """A new kernel; its `start` raises KernelError when the template is gone."""

    def release(self) -> None:
        """The session needs no more kernels."""


@dataclass(frozen=True)
class RelaySettings:
    """What a session needs of the settings."""

    debug: bool
    max_cell_output_bytes: int
    max_journal_bytes: int
    comms: CommBounds = field(default_factory=CommBounds)


class Relay:
    """One session: its machine, its journal, its kernel and the page that is connected, if any."""

    def __init__(
        self,
        session: str,
        notebook: Notebook,
        open_kernel: Callable[[Notebook], Kernel],
        starts: StartQueue,
        settings: RelaySettings,
        lease: Lease | None = None,
        planning: Planning | None = None,
    ) -> None:
        self.session = session
        self.notebook = notebook
        self._cells = {cell.id: cell for cell in notebook.code_cells}
        self._lease = lease
        self._record = lease.record if lease is not None else None
        if self._record is not None:
            self._machine, self._journal = self._record.begin()
        else:
            cells = [CodeCell(cell.id, cell.manual) for cell in self._cells.values()]
            self._machine = Machine(cells, planning or plan_for(notebook), settings.max_cell_output_bytes)
            self._journal = Journal(settings.max_journal_bytes, settings.comms)
        self._open_kernel = open_kernel
        self._starts = starts
        self._debug = settings.debug
        self._kernel: Kernel | None = None
        self._connection: Connection | None = None
        self._requests: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._begun = asyncio.Event()  # the kernel has begun with the latest request; a new one for each
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._log = logging.LoggerAdapter(logging.getLogger(__name__), {"app": notebook.name, "session": session[:8]})
        self._widgets = Widgets(self._journal.comms, self._publish, self._notice, self._log, settings.debug)

    # The page

    def open(self) -> None:
        """Begin the session: ask for a kernel."""
        self._log.info("session opened")
        self._perform(self._machine.open())

    def attach(self, connection: Connection, last_seq: int, record: str | None = None) -> None:
        """Connect a page that has seen everything up to `last_seq`; an earlier page of this session is dropped.

        `record`: what the page has seen is of this record; of another than ours it is worth nothing.
        """
        if record is not None and (self._record is None or record != self._record.id):
            last_seq = 0
        if self._connection is not None:
            self._connection.drop(4001, "connected elsewhere")
        self._connection = connection
        missed = self._journal.since(last_seq) if last_seq else None
        self._send(Welcome(self.session, self.notebook.name, missed is not None, self._machine.status))
        for frame in self._journal.page() if missed is None else missed:
            connection.send(frame)

    def detach(self, connection: Connection) -> bool:
        """The page is gone; returns whether the session has no page now."""
        if self._connection is connection:
            self._connection = None
        return self._connection is None

    def receive(self, frame: str | bytes) -> None:
        """Handle a frame from the page. What is not accepted is answered with an error and changes nothing."""
        try:
            match decode(frame):
                case Event() as event:
                    self._perform(self._machine.event(event))
                case CommEvent() as event:
                    self._perform(self._machine.comm(event, event.comm in self._journal.comms))
                case Stop():
                    self._perform(self._machine.stop())
                case Rerun():
                    self._perform(self._machine.rerun())
                case Ping(t):
                    self._send(Pong(t))
                case Hello():
                    raise ViewerError("hello-again", "This connection has said hello already.")
        except ViewerError as refusal:
            self.refuse(refusal)

    def blob(self, digest: str) -> Blob | None:
        """A large part of a widget, by its hash."""
        return self._journal.comms.blob(digest)

    def refuse(self, refusal: ViewerError) -> None:
        """Tell the page that something it sent was not accepted."""
        self._send(Refusal(refusal.code, str(refusal), refusal.event))

    def _send(self, message: ServerMessage) -> None:
        if self._connection is not None:
            self._connection.send(encode(message, 0))

    async def close(self) -> None:
        """End the session: its kernel, its tasks, its connection."""
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._kernel is not None:
            await self._kernel.end()
        self._release()
        if self._connection is not None:
            self._connection.drop(1001, "session ended")
        self._log.info("session ended")

    def record(self, id: str) -> Record:
        """Where this session, which has settled, has come to, for others to begin there."""
        return Record.of(id, self._machine, self._journal)

    # What the machine asks for

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(message):
                    self._publish(message)
                case RunCell():
                    self._run(effect)
                case SendComm(event):
                    assert self._kernel is not None
                    self._widgets.sent(self._kernel.send_comm(event.comm, event.data, event.buffers), event.event)
                case StartKernel():
                    self._spawn(self._start_kernel())
                case Note(text):
                    self._log.warning("%s", text)
                case InterruptKernel():
                    self._spawn(self._interrupt(self._begun))

    def _publish(self, message: PageMessage) -> None:
        frame = self._journal.append(message)
        if self._connection is not None:
            self._connection.send(frame)

    def _notice(self, text: str) -> None:
        """Tell the viewer something that is no part of the page."""
        self._send(Refusal("callback", text, None))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._log.error("a task of the session failed", exc_info=problem)

    def _run(self, run: RunCell) -> None:
        assert self._kernel is not None
        ours: dict[str, Any] = {"reset": run.reset, "instructions": run.instructions}
        if run.inputs is not None:
            ours["inputs"] = dict(run.inputs)
        self._begun = asyncio.Event()
        request = self._kernel.execute(self._cells[run.cell].source if run.cell else "pass", {"cellId": run.cell, "kernelapp": ours})
        self._requests[request] = (run.cell, run.run)
        while len(self._requests) > _REMEMBERED_REQUESTS:
            self._requests.popitem(last=False)

    async def _start_kernel(self) -> None:
        if self._kernel is not None:
            await self._kernel.end()
            self._kernel = None
            self._widgets.close_all()
        async with self._starts.turn(lambda place: self._perform(self._machine.wait_in_queue(place))):
            self._perform(self._machine.kernel_starting())
            try:
                forked = await self._fork()
                if not forked:
                    self._widgets.close_all()  # those of a record
                    self._kernel = self._open_kernel(self.notebook)
                    await self._kernel.start(self)
            except KernelError as problem:
                self.kernel_died(str(problem))
                return
        self._perform(self._machine.kernel_ready(recorded=forked))

    async def _fork(self) -> bool:
        """Start a fork of the session's template; returns whether there is one."""
        if self._lease is None:
            return False
        self._kernel = kernel = self._lease.fork()
        try:
            await kernel.start(self)
        except KernelError as problem:
            self._log.warning("the session's kernel is no fork: %s", problem)
            await kernel.end()
            self._release()
            return False
        return True

    def _release(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    async def _interrupt(self, begun: asyncio.Event) -> None:
        """Interrupt the cell that `begun` tells of, once the kernel is at it: sooner it is lost, later it hits the next cell."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begun.wait(), _BEGIN_S)
        if self._kernel is not None and begun is self._begun:
            await self._kernel.interrupt()

    # What the kernel says

    def kernel_died(self, reason: str) -> None:
        """As KernelListener: the page keeps what it shows, and says why."""
        self._log.warning("kernel died: %s", reason)
        self._perform(self._machine.kernel_died(reason))

    def kernel_message(self, message: KernelMessage) -> None:
        """As KernelListener: one message of the kernel's iopub."""
        content = message.content
        if message.kind in COMM_KINDS:
            self._widgets.comm(message, self._kernel)
            return
        request = self._requests.get(message.parent)
        if (report := find_report(content)) is not None:
            self._note(report, request)  # whatever its parent: background tasks report as well
            return
        if self._widgets.captures(message) and not is_structure(content):
            self._widgets.capture(message)
        elif (event := self._widgets.event_of(message.parent)) is not None:
            self._handle(event, message)
        elif request is not None:
            self._show(*request, message)

    def _handle(self, event: int, message: KernelMessage) -> None:
        """What the kernel says while it handles a widget's event."""
        if message.kind == "status":
            if json.loads(message.content).get("execution_state") == "idle":
                self._perform(self._machine.comm_handled(event))
        else:
            self._widgets.callback(message)

    def _show(self, cell: str, run: int, message: KernelMessage) -> None:
        """What the kernel says of a cell."""
        content = message.content
        match message.kind:
            case "execute_input":
                self._begun.set()
            case "status":
                if json.loads(content).get("execution_state") == "idle":
                    self._perform(self._machine.finish(cell, run))
            case "execute_reply":
                asyncio.get_running_loop().call_later(_IDLE_S, self._finish, cell, run)
            case _ if cell == RESTORES:
                pass  # nothing is shown of them
            case "stream" | "display_data" | "execute_result":
                self._display(cell, run, message)
            case "update_display_data":
                self._perform(self._machine.output(cell, run, "update", message.kind, as_json(content)))
            case "clear_output":
                self._perform(self._machine.output(cell, run, "clear", message.kind, content))
            case "error":
                self._fail(cell, run, json.loads(content))

    def _finish(self, cell: str, run: int) -> None:
        """A cell that has replied is over, even if the flooded iopub lost its `idle`."""
        if not self._closed:
            self._perform(self._machine.finish(cell, run))

    def _display(self, cell: str, run: int, message: KernelMessage) -> None:
        content, tags = message.content, self._cells[cell]
        if tags.removed:
            pass
        elif (declaration := find_declaration(content)) is not None:
            self._perform(self._machine.declare(cell, run, declaration))
        elif not tags.hide_output or LAYOUT_MIME in content:
            self._perform(self._machine.output(cell, run, "append", message.kind, as_json(content)))

    def _note(self, report: dict[str, Any], request: tuple[str, int] | None) -> None:
        told, entry = report.get("run"), report.get("log")
        if isinstance(told, dict) and request is not None:
            self._perform(self._machine.report(*request, told))
        if isinstance(entry, dict):
            level = logging.getLevelNamesMapping().get(str(entry.get("level")).upper(), logging.INFO)
            self._log.log(level, "from the kernel: %s", entry.get("message"))

    def _fail(self, cell: str, run: int, error: dict[str, Any]) -> None:
        """A viewer sees a short message and a reference; the log, and the page with --debug, have the traceback."""
        reference = secrets.token_hex(4)
        name, value = error.get("ename", "Error"), error.get("evalue", "")
        lines = tuple(str(line) for line in error.get("traceback") or ())
        self._log.warning("cell %s failed, reference %s: %s: %s\n%s", cell, reference, name, value, "\n".join(lines))
        shown = self._debug or self._cells[cell].raises_exception
        failure = CellFailure(f"{name}: {value}" if shown else _FAILED, reference, lines if self._debug else None)
        self._perform(self._machine.fail(cell, run, failure))
