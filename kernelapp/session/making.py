"""Makes a template of a notebook: as much of it as is safe to fork, found out by trying.

A template runs the notebook as a session without a viewer does: its kernel is a `Template`, its page becomes the record. The levels, best
first: *snapshot* (cells have run), *imports* (only their import statements), *exec* (no template).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..errors import KernelError
from ..kernels.kernel import KernelListener, KernelMessage, Template
from ..notebook import Notebook
from ..wire.messages import Hello
from .directories import Directories
from .planning import plan_for
from .record import Record
from .relay import TEMPLATE, Relay, RelaySettings
from .starts import StartQueue

_PATIENCE = 3  # tries of a snapshot, each at least a cell shorter than the one before; from then on each is at most half as long


class Level(StrEnum):
    """How far sessions need not run the notebook themselves."""

    SNAPSHOT = "snapshot"
    IMPORTS = "imports"
    EXEC = "exec"


@dataclass(frozen=True)
class Made:
    """What came of it. `reason`: why it is no more than this, for the operator; None when all cells that may run have run.

    `cells`: how many code cells were run or left to the sessions on purpose, before the first that was not safe.
    """

    level: Level
    reason: str | None
    cells: int = 0
    guard: Guard | None = None
    record: Record | None = None
    relay: Relay | None = None

    @property
    def template(self) -> Template:
        """The template, frozen; there is none at level exec."""
        assert self.guard is not None
        return self.guard.template

    async def end(self, *, leave: bool = False) -> None:
        """End the template and the kernels forked from it; with `leave`, these are left to the next server."""
        if self.guard is not None:
            self.guard.leaves = leave
        if self.relay is not None:
            await self.relay.close()
        if self.guard is not None:
            await self.guard.end()


class Guard:
    """A template as the kernel of a session: before each cell it asks whether the template may still be forked.

    `unsafe` is set to the reason when it may not, or when it has ended; no cell runs then. `thorough`: it is tried out each time as before
    the fork itself, so that the very cell is found.
    """

    def __init__(self, template: Template, thorough: bool = False) -> None:
        self.template = template
        self._thorough = thorough
        self.unsafe: str | None = None
        self.stopped = asyncio.Event()  # `unsafe` is set
        self.started = False
        self.last = ""  # the cell that ran last
        self.on_end: Callable[[str], None] | None = None  # told when a template that is in use ends by itself
        self.leaves = False  # its kernels are left to the next server when it ends
        self._listener: KernelListener | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listener: KernelListener | None = None) -> None:
        """As Kernel."""
        self._listener = listener
        try:
            await self.template.start(self)
        except KernelError as problem:
            self._stop(str(problem))
            raise
        self.started = True

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        """As Kernel; the cell runs when the template has been found safe."""
        task = asyncio.get_running_loop().create_task(self._execute(request, source, metadata))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        if not await self.is_safe():
            return
        self.last = str(metadata.get("cellId") or self.last)
        try:
            self.template.execute(request, source, metadata)
        except KernelError as problem:
            self._stop(str(problem))

    async def is_safe(self) -> bool:
        """Ask the template whether it may be forked now."""
        if self.unsafe is None and (reason := await self._ask(lambda: self.template.check(thorough=self._thorough))) is not None:
            self._stop(reason)
        return self.unsafe is None

    async def freeze(self) -> str | None:
        """Make it ready to be forked; returns the reason when it may not be."""
        return await self._ask(self.template.freeze) or self.unsafe

    @staticmethod
    async def _ask(question: Callable[[], Awaitable[str | None]]) -> str | None:
        try:
            return await question()
        except KernelError as problem:
            return str(problem)

    def _stop(self, reason: str) -> None:
        self.unsafe = self.unsafe or reason
        self.stopped.set()

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        """As Kernel."""
        self.template.send_comm(request, comm, data, buffers)

    async def describe(self) -> bytes | None:
        """As Kernel: a template ends with its server."""
        return None

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        """As Kernel."""
        raise KernelError("A template ends with its server.")

    async def answered(self) -> None:
        """As Kernel."""

    async def farewell(self) -> None:
        """As Kernel: a template is no session."""

    async def leave(self) -> None:
        """As Kernel."""
        await self.template.leave()

    async def interrupt(self) -> None:
        """As Kernel."""
        await self.template.interrupt()

    async def end(self) -> None:
        """As Kernel."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await (self.template.leave() if self.leaves else self.template.end())

    def kernel_message(self, message: KernelMessage) -> None:
        """As KernelListener."""
        if self._listener is not None:
            self._listener.kernel_message(message)

    def kernel_died(self, reason: str) -> None:
        """As KernelListener."""
        self._stop(reason)
        if self._listener is not None:
            self._listener.kernel_died(reason)
        if self.on_end is not None:
            self.on_end(reason)


