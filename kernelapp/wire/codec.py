"""Frames of the wire and messages, in both directions.

Kernel content is spliced: it goes into the frame as the bytes that the kernel sent, so that a large figure costs a copy
and not a decode and an encode.

A frame is JSON in a text frame. A message with attached buffers is a binary frame instead: the size of the JSON in four bytes (big-endian),
the JSON, whose `buffers` has the size of each, and the buffers one after the other.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from typing import Any, NoReturn

from ..errors import ViewerError
from .comms import check_comm_data
from .messages import (
    VERSION,
    BrowserMessage,
    Cell,
    CellFailure,
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
    Settled,
    Status,
    Stop,
    Welcome,
    WidgetOutput,
)

MAX_SAFE_INTEGER = 2**53 - 1  # the largest integer that a browser's number holds exactly (ECMA-262, Number.MAX_SAFE_INTEGER)
MAX_NAME_CHARS = 1_000  # of a control's key or a session's id: ours are under 100
MAX_INPUTS = 1_000  # of a hello: far more controls than a page has
_SIZE_BYTES = 4  # a JSON of 2 GB would begin like a text frame: messages are far smaller
_HEAD_BYTES = 200  # our own page writes the number at the beginning
_EVENT = re.compile(rb'"event": ?(\d{1,15})')
MAX_LIST_ITEMS = 10_000  # of an event's value; a control has at most as many options


def encode(message: ServerMessage, seq: int) -> bytes:
    """The frame of `message`, numbered `seq`."""
    return number(encode_body(message), seq)


def encode_body(message: ServerMessage) -> bytes:
    """The frame of `message` without its number, to be numbered once or many times."""
    if isinstance(message, Output):
        return _splice({"type": "output", "cell": message.cell, "op": message.op, "kind": message.kind}, message.content)
    if isinstance(message, WidgetOutput):
        return _splice({"type": "widget-output", "comm": message.comm, "op": message.op, "kind": message.kind}, message.content)
    if isinstance(message, Comm):
        return _attach(_splice(_comm_fields(message), message.content), [each for each in message.buffers if isinstance(each, bytes)])
    return _dump(_fields(message))


def _comm_fields(message: Comm) -> dict[str, Any]:
    return {
        "type": "comm",
        "op": message.op,
        "comm": message.comm,
        "version": message.version,
        "event": message.event,
        "texts": {name: blob.hash for name, blob in message.texts.items()},
        "buffers": [len(each) if isinstance(each, bytes) else each.hash for each in message.buffers],
    }


def _splice(fields: dict[str, Any], content: bytes) -> bytes:
    return _dump(fields)[:-1] + b',"content":' + content + b"}"


def _attach(head: bytes, buffers: list[bytes]) -> bytes:
    return b"".join((len(head).to_bytes(_SIZE_BYTES), head, *buffers)) if buffers else head


def is_text(frame: bytes) -> bool:
    """Whether a frame (or body) is JSON; else it is binary, and begins with a size."""
    return frame[:1] == b"{"


def number(body: bytes, seq: int) -> bytes:
    """The frame of an encoded body."""
    if is_text(body):
        return b'{"seq":%d,' % seq + body[1:]
    end = _SIZE_BYTES + int.from_bytes(body[:_SIZE_BYTES])
    head = number(body[_SIZE_BYTES:end], seq)
    return b"".join((len(head).to_bytes(_SIZE_BYTES), head, memoryview(body)[end:]))


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _fields(message: ServerMessage) -> dict[str, Any]:
    match message:
        case Welcome(session, app, resumed, state, last_seq, last_event, lost):
            place = {"session": session, "app": app, "protocol": VERSION, "resumed": resumed, "state": state}
            return {"type": "hello", **place, "last_seq": last_seq, "last_event": last_event, "lost": lost}
        case Status(state, place, detail, restartable):
            return {"type": "status", "state": state, "place": place, "detail": detail, "restartable": restartable}
        case Cell(cell, status, run, error):
            return {"type": "cell", "cell": cell, "status": status, "run": run, "error": _failure(error)}
        case Control(op, cell, control):
            return {"type": "control", "op": op, "cell": cell, "control": dict(control)}
        case Settled(event):
            return {"type": "settled", "event": event}
        case Refusal(code, text, event):
            return {"type": "error", "code": code, "message": text, "event": event}
        case Pong(t):
            return {"type": "pong", "t": t}
        case Output() | WidgetOutput() | Comm():
            raise AssertionError("outputs are spliced")


def _failure(error: CellFailure | None) -> dict[str, Any] | None:
    if error is None:
        return None
    traceback = None if error.traceback is None else list(error.traceback)
    return {"message": error.message, "reference": error.reference, "traceback": traceback}


def decode(frame: str | bytes) -> BrowserMessage:
    """The message in a frame from a browser.

    Raises ViewerError, with a code of the wire, for anything that is not exactly one of the browser's messages. The frame's size is
    bounded by the socket before it comes here.
    """
    if isinstance(frame, bytes):
        head, buffers = _detach(frame)
        return _message(_parse(head), buffers)
    return _message(_parse(frame), None)


def _detach(frame: bytes) -> tuple[str, bytes]:
    end = _SIZE_BYTES + int.from_bytes(frame[:_SIZE_BYTES])
    if len(frame) < end:
        raise ViewerError("binary", "A binary frame is the size of its JSON in four bytes, the JSON, and buffers; this one is cut off.")
    try:
        return frame[_SIZE_BYTES:end].decode(), frame[end:]
    except UnicodeDecodeError as problem:
        raise ViewerError("malformed", "The JSON of a binary frame is not UTF-8.") from problem


def _parse(frame: str) -> dict[str, Any]:
    try:
        value = json.loads(frame, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer)
    except ViewerError:
        raise
    except (ValueError, RecursionError) as problem:
        raise ViewerError("malformed", "A message must be a JSON object; this frame could not be read.") from problem
    if not isinstance(value, dict):
        raise ViewerError("malformed", "A message must be a JSON object.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ViewerError("malformed", "An object names the same field twice.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ViewerError("malformed", f"{name} is no JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ViewerError("malformed", "A number is too large.")
    return number


def _integer(text: str) -> int:
    if len(text) > 400:  # longer than any float; int() of a long text is slow
        raise ViewerError("malformed", "A number is too large.")
    return int(text)


def _message(fields: dict[str, Any], attached: bytes | None) -> BrowserMessage:
    kind = fields.pop("type", None)
    if attached is not None and kind != "comm":
        raise ViewerError("binary", "Only a comm message may come in a binary frame.")
    match kind:
        case "comm":
            return _comm(fields, attached)
        case "hello":
            return _hello(fields)
        case "event":
            return _event(fields)
        case "stop":
            _only(fields)
            return Stop()
        case "rerun":
            _only(fields)
            return Rerun()
        case "restart":
            _only(fields)
            return Restart()
        case "ping":
            _only(fields, "t")
            return Ping(_number(fields["t"]))
        case _:
            raise ViewerError("unknown-type", "The type of a message is one of hello, event, comm, stop, rerun, restart, ping.")


def _hello(fields: dict[str, Any]) -> Hello:
    fields = {"record": None, "page": None, "inputs": {}, **fields}
    _only(fields, "session", "last_seq", "record", "page", "inputs")
    names = (None if fields[name] is None else _name(fields[name], name) for name in ("session", "record", "page"))
    session, record, page = names
    return Hello(session, _count(fields["last_seq"], "last_seq", least=0), record, page, _inputs(fields["inputs"]))


def _inputs(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MAX_INPUTS:
        raise ViewerError("bad-field", f"'inputs' is an object of at most {MAX_INPUTS} values by key.")
    return {_name(key, "inputs"): _value(each) for key, each in value.items()}


def _comm(fields: dict[str, Any], attached: bytes | None) -> CommEvent:
    event = _event_number(fields)
    try:
        _only(fields, "event", "comm", "data", *(["buffers"] if attached is not None else []))
        buffers = _cut(attached, fields["buffers"]) if attached is not None else ()
        data = check_comm_data(fields["data"], len(buffers))
        return CommEvent(_count(event, "event", least=1), _name(fields["comm"], "comm"), data, buffers)
    except ViewerError as refusal:
        raise ViewerError(refusal.code, str(refusal), event) from refusal


def _cut(attached: bytes, sizes: Any) -> tuple[bytes, ...]:
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) != len(attached):
        raise ViewerError("bad-field", "'buffers' is the list of the buffers' sizes, which together are as large as what is attached.")
    ends = list(itertools.accumulate(sizes))
    return tuple(attached[end - size : end] for end, size in zip(ends, sizes, strict=True))


def _event_number(fields: dict[str, Any]) -> int | None:
    number = fields.get("event")
    return number if type(number) is int and 0 < number <= MAX_SAFE_INTEGER else None


def _event(fields: dict[str, Any]) -> Event:
    event = _event_number(fields)
    try:
        _only(fields, "event", "control", "value")
        return Event(_count(event, "event", least=1), _name(fields["control"], "control"), _value(fields["value"]))
    except ViewerError as refusal:
        raise ViewerError(refusal.code, str(refusal), event) from refusal


def event_of(frame: str | bytes) -> int | None:
    """The number of the event in a frame that is not read any further, so that its refusal can name it."""
    found = _EVENT.search(frame[:_HEAD_BYTES] if isinstance(frame, bytes) else frame[:_HEAD_BYTES].encode("utf-8", "replace"))
    return int(found[1]) if found else None


def _only(fields: dict[str, Any], *names: str) -> None:
    if fields.keys() != set(names):
        wanted = ", ".join(names) or "no fields"
        raise ViewerError("bad-field", f"This message has {wanted} beside its type, each once.")


def _count(value: Any, name: str, least: int) -> int:
    if type(value) is not int or not least <= value <= MAX_SAFE_INTEGER:
        raise ViewerError("bad-field", f"'{name}' is a whole number from {least} to {MAX_SAFE_INTEGER}.")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or abs(value) > MAX_SAFE_INTEGER:
        raise ViewerError("bad-field", "'t' is a number.")
    return float(value)


def _name(value: Any, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARS or not _is_unicode(value):
        raise ViewerError("bad-field", f"'{name}' is a string of 1 to {MAX_NAME_CHARS} characters.")
    return value


def _value(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    if len(items) > MAX_LIST_ITEMS or not all(_is_scalar(item) for item in items):
        raise ViewerError("bad-field", "'value' is a boolean, a number, a string, null, or a flat list of these.")
    return value


def _is_scalar(value: Any) -> bool:
    if isinstance(value, str):
        return _is_unicode(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= MAX_SAFE_INTEGER
    return value is None or isinstance(value, bool | float)


def _is_unicode(text: str) -> bool:
    """False for text with a lone surrogate: JSON can write one, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
