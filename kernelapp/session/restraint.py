"""Holds a session's kernel to its bounds: interrupts what runs, and ends what does not react or takes too much."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ..kernels.limits import readable_bytes
from ..wire.messages import CellFailure, SessionStatus
from .effects import Effect, EndKernel, RunCell
from .machine import Machine
from .own_kernel import OwnKernel, has_begun
from .requests import Requests

_IDLE_S = 5.0  # how long after its reply a cell's next output may take
_LATEST_S = 300.0  # and the last one: what threads print goes on for ever


@dataclass(frozen=True)
class Patience:
    """How long the kernel may take to react to an interrupt, to do what is wanted at its end, and for one run of a cell; 0 is no bound."""

    stop_s: float = 5.0
    close_s: float = 10.0
    run_s: float = 0.0


class Restraint:
    """Of one session. What the machine answers is performed with `perform`."""

    def __init__(
        self,
        machine: Machine,
        own: OwnKernel,
        requests: Requests,
        perform: Callable[[list[Effect]], None],
        patience: Patience,
        log: logging.LoggerAdapter[logging.Logger],
    ) -> None:
        self._machine = machine
        self._own = own
        self._requests = requests
        self._perform = perform
        self._patience = patience
        self._log = log
        self._timer: asyncio.TimerHandle | None = None
        self._heard = 0.0  # when a message for a cell came last
        self._ended = False

    async def interrupt(self, begun: asyncio.Event) -> None:
        """Interrupt the cell that `begun` tells of, once the kernel is at it: sooner it is lost, later it hits the next cell."""
        await has_begun(begun)
        if self._own.kernel is not None and begun is self._requests.begun:
            await self._own.kernel.interrupt()
            await asyncio.sleep(self._patience.stop_s)
        if begun is self._requests.begun:
            self._perform(self._machine.unresponsive())

    def begin(self, run: RunCell) -> None:
        """A run begins: its time counts from now."""
        self.stop()
        if self._patience.run_s and run.cell:
            self._timer = asyncio.get_running_loop().call_later(self._patience.run_s, self._run_is_over, run)

    def _run_is_over(self, run: RunCell) -> None:
        reference, most = secrets.token_hex(4), in_words(self._patience.run_s)
        failure = CellFailure(f"This part of the app ran for {most}, as long as it may, and was stopped.", reference)
        reason = f"A part of the app ran for {most}, as long as it may, and did not react to being stopped. It was ended."
        if effects := self._machine.overrun(run.cell, run.run, failure, reason):
            self._log.warning("cell %s has run for %s (--max-run-s), reference %s", run.cell, most, reference)
            self._perform(effects)

    def files_full(self, max_bytes: int) -> None:
        """The session's files take more of the disk than they may."""
        if self._machine.status in (SessionStatus.RUNNING, SessionStatus.IDLE):
            most = readable_bytes(max_bytes)
            reason = f"The app's files took more disk than a session may have ({most}). They were removed."
            self._log.warning("the session's files took more than %s (--max-session-dir-bytes)", most)
            self._perform([EndKernel(reason, empty=True)])

    def heard(self) -> None:
        """A message for a cell has come."""
        self._heard = asyncio.get_running_loop().time()

    def replied(self, cell: str, run: int, at: float | None = None) -> None:
        """A cell that has replied is over when no more of it comes, even if the flooded iopub lost its `idle`."""
        loop = asyncio.get_running_loop()
        if self._ended:
            return
        if at is None or (loop.time() - self._heard < _IDLE_S and loop.time() - at < _LATEST_S):
            loop.call_later(_IDLE_S, self.replied, cell, run, loop.time() if at is None else at)
        else:
            self._perform(self._machine.finish(cell, run))

    def end(self) -> None:
        """The session has ended."""
        self._ended = True
        self.stop()

    def stop(self) -> None:
        """Look at the time no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def in_words(seconds: float) -> str:
    """A time as a viewer reads it, rounded to its largest unit."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds:g} second{'s' if seconds != 1 else ''}"
