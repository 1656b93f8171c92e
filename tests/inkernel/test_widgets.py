"""Widgets of earlier runs: closed when nothing reaches them, kept when something does."""

from __future__ import annotations

import pytest

from .kernel import Kernel

FEW = "import kernelapp.inkernel.runtime as r; r.current()._widgets._max_superseded = 2"
OPEN = """\
from ipywidgets.widgets.widget import _instances
print(sorted(w.description for w in _instances.values() if hasattr(w, "description")))"""


@pytest.fixture
def ready(bare_kernel: Kernel) -> Kernel:
    """A kernel that looks through widgets at once."""
    bare_kernel.bootstrap()
    bare_kernel.run(FEW, "setup")
    return bare_kernel


def names(kernel: Kernel) -> str:
    return kernel.run(OPEN, "ask").streams.strip()


def test_widgets_of_earlier_runs_are_closed_once_they_are_many(ready: Kernel) -> None:
    cell = "import ipywidgets as w; s = w.IntSlider(description={!r}); s.observe(lambda change: print(s), 'value'); box = w.HBox([s])"
    for name in ("first", "second", "third"):
        shown = ready.run(cell.format(name), "c1")
    closed = [content for kind, content in shown.messages if kind == "comm_close"]
    assert len(closed) > 2
    assert all(content["data"] == {"superseded": True} for content in closed)
    assert names(ready) == "['third']"


def test_what_a_name_a_thread_or_an_output_widget_holds_is_kept_and_works(ready: Kernel) -> None:
    ready.run("import ipywidgets as w, threading; kept, out, release = [], w.Output(), threading.Event()", "c0")
    cell = "s = w.IntSlider(description={!r})\n{}"
    ready.run(cell.format("named", "kept.append(s)"), "c1")
    ready.run(cell.format("threaded", "threading.Thread(target=lambda s: release.wait(60) and s, args=(s,)).start()"), "c1")
    view = "{'output_type': 'display_data', 'metadata': {}, 'data': {'application/vnd.jupyter.widget-view+json': {'model_id': s.model_id}}}"
    ready.run(cell.format("captured", f"out.outputs = ({view},)"), "c1")
    for _ in range(3):
        ready.run(cell.format("plain", ""), "c1")
    assert names(ready) == "['captured', 'named', 'plain', 'threaded']"
    told = ready.run(
        "kept[0].observe(lambda change: print('told', change.new), 'value')\nkept[0].comm.handle_msg("
        "{'content': {'data': {'method': 'update', 'state': {'value': 7}}}, 'buffers': []})",
        "c2",
    )
    assert "told 7" in told.streams
    ready.run("release.set()", "c3")


def test_an_empty_namespace_has_no_widgets(ready: Kernel) -> None:
    ready.run("import ipywidgets as w; s = w.IntSlider(description='old')", "c1")
    shown = ready.run("import ipywidgets as w", "c0", reset=True)
    assert [kind for kind, _ in shown.messages if kind == "comm_close"]
    assert names(ready) == "[]"


def test_a_kernel_without_ipywidgets_is_left_alone(ready: Kernel) -> None:
    ready.run("x = 1", "c1")
    assert ready.run("import sys; print('ipywidgets' in sys.modules)", "c1").streams == "False\n"
