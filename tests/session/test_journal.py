"""The journal: what a page that missed something gets."""

from __future__ import annotations

import json
from typing import Any

from kernelapp.session.journal import Journal
from kernelapp.wire.messages import Cell, CellFailure, CellStatus, Control, Output, PageMessage, SessionStatus, Settled, Status

from .shown import Browser

RUNNING = Cell("c", CellStatus.RUNNING, 1)
DONE = Cell("c", CellStatus.DONE, 1)


def text(value: str, display_id: str | None = None, cell: str = "c", op: str = "append") -> Output:
    transient = {"display_id": display_id} if display_id else {}
    content = json.dumps({"data": {"text/plain": value}, "metadata": {}, "transient": transient})
    return Output(cell, op, "display_data", content.encode())


def layout(op: str) -> Output:
    data = {"application/vnd.kernelapp.layout+json": {"op": op, "id": "sidebar"}}
    return Output("c", "append", "display_data", json.dumps({"data": data}, separators=(",", ":")).encode())


def clear(wait: bool) -> Output:
    return Output("c", "clear", "clear_output", json.dumps({"wait": wait}).encode())


def journal_of(*messages: PageMessage, max_bytes: int = 100_000) -> Journal:
    journal = Journal(max_bytes)
    for message in messages:
        journal.append(message)
    return journal


def shown(journal: Journal) -> list[Any]:
    """What the compacted page holds: texts, control keys, cell statuses."""
    found: list[Any] = []
    for frame in map(json.loads, journal.page()):
        match frame["type"]:
            case "output":
                data = frame["content"].get("data", {"text/plain": frame["op"]})
                found.append(data.get("text/plain") or data["application/vnd.kernelapp.layout+json"]["op"])
            case "control":
                found.append(frame["control"]["key"])
            case "cell":
                found.append(frame["status"])
    return found


def test_messages_are_numbered_from_one() -> None:
    journal = Journal(1000)
    assert [json.loads(journal.append(Settled(i)))["seq"] for i in range(3)] == [1, 2, 3]


def test_a_page_gets_just_what_it_missed() -> None:
    journal = journal_of(*(Settled(i) for i in range(5)))
    missed = journal.since(3)
    assert missed is not None
    assert [json.loads(frame)["seq"] for frame in missed] == [4, 5]
    assert journal.since(5) == []


def test_what_is_no_longer_kept_or_never_was_cannot_be_replayed() -> None:
    journal = journal_of(*(Settled(i) for i in range(100)), max_bytes=200)
    assert journal.since(1) is None
    assert journal.since(101) is None
    assert journal.since(99) is not None


def test_the_page_holds_the_latest_run_only() -> None:
    journal = journal_of(RUNNING, text("one"), DONE, Cell("c", CellStatus.RUNNING, 2), text("two"), Cell("c", CellStatus.DONE, 2))
    assert shown(journal) == ["done", "two"]


def test_while_a_cell_runs_again_the_page_holds_the_earlier_run_too() -> None:
    journal = journal_of(RUNNING, text("one"), DONE, Cell("c", CellStatus.RUNNING, 2), text("two"))
    assert shown(journal) == ["done", "one", "running", "two"]


def test_a_display_is_updated_wherever_it_is() -> None:
    journal = journal_of(RUNNING, text("one", "d"), DONE, text("two", "d", cell="other", op="update"))
    assert shown(journal) == ["done", "two"]


def test_clearing_leaves_controls_and_layout() -> None:
    messages: list[PageMessage] = [
        RUNNING,
        layout("enter"),
        Control("declare", "c", {"key": "k"}),
        text("one"),
        layout("exit"),
        clear(wait=False),
    ]
    assert shown(journal_of(*messages)) == ["running", "enter", "k", "exit"]


def test_clearing_with_wait_happens_at_the_next_output() -> None:
    assert shown(journal_of(RUNNING, text("one"), clear(wait=True))) == ["running", "one", "clear"]
    assert shown(journal_of(RUNNING, text("one"), clear(wait=True), text("two"))) == ["running", "two"]


def test_a_removed_control_is_gone() -> None:
    journal = journal_of(RUNNING, Control("declare", "c", {"key": "k"}), DONE, Control("remove", "c", {"key": "k"}))
    assert shown(journal) == ["done"]


def test_a_cell_that_waits_for_a_failed_one_shows_nothing_old() -> None:
    journal = journal_of(RUNNING, text("one"), DONE, Cell("c", CellStatus.UPSTREAM_FAILED, 1))
    assert shown(journal) == ["upstream-failed"]


def test_a_failure_is_kept() -> None:
    journal = journal_of(RUNNING, Cell("c", CellStatus.FAILED, 1, CellFailure("m", "r")))
    assert json.loads(journal.page()[0])["error"]["reference"] == "r"


def test_the_page_is_numbered_up_to_the_latest_message() -> None:
    journal = journal_of(RUNNING, text("one"), text("two"), DONE, Settled(0), Status(SessionStatus.IDLE), text("late"))
    assert [json.loads(frame)["seq"] for frame in journal.page()] == list(range(2, 8))
    assert json.loads(journal.append(Settled(1)))["seq"] == 8


def test_a_page_that_is_sent_whole_knows_of_a_clear_that_waits() -> None:
    journal = Journal(1_000_000)
    journal.append(Cell("a", CellStatus.RUNNING, 1))
    journal.append(Output("a", "append", "stream", b'{"text":"old"}'))
    journal.append(Output("a", "clear", "clear_output", b'{"wait":true}'))
    late = Browser()
    late.load(journal.page(), whole=True)
    late.receive(journal.append(Output("a", "append", "stream", b'{"text":"new"}')))
    assert [thing.what for thing in late.cells["a"].new] == [{"text": "new"}]


def test_a_control_that_another_cell_declares_now_is_at_its_new_place_alone() -> None:
    control = {"key": "k", "kind": "button", "label": "Go", "value": False}
    begun = (Cell("c", CellStatus.RUNNING, 1), Cell("d", CellStatus.RUNNING, 1))
    journal = journal_of(*begun, Control("declare", "d", control), Control("declare", "c", control))
    live, late = Browser(), Browser()
    live.load(journal.since(0) or [], whole=True)
    late.load(journal.page(), whole=True)
    assert live.view() == late.view()
    assert shown(journal).count("k") == 1
