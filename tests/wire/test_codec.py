"""The codec against the golden files, which the client's tests read as well."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kernelapp.errors import ViewerError
from kernelapp.wire.codec import decode, encode
from kernelapp.wire.messages import (
    Cell,
    CellFailure,
    CellStatus,
    Control,
    Event,
    Hello,
    Output,
    Ping,
    Pong,
    Refusal,
    Rerun,
    ServerMessage,
    SessionStatus,
    Settled,
    Status,
    Stop,
    Welcome,
)

GOLDEN = Path(__file__).parent.parent / "wire_golden"


def golden(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((GOLDEN / f"{name}.json").read_text())
    return found


def message_of(frame: dict[str, Any]) -> ServerMessage:
    """The message that a golden frame stands for."""
    match frame["type"]:
        case "hello":
            state = SessionStatus(frame["state"])
            numbers = frame["last_seq"], frame["last_event"]
            return Welcome(frame["session"], frame["app"], frame["resumed"], state, *numbers, frame["lost"])
        case "status":
            return Status(SessionStatus(frame["state"]), frame["place"], frame["detail"], frame["restartable"])
        case "cell":
            error = frame["error"] and CellFailure(frame["error"]["message"], frame["error"]["reference"])
            return Cell(frame["cell"], CellStatus(frame["status"]), frame["run"], error)
        case "output":
            return Output(frame["cell"], frame["op"], frame["kind"], json.dumps(frame["content"]).encode())
        case "control":
            return Control(frame["op"], frame["cell"], frame["control"])
        case "settled":
            return Settled(frame["event"])
        case "error":
            return Refusal(frame["code"], frame["message"], frame["event"])
        case "pong":
            return Pong(frame["t"])
    raise AssertionError(frame)


@pytest.mark.parametrize("frame", golden("from_server"), ids=lambda frame: frame["type"])
def test_server_messages_are_written_as_the_golden_file_says(frame: dict[str, Any]) -> None:
    assert json.loads(encode(message_of(frame), frame["seq"])) == frame


def test_content_is_spliced_byte_for_byte() -> None:
    content = b'{ "data":  {"text/plain": "\\u00fc \xc3\xbc"} }'
    assert content in encode(Output("c", "append", "display_data", content), 1)


def test_a_traceback_is_written_when_there_is_one() -> None:
    cell = Cell("c", CellStatus.FAILED, 1, CellFailure("m", "r", ("a", "b")))
    assert json.loads(encode(cell, 1))["error"]["traceback"] == ["a", "b"]
    assert json.loads(encode(replace(cell, error=None), 1))["error"] is None


BROWSER_MESSAGES = [
    Hello(None, 0),
    Hello("s-1", 41),
    Hello(None, 12, "r-1"),
    Hello("s-1", 0),
    Hello("s-1", 41, None, "p-1", {"c1-0-slider": 42, "c1-2-multiselect": ["a", "b"]}),
    Event(1, "c1-0-slider", 42),
    Event(2, "c1-1-text_input", "grüße 🌍"),
    Event(3, "c1-2-multiselect", ["a", "b"]),
    Event(4, "c1-3-date_input", None),
    Stop(),
    Rerun(),
    Ping(12.5),
]


@pytest.mark.parametrize(("frame", "message"), list(zip(golden("from_browser"), BROWSER_MESSAGES, strict=True)))
def test_browser_messages_are_read_as_the_golden_file_says(frame: dict[str, Any], message: Any) -> None:
    assert decode(json.dumps(frame)) == message


EXPANSIONS = {"@DIGITS@": "9" * 5_000, "@NESTED@": "[" * 100_000, "@LONG@": "k" * 10_000}


@pytest.mark.parametrize("case", golden("bad_from_browser"), ids=lambda case: case["name"])
def test_bad_frames_are_refused_with_their_code(case: dict[str, Any]) -> None:
    text = case["text"]
    for mark, expansion in EXPANSIONS.items():
        text = text.replace(mark, expansion)
    with pytest.raises(ViewerError) as caught:
        decode(text)
    assert caught.value.code == case["code"]


def test_a_binary_frame_is_refused() -> None:
    with pytest.raises(ViewerError) as caught:
        decode(b"{}")
    assert caught.value.code == "binary"


def test_a_refused_event_keeps_its_number() -> None:
    with pytest.raises(ViewerError) as caught:
        decode('{"type": "event", "event": 9, "control": 3, "value": 1}')
    assert caught.value.event == 9
