"""The runtime in a real kernel."""

from __future__ import annotations

import json
import re

import pytest

from .kernel import Kernel


def test_a_kernel_sees_only_the_link_and_loads_no_server_code(kernel: Kernel) -> None:
    shown = kernel.run(
        "import sys, json, kernelapp\n"
        "kernelapp.slider, kernelapp.sidebar, kernelapp.selectbox, kernelapp.date_input\n"
        "print(json.dumps([kernelapp.__file__, [name for name in sys.modules if name.startswith('kernelapp')]]))",
        reset=True,
    )
    file, modules = json.loads(shown.streams)
    assert re.search(r"/kernel\d/kernelapp/", file)
    assert {name for name in modules if not name.startswith("kernelapp.inkernel")} == {"kernelapp", "kernelapp.version"}


def test_the_silent_bootstrap_leaves_no_trace(bare_kernel: Kernel) -> None:
    before = bare_kernel.request("print(dir())").streams
    assert bare_kernel.bootstrap().messages == []
    assert bare_kernel.bootstrap().messages == []
    assert bare_kernel.run("print(dir())").streams == before


def test_starting_twice_follows_each_cell_once(kernel: Kernel) -> None:
    kernel.bootstrap()
    shown = kernel.run("import kernelapp as ka\nka.slider('S', key='k'); ka.slider('S')", inputs={}, reset=True)
    assert [control["key"] for control in shown.controls] == ["k", "c1-1-slider"]


def test_inputs_come_with_the_metadata(kernel: Kernel) -> None:
    shown = kernel.run("import kernelapp as ka\nn = ka.slider('Periods', 1, 100, 10)\nn", inputs={"c1-0-slider": 42}, reset=True)
    assert shown.result == "42"
    assert shown.controls[0]["value"] == 42
    assert kernel.run("ka.slider('Periods', 1, 20, key='k')", "c2").result == "1"
    assert kernel.run("ka.slider('Periods', 1, 20, key='k')", "c2", {"k": 400}).result == "20"


def test_controls_stay_in_order_with_prints_and_figures(kernel: Kernel) -> None:
    shown = kernel.run("import kernelapp as ka\nprint('one')\nka.slider('S')\nprint('two')\nwith ka.sidebar: print('three')", reset=True)
    kinds = ["stream" if kind == "stream" else next(iter(content["data"])).split(".")[-1] for kind, content in shown.messages]
    assert kinds == ["stream", "control+json", "stream", "layout+json", "stream", "layout+json"]


def test_an_async_cell_has_its_controls_and_its_tasks_do_not_outlive_it(kernel: Kernel) -> None:
    kernel.run("import asyncio, kernelapp as ka", reset=True)
    shown = kernel.run(
        "await asyncio.sleep(0)\n"
        "async def late():\n"
        "    await asyncio.sleep(0)\n"
        "    await ended.wait()\n"
        "    try: ka.slider('late')\n"
        "    except Exception as error: problem = repr(error)\n"
        "    return problem\n"
        "ended = asyncio.Event()\n"
        "task = asyncio.create_task(late())\n"
        "ka.slider('S', 1, 9)",
    )
    assert shown.controls[0]["key"] == "c1-0-slider"
    assert "PlaceError" in kernel.run("ended.set()\nawait task", "c2").result


def test_code_run_by_magics_belongs_to_the_cell(kernel: Kernel) -> None:
    shown = kernel.run("import kernelapp as ka\nget_ipython().run_cell(\"ka.slider('A')\")\n_ = ka.slider('B')", reset=True)
    assert [control["key"] for control in shown.controls] == ["c1-0-slider", "c1-1-slider"]


def test_an_empty_cell_brings_its_inputs_and_resets(kernel: Kernel) -> None:
    kernel.run("import kernelapp as ka\nx = 1", reset=True)
    kernel.run("", inputs={"k": 7}, reset=True)
    assert kernel.run("'x' in globals()").result == "False"
    assert kernel.run("import kernelapp as ka\nka.slider('S', key='k')", "c2").result == "7"


def test_a_failed_cell_leaves_the_next_one_its_own_name(kernel: Kernel) -> None:
    assert "ZeroDivisionError" in kernel.run("1/0", reset=True).error
    assert "SyntaxError" in kernel.run("1 1").error
    shown = kernel.run("import kernelapp as ka\nka.slider('S')", "c9")
    assert shown.controls[0]["key"] == "c9-0-slider"


def test_an_authors_mistake_fails_the_cell_with_a_clear_message(kernel: Kernel) -> None:
    shown = kernel.run("import kernelapp as ka\nka.slider('S', 9, 1)", reset=True)
    assert shown.error == "ArgumentValueError: slider 'S': min_value must be less than max_value; 9 and 1 came"


@pytest.mark.parametrize(
    ("source", "shown"),
    [("n + 1;", []), ("n + 1;  # hidden", []), ("%time n + 1;", []), ("n + 1", ["2"]), ("';'", ["';'"]), ("# n;\nn", ["1"])],
)
def test_a_semicolon_at_the_end_hides_the_value(kernel: Kernel, source: str, shown: list[str]) -> None:
    kernel.run("n = 1", reset=True)
    assert kernel.run(source, "c2").data("text/plain") == shown
    assert kernel.run("n", "c3").result == "1"
