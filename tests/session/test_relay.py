"""A relay between a kernel that does as the test says, and no page."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernelapp.notebook import AppMetadata, Cell, Notebook
from kernelapp.session.record import Record
from kernelapp.session.relay import Relay, RelaySettings
from kernelapp.session.restraint import Patience
from kernelapp.session.starts import StartQueue
from kernelapp.wire.messages import Hello

from .fakes import FakeKernel, let_tasks_run

SETTINGS = RelaySettings(False, 1000, 100_000)


def notebook_of(*sources: str) -> Notebook:
    cells = tuple(Cell(f"c{i}", "code", source) for i, source in enumerate(sources))
    return Notebook(Path("app"), "app", "app", "", "python", None, cells, AppMetadata())


async def open_relay(*sources: str) -> tuple[Relay, FakeKernel]:
    """A session whose kernel has been asked for the first cell."""
    kernel = FakeKernel()
    relay = Relay("session", notebook_of(*sources), lambda *_: kernel, StartQueue(1), SETTINGS)
    relay.open({})
    await kernel.at_work()
    return relay, kernel


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


async def test_a_cell_that_has_replied_is_not_over_while_its_output_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    relay, kernel = await open_relay("1", "2")
    loop, now, waiting = asyncio.get_running_loop(), [100.0], list[tuple[Callable[..., None], tuple[Any, ...]]]()
    with monkeypatch.context() as patch:  # nothing waits meanwhile: the test is the clock
        patch.setattr(loop, "time", lambda: now[0])
        patch.setattr(loop, "call_later", lambda _, function, *arguments: waiting.append((function, arguments)))

        def later(seconds: float) -> None:
            now[0] += seconds
            function, arguments = waiting.pop()
            function(*arguments)

        kernel.say("execute_reply")
        for _ in range(3):
            now[0] += 4
            kernel.say("stream", name="stdout", text="more")
            later(1)
            assert len(kernel.requests) == 1
        later(5)
        assert len(kernel.requests) == 2  # its `idle` was lost: the next one's turn
    await relay.close()


class Page:
    """A connection that keeps what it is sent, and knows when the session is idle."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.idle = asyncio.Event()

    def send(self, frame: bytes) -> None:
        self.frames.append(json.loads(frame))
        if self.frames[-1].get("state") == "idle" and self.frames[-1]["type"] == "status":
            self.idle.set()

    def drop(self, code: int, reason: str) -> None:
        """Nothing to close."""

    async def answers(self) -> bool:
        return True


class FakeLease:
    """Gives the kernels that a test made."""

    def __init__(self, record: Record | None, *kernels: FakeKernel) -> None:
        self.record = record
        self.kernels = list(kernels)
        self.released = 0

    def fork(self, files: Path | None) -> FakeKernel:
        return self.kernels.pop(0)

    def release(self) -> None:
        self.released += 1


CELLS = ("import time\nnow = time.time()", "print('alone')")


async def record_of(*sources: str) -> Record:
    """The record of a template that has run."""
    relay, page = Relay("template", notebook_of(*sources), lambda *_: FakeKernel(runs=True), StartQueue(1), SETTINGS), Page()
    relay.open({})
    relay.attach(page, Hello(None, 0))
    await page.idle.wait()
    record = relay.record("r1")
    await relay.close()
    return record


async def lease_session(lease: FakeLease, other: FakeKernel, seen: str | None = "r1") -> tuple[Relay, Page]:
    """A session that has settled; its page was painted from the record `seen`."""
    relay, page = Relay("session", notebook_of(*CELLS), lambda *_: other, StartQueue(1), SETTINGS, lease), Page()
    relay.open({})
    relay.attach(page, Hello(None, lease.record.journal.seq if lease.record else 0, seen))
    await page.idle.wait()
    return relay, page


async def test_a_session_goes_on_from_a_record_in_a_fork() -> None:
    fork, other = FakeKernel(runs=True), FakeKernel(runs=True)
    lease = FakeLease(await record_of(*CELLS), fork)
    relay, page = await lease_session(lease, other)
    assert page.frames[0]["resumed"] is True
    assert (fork.sources, other.starts) == ([CELLS[0]], 0)
    assert [frame["seq"] for frame in page.frames[1:]] == list(range(page.frames[1]["seq"], page.frames[-1]["seq"] + 1))
    assert lease.released == 0
    await relay.close()
    assert (fork.ends, lease.released) == (1, 1)


