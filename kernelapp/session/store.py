"""Sessions that outlive the server: what a server that starts needs to go on where the one before it stopped, in SQLite.

One row a session, one a cell of it. A session is written as a whole thought: what its machine knows, what its cells show, and the last
message of its kernel that both of them answer, in one transaction; so what came after that message can be read again from the kernel's
spool, without gap or duplicate. Writing does not wait for the disk (WAL, no fsync): what a killed server wrote is there, what a host that
lost its power wrote last may be gone, and the kernels with it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import OperatorError

log = logging.getLogger(__name__)

SCHEMA = 1
"""Of the tables and of what is in their blobs; tests/session/test_store.py fails when these change and this does not."""

_TABLES = """
CREATE TABLE IF NOT EXISTS notebooks (digest TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, viewer TEXT NOT NULL, notebook TEXT NOT NULL, kernel BLOB, state BLOB NOT NULL, last_message TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS cells (session TEXT NOT NULL, cell TEXT NOT NULL, page BLOB NOT NULL, PRIMARY KEY (session, cell)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Saved:
    """A session as it was written. `viewer` is the hash of the viewer's secret; `kernel` is None when it had none."""

    session: str
    viewer: str
    notebook: bytes
    kernel: bytes | None
    state: bytes
    cells: Mapping[str, bytes]
    last_message: str


@dataclass(frozen=True)
class Change:
    """What is to be written of a session: everything but the cells that show what they showed."""

    session: str
    viewer: str
    notebook: str
    kernel: bytes | None
    state: bytes
    cells: Mapping[str, bytes]
    last_message: str


class Store:
    """The file. A disk that is full costs durability, not the sessions: it is logged once, and tried again with the next change."""

    def __init__(self, path: Path) -> None:
        """Raises OperatorError for a store of another version. A damaged one is set aside, with a note in the log."""
        self._path = path
        self._failing = False
        try:
            self._database = _open(path)
        except sqlite3.DatabaseError as problem:
            aside = _set_aside(path)
            log.error("the store of sessions was damaged (%s) and is kept as %s; its sessions are lost", problem, aside)
            self._database = _open(path)

    def keep_notebook(self, digest: str, content: bytes) -> None:
        """Keep the notebook that sessions with this digest run; once is enough."""
        with self._writing():
            self._database.execute("INSERT OR IGNORE INTO notebooks VALUES (?, ?)", (digest, content))

    def write(self, change: Change) -> bool:
        """Write a session's change; returns whether it was written."""
        with self._writing() as done:
            self._database.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
                (change.session, change.viewer, change.notebook, change.kernel, change.state, change.last_message),
            )
            rows = [(change.session, cell, page) for cell, page in change.cells.items()]
            self._database.executemany("INSERT OR REPLACE INTO cells VALUES (?, ?, ?)", rows)
            done.append(True)
        return bool(done)

    def remove(self, session: str) -> None:
        """Forget a session, and notebooks that no session runs."""
        with self._writing():
            self._database.execute("DELETE FROM sessions WHERE id = ?", (session,))
            self._database.execute("DELETE FROM cells WHERE session = ?", (session,))
            self._database.execute("DELETE FROM notebooks WHERE digest NOT IN (SELECT notebook FROM sessions)")

    def sessions(self) -> list[Saved]:
        """Every session that is kept."""
        query = "SELECT id, viewer, content, kernel, state, last_message FROM sessions JOIN notebooks ON notebook = digest"
        found = []
        for session, viewer, notebook, kernel, state, last_message in self._database.execute(query).fetchall():
            cells = self._database.execute("SELECT cell, page FROM cells WHERE session = ?", (session,)).fetchall()
            found.append(Saved(session, viewer, notebook, kernel, state, dict(cells), last_message))
        return found

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[list[bool]]:
        done: list[bool] = []
        try:
            with self._database:
                yield done
        except sqlite3.Error as problem:
            done.clear()
            if not self._failing:
                log.error("sessions cannot be saved, and would not outlive this server: %s (%s)", problem, self._path)
            self._failing = True
            return
        if self._failing:
            log.warning("sessions are saved again")
            self._failing = False


def _open(path: Path) -> sqlite3.Connection:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)  # before SQLite makes it with the umask's mode
    os.close(descriptor)
    database = sqlite3.connect(path, timeout=5, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA):
            raise OperatorError(
                f"the sessions in {path} were saved by another version of kernelapp (format {version}; this one reads {SCHEMA}); "
                "end them with the version that made them (`kernelapp stop`), or move the file away to begin anew"
            )
        found = database.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        database.executescript(_TABLES)
        database.execute(f"PRAGMA user_version = {SCHEMA}")
    except BaseException:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> Path:
    """Rename a damaged file and what SQLite keeps beside it; returns the new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside
