"""The store of sessions."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from kernelapp.errors import OperatorError
from kernelapp.session.store import SCHEMA, Change, Store

CHANGE = Change("s1", "viewer", "n1", b"kernel", b"state", {"c1": b"page"}, "m1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.sqlite"


def test_a_session_is_there_after_the_server_that_wrote_it_is_gone(path: Path) -> None:
    store = Store(path)
    store.keep_notebook("n1", b"notebook")
    assert store.write(CHANGE)
    # not closed: the server was killed
    (saved,) = Store(path).sessions()
    assert (saved.session, saved.viewer, saved.notebook, saved.kernel) == ("s1", "viewer", b"notebook", b"kernel")
    assert (saved.state, saved.cells, saved.last_message) == (b"state", {"c1": b"page"}, "m1")


def test_cells_that_did_not_change_keep_what_they_showed(path: Path) -> None:
    store = Store(path)
    store.keep_notebook("n1", b"notebook")
    store.write(CHANGE)
    store.write(dataclasses.replace(CHANGE, cells={"c2": b"other"}, state=b"later"))
    (saved,) = store.sessions()
    assert saved.cells == {"c1": b"page", "c2": b"other"}
    assert saved.state == b"later"


def test_a_removed_session_leaves_nothing(path: Path) -> None:
    store = Store(path)
    store.keep_notebook("n1", b"notebook")
    store.write(CHANGE)
    store.remove("s1")
    assert store.sessions() == []
    store.close()
    database = sqlite3.connect(path)
    assert [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("sessions", "cells", "notebooks")] == [0, 0, 0]
    database.close()


def test_only_its_owner_may_read_it(path: Path) -> None:
    store = Store(path)
    store.keep_notebook("n1", b"notebook")
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    store.close()


def test_a_damaged_store_is_set_aside_and_told_of(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"no database" * 1000)
    store = Store(path)
    assert store.sessions() == []
    aside = path.with_name("sessions.sqlite.damaged-1")
    assert aside.read_bytes().startswith(b"no database")
    assert str(aside) in caplog.text
    store.close()


def test_a_store_of_another_version_is_refused_and_left_as_it_is(path: Path) -> None:
    store = Store(path)
    store.keep_notebook("n1", b"notebook")
    store.write(CHANGE)
    store.close()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    database.close()
    before = path.read_bytes()
    with pytest.raises(OperatorError, match=f"format {SCHEMA + 1}; this one reads {SCHEMA}.*kernelapp stop"):
        Store(path)
    assert path.read_bytes() == before


def test_what_cannot_be_written_is_told_once_and_tried_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(path)
    store.keep_notebook("n1", b"notebook")
    other = sqlite3.connect(path)
    pages = other.execute("PRAGMA page_count").fetchone()[0]
    other.close()
    store._database.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way of a full disk
    large = dataclasses.replace(CHANGE, cells={"c1": b"x" * 100_000})
    assert not store.write(large)
    assert not store.write(large)
    assert caplog.text.count("cannot be saved") == 1
    store._database.execute("PRAGMA max_page_count = 1000000")
    assert store.write(large)
    assert "saved again" in caplog.text
    store.close()
