"""The queue of kernels that wait to be started."""

from __future__ import annotations

import asyncio
import contextlib

from kernelapp.session.starts import StartQueue


class Waiter:
    """A session that wants to start a kernel."""

    def __init__(self, queue: StartQueue) -> None:
        self.places: list[int] = []
        self.started = asyncio.Event()
        self.done = asyncio.Event()
        self.task = asyncio.create_task(self._work(queue))

    async def _work(self, queue: StartQueue) -> None:
        async with queue.turn(self.places.append):
            self.started.set()
            await self.done.wait()

    async def cancel(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_turns_are_taken_in_order_and_places_are_told() -> None:
    queue = StartQueue(1)
    waiters = [Waiter(queue) for _ in range(3)]
    await settle()
    assert [waiter.started.is_set() for waiter in waiters] == [True, False, False]
    assert [waiter.places for waiter in waiters] == [[], [1], [2]]
    waiters[0].done.set()
    await settle()
    assert [waiter.started.is_set() for waiter in waiters] == [True, True, False]
    assert waiters[2].places == [2, 1]
    for waiter in waiters:
        waiter.done.set()
    await asyncio.gather(*(waiter.task for waiter in waiters))


async def test_who_leaves_the_queue_makes_room() -> None:
    queue = StartQueue(1)
    first, second, third = (Waiter(queue) for _ in range(3))
    await settle()
    await second.cancel()
    assert third.places == [2, 1]
    await first.cancel()
    await asyncio.wait_for(third.started.wait(), 1)
    third.done.set()
    await third.task
    last = Waiter(queue)
    await settle()
    assert last.started.is_set()
    await last.cancel()
