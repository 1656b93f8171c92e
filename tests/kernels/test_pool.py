"""Kernels made ready before they are asked for."""

from __future__ import annotations

import pytest

from kernelapp.errors import KernelError
from kernelapp.kernels.kernel import KernelMessage
from kernelapp.kernels.pool import Pool
from tests.session.fakes import FakeKernel, let_tasks_run


class Listener:
    def __init__(self) -> None:
        self.messages: list[str] = []
        self.died: list[str] = []

    def kernel_message(self, message: KernelMessage) -> None:
        self.messages.append(message.kind)

    def kernel_died(self, reason: str) -> None:
        self.died.append(reason)


class Maker:
    """Makes kernels, and keeps them; the first `failing` do not start."""

    def __init__(self, failing: int = 0) -> None:
        self.made: list[FakeKernel] = []
        self.failing = failing

    def __call__(self) -> FakeKernel:
        self.made.append(FakeKernel(fails="It does not start." if len(self.made) < self.failing else ""))
        return self.made[-1]


async def test_as_many_as_wanted_are_started_and_one_that_is_taken_is_replaced() -> None:
    make = Maker()
    pool = Pool(make, 2)
    await let_tasks_run()
    assert [kernel.starts for kernel in make.made] == [1, 1]
    kernel, listener = pool.take(), Listener()
    await kernel.start(listener)
    await let_tasks_run()
    assert [kernel.starts for kernel in make.made] == [1, 1, 1]
    kernel.execute("r1", "1", {})
    make.made[0].say("status", execution_state="idle")
    assert (make.made[0].sources, listener.messages) == (["1"], ["status"])
    make.made[0].die("It died.")
    assert listener.died == ["It died."]
    await kernel.end()
    await pool.close()
    assert [kernel.ends for kernel in make.made] == [1, 1, 1]


async def test_when_none_is_ready_a_new_one_is_given() -> None:
    make = Maker()
    pool = Pool(make, 1)
    kernel = pool.take()
    assert kernel is make.made[0]
    assert make.made[0].starts == 0
    await pool.close()
    assert Pool(make, 0).take() is make.made[-1]


async def test_one_that_ends_while_it_waits_is_replaced() -> None:
    make = Maker()
    pool = Pool(make, 1)
    await let_tasks_run()
    make.made[0].say("status", "of nobody")
    make.made[0].die()
    await let_tasks_run()
    assert (make.made[0].ends, make.made[1].starts) == (1, 1)
    await pool.close()


async def test_one_that_ends_at_the_moment_when_it_is_taken_says_so() -> None:
    make = Maker()
    pool = Pool(make, 1)
    await let_tasks_run()
    kernel = pool.take()
    make.made[0].die("Killed.")
    with pytest.raises(KernelError, match=r"Killed\."):
        await kernel.start(Listener())
    await pool.close()


async def test_kernels_that_do_not_start_are_not_made_without_an_end() -> None:
    make = Maker(failing=100)
    pool = Pool(make, 2)
    await let_tasks_run()
    assert len(make.made) == 3
    assert [kernel.ends for kernel in make.made] == [1, 1, 1]
    pool.take()
    await let_tasks_run()
    assert len(make.made) == 5
    await pool.close()


async def test_kernels_that_end_at_once_are_not_made_without_an_end() -> None:
    make = Maker()
    pool = Pool(make, 1)
    for _ in range(10):
        await let_tasks_run()
        make.made[-1].die()
    assert len(make.made) < 10
    await pool.close()
