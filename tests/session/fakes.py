"""Kernels that do as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernelapp.errors import KernelError
from kernelapp.kernels.kernel import ForkOptions, KernelListener, KernelMessage


class FakeKernel:
    """Notes what it is asked for. With `runs` it runs each cell by itself: the cell prints its source, and is done."""

    def __init__(self, runs: bool = False, fails: str = "") -> None:
        self.requests: list[str] = []
        self.sources: list[str] = []
        self.metadata: list[Mapping[str, Any]] = []
        self.interrupted: list[str] = []
        self.comms: list[tuple[str, dict[str, Any], list[bytes]]] = []
        self.starts = 0
        self.farewells = 0
        self.says_goodbye = asyncio.Event()  # cleared: its farewell does not end
        self.says_goodbye.set()
        self.ends = 0
        self.runs = runs
        self.fails = fails
        self._started = asyncio.Event()
        self._listener: KernelListener | None = None

    async def start(self, listener: KernelListener) -> None:
        self.starts += 1
        if self.fails:
            raise KernelError(self.fails)
        self._listener = listener

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        self.requests.append(request)
        self.sources.append(source)
        self.metadata.append(metadata)
        self._started.set()
        if self.runs:
            asyncio.get_running_loop().call_soon(self._run, request, source)

    def _run(self, request: str, source: str) -> None:
        self.say("stream", request, name="stdout", text=source)
        self.say("status", request, execution_state="idle")

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        self.comms.append((comm, dict(data), list(buffers)))
        self.requests.append(request)

    async def describe(self) -> bytes | None:
        return None

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        self._listener = listener

    async def answered(self) -> None:
        """At once."""

    async def farewell(self) -> None:
        self.farewells += 1
        await self.says_goodbye.wait()

    async def leave(self) -> None:
        """Nothing to leave."""

    async def interrupt(self) -> None:
        self.interrupted.append(self.requests[-1])

    async def end(self) -> None:
        self.ends += 1

    async def at_work(self) -> None:
        """Wait for the first request."""
        await self._started.wait()

    def say(self, kind: str, request: str | None = None, /, **content: Any) -> None:
        """Publish a message that answers a request, the latest if none is named."""
        assert self._listener is not None
        self._listener.kernel_message(KernelMessage(kind, request or self.requests[-1], json.dumps(content).encode()))

    def die(self, reason: str = "It died.") -> None:
        """End without being asked to."""
        assert self._listener is not None
        self._listener.kernel_died(reason)


async def let_tasks_run() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class FakeTemplate(FakeKernel):
    """A template that may not be forked once it has run a cell whose source holds `thread`; `hangs` is one that never ends.

    After `subtle` only a thorough check finds out, after `unsteady` only freezing, after `late` only a check once another cell has run;
    a module named `native` must not even be imported.
    """

    def __init__(self, **answers: str | None) -> None:
        super().__init__(runs=True)
        self.answers = answers  # of freeze, check, imports
        self.imported: list[str] = []
        self.frozen = False
        self.forks: list[FakeKernel] = []
        self.read: list[Path] = []

    def _run(self, request: str, source: str) -> None:
        if "dies" in source:
            self.die("It was killed.")
        elif "hangs" not in source:
            super()._run(request, source)

    async def imports(self, sources: Sequence[str]) -> str | None:
        self.imported += sources
        return self.answers.get("imports")

    def _ran(self, word: str) -> bool:
        return any(word in source for source in [*self.sources, *self.imported])

    async def check(self, *, thorough: bool = False) -> str | None:
        if any("thread" in source for source in self.sources) or any("native" in source for source in self.imported):
            return "a thread runs"
        if any("late" in source for source in self.sources[:-1]):
            return "a thread runs"
        if thorough and self._ran("subtle"):
            return "numpy hangs after a fork"
        return self.answers.get("check")

    async def freeze(self) -> str | None:
        self.frozen = True
        if self._ran("subtle") or self._ran("unsteady"):
            return "numpy hangs after a fork"
        return self.answers.get("freeze")

    def files(self) -> Sequence[Path]:
        return self.read

    def fork(self, options: ForkOptions) -> FakeKernel:
        self.forks.append(FakeKernel(runs=True, fails="The template has ended." if self.ends else ""))
        return self.forks[-1]