class _Onlooker:
    """The page of a session without a viewer: it waits until everything has run."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """As Connection."""
        if b'"type":"status"' in frame[:60] and json.loads(frame)["state"] in ("idle", "dead"):
            self.settled.set()

    def drop(self, code: int, reason: str) -> None:
        """As Connection."""

    async def answers(self) -> bool:
        """As Connection."""
        return True


class Maker:
    """Makes templates. `new_template`: one that is not started; `timeout_s`: how long it may run the notebook, in seconds."""

    def __init__(
        self,
        new_template: Callable[[Notebook], Template],
        settings: RelaySettings,
        timeout_s: float,
        directories: Directories | None = None,
    ) -> None:
        self._new_template = new_template
        self._directories = directories
        self._settings = settings
        self._timeout_s = timeout_s

    async def make(self, notebook: Notebook, mode: str) -> Made:
        """The best that is safe. `mode`: auto, imports or off. Raises nothing but what is our own mistake."""
        if mode == "off":
            return Made(Level.EXEC, "it is switched off")
        if notebook.language != "python":
            return Made(Level.EXEC, f"its language is {notebook.language}")
        if mode != "auto":
            return await self._imports(notebook, "only imports are asked for")
        ids = [cell.id for cell in notebook.code_cells]
        why, until, tries, thorough = None, len(ids), 0, False
        while until > 0:
            made = await self._snapshot(notebook, until, why, thorough=thorough)
            if made.guard is None or made.guard.unsafe is None:
                return made
            await made.end()
            if not made.guard.started:
                return Made(Level.EXEC, why or made.reason)
            why, tries, last = why or made.reason, tries + 1, made.guard.last
            if last:
                until = min(until - 1, ids.index(last))
            elif thorough:
                until -= 1
            thorough = thorough or not last  # no cell is known to be the cause: look closely, with the same cells
            if tries >= _PATIENCE:
                until = min(until, len(ids) >> (tries - _PATIENCE + 1))
        return await self._imports(notebook, why)

    async def _snapshot(self, notebook: Notebook, until: int, why: str | None, *, thorough: bool) -> Made:
        """A template that has run the first `until` cells. It is of no use when its guard says that it is unsafe."""
        guard = Guard(self._new_template(notebook), thorough)
        planning, directories = plan_for(notebook, until), self._directories
        relay = Relay(TEMPLATE, notebook, lambda *_: guard, StartQueue(1), self._settings, planning=planning, directories=directories)
        try:
            reason = await self._run(relay, guard)
        except BaseException:
            await relay.close()
            raise
        if reason is None:
            return Made(Level.SNAPSHOT, why, until, guard, relay.record(secrets.token_urlsafe(9)), relay)
        guard.unsafe = reason
        return Made(Level.EXEC, self._blame(notebook, guard, reason), until, guard, None, relay)

    async def _run(self, relay: Relay, guard: Guard) -> str | None:
        """Run the cells, then freeze; returns the reason when the template may not be forked."""
        page = _Onlooker()
        relay.open({})
        relay.attach(page, Hello(None, 0), onlooker=True)
        settled, stopped = (asyncio.create_task(event.wait()) for event in (page.settled, guard.stopped))
        try:
            done, _ = await asyncio.wait((settled, stopped), timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            settled.cancel()
            stopped.cancel()
        if not done:
            return f"it did not end within {self._timeout_s:g} seconds"
        if not relay.is_idle:
            return guard.unsafe or "the template did not start"
        if not await guard.is_safe():
            return guard.unsafe
        relay.detach(page)
        reason = await guard.freeze()
        if reason is not None:
            guard.last = ""  # no cell is known to be the cause
        return reason

    def _blame(self, notebook: Notebook, guard: Guard, reason: str) -> str:
        numbers = {cell.id: number for number, cell in enumerate(notebook.cells, 1)}
        return f"cell {numbers[guard.last]}: {reason}" if guard.last in numbers else reason

    async def _imports(self, notebook: Notebook, why: str | None) -> Made:
        """A template that has only imported, as far as that is safe: nothing at all if need be, which still spares a kernel's own start."""
        sources = [cell.source for cell in notebook.code_cells]
        thorough = False
        for left in range(_PATIENCE, -1, -1):
            guard = Guard(self._new_template(notebook), thorough)
            try:
                count, failed = await self._import(guard, sources)
            except BaseException:
                await guard.end()
                raise
            if guard.unsafe is None:
                return Made(Level.IMPORTS, why or "; ".join(failed) or None, 0, guard)
            await guard.end()
            why = why or guard.unsafe
            if not sources or not guard.started:
                break
            sources = sources[:count] if left > 1 else []
            thorough = True
        return Made(Level.EXEC, why)

    async def _import(self, guard: Guard, sources: Sequence[str]) -> tuple[int, list[str]]:
        """Import, cell by cell, and freeze; how many cells were safe, and what failed."""
        count = 0
        failed: list[str] = []
        try:
            await guard.start()
            async with asyncio.timeout(self._timeout_s):
                for source in sources:
                    note = await guard.template.imports([source])
                    if not await guard.is_safe():
                        return count, failed
                    count += 1
                    failed += [note] if note else []
                guard.unsafe = await guard.freeze()
        except (KernelError, TimeoutError) as problem:
            guard.unsafe = guard.unsafe or str(problem) or f"its imports did not end within {self._timeout_s:g} seconds"
        return count, failed
