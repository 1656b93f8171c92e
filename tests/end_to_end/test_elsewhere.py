"""The same notebook where no kernelapp server runs it: nbclient, papermill, an ipywidgets front end, a plain Python process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

# nbformat's functions have no types.
files: Any = nbformat
v4: Any = nbformat.v4

ROOT = Path(__file__).parent.parent.parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"

APP = """\
import datetime
import kernelapp as ka
with ka.sidebar:
    periods = ka.slider("Periods", 1, 100, 10)
left, right = ka.columns(2)
with left:
    print("left")
values = [
    periods,
    ka.slider("Rate", 0.0, 1.0, 0.5),
    ka.slider("Span", 0, 9, (2, 5)),
    ka.button("Go"),
    ka.checkbox("On", True),
    ka.toggle("Also"),
    ka.radio("Radio", ["a", "b"], 1),
    right.selectbox("Box", [10, 20], 1, format_func="no. {}".format),
    ka.multiselect("Many", ["a", "b"], ["b"]),
    ka.select_slider("Size", ["S", "M", "L"], ("S", "M")),
    ka.number_input("Count", 0, 9, 3),
    ka.text_input("Name", "Ada"),
    ka.text_area("Notes", "one"),
    ka.date_input("Day", "2026-11-22"),
    ka.date_input("Days", ("2026-11-01", "2026-11-22")),
    ka.time_input("At", "14:30"),
    ka.color_picker("Line", "#1f77b4"),
    ka.number_input("Empty", value=None),
    ka.selectbox("None yet", ["a"], None),
]"""

DEFAULTS = (
    "[10, 0.5, (2, 5), False, True, False, 'b', 20, ['b'], ('S', 'M'), 3, 'Ada', 'one', datetime.date(2026, 11, 22), "
    "(datetime.date(2026, 11, 1), datetime.date(2026, 11, 22)), datetime.time(14, 30), '#1f77b4', None, None]"
)

WITHOUT_WIDGETS = "import sys\nsys.modules['ipywidgets'] = None"


@pytest.fixture(autouse=True)
def package_in_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def execute(*sources: str) -> Any:
    """Run the cells by nbclient; returns the notebook, which must be valid."""
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    files.validate(notebook)
    return notebook


def texts(cell: Any) -> list[str]:
    """The plain text of each output of a cell."""
    return [output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"] for output in cell.outputs]


def test_without_ipywidgets_controls_are_text_and_return_their_defaults() -> None:
    notebook = execute(WITHOUT_WIDGETS, APP, "print(values)")
    assert texts(notebook.cells[2]) == [DEFAULTS + "\n"]
    shown = texts(notebook.cells[1])
    assert shown[:3] == ["Periods: 10", "left\n", "Rate: 0.5"]
    assert len(shown) == 20
    assert all(set(output["data"]) == {"text/plain"} for output in notebook.cells[1].outputs if output["output_type"] == "display_data")


def test_with_ipywidgets_controls_are_widgets_with_the_authors_words_and_bounds() -> None:
    notebook = execute(APP, "print(values)")
    assert texts(notebook.cells[1]) == [DEFAULTS + "\n"]
    state = notebook.metadata["widgets"][WIDGET_STATE]["state"]
    views = [output["data"].get(WIDGET_VIEW) for output in notebook.cells[0].outputs if output["output_type"] == "display_data"]
    models = [(state[view["model_id"]]["model_name"], state[view["model_id"]]["state"]) for view in views if view]
    assert [name.removesuffix("Model") for name, _ in models] == [
        "IntSlider", "FloatSlider", "IntRangeSlider", "Button", "Checkbox", "ToggleButton", "RadioButtons", "Dropdown", "SelectMultiple",
        "SelectionRangeSlider", "BoundedIntText", "Text", "Textarea", "DatePicker", "Time", "ColorPicker", "Dropdown",
    ]  # fmt: skip
    _, slider = models[0]
    assert (slider["description"], slider["min"], slider["max"], slider["value"]) == ("Periods", 1, 100, 10)
    _, box = models[7]
    assert (box["_options_labels"], box["index"]) == (["no. 10", "no. 20"], 1)
    _, day = models[13]
    assert day["value"] == {"year": 2026, "month": 10, "date": 22}


def test_authors_mistakes_raise_there_too() -> None:
    notebook = execute("import kernelapp as ka\ntry: ka.slider('S', 9, 1)\nexcept ValueError as error: print(error)")
    assert texts(notebook.cells[0]) == ["slider 'S': min_value must be less than max_value; 9 and 1 came\n"]


def test_papermill_runs_it_with_its_parameters(tmp_path: Path) -> None:
    cells = [
        v4.new_markdown_cell("# An app"),
        v4.new_code_cell("limit = 5", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("import kernelapp as ka\nn = ka.slider('N', 1, limit, limit)\nprint(n)"),
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    files.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), tmp_path / "in.ipynb")
    papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", parameters={"limit": 50}, progress_bar=False)
    done = files.read(tmp_path / "out.ipynb", as_version=4)
    files.validate(done)
    assert texts(done.cells[-1])[-1] == "50\n"


def test_in_a_plain_python_process_controls_return_their_defaults_in_silence() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", APP + "\nprint(values)\nimport sys\nprint('IPython' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout == f"left\n{DEFAULTS}\nFalse\n"
    assert done.stderr == ""
