"""Who has which session."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from kernelapp.errors import ViewerError
from kernelapp.notebook import AppMetadata, Notebook
from kernelapp.session.registry import Registry
from kernelapp.session.relay import Connection, Relay
from kernelapp.wire.messages import Hello


def notebook(name: str = "app") -> Notebook:
    return Notebook(Path(name), name, name, "", "python", None, (), AppMetadata())


class FakeConnection:
    def send(self, frame: bytes) -> None:
        """Nothing is read here."""

    def drop(self, code: int, reason: str) -> None:
        """Nothing to close."""


class FakeRelay:
    def __init__(self, session: str, app: Notebook) -> None:
        self.session, self.notebook = session, app
        self.attached: list[tuple[Any, int]] = []
        self.closed = asyncio.Event()

    def open(self) -> None:
        """No kernel here."""

    def attach(self, connection: Connection, last_seq: int, record: str | None) -> None:
        self.attached.append((connection, last_seq))

    def detach(self, connection: Connection) -> bool:
        return connection is self.attached[-1][0]

    async def close(self) -> None:
        self.closed.set()


def registry(max_sessions: int = 2, grace_s: float = 0.0) -> Registry:
    return Registry(lambda session, app: cast("Relay", FakeRelay(session, app)), max_sessions, grace_s)


def attach(
    to: Registry, viewer: str = "v", session: str | None = None, seq: int = 0, app: str = "app", record: str | None = None
) -> tuple[FakeRelay, FakeConnection]:
    connection = FakeConnection()
    return cast("FakeRelay", to.attach(notebook(app), viewer, Hello(session, seq, record), connection)), connection


async def test_each_hello_without_a_session_opens_one() -> None:
    sessions = registry()
    assert attach(sessions)[0] is not attach(sessions)[0]
    assert len(sessions) == 2


async def test_a_living_session_is_resumed_by_its_viewer() -> None:
    sessions = registry()
    relay, _ = attach(sessions)
    again, connection = attach(sessions, session=relay.session, seq=7)
    assert again is relay
    assert relay.attached[-1] == (connection, 7)


@pytest.mark.parametrize(("viewer", "app"), [("thief", "app"), ("v", "other")])
async def test_another_viewer_or_app_gets_a_new_session_from_its_start(viewer: str, app: str) -> None:
    sessions = registry()
    relay, _ = attach(sessions)
    other, connection = attach(sessions, viewer, relay.session, 7, app)
    assert other is not relay
    assert other.attached == [(connection, 0)]


async def test_a_page_that_was_painted_from_a_record_tells_a_new_session_where_it_is() -> None:
    relay, connection = attach(registry(), seq=7, record="r")
    assert relay.attached == [(connection, 7)]


async def test_beyond_the_bound_there_is_no_room() -> None:
    sessions = registry(max_sessions=1)
    attach(sessions)
    with pytest.raises(ViewerError) as caught:
        attach(sessions)
    assert caught.value.code == "full"


async def test_a_session_without_a_page_ends_after_the_grace_period() -> None:
    sessions = registry()
    relay, connection = attach(sessions)
    sessions.detach(cast("Relay", relay), connection)
    await asyncio.wait_for(relay.closed.wait(), 5)
    assert len(sessions) == 0


async def test_a_page_that_comes_back_in_time_keeps_its_session() -> None:
    sessions = registry(grace_s=0.05)
    relay, connection = attach(sessions)
    sessions.detach(cast("Relay", relay), connection)
    attach(sessions, session=relay.session)
    other, other_connection = attach(sessions)
    sessions.detach(cast("Relay", other), other_connection)
    await asyncio.wait_for(other.closed.wait(), 5)
    assert not relay.closed.is_set()


async def test_closing_ends_every_session_and_opens_no_more() -> None:
    sessions = registry()
    relays = [attach(sessions)[0] for _ in range(2)]
    await sessions.close()
    assert all(relay.closed.is_set() for relay in relays)
    with pytest.raises(ViewerError):
        attach(sessions)
