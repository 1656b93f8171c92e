"""Who is admitted, who waits, who is turned away."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from kernelapp.errors import ViewerError
from kernelapp.session.admission import Admission, AdmissionBounds, Seat

BOUNDS = AdmissionBounds(max_sessions=2, max_per_viewer=9, max_per_app=9, max_waiting=2, min_free_bytes=0)


def admission(free: int | None = None, **bounds: int) -> Admission:
    return Admission(replace(BOUNDS, **bounds), lambda: free)


def is_seated(seat: Seat) -> bool:
    return seat.granted.is_set()


async def test_there_are_as_many_seats_as_allowed_and_then_a_queue() -> None:
    hall = admission()
    seats = [hall.enter("app", f"v{n}") for n in range(4)]
    assert [is_seated(seat) for seat in seats] == [True, True, False, False]
    assert [seat.place for seat in seats] == [None, None, 1, 2]
    with pytest.raises(ViewerError) as caught:
        hall.enter("app", "late")
    assert caught.value.code == "full"


async def test_the_first_who_waits_follows_and_all_learn_their_place() -> None:
    hall = admission(max_sessions=1)
    first, second, third = (hall.enter("app", f"v{n}") for n in range(3))
    places: list[int] = []
    waiting = asyncio.create_task(third.wait(places.append))
    await asyncio.sleep(0)
    hall.leave(first)
    assert is_seated(second)
    assert not is_seated(third)
    hall.leave(second)
    await asyncio.wait_for(waiting, 5)
    assert places == [2, 1]


async def test_one_who_gives_up_waiting_holds_up_nobody() -> None:
    hall = admission(max_sessions=1)
    first, second, third = (hall.enter("app", f"v{n}") for n in range(3))
    hall.leave(second)
    assert third.place == 1
    hall.leave(first)
    assert is_seated(third)


async def test_a_viewer_has_at_most_so_many() -> None:
    hall = admission(max_per_viewer=1)
    seat = hall.enter("app", "v")
    with pytest.raises(ViewerError, match="You have 1 sessions"):
        hall.enter("app", "v")
    hall.leave(seat)
    assert is_seated(hall.enter("app", "v"))


async def test_a_full_app_does_not_hold_up_the_others() -> None:
    hall = admission(max_per_app=1)
    hall.enter("app", "v")
    waiting, other = hall.enter("app", "w"), hall.enter("other", "x")
    assert (is_seated(waiting), is_seated(other)) == (False, True)


async def test_memory_that_is_short_makes_viewers_wait_until_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernelapp.session.admission._LOOK_AGAIN_S", 0.01)
    free = [10]
    hall = Admission(replace(BOUNDS, min_free_bytes=100), lambda: free[0])
    seat = hall.enter("app", "v")
    assert not is_seated(seat)
    free[0] = 200
    await asyncio.wait_for(seat.wait(lambda _: None), 5)
    hall.close()


async def test_where_memory_is_not_known_it_does_not_count() -> None:
    assert is_seated(admission(min_free_bytes=100).enter("app", "v"))


async def test_a_session_of_an_earlier_server_has_its_seat() -> None:
    hall = admission(max_sessions=1)
    restored = hall.restore("app", "v")
    assert is_seated(restored)
    assert not is_seated(hall.enter("app", "w"))
