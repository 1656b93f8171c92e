"""The runtime's rules, without a kernel."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import pytest

import kernelapp as ka
from kernelapp.inkernel import runtime
from kernelapp.inkernel.mistakes import AuthorError, DuplicateKeyError, PlaceError

from .page import Page


def test_keys_count_each_kind_of_a_cell_by_itself(page: Page) -> None:
    with page.cell("c1", {}):
        ka.checkbox("A")
        ka.slider("B")
        ka.slider("C")
        ka.slider("D", key="mine")
        ka.slider("E")
    with page.cell("c2"):
        ka.slider("F")
    assert [each["key"] for each in page.declared] == ["c1-0-checkbox", "c1-0-slider", "c1-1-slider", "mine", "c1-3-slider", "c2-0-slider"]


def test_inputs_hold_for_the_whole_plan_and_replace_all_earlier_ones(page: Page) -> None:
    with page.cell("c1", {"a": 5, "b": 6}):
        assert ka.slider("A", key="a") == 5
    with page.cell("c2"):
        assert ka.slider("B", key="b") == 6
    with page.cell("c1", {"b": 7}):
        assert ka.slider("A", key="a") == 0
    with page.cell("c2"):
        assert ka.slider("B", key="b") == 7


def test_a_second_control_with_the_same_key_is_refused(page: Page) -> None:
    with page.cell("c1", {}):
        ka.slider("A", key="k")
        with pytest.raises(DuplicateKeyError, match="a control in this cell has the key 'k'"):
            ka.checkbox("B", key="k")
    with page.cell("c2"), pytest.raises(DuplicateKeyError, match="in another cell"):
        ka.slider("A", key="k")


def test_a_cell_that_runs_again_may_use_its_keys_again(page: Page) -> None:
    for _ in range(2):
        with page.cell("c1", {}):
            ka.slider("A", key="k")
    with page.cell("c1"):
        pass
    with page.cell("c2"):
        ka.slider("A", key="k")


def test_after_a_reset_all_keys_are_free(page: Page) -> None:
    with page.cell("c1", {}):
        ka.slider("A", key="k")
    with page.cell("c2", {}, reset=True):
        ka.slider("A", key="k")


def test_a_mistaken_control_does_not_take_its_key(page: Page) -> None:
    with page.cell("c1", {}):
        with pytest.raises(AuthorError):
            ka.slider("A", 5, 1, key="k")
        ka.slider("A", 1, 5, key="k")


def test_code_run_through_ipython_stays_in_its_cell(page: Page) -> None:
    with page.cell("c1", {}):
        ka.slider("A")
        inner = object()
        page.callbacks["pre_run_cell"](inner)
        ka.slider("B")
        page.callbacks["post_run_cell"](type("Result", (), {"info": inner}))
        ka.slider("C")
    assert [each["key"] for each in page.declared] == ["c1-0-slider", "c1-1-slider", "c1-2-slider"]


def test_a_control_after_its_cell_is_refused(page: Page) -> None:
    with page.cell("c1", {}):
        context = contextvars.copy_context()
    with pytest.raises(PlaceError, match="has ended"):
        ka.slider("A")
    with page.cell("c2"), pytest.raises(PlaceError, match="has ended"):
        context.run(ka.slider, "A")


def test_a_control_in_a_thread_is_refused(page: Page) -> None:
    errors: list[BaseException] = []

    def place() -> None:
        try:
            ka.slider("A")
        except PlaceError as error:
            errors.append(error)

    with page.cell("c1", {}):
        thread = threading.Thread(target=place)
        thread.start()
        thread.join()
    assert "background thread" in str(errors[0])
    assert page.declared == []


@pytest.mark.parametrize("metadata", [None, [], {"cellId": 5}, {"kernelapp": []}, {"kernelapp": {"inputs": [1], "reset": "yes"}}])
def test_strange_metadata_does_no_harm(page: Page, metadata: Any) -> None:
    page.request = {"header": {"msg_id": "odd"}, "metadata": metadata}
    page.callbacks["pre_run_cell"](object())
    ka.slider("A")
    assert page.declared[0]["key"] == "cell-0-slider"


def test_reports_are_bounded_in_size_and_in_number(page: Page) -> None:
    with page.cell("c1", {}):
        for _ in range(10 * runtime.MAX_REPORTS_PER_RUN):
            page.runtime.report("warning", "x" * 100_000)
    assert len(page.reports) == runtime.MAX_REPORTS_PER_RUN
    assert {len(report["message"]) for report in page.reports[:-1]} == {runtime.MAX_REPORT_CHARS}
    assert "left out" in page.reports[-1]["message"]
    with page.cell("c2"):
        page.runtime.report("error", "again")
    assert page.reports[-1] == {"level": "error", "message": "again"}


def test_only_a_kernel_of_this_protocol_starts() -> None:
    with pytest.raises(RuntimeError, match="protocol 1; the server asked for 2"):
        runtime.start({"protocol": 2})
    with pytest.raises(RuntimeError, match="IPython kernel"):
        runtime.start({"protocol": 1})
