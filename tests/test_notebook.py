"""Files to notebooks: formats, ids, tags, titles, and what is said of a file that is no notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kernelapp.errors import NotebookError
from kernelapp.notebook import Notebook, read_notebook, readable, slug


def make_cell(source: str | list[str], kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def make_notebook(*cells: Any, **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}


def read(folder: Path, content: object, name: str = "book.ipynb", **options: Any) -> Notebook:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_notebook(path, **options)


def test_cells_keep_their_order_kind_source_and_ids(tmp_path: Path) -> None:
    notebook = read(
        tmp_path, make_notebook(make_cell(["a\n", "b"], id="x1"), make_cell("*t*", "markdown", id="x2"), make_cell("r", "raw", id="x3"))
    )
    assert [(cell.id, cell.kind, cell.source) for cell in notebook.cells] == [
        ("x1", "code", "a\nb"),
        ("x2", "markdown", "*t*"),
        ("x3", "raw", "r"),
    ]


def test_language_and_kernel_come_from_the_metadata(tmp_path: Path) -> None:
    spec = {"name": "bash", "language": "bash", "display_name": "Bash"}
    notebook = read(tmp_path, make_notebook(kernelspec=spec))
    assert (notebook.language, notebook.kernel_name) == ("bash", "bash")


def test_a_notebook_without_metadata_is_python_and_names_no_kernel(tmp_path: Path) -> None:
    notebook = read(tmp_path, make_notebook())
    assert (notebook.language, notebook.kernel_name) == ("python", None)


def test_a_kernel_given_takes_precedence(tmp_path: Path) -> None:
    spec = {"name": "python3", "language": "python", "display_name": "Python"}
    assert read(tmp_path, make_notebook(kernelspec=spec), kernel_name="other").kernel_name == "other"


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + json.dumps(make_notebook(make_cell("1"))).encode()).cells[0].source == "1"


def test_nbformat_3_is_upgraded(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Old title"]},
        {
            "cell_type": "code",
            "language": "python",
            "metadata": {},
            "input": ["x = 1\n", "x"],
            "outputs": [],
            "prompt_number": 1,
            "collapsed": False,
        },
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"metadata": {}, "cells": cells}]}
    notebook = read(tmp_path, old)
    assert notebook.title == "Old title"
    assert [(cell.kind, cell.source) for cell in notebook.cells] == [("markdown", "## Old title"), ("code", "x = 1\nx")]
    assert read(tmp_path, old).cells == notebook.cells


PERCENT = '# %% [markdown]\n# # Percent\n\n# %% tags=["hide-input"]\n# %matplotlib inline\nx = 1\n'
MARKDOWN = """---
jupyter:
  kernelspec:
    display_name: Bash
    language: bash
    name: bash
---

# In markdown

