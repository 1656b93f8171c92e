"""The kernel's check of values, against the same table as the server's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kernelapp.inkernel.values import MAX_SAFE_INTEGER, admits, fit

CASES = json.loads((Path(__file__).parent.parent / "wire_golden" / "values.json").read_text())
ADMITTED = [(case["control"], value) for case in CASES for value in case["admitted"]]
REFUSED = [(case["control"], value) for case in CASES for value in case["refused"]]


def control(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "nullable": False, **fields}


@pytest.mark.parametrize(("control", "value"), ADMITTED)
def test_what_the_declaration_admits_passes_unchanged(control: dict[str, Any], value: Any) -> None:
    assert admits(control, value)
    assert fit(control, value) == value


@pytest.mark.parametrize(("control", "value"), REFUSED)
def test_anything_else_is_refused_and_fits_only_after_it_was_mended(control: dict[str, Any], value: Any) -> None:
    assert not admits(control, value)
    mended = fit(control, value)
    assert mended == control["value"] or admits(control, mended)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), MAX_SAFE_INTEGER + 1, 10**400])
def test_numbers_that_browsers_do_not_hold_are_refused(value: float) -> None:
    for number in ("int", "float"):
        open_ended = control("number_input", number=number, min=None, max=None, value=7)
        assert fit(open_ended, value) == 7


def test_a_text_with_half_a_surrogate_pair_is_refused() -> None:
    assert not admits(control("text_input", max_chars=None), "\ud800")


SLIDER = control("slider", number="int", min=0, max=10, range=False, value=5)
RANGE = control("slider", number="int", min=0, max=10, range=True, value=[2, 5])
DATES = control("date_input", min="2020-01-01", max="2020-12-31", range=True, value=["2020-02-01", "2020-03-01"])
DATE = {**DATES, "range": False, "value": "2020-02-01"}
MANY = control("multiselect", options=["a", "b", "c"], max_selections=2, value=["c"])


@pytest.mark.parametrize(
    ("control", "value", "expected"),
    [
        (SLIDER, 42, 10),
        (SLIDER, -42, 0),
        (SLIDER, 4.0, 5),
        (SLIDER, True, 5),
        (SLIDER, [1, 2], 5),
        (RANGE, [-5, 42], [0, 10]),
        (RANGE, [42, 43], [10, 10]),
        (RANGE, [9, 1], [2, 5]),
        (RANGE, 4, [2, 5]),
        (RANGE, [1, "2"], [2, 5]),
        (control("number_input", number="float", min=0.0, max=None, value=1.0), -3, 0.0),
        (control("text_area", max_chars=3, value=""), "abcdef", "abc"),
        (control("selectbox", options=["a", "b"], value="b"), "gone", "b"),
        (control("select_slider", options=["a", "b"], range=True, value=["a", "b"]), ["b", "gone"], ["a", "b"]),
        (MANY, ["gone", "b"], ["b"]),
        (MANY, ["gone"], ["c"]),
        (MANY, ["a", "b", "c"], ["a", "b"]),
        (MANY, [], []),
        (MANY, "a", ["c"]),
        (DATE, "1999-12-31", "2020-01-01"),
        (DATE, "2027-02-29", "2020-02-01"),
        (DATES, ["1999-01-01", "2030-01-01"], ["2020-01-01", "2020-12-31"]),
    ],
)
def test_a_value_outside_is_brought_inside_and_a_wrong_one_replaced(control: dict[str, Any], value: Any, expected: Any) -> None:
    assert fit(control, value) == expected