async def test_a_page_of_another_record_is_sent_whole() -> None:
    relay, page = await lease_session(FakeLease(await record_of(*CELLS), FakeKernel(runs=True)), FakeKernel(), "another")
    assert page.frames[0]["resumed"] is False
    assert {frame["cell"] for frame in page.frames if frame["type"] == "output"} == {"c0", "c1"}
    await relay.close()


async def test_without_a_fork_the_session_runs_everything_in_another_kernel() -> None:
    fork, other = FakeKernel(fails="The template has ended."), FakeKernel(runs=True)
    lease = FakeLease(await record_of(*CELLS), fork)
    relay, page = await lease_session(lease, other)
    assert (fork.ends, other.sources, lease.released) == (1, list(CELLS), 1)
    assert page.frames[0]["resumed"] is True
    await relay.close()
    assert (other.ends, lease.released) == (1, 1)


async def test_a_fork_of_a_template_that_has_run_no_cell_runs_everything() -> None:
    fork = FakeKernel(runs=True)
    relay, page = await lease_session(FakeLease(None, fork), FakeKernel(), None)
    assert (fork.sources, page.frames[0]["resumed"]) == (list(CELLS), False)
    await relay.close()


async def test_a_restarted_session_gets_a_new_fork_and_runs_everything() -> None:
    first, second = FakeKernel(runs=True), FakeKernel(runs=True)
    relay, page = await lease_session(FakeLease(await record_of(*CELLS), first, second), FakeKernel())
    first.die()
    page.idle.clear()
    relay.receive(json.dumps({"type": "rerun"}))
    await page.idle.wait()
    assert (first.ends, second.sources) == (1, list(CELLS))
    await relay.close()


CLOSES = {"application/vnd.kernelapp.report+json": {"closes": True}}


async def open_closing(*sources: str, timeout_s: float = 60.0) -> tuple[Relay, FakeKernel]:
    """A session whose notebook has given something to `ka.on_close`, and is at its first cell."""
    kernel = FakeKernel()
    settings = dataclasses.replace(SETTINGS, patience=Patience(close_s=timeout_s))
    relay = Relay("session", notebook_of(*sources), lambda *_: kernel, StartQueue(1), settings)
    relay.open({})
    await kernel.at_work()
    kernel.say("execute_input")
    kernel.say("display_data", data=CLOSES)
    return relay, kernel


async def test_a_kernel_does_what_is_wanted_at_its_end_and_nothing_runs_any_more() -> None:
    relay, kernel = await open_closing("1", "2")
    kernel.says_goodbye.clear()
    closing = asyncio.create_task(relay.close())
    await let_tasks_run()
    assert (kernel.interrupted, kernel.farewells, kernel.ends) == (kernel.requests, 1, 0)
    kernel.say("status", execution_state="idle")
    relay.receive('{"type": "rerun"}')
    assert len(kernel.requests) == 1
    kernel.says_goodbye.set()
    await closing
    assert kernel.ends == 1


@pytest.mark.parametrize("how", ["takes too long", "dies"])
async def test_an_end_does_not_wait_for_ever(how: str) -> None:
    relay, kernel = await open_closing("1", timeout_s=0.01 if how == "takes too long" else 60.0)
    kernel.says_goodbye.clear()
    closing = asyncio.create_task(relay.close())
    await let_tasks_run()
    if how == "dies":
        kernel.die()
    await closing
    assert (kernel.farewells, kernel.ends) == (1, 1)


async def test_a_kernel_without_wishes_a_dead_one_and_one_that_does_not_react_just_end() -> None:
    relay, kernel = await open_relay("1")
    await relay.close()
    dead, dying = await open_closing("1")
    dying.die()
    await dead.close()
    never, unasked = await open_closing("1", timeout_s=0)
    await never.close()
    assert [one.farewells for one in (kernel, dying, unasked)] == [0, 0, 0]
    assert [one.ends for one in (kernel, dying, unasked)] == [1, 1, 1]


async def test_a_restart_lets_the_old_kernel_do_what_is_wanted_at_its_end() -> None:
    relay, kernel = await open_closing("1")
    relay.receive('{"type": "restart"}')
    await let_tasks_run()
    assert (kernel.farewells, kernel.ends, kernel.starts) == (1, 1, 2)
    await relay.close()
