"""A relay between a kernel that does as the test says, and no page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kernelapp.kernels.kernel import KernelListener, KernelMessage
from kernelapp.notebook import AppMetadata, Cell, Notebook
from kernelapp.session.relay import Relay, RelaySettings
from kernelapp.session.starts import StartQueue


class FakeKernel:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.interrupted: list[str] = []
        self._started = asyncio.Event()
        self._listener: KernelListener | None = None

    async def start(self, listener: KernelListener) -> None:
        self._listener = listener

    def execute(self, request: str, source: str, metadata: Mapping[str, Any]) -> None:
        self.requests.append(request)
        self._started.set()

    async def describe(self) -> bytes | None:
        return None

    async def adopt(self, listener: KernelListener, description: bytes, last_message: str) -> None:
        self._listener = listener

    async def answered(self) -> None:
        """At once."""

    async def leave(self) -> None:
        """Nothing to leave."""

    async def interrupt(self) -> None:
        self.interrupted.append(self.requests[-1])

    async def end(self) -> None:
        """Nothing to end."""

    async def at_work(self) -> None:
        """Wait for the first request."""
        await self._started.wait()

    def say(self, kind: str, **content: Any) -> None:
        """Publish a message that answers the latest request."""
        assert self._listener is not None
        self._listener.kernel_message(KernelMessage(kind, self.requests[-1], json.dumps(content).encode()))


async def open_relay(*sources: str) -> tuple[Relay, FakeKernel]:
    """A session whose kernel has been asked for the first cell."""
    cells = tuple(Cell(f"c{i}", "code", source) for i, source in enumerate(sources))
    notebook = Notebook(Path("app"), "app", "app", "", "python", None, cells, AppMetadata())
    kernel = FakeKernel()
    relay = Relay("session", notebook, lambda _: kernel, StartQueue(1), RelaySettings(False, 1000, 100_000))
    relay.open()
    await kernel.at_work()
    return relay, kernel


async def let_tasks_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_interrupt_waits_until_the_kernel_is_at_the_cell() -> None:
    relay, kernel = await open_relay("1")
    relay.receive('{"type": "stop"}')
    await let_tasks_run()
    assert kernel.interrupted == []
    kernel.say("execute_input")
    await let_tasks_run()
    assert kernel.interrupted == kernel.requests[:1]
    await relay.close()


@pytest.mark.parametrize("asked", [["rerun"], ["stop", "rerun"]])
async def test_an_interrupt_for_a_cell_that_has_just_ended_does_not_hit_the_next(asked: list[str]) -> None:
    relay, kernel = await open_relay("1", "2")
    kernel.say("execute_input")
    relay.receive(json.dumps({"type": asked[0]}))
    kernel.say("status", execution_state="idle")
    for one in asked[1:]:
        relay.receive(json.dumps({"type": one}))
    assert len(kernel.requests) == 2
    kernel.say("execute_input")
    await let_tasks_run()
    assert kernel.interrupted == []
    await relay.close()
