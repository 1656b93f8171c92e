from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

import kernelapp
from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError, AuthorError

from .page import Page

# Wrong arguments are the point of these tests.
ka: Any = kernelapp


def test_a_slider_declares_itself_as_the_contract_says(page: Page) -> None:
    with page.cell("c1", {}):
        value = ka.slider("Periods", 1, 100, 10)
    assert value == 10
    assert type(value) is int
    assert page.published == [
        {
            "application/vnd.kernelapp.control+json": {
                "key": "c1-0-slider",
                "kind": "slider",
                "label": "Periods",
                "help": None,
                "disabled": False,
                "label_visibility": "visible",
                "nullable": False,
                "value": 10,
                "number": "int",
                "min": 1,
                "max": 100,
                "step": 1,
                "range": False,
                "format": None,
            },
            "text/plain": "Periods: 10",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "value", "declared"),
    [
        ({}, 0, {"number": "int", "min": 0, "max": 100, "step": 1}),
        ({"min_value": 5, "max_value": 9}, 5, {"number": "int", "min": 5, "max": 9, "step": 1}),
        ({"value": 0.5}, 0.5, {"number": "float", "min": 0.0, "max": 1.0, "step": 0.01}),
        ({"min_value": 0, "max_value": 2, "step": 0.5}, 0.0, {"number": "float", "min": 0.0, "max": 2.0, "step": 0.5}),
        ({"value": (2, 5)}, (2, 5), {"number": "int", "range": True, "value": [2, 5]}),
        ({"min_value": 0.0, "max_value": 9.0, "value": [2, 5.5]}, (2.0, 5.5), {"number": "float", "range": True}),
        ({"min_value": 1, "max_value": 3, "value": ()}, (1, 3), {"range": True, "value": [1, 3]}),
        ({"min_value": np.int64(1), "max_value": np.int64(3), "value": np.int64(2)}, 2, {"number": "int"}),
        ({"min_value": 0, "max_value": 3, "value": np.float32(1.5)}, 1.5, {"number": "float"}),
        ({"format": "$%.2f a day, 100%% sure"}, 0, {"format": "$%.2f a day, 100%% sure"}),
    ],
)
def test_slider_bounds_and_types_follow_from_what_is_given(
    page: Page, arguments: dict[str, Any], value: Any, declared: dict[str, Any]
) -> None:
    with page.cell("c1", {}):
        got = ka.slider("S", **arguments)
    assert (got, type(got)) == (value, type(value))
    assert page.declared[0].items() >= declared.items()
    assert all(type(page.declared[0][name]) in (int, float) for name in ("min", "max", "step"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"min_value": 9, "max_value": 1}, ArgumentValueError, "min_value must be less than max_value; 9 and 1 came"),
        ({"min_value": 1, "max_value": 1}, ArgumentValueError, "less than"),
        ({"min_value": 1, "max_value": 5, "value": 7}, ArgumentValueError, "between min_value 1 and max_value 5; 7 came"),
        ({"value": (1, 700)}, ArgumentValueError, "between"),
        ({"value": (5, 2)}, ArgumentValueError, "low, high"),
        ({"value": (5,)}, ArgumentValueError, "pair"),
        ({"step": 0}, ArgumentValueError, "step must be more than 0"),
        ({"value": float("nan")}, ArgumentValueError, "finite"),
        ({"max_value": 2**60}, ArgumentValueError, "browsers"),
        ({"value": True}, ArgumentTypeError, "number; True came"),
        ({"value": "5"}, ArgumentTypeError, "number; '5' came"),
        ({"value": datetime.date(2026, 1, 1)}, ArgumentTypeError, "date_input"),
        ({"format": "%s"}, ArgumentValueError, "printf"),
        ({"format": "percent"}, ArgumentValueError, "printf"),
        ({"on_change": print}, ArgumentTypeError, "use the value that slider"),
        ({"label_visibility": "no"}, ArgumentValueError, "label_visibility"),
        ({"key": ""}, ArgumentValueError, "key"),
        ({"key": "k" * 201}, ArgumentValueError, "200"),
        ({"key": 1.5}, ArgumentTypeError, "key"),
        ({"help": 5}, ArgumentTypeError, "help"),
    ],
)
def test_impossible_sliders_raise_at_the_call(page: Page, arguments: dict[str, Any], error: type[AuthorError], message: str) -> None:
    with page.cell("c1", {}), pytest.raises(error, match=message):
        ka.slider("S", **arguments)
    assert page.declared == []


@pytest.mark.parametrize(
    ("declared", "viewers", "expected"),
    [
        ((1, 20), 42, 20),
        ((1, 20), 7, 7),
        ((1, 20), 7.0, 1),
        ((0.0, 1.0), 1, 1.0),
        ((0, 10, (2, 3)), [-1, 99], (0, 10)),
        ((0, 10, (2, 3)), 5, (2, 3)),
    ],
)
def test_a_viewers_number_is_clamped_and_keeps_the_authors_type(page: Page, declared: tuple[Any, ...], viewers: Any, expected: Any) -> None:
    with page.cell("c1", {"k": viewers}):
        value = ka.slider("S", *declared, key="k")
    assert (value, type(value)) == (expected, type(expected))
    wire = list(expected) if isinstance(expected, tuple) else expected
    assert page.declared[0]["value"] == wire


@pytest.mark.parametrize(
    ("arguments", "value", "declared"),
    [
        ({}, 0.0, {"number": "float", "min": None, "max": None, "step": 0.01, "nullable": False}),
        ({"value": 3}, 3, {"number": "int", "step": 1}),
        ({"min_value": 2}, 2, {"number": "int", "min": 2, "max": None}),
        ({"max_value": 9}, 0, {"number": "int", "max": 9}),
        ({"max_value": -9}, -9, {"number": "int", "max": -9}),
        ({"min_value": 1, "step": 0.5}, 1.0, {"number": "float", "min": 1.0}),
        ({"value": None, "min_value": 0}, None, {"number": "int", "nullable": True, "value": None}),
        ({"value": None, "placeholder": "how many"}, None, {"number": "float", "placeholder": "how many"}),
    ],
)
def test_number_input_starts_as_streamlits_does(page: Page, arguments: dict[str, Any], value: Any, declared: dict[str, Any]) -> None:
    with page.cell("c1", {}):
        got = ka.number_input("N", **arguments)
    assert (got, type(got)) == (value, type(value))
    assert page.declared[0].items() >= declared.items()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_value": 3, "max_value": 1}, "min_value must not be more"),
        ({"min_value": 3, "value": 1}, "between"),
        ({"step": -1}, "step"),
        ({"value": "five"}, "number"),
    ],
)
def test_impossible_number_inputs_raise_at_the_call(page: Page, arguments: dict[str, Any], message: str) -> None:
    with page.cell("c1", {}), pytest.raises(AuthorError, match=message):
        ka.number_input("N", **arguments)


def test_an_emptied_number_input_is_none(page: Page) -> None:
    with page.cell("c1", {"k": None}):
        assert ka.number_input("N", value=None, key="k") is None
        with pytest.raises(AuthorError):
            ka.number_input("N", key="k")
    with page.cell("c1", {"k": None}):
        assert ka.number_input("N", value=3, key="k") == 3
