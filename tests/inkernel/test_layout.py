from __future__ import annotations

import threading
from typing import Any

import pytest

import kernelapp
from kernelapp.inkernel.mistakes import AuthorError, PlaceError

from .page import Page

# Wrong arguments are the point of these tests.
ka: Any = kernelapp


def brackets(page: Page) -> list[str]:
    """What was published, in order, as one word each."""
    words = []
    for data in page.published:
        layout = data.get("application/vnd.kernelapp.layout+json")
        words.append(f"{layout['op']} {layout['id']}" if layout else data["application/vnd.kernelapp.control+json"]["key"])
    return words


def test_the_sidebar_is_a_bracket_around_what_is_displayed_in_it(page: Page) -> None:
    with page.cell("c1", {}):
        with ka.sidebar:
            ka.checkbox("On")
        assert ka.sidebar.slider("S", 1, 9, 3) == 3
    assert brackets(page) == ["enter sidebar", "c1-0-checkbox", "exit sidebar", "enter sidebar", "c1-0-slider", "exit sidebar"]


def test_columns_are_declared_entered_and_nested(page: Page) -> None:
    with page.cell("c1", {}):
        left, right = ka.columns([1, 2], gap="large", border=True, vertical_alignment="center")
        with left, right:
            ka.checkbox("On")
        inner = right.columns(2)
        inner[1].button("Go")
    assert page.layout[0] == {
        "op": "block",
        "kind": "columns",
        "id": "c1-0-columns",
        "widths": [1, 2],
        "gap": "large",
        "vertical_alignment": "center",
        "border": True,
    }
    assert brackets(page) == [
        "block c1-0-columns",
        "enter c1-0-columns.0",
        "enter c1-0-columns.1",
        "c1-0-checkbox",
        "exit c1-0-columns.1",
        "exit c1-0-columns.0",
        "enter c1-0-columns.1",
        "block c1-1-columns",
        "exit c1-0-columns.1",
        "enter c1-1-columns.1",
        "c1-0-button",
        "exit c1-1-columns.1",
    ]


def test_ids_are_the_same_in_every_run(page: Page) -> None:
    for _ in range(2):
        with page.cell("c1", {}, reset=True):
            ka.columns(3)
    assert page.layout[0] == page.layout[1]


def test_a_container_is_left_also_when_its_body_fails(page: Page) -> None:
    with page.cell("c1", {}), pytest.raises(ZeroDivisionError), ka.sidebar:
        _ = 1 / 0
    assert brackets(page) == ["enter sidebar", "exit sidebar"]


def test_a_container_is_not_entered_from_a_thread(page: Page) -> None:
    errors: list[BaseException] = []

    def enter() -> None:
        try:
            with ka.sidebar:
                pass
        except PlaceError as error:
            errors.append(error)

    with page.cell("c1", {}):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert len(errors) == 1
    assert page.layout == []


def test_every_control_can_be_called_on_a_container(page: Page) -> None:
    place = ka.sidebar
    with page.cell("c1", {}):
        for name in (
            "button",
            "checkbox",
            "toggle",
            "slider",
            "number_input",
            "text_input",
            "text_area",
            "date_input",
            "time_input",
            "color_picker",
        ):
            getattr(place, name)("Label")
        for name in ("radio", "selectbox", "multiselect", "select_slider"):
            getattr(place, name)("Label", ["a", "b"])
    assert len(page.declared) == 14
    assert brackets(page).count("enter sidebar") == 14


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ka.columns(0), "1 to 24 columns; 0 came"),
        (lambda: ka.columns(25), "1 to 24"),
        (lambda: ka.columns(10**9), "1 to 24"),
        (lambda: ka.columns([]), "1 to 24"),
        (lambda: ka.columns([1, -1]), "more than 0"),
        (lambda: ka.columns("2"), "'2' came"),
        (lambda: ka.columns(True), "number"),
        (lambda: ka.columns(["a"]), "number"),
        (lambda: ka.columns(2, gap="wide"), "small, medium or large; 'wide' came"),
        (lambda: ka.columns(2, vertical_alignment="left"), "vertical_alignment"),
    ],
)
def test_impossible_columns_raise_at_the_call(page: Page, call: Any, message: str) -> None:
    with page.cell("c1", {}), pytest.raises(AuthorError, match=message):
        call()
    assert page.layout == []
