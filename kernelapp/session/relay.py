"""One session at work: performs what its machine asks for, between the kernel and the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import KernelError, ViewerError
from ..kernels.kernel import Kernel, KernelMessage
from ..notebook import Notebook
from ..wire.codec import decode, encode
from ..wire.messages import (
    Blob,
    CommEvent,
    Event,
    Hello,
    PageMessage,
    Ping,
    Pong,
    Refusal,
    Rerun,
    Restart,
    ServerMessage,
    SessionStatus,
    Stop,
    Welcome,
)
from .admission import Seat
from .comms import CommBounds
from .connection import Connection
from .effects import Effect, InterruptKernel, Note, Publish, RunCell, SendComm, StartKernel
from .frozen import thaw
from .hearing import Hearing
from .journal import Journal
from .lease import Lease
from .machine import Machine
from .mimes import find_report, is_structure
from .planning import Planning, plan_for
from .record import Record
from .saving import Lasting, Saving
from .starts import StartQueue
from .store import Saved, Store
from .track import RESTORES, CodeCell
from .widgets import COMM_KINDS, Widgets

_REMEMBERED_REQUESTS = 500  # of cells that ran: their late output (threads, tasks) is told apart from that of later runs
_SAVED_REQUESTS = 100  # of these, for the next server: each save writes them
_IDLE_S = 5.0  # how long after its reply a cell's last output may take
_BEGIN_S = 1.0  # kernels that do not say when they begin with a cell are interrupted after this


@dataclass(frozen=True)
class RelaySettings:
    """What a session needs of the settings."""

    debug: bool
    max_cell_output_bytes: int
    max_journal_bytes: int
    stop_timeout_s: float = 5.0
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
        save: tuple[Store, str] | None = None,
    ) -> None:
        """`save`: where the session is saved, and the hash of its viewer's secret; None when it ends with the server."""
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
        self._settings = settings
        self._debug = settings.debug
        self._kernel: Kernel | None = None
        self._connection: Connection | None = None
        self._seat: Seat | None = None
        self._used = asyncio.get_running_loop().time()  # when the viewer did something last, or something ran
        self._page: str | None = None  # the name of the document at the other end
        self._requests: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._latest: tuple[str, RunCell] | None = None  # what was sent last, and its request
        self._begun = asyncio.Event()  # the kernel has begun with the latest request; a new one for each
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._log = logging.LoggerAdapter(logging.getLogger(__name__), {"app": notebook.name, "session": session[:8]})
        self._widgets = self._make_widgets()
        self._hearing = self._make_hearing()
        self._saving = Saving(save[0], session, save[1], notebook, self._look) if save is not None else None

    # The page

    def open(self, inputs: Mapping[str, Any], seat: Seat | None = None) -> None:
        """Begin the session: ask for a kernel. `inputs`: the viewer's values from an earlier session, by key. `seat`: to wait for first."""
        self._log.info("session opened")
        self._seat = seat
        self._perform(self._machine.open(inputs))

    def idle_for(self, now: float) -> float:
        """For how many seconds the viewer has done nothing, and nothing has run; `now` is of the loop's clock."""
        if self._machine.status not in (SessionStatus.IDLE, SessionStatus.DEAD):
            self._used = now
        return now - self._used

    def dismiss(self, reason: str) -> None:
        """Tell the page that its session ends, and why: it does not come back by itself."""
        self._log.info("session is ended: %s", reason)
        self._send(Refusal("ended", reason, None))

    async def is_taken(self, page: str | None) -> bool:
        """Whether another page than `page` is connected and answers: a browser that copies a tab copies what the tab remembers."""
        holder = self._connection
        return holder is not None and (page is None or page != self._page) and await holder.answers() and holder is self._connection

    def revive(self, saved: Saved) -> None:
        """Go on with a session of a server that is gone, and with its kernel."""
        self._record = None  # its pages have seen that of another server
        lasting: Lasting = thaw(saved.state, self.notebook)
        cells = {name: thaw(page) for name, page in saved.cells.items()}
        self._machine, self._requests, self._latest = lasting.machine, lasting.requests, lasting.latest
        self._journal = Journal.thawed(self._settings.max_journal_bytes, self._settings.comms, lasting.head, cells, self._cells)
        self._widgets = self._make_widgets()
        self._widgets.requests = lasting.comm_requests
        self._hearing = self._make_hearing()
        if lasting.begun:
            self._begun.set()
        if self._saving is not None:
            self._saving.kernel, self._saving.last_message = saved.kernel, saved.last_message
        self._log.info("session taken over")
        self._spawn(self._adopt_kernel(saved.kernel, saved.last_message))

    def _look(self) -> tuple[Lasting, Journal]:
        """What is saved."""
        head, latest = self._journal.head(), self._latest
        requests = OrderedDict(list(self._requests.items())[-_SAVED_REQUESTS:])
        return Lasting(self._machine, head, requests, self._widgets.requests, latest, self._begun.is_set()), self._journal

    def _make_widgets(self) -> Widgets:
        return Widgets(self._journal.comms, self._publish, self._notice, self._machine.widget_changed, self._log, self._debug)

    def _make_hearing(self) -> Hearing:
        return Hearing(self._machine, self._cells, self._log, self._debug)

    def attach(self, connection: Connection, hello: Hello, lost: str | None = None, onlooker: bool = False) -> None:
        """Connect a page that has seen everything up to its `last_seq`; an earlier page of this session is dropped.

        What it has seen of a record counts when the record is ours. `lost`: why this is not the session that the page asked for.
        `onlooker`: it is no viewer's page.
        """
        foreign = hello.record is not None and (self._record is None or hello.record != self._record.id)
        last_seq = 0 if foreign else hello.last_seq
        if self._connection is not None:
            self._connection.drop(4001, "connected elsewhere")
        self._connection, self._page = connection, hello.page
        missed = self._journal.since(last_seq) if last_seq else None
        machine, seq = self._machine, self._journal.seq
        self._send(Welcome(self.session, self.notebook.name, missed is not None, machine.status, seq, machine.last_event, lost))
        for frame in self._journal.page() if missed is None else missed:
            connection.send(frame)
        if not onlooker:
            self._journal.comms.heard()

    def detach(self, connection: Connection) -> bool:
        """The page is gone; returns whether the session has no page now."""
        if self._connection is connection:
            self._connection = None
        return self._connection is None

    def receive(self, frame: str | bytes) -> None:
        """Handle a frame from the page. What is not accepted is answered with an error and changes nothing."""
        try:
            message = decode(frame)
            if not isinstance(message, Ping):
                self._used = asyncio.get_running_loop().time()
            match message:
                case Event() as event:
                    self._perform(self._machine.event(event))
                case CommEvent() as event:
                    self._perform(self._machine.comm(event, event.comm in self._journal.comms))
                case Stop():
                    self._perform(self._machine.stop())
                case Rerun():
                    self._perform(self._machine.rerun())
                case Restart():
                    self._perform(self._machine.restart())
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
        if await self._stop():
            if self._kernel is not None:
                await self._kernel.end()
            self._release()
            if self._saving is not None:
                self._saving.remove()
            if self._connection is not None:
                self._connection.drop(1001, "session ended")
            self._log.info("session ended")

    async def leave(self) -> None:
        """Leave the session, and its kernel, to the next server; without a store it ends."""
        if self._saving is None or self._saving.kernel is None:
            await self.close()
        elif await self._stop():
            self._saving.now()
            if self._kernel is not None:
                await self._kernel.leave()
            if self._connection is not None:
                self._connection.drop(1012, "service restart")
            self._log.info("session left to the next server")

    async def _stop(self) -> bool:
        """Stop what is at work here; returns whether that was still to be done."""
        if self._closed:
            return False
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._saving is not None:
            self._saving.stop()
        return True

    @property
    def is_idle(self) -> bool:
        """Whether everything has run, and the kernel waits."""
        return self._machine.status is SessionStatus.IDLE

    def record(self, id: str) -> Record:
        """Where this session, which has settled, has come to, for others to begin there."""
        return Record.of(id, self._machine, self._journal)

    # What the machine asks for

    def _perform(self, effects: list[Effect]) -> None:
        if effects and self._saving is not None and not self._closed:
            self._saving.soon()
        for effect in effects:
            match effect:
                case Publish(message):
                    self._publish(message)
                case RunCell():
                    self._run(effect)
                case SendComm(event):
                    assert self._kernel is not None
                    self._kernel.send_comm(self._widgets.note(event.event), event.comm, event.data, event.buffers)
                    if self._saving is not None:
                        self._saving.now()  # not first, as with a cell: a message that never arrived would count as answered
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
        request = uuid.uuid4().hex
        self._latest = (request, run)
        self._requests[request] = (run.cell, run.run)
        while len(self._requests) > _REMEMBERED_REQUESTS:
            self._requests.popitem(last=False)
        if self._saving is not None:
            self._saving.now()  # first: what the kernel does for a request that nobody knows of would be lost
        self._kernel.execute(request, self._cells[run.cell].source if run.cell else "pass", {"cellId": run.cell, "kernelapp": ours})

    async def _start_kernel(self) -> None:
        if self._kernel is not None:
            await self._kernel.end()
            self._kernel = None
            self._widgets.close_all()
        if self._seat is not None:
            await self._seat.wait(lambda place: self._perform(self._machine.wait_in_queue(place)))
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
        if self._saving is not None and self._kernel is not None:
            self._saving.kernel, self._saving.last_message = await self._kernel.describe(), ""
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

    async def _adopt_kernel(self, description: bytes | None, last_message: str) -> None:
        """Go on with the kernel of the server that is gone; if that server had none yet, with a new one."""
        if description is None:
            self._perform(self._machine.kernel_died("The server was started again."))
            self._perform(self._machine.rerun())
            return
        kernel = self._open_kernel(self.notebook)
        self._kernel = kernel
        try:
            await kernel.adopt(self, description, last_message)
        except KernelError as problem:
            self.kernel_died(str(problem))
            return
        latest = self._latest
        await kernel.answered()
        if latest is not None and self._latest is latest and not self._begun.is_set():
            self._log.info("a cell that did not reach the kernel is sent again")
            self._run(latest[1])

    async def _interrupt(self, begun: asyncio.Event) -> None:
        """Interrupt the cell that `begun` tells of, once the kernel is at it: sooner it is lost, later it hits the next cell."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begun.wait(), _BEGIN_S)
        if self._kernel is not None and begun is self._begun:
            await self._kernel.interrupt()
            await asyncio.sleep(self._settings.stop_timeout_s)
        if begun is self._begun:
            self._perform(self._machine.unresponsive())

    # What the kernel says

    def kernel_died(self, reason: str) -> None:
        """As KernelListener: the page keeps what it shows, and says why."""
        self._log.warning("kernel died: %s", reason)
        self._perform(self._machine.kernel_died(reason))

    def kernel_message(self, message: KernelMessage) -> None:
        """As KernelListener: one message of the kernel's iopub."""
        if self._saving is not None and message.id and message.kind != "execute_reply":
            self._saving.last_message = message.id
        content = message.content
        if message.kind in COMM_KINDS:
            self._widgets.comm(message, self._kernel)
            return
        request = self._requests.get(message.parent)
        if (report := find_report(content)) is not None:
            self._perform(self._hearing.note(report, request))  # whatever its parent: background tasks report as well
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
                self._widgets.tell_echoes()
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
            case _ if cell != RESTORES:  # of restores nothing is shown
                self._perform(self._hearing.hear(cell, run, message))

    def _finish(self, cell: str, run: int) -> None:
        """A cell that has replied is over, even if the flooded iopub lost its `idle`."""
        if not self._closed:
            self._perform(self._machine.finish(cell, run))
