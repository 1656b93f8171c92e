"""One session at work: performs what its machine asks for, between the kernel and the page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import KernelError, ViewerError
from ..kernels.kernel import Kernel, KernelMessage
from ..notebook import Notebook
from ..wire.codec import decode
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
    SessionStatus,
    Stop,
    Welcome,
)
from .admission import Seat
from .comms import CommBounds
from .connection import Connection
from .directories import Directories
from .effects import Effect, EndKernel, InterruptKernel, KeepRest, Note, Publish, RunCell, SendComm, StartKernel
from .files import Files
from .frozen import thaw
from .hearing import Hearing
from .journal import Journal
from .lease import Lease
from .machine import Machine
from .own_kernel import OwnKernel
from .planning import Planning, plan_for
from .record import Record
from .requests import Requests
from .restraint import Patience, Restraint
from .saving import Lasting, Saving
from .starts import StartQueue
from .store import Saved, Store
from .tab import Tab
from .tasks import Tasks
from .track import CodeCell
from .widgets import COMM_KINDS, Widgets

TEMPLATE = "template"
"""Stands for a session's name in a template, whose page is everyone's."""


@dataclass(frozen=True)
class RelaySettings:
    """What a session needs of the settings."""

    debug: bool
    max_cell_output_bytes: int
    max_journal_bytes: int
    max_cut_output_bytes: int = 100_000_000
    patience: Patience = field(default_factory=Patience)
    comms: CommBounds = field(default_factory=CommBounds)


class Relay:
    """One session: its machine, its journal, its kernel and the page that is connected, if any."""

    def __init__(
        self,
        session: str,
        notebook: Notebook,
        open_kernel: Callable[[Notebook, Path | None], Kernel],
        starts: StartQueue,
        settings: RelaySettings,
        lease: Lease | None = None,
        planning: Planning | None = None,
        save: tuple[Store, str] | None = None,
        directories: Directories | None = None,
    ) -> None:
        """`save`: where the session is saved, and the hash of its viewer's secret; None when it ends with the server.

        `directories`: where its private directory comes from.
        """
        self.session = session
        self.notebook = notebook
        self._cells = {cell.id: cell for cell in notebook.code_cells}
        self._record = lease.record if lease is not None else None
        if self._record is not None:
            self._machine, self._journal = self._record.begin()
        else:
            cells = [CodeCell(cell.id, cell.manual) for cell in self._cells.values()]
            self._machine = Machine(cells, planning or plan_for(notebook), settings.max_cell_output_bytes)
            self._journal = Journal(settings.max_journal_bytes, settings.comms)
        self._starts = starts
        self._settings = settings
        self._debug = settings.debug
        self._tab = Tab()
        self._seat: Seat | None = None
        self._used = asyncio.get_running_loop().time()  # when the viewer did something last, or something ran
        self._requests = Requests()
        self._closed = False
        self._ending = False  # nothing more runs
        self._log = logging.LoggerAdapter(logging.getLogger(__name__), {"app": notebook.name, "session": session[:8]})
        self._tasks = Tasks(self._log)
        self._files = Files(session, directories, settings.max_cut_output_bytes, self._log)
        self._own = OwnKernel(notebook, open_kernel, lease, self._log)
        self._arrange()
        self._saving = Saving(save[0], session, save[1], notebook, self._look) if save is not None else None

    # The page

    def open(self, inputs: Mapping[str, Any], seat: Seat | None = None) -> None:
        """Begin the session: ask for a kernel. `inputs`: the viewer's values from an earlier session, by key. `seat`: to wait for first."""
        self._log.info("session opened")
        self._seat = seat
        self._own.files = self._files.begin(self._restraint.files_full)
        if self._files.keeps_rest and self.session != TEMPLATE:
            self._machine.keep_rest(self.session)
        self._perform(self._machine.open(inputs))

    def idle_for(self, now: float) -> float:
        """For how many seconds the viewer has done nothing, and nothing has run; `now` is of the loop's clock."""
        if self._machine.status not in (SessionStatus.IDLE, SessionStatus.DEAD):
            self._used = now
        return now - self._used

    def dismiss(self, reason: str) -> None:
        """Tell the page that its session ends, and why: it does not come back by itself."""
        self._log.info("session is ended: %s", reason)
        self._tab.tell(Refusal("ended", reason, None))

    async def is_taken(self, page: str | None) -> bool:
        """Whether another page than `page` has the session."""
        return await self._tab.is_another(page)

    def revive(self, saved: Saved) -> None:
        """Go on with a session of a server that is gone, and with its kernel."""
        self._record = None  # its pages have seen that of another server
        lasting: Lasting = thaw(saved.state, self.notebook)
        cells = {name: thaw(page) for name, page in saved.cells.items()}
        self._machine, self._requests = lasting.machine, Requests.thawed(lasting.requests, lasting.latest, lasting.begun)
        self._journal = Journal.thawed(self._settings.max_journal_bytes, self._settings.comms, lasting.head, cells, self._cells)
        self._arrange()
        self._widgets.requests = lasting.comm_requests
        self._own.files = self._files.take_over(lasting.directory, self._restraint.files_full)
        if self._saving is not None:
            self._saving.kernel, self._saving.last_message = saved.kernel, saved.last_message
        self._log.info("session taken over")
        self._tasks.start(self._adopt_kernel(saved.kernel, saved.last_message))

    def _look(self) -> tuple[Lasting, Journal]:
        """What is saved."""
        head, requests = self._journal.head(), self._requests
        asked = requests.saved(), self._widgets.requests, requests.latest, requests.begun.is_set()
        return Lasting(self._machine, head, *asked, self._files.base), self._journal

    def _arrange(self) -> None:
        """Those that the machine and the journal are shared with."""
        comms, machine, log = self._journal.comms, self._machine, self._log
        self._widgets = Widgets(comms, self._publish, self._notice, machine.widget_changed, log, self._debug)
        self._hearing = Hearing(machine, self._widgets, self._cells, log, self._debug)
        self._restraint = Restraint(machine, self._own, self._requests, self._perform, self._settings.patience, log)

    def attach(self, connection: Connection, hello: Hello, lost: str | None = None, onlooker: bool = False) -> None:
        """Connect a page that has seen everything up to its `last_seq`; an earlier page of this session is dropped.

        What it has seen of a record counts when the record is ours. `lost`: why this is not the session that the page asked for.
        `onlooker`: it is no viewer's page.
        """
        foreign = hello.record is not None and (self._record is None or hello.record != self._record.id)
        last_seq = 0 if foreign else hello.last_seq
        self._tab.connect(connection, hello.page)
        missed = self._journal.since(last_seq) if last_seq else None
        machine, seq = self._machine, self._journal.seq
        self._tab.tell(Welcome(self.session, self.notebook.name, missed is not None, machine.status, seq, machine.last_event, lost))
        for frame in self._journal.page() if missed is None else missed:
            connection.send(frame)
        if not onlooker:
            self._journal.comms.heard()

    def detach(self, connection: Connection) -> bool:
        """The page is gone; returns whether the session has no page now."""
        return self._tab.disconnect(connection)

    def receive(self, frame: str | bytes) -> None:
        """Handle a frame from the page. What is not accepted is answered with an error and changes nothing."""
        if self._ending:
            return
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
                    self._tab.tell(Pong(t))
                case Hello():
                    raise ViewerError("hello-again", "This connection has said hello already.")
        except ViewerError as refusal:
            self.refuse(refusal)

    def blob(self, digest: str) -> Blob | None:
        """A large part of a widget, by its hash."""
        return self._journal.comms.blob(digest)

    def rest(self, cell: str) -> Path | None:
        """The file with what a cell printed beyond what is shown."""
        return self._files.rest(cell)

    def refuse(self, refusal: ViewerError) -> None:
        """Tell the page that something it sent was not accepted."""
        self._tab.tell(Refusal(refusal.code, str(refusal), refusal.event))

    async def close(self) -> None:
        """End the session: its kernel, once that has done what the notebook wants done at the end, its tasks, its connection."""
        self._ending = True
        if await self._stop():
            if self._machine.has_farewell:
                await self._say_farewell(self._machine.is_busy)
            await self._own.end()
            if self._saving is not None:
                self._saving.remove()
            await self._files.remove()
            self._tab.drop(1001, "session ended")
            self._log.info("session ended")

    async def _say_farewell(self, busy: bool) -> None:
        if self._settings.patience.close_s:
            await self._own.say_farewell(self._requests.begun if busy else None, self._settings.patience.close_s)

    async def leave(self) -> None:
        """Leave the session, and its kernel, to the next server; without a store it ends."""
        if self._saving is None or self._saving.kernel is None:
            await self.close()
        elif await self._stop():
            self._saving.now()
            self._files.close()
            await self._own.leave()
            self._tab.drop(1012, "service restart")
            self._log.info("session left to the next server")

    async def _stop(self) -> bool:
        """Stop what is at work here; returns whether that was still to be done."""
        if self._closed:
            return False
        self._closed = True
        self._restraint.end()
        await self._tasks.cancel()
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
        if self._ending:
            return
        if effects and self._saving is not None and not self._closed:
            self._saving.soon()
        for effect in effects:
            match effect:
                case Publish(message):
                    self._publish(message)
                case KeepRest():
                    self._files.keep_rest(effect)
                case RunCell():
                    self._run(effect)
                case SendComm(event):
                    assert self._own.kernel is not None
                    self._own.kernel.send_comm(self._widgets.note(event.event), event.comm, event.data, event.buffers)
                    if self._saving is not None:
                        self._saving.now()  # not first, as with a cell: a message that never arrived would count as answered
                case StartKernel(farewell, busy):
                    self._tasks.start(self._start_kernel(farewell, busy))
                case Note(text):
                    self._log.warning("%s", text)
                case InterruptKernel():
                    self._tasks.start(self._restraint.interrupt(self._requests.begun))
                case EndKernel(reason, empty):
                    self._tasks.start(self._end_kernel(reason, empty=empty))

    def _publish(self, message: PageMessage) -> None:
        self._tab.send(self._journal.append(message))

    def _notice(self, text: str) -> None:
        """Tell the viewer something that is no part of the page."""
        self._tab.tell(Refusal("callback", text, None))

    def _run(self, run: RunCell) -> None:
        assert self._own.kernel is not None
        ours: dict[str, Any] = {"reset": run.reset, "instructions": run.instructions}
        if run.inputs is not None:
            ours["inputs"] = dict(run.inputs)
        if (told := self._files.told()) is not None:
            ours["session"] = told
        request = self._requests.note(run)
        if self._saving is not None:
            self._saving.now()  # first: what the kernel does for a request that nobody knows of would be lost
        source = self._cells[run.cell].source if run.cell else "pass"
        self._own.kernel.execute(request, source, {"cellId": run.cell, "kernelapp": ours})
        self._restraint.begin(run)

    async def _start_kernel(self, farewell: bool, busy: bool) -> None:
        if farewell:
            await self._say_farewell(busy)
        if await self._own.give_up():
            self._widgets.close_all()
        if self._seat is not None:
            await self._seat.wait(lambda place: self._perform(self._machine.wait_in_queue(place)))
        async with self._starts.turn(lambda place: self._perform(self._machine.wait_in_queue(place))):
            self._perform(self._machine.kernel_starting())
            try:
                forked = await self._own.fork(self)
                if not forked:
                    self._widgets.close_all()  # those of a record
                    await self._own.start(self)
            except KernelError as problem:
                self.kernel_died(str(problem))
                return
        if self._saving is not None and self._own.kernel is not None:
            self._saving.kernel, self._saving.last_message = await self._own.kernel.describe(), ""
        self._perform(self._machine.kernel_ready(recorded=forked))

    async def _end_kernel(self, reason: str, *, empty: bool) -> None:
        self.kernel_died(reason)
        await self._own.give_up(self._files.empty if empty else None)

    async def _adopt_kernel(self, description: bytes | None, last_message: str) -> None:
        """Go on with the kernel of the server that is gone; if that server had none yet, with a new one."""
        if description is None:
            self._perform(self._machine.kernel_died("The server was started again."))
            self._perform(self._machine.rerun())
            return
        try:
            await self._own.adopt(self, description, last_message)
        except KernelError as problem:
            self.kernel_died(str(problem))
            return
        latest = self._requests.latest
        assert self._own.kernel is not None
        await self._own.kernel.answered()
        if latest is not None and self._requests.latest is latest and not self._requests.begun.is_set():
            self._log.info("a cell that did not reach the kernel is sent again")
            self._run(latest[1])

    # What the kernel says

    def kernel_died(self, reason: str) -> None:
        """As KernelListener: the page keeps what it shows, and says why."""
        self._log.warning("kernel died: %s", reason)
        self._own.died()
        self._perform(self._machine.kernel_died(reason))

    def kernel_message(self, message: KernelMessage) -> None:
        """As KernelListener: one message of the kernel's iopub."""
        if self._saving is not None and message.id and message.kind != "execute_reply":
            self._saving.last_message = message.id
        if message.kind in COMM_KINDS:
            self._widgets.comm(message, self._own.kernel)
            return
        request = self._requests.find(message.parent)
        self._perform(self._hearing.hear(message, request))
        if request is not None and message.kind == "execute_input":
            self._requests.begun.set()
        elif request is not None and message.kind == "execute_reply":
            self._restraint.replied(*request)
        if request is not None:
            self._restraint.heard()
