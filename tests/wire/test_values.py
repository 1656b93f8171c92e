"""The server's check of values against the table that the kernel's check is tested against as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kernelapp.errors import ViewerError
from kernelapp.wire.values import check_value

CASES = json.loads((Path(__file__).parent.parent / "wire_golden" / "values.json").read_text())
ADMITTED = [(case["control"], value) for case in CASES for value in case["admitted"]]
REFUSED = [(case["control"], value) for case in CASES for value in case["refused"]]


@pytest.mark.parametrize(("control", "value"), ADMITTED)
def test_what_the_declaration_admits_passes(control: dict[str, Any], value: Any) -> None:
    check_value(control, value)


@pytest.mark.parametrize(("control", "value"), REFUSED)
def test_anything_else_is_refused_by_name(control: dict[str, Any], value: Any) -> None:
    with pytest.raises(ViewerError, match=control["label"]) as caught:
        check_value(control, value)
    assert caught.value.code == "bad-value"


def test_an_unknown_kind_admits_nothing() -> None:
    with pytest.raises(ViewerError):
        check_value({"kind": "toaster", "label": "T"}, True)


def test_a_long_value_is_not_repeated_in_full() -> None:
    with pytest.raises(ViewerError) as caught:
        check_value({"kind": "checkbox", "label": "C"}, "x" * 10_000)
    assert len(str(caught.value)) < 200


def test_an_incomplete_declaration_admits_nothing() -> None:
    with pytest.raises(ViewerError, match="not complete"):
        check_value({"kind": "slider", "label": "S"}, 1)
