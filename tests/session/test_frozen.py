"""A session's state as bytes: what goes on afterwards is what would have gone on."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from kernelapp.dataflow import ledger, steps
from kernelapp.errors import ServerError
from kernelapp.notebook import Notebook, read_notebook
from kernelapp.session import journal as journals
from kernelapp.session import machine as machines
from kernelapp.session import planning as plannings
from kernelapp.session import track
from kernelapp.session.comms import CommBounds
from kernelapp.session.frozen import freeze, thaw
from kernelapp.session.journal import Journal
from kernelapp.session.machine import Machine
from kernelapp.session.planning import plan_for
from kernelapp.session.store import SCHEMA
from kernelapp.session.track import CodeCell
from kernelapp.wire.messages import Cell, CellStatus, Output, SessionStatus, Settled
from tests.end_to_end.harness import write_notebook

from .driver import Driver, slider

REPORT = {"copied": [], "kept": [], "digests": {}, "changed": [], "stopped": False}


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    path = write_notebook(
        tmp_path / "n.ipynb", "import kernelapp as ka\nn = ka.slider('N', 0, 9)", "m = n + 1", "import time\nk = 3", "m, k"
    )
    return read_notebook(path)


def run_all(driver: Driver) -> None:
    while driver.run is not None:
        driver.do(driver.machine.report(driver.run.cell, driver.run.run, REPORT))
        driver.finish(*([slider()] if driver.run.cell == "c0" else []))


def started(notebook: Notebook) -> Driver:
    driver = Driver(*(cell.id for cell in notebook.code_cells), planning=plan_for(notebook)).start()
    run_all(driver)
    driver.runs.clear()
    return driver


def test_a_thawed_machine_runs_what_the_frozen_one_would_have(notebook: Notebook) -> None:
    frozen, other = started(notebook), started(notebook)
    frozen.event(1, 5)
    other.machine = thaw(freeze(other.machine), notebook)
    other.event(1, 5)
    for driver in (frozen, other):
        run_all(driver)
    assert frozen.runs == other.runs == ["c0", "c1", "c3"]
    assert other.is_in(SessionStatus.IDLE)


def test_a_machine_may_be_frozen_while_a_cell_runs(notebook: Notebook) -> None:
    driver = started(notebook)
    driver.event(1, 5)
    assert driver.run is not None
    driver.machine = thaw(freeze(driver.machine), notebook)
    run_all(driver)
    assert driver.runs == ["c0", "c1", "c3"]
    assert driver.last(Settled) == Settled(1)
    driver.event(1, 6)  # the browser says it again
    assert driver.runs == ["c0", "c1", "c3"]


def test_a_journal_goes_on_with_what_was_saved_of_it() -> None:
    journal = Journal(10_000)
    for message in (Cell("b", CellStatus.DONE, 1), Cell("a", CellStatus.RUNNING, 1), Output("a", "append", "stream", b'{"text":"x"}')):
        journal.append(message)
    saved = dict(journal.take_changes())
    assert set(saved) == {"a", "b"}
    assert journal.take_changes() == {}
    journal.append(Output("a", "append", "stream", b'{"text":"y"}'))
    saved |= journal.take_changes()
    cells = {name: thaw(freeze(cell)) for name, cell in saved.items()}
    thawed = Journal.thawed(10_000, CommBounds(), thaw(freeze(journal.head())), cells, ["b", "a"])
    bare = [{key: value for key, value in json.loads(frame).items() if key != "seq"} for frame in thawed.page()]
    assert bare == [{key: value for key, value in json.loads(frame).items() if key != "seq"} for frame in journal.page()]
    assert thawed.since(journal.seq) is None, "a page that saw messages of the former server must be sent whole"
    thawed.append(Settled(3))
    assert thawed.since(journal.seq) is None


class _Foreign:
    def __reduce__(self) -> Any:
        return (print, ("code ran",))


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps(_Foreign()), pickle.dumps(Path.home), pickle.dumps(json.loads)])
def test_bytes_of_something_else_are_refused_and_run_nothing(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ServerError, match="cannot be read"):
        thaw(content)
    assert capsys.readouterr().out == ""


def shapes() -> list[str]:
    """The names of everything that is frozen: classes, their fields, and what a machine and a planning have."""
    found = []
    for module in (ledger, steps, track, machines, plannings, journals):
        for name, one in sorted(vars(module).items()):
            if inspect.isclass(one) and one.__module__ == module.__name__ and dataclasses.is_dataclass(one):
                found += [f"{name}.{field.name}: {field.type}" for field in dataclasses.fields(one)]
    machine = Machine([CodeCell("c")], plannings.WholeNotebook(["c"]), 1)
    return found + sorted([*vars(machine), *vars(machine._planning), *vars(machine._inputs)])


def test_whoever_changes_what_is_saved_changes_the_format_too() -> None:
    """The store refuses what another format wrote. Write the new fingerprint here, and add one to SCHEMA if a release had the old one."""
    assert (SCHEMA, hashlib.sha256("\n".join(shapes()).encode()).hexdigest()[:12]) == (1, "141786d443aa")
