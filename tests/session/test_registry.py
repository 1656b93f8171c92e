"""Who has which session."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from kernelapp.errors import ViewerError
from kernelapp.notebook import AppMetadata, Notebook
from kernelapp.session.admission import Admission, AdmissionBounds, Seat
from kernelapp.session.connection import Connection
from kernelapp.session.registry import Lifetimes, Registry
from kernelapp.session.relay import Relay
from kernelapp.wire.messages import Hello


def notebook(name: str = "app") -> Notebook:
    return Notebook(Path(name), name, name, "", "python", None, (), AppMetadata())


class FakeConnection:
    def __init__(self) -> None:
        self.dropped = False
        self.there = True

    def send(self, frame: bytes) -> None:
        """Nothing is read here."""

    def drop(self, code: int, reason: str) -> None:
        self.dropped = True

    async def answers(self) -> bool:
        await asyncio.sleep(0)
        return self.there


class FakeRelay:
    def __init__(self, session: str, app: Notebook) -> None:
        self.session, self.notebook = session, app
        self.attached: list[tuple[Any, int]] = []
        self.holder: tuple[Any, str | None] | None = None
        self.lost: str | None = None
        self.inputs: Mapping[str, Any] = {}
        self.closed = asyncio.Event()
        self.used = asyncio.get_running_loop().time()
        self.dismissed = ""

    def open(self, inputs: Mapping[str, Any], seat: Seat) -> None:
        self.inputs = inputs
        self.seat = seat

    def idle_for(self, now: float) -> float:
        return now - self.used

    def dismiss(self, reason: str) -> None:
        self.dismissed = reason

    async def is_taken(self, page: str | None) -> bool:
        return self.holder is not None and page != self.holder[1] and bool(await self.holder[0].answers())

    def attach(self, connection: Connection, hello: Hello, lost: str | None) -> None:
        self.attached.append((connection, hello.last_seq))
        self.holder, self.lost = (connection, hello.page), lost

    def detach(self, connection: Connection) -> bool:
        self.holder = None
        return connection is self.attached[-1][0]

    async def close(self) -> None:
        self.closed.set()


def registry(max_sessions: int = 2, grace_s: float = 0.0, idle_s: float = 0.0, max_age_s: float = 0.0) -> Registry:
    bounds = AdmissionBounds(max_sessions, max_per_viewer=9, max_per_app=9, max_waiting=0, min_free_bytes=0)
    admission = Admission(bounds, lambda: None)
    lifetimes = Lifetimes(grace_s, idle_s, max_age_s)
    return Registry(lambda session, _, app: cast("Relay", FakeRelay(session, app)), admission, lifetimes)


async def attach(
    to: Registry, viewer: str = "v", session: str | None = None, seq: int = 0, app: str = "app", record: str | None = None, page: str = "p"
) -> tuple[FakeRelay, FakeConnection]:
    connection = FakeConnection()
    hello = Hello(session, seq, record, page, {"k": 1})
    return cast("FakeRelay", await to.attach(notebook(app), viewer, hello, connection)), connection


async def test_each_hello_without_a_session_opens_one() -> None:
    sessions = registry()
    one, two = (await attach(sessions))[0], (await attach(sessions))[0]
    assert one is not two
    assert one.lost is None
    assert len(sessions) == 2


async def test_a_living_session_is_resumed_by_its_viewer() -> None:
    sessions = registry()
    relay, _ = await attach(sessions)
    again, connection = await attach(sessions, session=relay.session, seq=7)
    assert again is relay
    assert again.lost is None
    assert relay.attached[-1] == (connection, 7)


@pytest.mark.parametrize(("viewer", "app"), [("thief", "app"), ("v", "other")])
async def test_another_viewer_or_app_gets_a_new_session_from_its_start(viewer: str, app: str) -> None:
    sessions = registry()
    relay, _ = await attach(sessions)
    other, connection = await attach(sessions, viewer, relay.session, 7, app)
    assert other is not relay
    assert other.attached == [(connection, 0)]
    assert other.lost == "ended"


async def test_a_copy_of_a_tab_gets_a_session_of_its_own_with_the_same_values() -> None:
    sessions = registry()
    relay, original = await attach(sessions)
    other, _ = await attach(sessions, session=relay.session, page="copy")
    assert other is not relay
    assert (other.lost, other.inputs) == ("in-use", {"k": 1})
    assert not original.dropped


async def test_a_page_that_does_not_answer_loses_its_session_to_the_next() -> None:
    sessions = registry()
    relay, original = await attach(sessions)
    original.there = False
    assert (await attach(sessions, session=relay.session, page="refreshed"))[0] is relay


async def test_a_session_that_is_gone_is_replaced_with_the_viewers_values() -> None:
    relay, _ = await attach(registry(), session="gone")
    assert (relay.lost, relay.inputs) == ("ended", {"k": 1})


async def test_a_page_that_was_painted_from_a_record_tells_a_new_session_where_it_is() -> None:
    relay, connection = await attach(registry(), seq=7, record="r")
    assert relay.attached == [(connection, 7)]


async def test_beyond_the_bound_there_is_no_room() -> None:
    sessions = registry(max_sessions=1)
    await attach(sessions)
    with pytest.raises(ViewerError) as caught:
        await attach(sessions)
    assert caught.value.code == "full"


async def test_a_session_without_a_page_ends_after_the_grace_period() -> None:
    sessions = registry()
    relay, connection = await attach(sessions)
    sessions.detach(cast("Relay", relay), connection)
    await asyncio.wait_for(relay.closed.wait(), 5)
    assert len(sessions) == 0


async def test_a_page_that_comes_back_in_time_keeps_its_session() -> None:
    sessions = registry(grace_s=0.05)
    relay, connection = await attach(sessions)
    sessions.detach(cast("Relay", relay), connection)
    await attach(sessions, session=relay.session)
    other, other_connection = await attach(sessions)
    sessions.detach(cast("Relay", other), other_connection)
    await asyncio.wait_for(other.closed.wait(), 5)
    assert not relay.closed.is_set()


async def test_closing_ends_every_session_and_opens_no_more() -> None:
    sessions = registry()
    relays = [(await attach(sessions))[0] for _ in range(2)]
    await sessions.close()
    assert all(relay.closed.is_set() for relay in relays)
    with pytest.raises(ViewerError):
        await attach(sessions)


async def test_a_session_that_ended_leaves_its_seat() -> None:
    sessions = registry(max_sessions=1)
    relay, connection = await attach(sessions)
    assert sessions.is_full("app", "other")
    assert not sessions.is_full("app", "v"), "its viewer can come back"
    sessions.detach(cast("Relay", relay), connection)
    await asyncio.wait_for(relay.closed.wait(), 5)
    await attach(sessions)


async def test_a_session_whose_viewer_does_nothing_ends_with_a_notice() -> None:
    sessions = registry(idle_s=0.2)
    idle, _ = await attach(sessions)
    used, _ = await attach(sessions)
    used.used += 1000
    await asyncio.wait_for(idle.closed.wait(), 5)
    assert "nothing was done in it for 0.2 seconds" in idle.dismissed
    assert not used.closed.is_set()
    await sessions.close()


async def test_a_session_ends_at_its_greatest_age() -> None:
    sessions = registry(max_age_s=0.2)
    relay, _ = await attach(sessions)
    relay.used += 1000
    await asyncio.wait_for(relay.closed.wait(), 5)
    assert "as long as it may" in relay.dismissed
    await sessions.close()
