"""The two forms of the log."""

from __future__ import annotations

import json
import logging

from kernelapp.logs import JsonFormatter, TextFormatter


def record(**extra: str) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "kernelapp.x", "levelno": logging.WARNING, "levelname": "WARNING", "msg": "died: %s", "args": ("9",)}
    )
    made.__dict__.update(extra)
    return made


def test_a_line_for_people_names_app_and_session() -> None:
    assert TextFormatter().format(record(app="sales", session="3f2a")).endswith("WARNING [sales/3f2a] died: 9")
    assert TextFormatter().format(record()).endswith("WARNING died: 9")


def test_a_json_line_has_the_same_as_fields() -> None:
    entry = json.loads(JsonFormatter().format(record(app="sales", session="3f2a")))
    assert (entry["level"], entry["app"], entry["session"], entry["message"]) == ("warning", "sales", "3f2a", "died: 9")
    assert entry["time"].endswith("Z")
    assert "app" not in json.loads(JsonFormatter().format(record()))
