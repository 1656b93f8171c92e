from __future__ import annotations

import enum
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import kernelapp
from kernelapp.inkernel.mistakes import AuthorError

from .page import Page

# Wrong arguments are the point of these tests.
ka: Any = kernelapp
pd = import_module("pandas")


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@pytest.mark.parametrize(
    ("options", "labels", "first"),
    [
        (["a", "b"], ["a", "b"], "a"),
        ((1, 2), ["1", "2"], 1),
        (range(3), ["0", "1", "2"], 0),
        ({"x": 1, "y": 2}, ["x", "y"], "x"),
        (Colour, ["Colour.RED", "Colour.BLUE"], Colour.RED),
        (pd.Series(["u", "v"], index=[7, 8]), ["u", "v"], "u"),
        (pd.DataFrame({"c": ["u", "v"], "d": [1, 2]}), ["u", "v"], "u"),
        (pd.Index([3, 4]), ["3", "4"], 3),
        (np.array([1.5, 2.5]), ["1.5", "2.5"], 1.5),
        ([None, "a"], ["None", "a"], None),
    ],
)
def test_any_iterable_gives_options_and_the_option_itself_comes_back(page: Page, options: Any, labels: list[str], first: Any) -> None:
    with page.cell("c1", {}):
        for control in (ka.radio, ka.selectbox, ka.select_slider):
            assert control("Pick", options) == first
    assert [declared["options"] for declared in page.declared] == [labels] * 3
    assert [declared["value"] for declared in page.declared] == [labels[0]] * 3


def test_a_viewers_label_gives_the_option_it_was_formatted_from(page: Page) -> None:
    options = [{"name": "one"}, {"name": "two"}]
    with page.cell(
        "c1", {"c1-0-selectbox": "two", "c1-0-radio": "two", "c1-0-multiselect": ["two", "one"], "c1-0-select_slider": ["one", "two"]}
    ):
        by_name = {"format_func": lambda option: option["name"]}
        assert ka.selectbox("Pick", options, **by_name) is options[1]
        assert ka.radio("Pick", options, **by_name) is options[1]
        assert ka.multiselect("Pick", options, **by_name) == [options[1], options[0]]
        assert ka.select_slider("Pick", options, (options[0], options[0]), **by_name) == (options[0], options[1])
    assert page.declared[0]["options"] == ["one", "two"]


def test_an_option_that_is_gone_gives_the_default_again(page: Page) -> None:
    with page.cell("c1", {"k": "gone", "m": ["gone", "b"]}):
        assert ka.selectbox("Pick", ["a", "b"], index=1, key="k") == "b"
        assert ka.multiselect("Pick", ["a", "b"], key="m") == ["b"]
    assert [declared["value"] for declared in page.declared] == ["b", ["b"]]


def test_an_options_own_words_are_never_asked_when_it_has_a_label(page: Page) -> None:
    class Silent:
        def __str__(self) -> str:
            raise AssertionError

    silent = Silent()
    with page.cell("c1", {}):
        assert ka.selectbox("Pick", [silent], format_func=lambda option: "label") is silent
        assert ka.multiselect("Pick", [silent, 2], [silent, 2], format_func=lambda option: type(option).__name__) == [silent, 2]
    assert [data["text/plain"] for data in page.published] == ["Pick: label", "Pick: Silent, int"]


def test_no_index_means_none_until_the_viewer_chooses(page: Page) -> None:
    with page.cell("c1", {}):
        assert ka.selectbox("Pick", ["a"], index=None, placeholder="Choose", key="k") is None
        assert ka.radio("Pick", ["a"], index=None) is None
        assert ka.selectbox("Pick", []) is None
    assert [declared["nullable"] for declared in page.declared] == [True] * 3
    with page.cell("c1", {"k": "a"}):
        assert ka.selectbox("Pick", ["a"], index=None, key="k") == "a"


def test_multiselect_takes_a_list_or_one_option_as_default(page: Page) -> None:
    with page.cell("c1", {}):
        assert ka.multiselect("Pick", ["aa", "bb"], "bb") == ["bb"]
        assert ka.multiselect("Pick", [1, 2, 3], [3, 1]) == [3, 1]
        assert ka.multiselect("Pick", np.array([1, 2]), np.array([2])) == [2]
        assert ka.multiselect("Pick", [1, 2], max_selections=2) == []


def test_radio_captions_are_filled_up(page: Page) -> None:
    with page.cell("c1", {}):
        ka.radio("Pick", ["a", "b"], captions=["the first"], horizontal=True)
    assert page.declared[0].items() >= {"captions": ["the first", ""], "horizontal": True}.items()


def test_select_slider_takes_a_pair_for_a_range(page: Page) -> None:
    with page.cell("c1", {}):
        assert ka.select_slider("Size", ["S", "M", "L"], ("S", "M")) == ("S", "M")
        assert ka.select_slider("Size", ["S", "M", "L"], "M") == "M"
    assert [declared["range"] for declared in page.declared] == [True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ka.selectbox("Pick", "abc"), "a single string came: 'abc'"),
        (lambda: ka.selectbox("Pick", 5), "iterable; 5 came"),
        (lambda: ka.selectbox("Pick", ["a"], 1), "from 0 to 0; 1 came"),
        (lambda: ka.selectbox("Pick", ["a"], -1), "index"),
        (lambda: ka.selectbox("Pick", ["a"], "a"), "index"),
        (lambda: ka.selectbox("Pick", ["a"], True), "index"),
        (lambda: ka.selectbox("Pick", [1, "1"]), "two options have the label '1'"),
        (lambda: ka.selectbox("Pick", range(10_001)), "at most 10,000 options can be shown; 10,001 came"),
        (lambda: ka.selectbox("Pick", ["\ud800"]), "surrogate"),
        (lambda: ka.selectbox("Pick", ["a"], format_func="x"), "format_func"),
        (lambda: ka.multiselect("Pick", ["a"], ["z"]), "'z' is not among the options; they are \\['a'\\]"),
        (lambda: ka.multiselect("Pick", ["a"], ["a", "a"]), "twice"),
        (lambda: ka.multiselect("Pick", ["a", "b"], ["a", "b"], max_selections=1), "max_selections allows 1"),
        (lambda: ka.multiselect("Pick", ["a"], max_selections=0), "at least 1"),
        (lambda: ka.select_slider("Pick", []), "at least one"),
        (lambda: ka.select_slider("Pick", ["a", "b"], ("b", "a")), "order"),
        (lambda: ka.select_slider("Pick", ["a", "b"], ("a",)), "pair"),
        (lambda: ka.select_slider("Pick", ["a", "b"], "z"), "not among"),
        (lambda: ka.radio("Pick", ["a"], captions=["x", "y"]), "2 captions for 1 options"),
        (lambda: ka.radio("Pick", ["a"], captions="x"), "captions"),
        (lambda: ka.radio(5, ["a"]), "label must be a string; 5 came"),
        (lambda: ka.radio("  ", ["a"]), "label is empty"),
        (lambda: ka.radio("Pick", ["a"], kwargs={}), "not supported"),
    ],
)
def test_impossible_choices_raise_at_the_call(page: Page, call: Any, message: str) -> None:
    with page.cell("c1", {}), pytest.raises(AuthorError, match=message):
        call()
    assert page.declared == []
