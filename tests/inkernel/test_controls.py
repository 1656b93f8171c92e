from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kernelapp
from kernelapp.inkernel.mistakes import AuthorError

from .page import Page

# Wrong arguments are the point of these tests.
ka: Any = kernelapp


def test_a_button_is_true_only_in_the_run_that_a_press_started(page: Page) -> None:
    with page.cell("c1", {}):
        assert ka.button("Go", type="primary", width="stretch") is False
    with page.cell("c1", {"c1-0-button": True}):
        assert ka.button("Go", use_container_width=False) is True
    with page.cell("c1", {}):
        assert ka.button("Go") is False
    assert [(each["value"], each["style"], each["stretch"]) for each in page.declared] == [
        (False, "primary", True),
        (True, "secondary", False),
        (False, "secondary", False),
    ]


@pytest.mark.parametrize("control", [ka.checkbox, ka.toggle])
def test_switches_are_bools(page: Page, control: Any) -> None:
    with page.cell("c1", {"k": True, "bad": 1}):
        assert control("On") is False
        assert control("On", True) is True
        assert control("On", np.bool_(True)) is True
        assert control("On", key="k") is True
        assert control("On", key="bad") is False
        with pytest.raises(AuthorError, match="True or False; 1 came"):
            control("On", 1)


def test_texts_are_cut_to_what_is_allowed(page: Page) -> None:
    with page.cell("c1", {"k": "abcdef", "a": "a\nb"}):
        assert ka.text_input("Name", max_chars=3, key="k") == "abc"
        assert ka.text_area("Notes", key="a", height=100) == "a\nb"
    assert page.declared[0].items() >= {"value": "abc", "max_chars": 3, "password": False, "autocomplete": None, "nullable": False}.items()
    assert page.declared[1].items() >= {"height_px": 100, "max_chars": None, "placeholder": None}.items()


def test_a_text_without_a_value_is_none_until_written(page: Page) -> None:
    with page.cell("c1", {"k": ""}):
        assert ka.text_input("Name", None, type="password", placeholder="secret") is None
        assert ka.text_input("Name", None, key="k") == ""
        assert ka.text_area("Notes", None) is None
        assert ka.text_input("Number", 5) == "5"
    assert page.declared[0].items() >= {"password": True, "placeholder": "secret", "nullable": True, "value": None}.items()


def test_a_password_is_not_in_the_plain_text(page: Page) -> None:
    with page.cell("c1", {"k": "hunter2"}):
        assert ka.text_input("Word", type="password", key="k") == "hunter2"
    assert page.published[0]["text/plain"] == "Word: ••••"


def test_colours_are_six_digits_in_lower_case(page: Page) -> None:
    with page.cell("c1", {"k": "#abcdef", "bad": "red"}):
        assert ka.color_picker("Line") == "#000000"
        assert ka.color_picker("Line", "#F0A") == "#ff00aa"
        assert ka.color_picker("Line", key="k") == "#abcdef"
        assert ka.color_picker("Line", "#123456", key="bad") == "#123456"


def test_help_loses_the_indentation_of_the_source(page: Page) -> None:
    with page.cell("c1", {}):
        ka.checkbox(
            "On",
            help="""First.
            Second.""",
            disabled=True,
            label_visibility="collapsed",
        )
    assert page.declared[0].items() >= {"help": "First.\nSecond.", "disabled": True, "label_visibility": "collapsed"}.items()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ka.button("Go", on_click=print), "on_click, args and kwargs are not supported"),
        (lambda: ka.button("Go", type="loud"), "primary, secondary or tertiary; 'loud' came"),
        (lambda: ka.button("Go", width=5), "width"),
        (lambda: ka.text_input("T", "abcd", 3), "4 characters; max_chars allows 3"),
        (lambda: ka.text_input("T", max_chars=0), "at least 1"),
        (lambda: ka.text_input("T", max_chars=1.5), "whole number"),
        (lambda: ka.text_input("T", type="email"), "default or password"),
        (lambda: ka.text_area("T", height=5), "at least 68"),
        (lambda: ka.color_picker("C", "red"), "'red' came"),
        (lambda: ka.color_picker("C", "#ff0000\n"), "colour"),
        (lambda: ka.color_picker("C", 5), "string"),
        (lambda: ka.toggle(None), "label must be a string"),
    ],
)
def test_impossible_controls_raise_at_the_call(page: Page, call: Any, message: str) -> None:
    with page.cell("c1", {}), pytest.raises(AuthorError, match=message):
        call()
    assert page.declared == []
