"""The codec against the golden files, which the client's tests read as well."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kernelapp.errors import ViewerError
from kernelapp.wire.codec import decode, encode, event_of, is_text
from kernelapp.wire.messages import (
    Blob,
    Cell,
    CellFailure,
    CellStatus,
    Comm,
    CommEvent,
    Control,
    Event,
    Hello,
    Output,
    Ping,
    Pong,
    Refusal,
    Rerun,
    Restart,
    ServerMessage,
    SessionStatus,
    Settled,
    Status,
    Stop,
    Welcome,
    WidgetOutput,
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
        case "comm":
            buffers = tuple(Blob(each, b"") if isinstance(each, str) else bytes(each) for each in frame["buffers"])
            texts = {name: Blob(digest, b"") for name, digest in frame["texts"].items()}
            content = json.dumps(frame["content"]).encode()
            return Comm(frame["op"], frame["comm"], content, buffers, texts, frame["version"], frame["event"])
        case "widget-output":
            return WidgetOutput(frame["comm"], frame["op"], frame["kind"], json.dumps(frame["content"]).encode())
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
    CommEvent(5, "m1", {"method": "update", "state": {"value": 4}, "buffer_paths": []}),
    CommEvent(6, "m1", {"method": "custom", "content": {"event": "click"}}),
    CommEvent(7, "m1", {"method": "request_state"}),
    Stop(),
    Rerun(),
    Restart(),
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


BINARY = json.loads((GOLDEN / "binary.json").read_text())


def test_buffers_are_written_as_the_golden_file_says() -> None:
    case = BINARY["from_server"]
    attached = iter(bytes.fromhex(each) for each in case["attached"])
    message = message_of(case["message"])
    assert isinstance(message, Comm)
    message = replace(message, buffers=tuple(each if isinstance(each, Blob) else next(attached) for each in message.buffers))
    frame = encode(message, case["message"]["seq"])
    assert not is_text(frame)
    assert cut(frame) == cut(base64.b64decode(case["frame"]))


def cut(frame: bytes) -> tuple[Any, bytes]:
    end = 4 + int.from_bytes(frame[:4])
    return json.loads(frame[4:end]), frame[end:]


def test_buffers_are_read_as_the_golden_file_says() -> None:
    case = BINARY["from_browser"]
    message = case["message"]
    expected = CommEvent(message["event"], message["comm"], message["data"], tuple(bytes.fromhex(each) for each in case["attached"]))
    assert decode(base64.b64decode(case["frame"])) == expected


def binary(message: dict[str, Any], attached: bytes) -> bytes:
    head = json.dumps(message).encode()
    return len(head).to_bytes(4) + head + attached


UPDATE = {"type": "comm", "event": 3, "comm": "m", "data": {"method": "update", "state": {}, "buffer_paths": [["v"]]}}


@pytest.mark.parametrize(
    ("frame", "code", "event"),
    [
        (b"{}", "binary", None),
        (b"", "binary", None),
        (b"\0\0\0\x02\xff\xff", "malformed", None),
        (binary({"type": "stop"}, b""), "binary", None),
        (binary({**UPDATE, "buffers": [5]}, b"four"), "bad-field", 3),
        (binary({**UPDATE, "buffers": [-1, 5]}, b"four"), "bad-field", 3),
        (binary({**UPDATE, "buffers": ["4"]}, b"four"), "bad-field", 3),
        (binary(UPDATE, b"four"), "bad-field", 3),
        (binary({**UPDATE, "buffers": [2, 2]}, b"four"), "bad-comm", 3),
    ],
)
def test_a_binary_frame_that_does_not_hold_together_is_refused(frame: bytes, code: str, event: int | None) -> None:
    with pytest.raises(ViewerError) as caught:
        decode(frame)
    assert (caught.value.code, caught.value.event) == (code, event)


def test_the_event_of_a_frame_that_is_not_read_is_known() -> None:
    assert event_of(binary({**UPDATE, "buffers": [4]}, b"four")) == 3
    assert event_of('{"type":"event","event":17,"control":"k"}') == 17
    assert event_of("nonsense") is None


def test_a_refused_event_keeps_its_number() -> None:
    with pytest.raises(ViewerError) as caught:
        decode('{"type": "event", "event": 9, "control": 3, "value": 1}')
    assert caught.value.event == 9