```bash
ls
```
"""


def test_a_python_file_in_percent_format_is_a_notebook(tmp_path: Path) -> None:
    notebook = read(tmp_path, PERCENT, "p.py")
    assert notebook.title == "Percent"
    assert [(cell.kind, cell.source) for cell in notebook.cells] == [("markdown", "# Percent"), ("code", "%matplotlib inline\nx = 1")]
    assert notebook.cells[1].hide_input


def test_a_markdown_file_of_jupytext_is_a_notebook(tmp_path: Path) -> None:
    notebook = read(tmp_path, MARKDOWN, "m.md")
    assert (notebook.language, notebook.kernel_name, notebook.title) == ("bash", "bash", "In markdown")
    assert notebook.cells[-1].source == "ls"


def test_text_notebooks_have_the_same_ids_at_each_reading(tmp_path: Path) -> None:
    assert read(tmp_path, PERCENT, "p.py").cells == read(tmp_path, PERCENT, "p.py").cells


def test_inserting_a_cell_leaves_the_ids_of_the_others(tmp_path: Path) -> None:
    before = read(tmp_path, make_notebook(make_cell("a"), make_cell("b")))
    after = read(tmp_path, make_notebook(make_cell("new"), make_cell("a"), make_cell("b")))
    assert [cell.id for cell in after.cells[1:]] == [cell.id for cell in before.cells]


@pytest.mark.parametrize("own", [None, "", "has space", "x" * 65, 7, "a.b"])
def test_cells_without_a_valid_id_get_unique_ones(tmp_path: Path, own: object) -> None:
    notebook = read(tmp_path, make_notebook(*(make_cell("same", id=own) for _ in range(4))))
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == 4
    assert all(made.replace("-", "").isalnum() for made in ids)


def test_of_two_cells_with_one_id_the_first_keeps_it(tmp_path: Path) -> None:
    ids = [cell.id for cell in read(tmp_path, make_notebook(make_cell("a", id="x"), make_cell("b", id="x"))).cells]
    assert ids[0] == "x"
    assert ids[1] != "x"


def test_a_made_id_never_takes_one_that_the_file_uses(tmp_path: Path) -> None:
    made = read(tmp_path, make_notebook(make_cell("a"))).cells[0].id
    ids = [cell.id for cell in read(tmp_path, make_notebook(make_cell("a"), make_cell("b", id=made))).cells]
    assert ids[1] == made
    assert ids[0] != made


def test_ten_thousand_equal_cells_get_ids_without_delay(tmp_path: Path) -> None:
    notebook = read(tmp_path, make_notebook(*(make_cell("") for _ in range(10_000))))
    assert len({cell.id for cell in notebook.cells}) == 10_000


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("hide-input", {"hide_input"}),
        ("remove-input", {"hide_input"}),
        ("remove_input", {"hide_input"}),
        ("hide-output", {"hide_output"}),
        ("remove-output", {"hide_output"}),
        ("remove-cell", {"hide_input", "hide_output", "removed"}),
        ("hide-cell", {"hide_input", "hide_output", "removed"}),
        ("raises-exception", {"raises_exception"}),
        ("parameters", set()),
    ],
)
def test_tags_say_what_is_shown(tmp_path: Path, tag: str, expected: set[str]) -> None:
    cell = read(tmp_path, make_notebook({**make_cell("1"), "metadata": {"tags": [tag]}})).cells[0]
    assert {name for name in ("hide_input", "hide_output", "removed", "raises_exception") if getattr(cell, name)} == expected


@pytest.mark.parametrize("metadata", [{"tags": "hide-input"}, {"tags": [1, None]}, {"tags": None}, None, []])
def test_tags_of_the_wrong_shape_are_no_tags(tmp_path: Path, metadata: object) -> None:
    assert read(tmp_path, make_notebook({**make_cell("1"), "metadata": metadata})).cells[0].tags == frozenset()


def test_attachments_are_kept(tmp_path: Path) -> None:
    attachments = {"a.png": {"image/png": "QUJD"}}
    cell = read(tmp_path, make_notebook(make_cell("![a](attachment:a.png)", "markdown", attachments=attachments))).cells[0]
    assert cell.attachments == attachments


HEADING = make_cell("# The *first* heading\n\nWhat it is about.", "markdown")
HIDDEN = {**make_cell("# Hidden", "markdown"), "metadata": {"tags": ["remove-cell"]}}


@pytest.mark.parametrize(
    ("notebook", "title", "description"),
    [
        (make_notebook(HEADING, title="Jupyter's", kernelapp={"title": "Ours", "description": "Said."}), "Ours", "Said."),
        (make_notebook(HEADING, title="Jupyter's"), "Jupyter's", "What it is about."),
        (make_notebook(make_cell("x"), HIDDEN, HEADING), "The first heading", "What it is about."),
        (make_notebook(make_cell("# T", "markdown"), make_cell("x"), make_cell("Later.", "markdown")), "T", "Later."),
        (make_notebook(make_cell("Only text.", "markdown")), "Sales report", "Only text."),
        (make_notebook(make_cell("# not a heading")), "Sales report", ""),
    ],
)
def test_title_and_description(tmp_path: Path, notebook: dict[str, Any], title: str, description: str) -> None:
    found = read(tmp_path, notebook, "sales_report.ipynb")
    assert (found.title, found.description) == (title, description)


def test_a_long_description_is_cut_at_a_word(tmp_path: Path) -> None:
    description = read(tmp_path, make_notebook(make_cell("word " * 100, "markdown"))).description
    assert len(description) <= 200
    assert description.endswith("word…")


def test_the_app_metadata_says_what_to_rerun(tmp_path: Path) -> None:
    assert read(tmp_path, make_notebook(kernelapp={"rerun": "below"})).metadata.rerun == "below"


def test_the_app_metadata_says_whether_widgets_count_as_inputs(tmp_path: Path) -> None:
    assert read(tmp_path, make_notebook(kernelapp={"reactive": "widgets"})).metadata.reactive == "widgets"
    assert read(tmp_path, make_notebook()).metadata.reactive is None


V4 = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, '


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ipynb", "", "is empty; expected a notebook"),
        ("a.ipynb", '{\n  "cells": [}', "is not JSON: Expecting value at line 2 column 13"),
        ("a.ipynb", '{\n<<<<<<< HEAD\n"a": 1\n', "it holds Git's conflict markers"),
        ("a.ipynb", "[" * 100_000, "is not JSON that can be read"),
        ("a.ipynb", '{"nbformat": ' + "1" * 5000 + "}", "is not JSON that can be read"),
        ("a.ipynb", "[1, 2]", 'is JSON, but no notebook: expected an object with "nbformat"'),
        ("a.ipynb", '{"a": 1}', 'is JSON, but no notebook: expected an object with "nbformat"'),
        ("a.ipynb", '{"nbformat": 5}', "is of nbformat 5; versions up to 4 can be read"),
        ("a.ipynb", '{"nbformat": 0}', "is no valid notebook of nbformat 0"),
        ("a.ipynb", '{"nbformat": 3, "worksheets": "many"}', "is no valid notebook of nbformat 3"),
        ("a.ipynb", '{"nbformat": 4}', "is no notebook: expected a list of cells"),
        ("a.ipynb", V4 + '"cells": [1]}', "cell 1: expected cell_type code, markdown or raw, not int"),
        ("a.ipynb", V4 + '"cells": [{"cell_type": "sql"}]}', "cell 1: expected cell_type code, markdown or raw, not 'sql'"),
        ("a.ipynb", V4 + '"cells": [{"cell_type": "code", "source": 1}]}', "cell 1: expected source to be text or a list of lines"),
        ("a.ipynb", b"\xff\xfe{\x00}\x00", "is not UTF-8 (byte 0); save it as UTF-8"),
        ("a.txt", "hello", "expected a notebook (.ipynb, .py, .md), not .txt"),
        ("a", "hello", "expected a notebook (.ipynb, .py, .md), not a name without a suffix"),
        ("a.py", "import os\n", "is no notebook: expected cells that begin with '# %%'"),
        ("a.md", "# Title\n\n---\njupyter: no\n", "is no notebook: expected jupytext's header"),
        ("a.md", "---\njupyter: [\n---\n", "jupytext cannot read it"),
        ("a.ipynb", json.dumps(make_notebook(kernelapp=1)), "metadata.kernelapp must be an object, not int"),
        ("a.ipynb", json.dumps(make_notebook(kernelapp={"titel": "x"})), "metadata.kernelapp.titel is not known; expected title"),
        ("a.ipynb", json.dumps(make_notebook(kernelapp={"title": 1})), "metadata.kernelapp.title must be text, not int"),
        (
            "a.ipynb",
            json.dumps(make_notebook(kernelapp={"rerun": "some"})),
            "metadata.kernelapp.rerun must be dependents or below or all, not 'some'",
        ),
        (
            "a.ipynb",
            json.dumps(make_notebook(kernelapp={"reactive": "all"})),
            "metadata.kernelapp.reactive must be widgets, or left out, not 'all'",
        ),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_reason(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(NotebookError) as raised:
        read(tmp_path, content, name)
    text = str(raised.value)
    assert text.startswith(f"{tmp_path / name}: ")
    assert message in text
    assert "\n" not in text


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="no such file or folder; check the path"):
        read_notebook(tmp_path / "none.ipynb")


def test_a_folder_is_no_notebook(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").mkdir()
    with pytest.raises(NotebookError, match="is a folder"):
        read_notebook(tmp_path / "x.ipynb")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="is larger than 50 bytes; clear its outputs"):
        read(tmp_path, make_notebook(make_cell("x" * 100)), max_notebook_bytes=50)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("Sales report 2026", "sales-report-2026"),
        ("Café_naïve", "cafe-naive"),
        ("Продажи 2026", "продажи-2026"),
        ("हिन्दी", "हिन्दी"),
        ("--a..b//c?d#e%f", "a-b-c-d-e-f"),
        ("!!!", "notebook"),
        ("x" * 300, "x" * 80),
    ],
)
def test_slugs_are_lower_case_words_with_hyphens(stem: str, expected: str) -> None:
    assert slug(stem) == expected


def test_a_decomposed_name_and_a_composed_one_have_one_slug() -> None:
    assert slug("\u0418\u0306\u043e\u0434") == slug("\u0419\u043e\u0434") == "\u0439\u043e\u0434"


@pytest.mark.parametrize(("stem", "expected"), [("sales_report-2026", "Sales report 2026"), ("ABC", "ABC"), ("__", "__")])
def test_a_stem_becomes_a_readable_title(stem: str, expected: str) -> None:
    assert readable(stem) == expected
