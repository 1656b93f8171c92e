"""Arbitrary frames: what is not a message is refused with a code of the wire, and nothing else ever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernelapp.errors import ViewerError
from kernelapp.wire.codec import decode

CODES = {"malformed", "unknown-type", "bad-field", "too-large", "binary", "bad-comm"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(["hello", "event", "comm", "stop", "rerun", "restart", "ping", "settled", "", "Hello"])
FIELDS = st.sampled_from(
    ["session", "last_seq", "record", "page", "inputs", "event", "control", "value", "comm", "data", "buffers", "t", "x"]
)


def meets_the_codec(frame: str | bytes) -> None:
    """Decodes, or is refused properly: any other exception fails the test."""
    try:
        decode(frame)
    except ViewerError as refusal:
        known = refusal.code in CODES
    else:
        known = True
    assert known


@given(st.binary(max_size=200))
@example(b"\x00\x00\x00\x02{}")
@example(b"\xff\xff\xff\xff{}")
@example(b"\x00\x00\x00\x00")
def test_arbitrary_bytes(frame: bytes) -> None:
    meets_the_codec(frame)


@given(st.text(max_size=200))
@example("\ud800")
def test_arbitrary_text(frame: str) -> None:
    meets_the_codec(frame)


@given(JSON)
def test_arbitrary_json(value: Any) -> None:
    meets_the_codec(json.dumps(value))


@given(TYPES, st.dictionaries(FIELDS, JSON, max_size=5))
def test_messages_with_arbitrary_fields(kind: str, fields: dict[str, Any]) -> None:
    meets_the_codec(json.dumps({"type": kind, **fields}))


@given(TYPES, st.dictionaries(FIELDS, JSON, max_size=5), st.binary(max_size=30), st.integers(-3, 3))
def test_binary_messages_with_arbitrary_fields_and_a_wrong_size(kind: str, fields: dict[str, Any], attached: bytes, off: int) -> None:
    head = json.dumps({"type": kind, **fields}).encode()
    meets_the_codec(max(len(head) + off, 0).to_bytes(4, "big") + head + attached)


@pytest.mark.parametrize("frame", ["[" * 100_000, '{"type":' * 50_000, '{"type":"ping","t":' + "9" * 100_000 + "}"])
def test_frames_that_are_deep_or_long(frame: str) -> None:
    meets_the_codec(frame)
