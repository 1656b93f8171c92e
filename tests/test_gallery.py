"""Paths to notebooks: what is found in a folder, and under which names."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from kernelapp import gallery
from kernelapp.errors import NotebookError, OperatorError
from kernelapp.gallery import BrokenNotebook, find_notebooks
from kernelapp.notebook import Notebook

EMPTY = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
PERCENT = "# %%\nx = 1\n"


def write(root: Path, **files: str) -> None:
    """Files by path, with `__` for a slash and `_dot_` for a dot."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def names(*paths: Path) -> list[str]:
    return [entry.name for entry in find_notebooks(paths)]


def test_a_folder_is_searched_with_its_subfolders_in_order(tmp_path: Path) -> None:
    write(tmp_path, b_dot_ipynb=EMPTY, a_dot_ipynb=EMPTY, sub__c_dot_ipynb=EMPTY)
    assert names(tmp_path) == ["a", "b", "c"]


@pytest.mark.parametrize("folder", [".ipynb_checkpoints", ".hidden", "__pycache__", "node_modules", "site-packages", "venv"])
def test_folders_that_hold_no_work_of_the_author_are_skipped(tmp_path: Path, folder: str) -> None:
    write(tmp_path, a_dot_ipynb=EMPTY)
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "b.ipynb").write_text(EMPTY)
    if folder == "venv":
        (tmp_path / folder / "pyvenv.cfg").write_text("")
    assert names(tmp_path) == ["a"]


def test_only_python_and_markdown_files_that_are_notebooks_are_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        script_dot_py="print(1)\n",
        percent_dot_py=PERCENT,
        README_dot_md="# Read me\n",
        text_dot_md="---\njupyter:\n  kernelspec:\n    name: python3\n    display_name: Python\n    language: python\n---\n# T\n",
        data_dot_csv="a,b\n",
    )
    assert names(tmp_path) == ["percent", "text"]


def test_of_a_pair_kept_by_jupytext_only_the_notebook_is_served(tmp_path: Path) -> None:
    header = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n# ---\n"
    write(tmp_path, a_dot_ipynb=EMPTY, a_dot_py=header + PERCENT)
    assert [entry.path.name for entry in find_notebooks([tmp_path])] == ["a.ipynb"]


def test_a_broken_notebook_in_a_folder_is_an_entry_with_its_error_but_no_server_path(tmp_path: Path) -> None:
    write(tmp_path, good_dot_ipynb=EMPTY, bad_book_dot_ipynb="{")
    broken, good = find_notebooks([tmp_path])
    assert isinstance(good, Notebook)
    assert isinstance(broken, BrokenNotebook)
    assert (broken.name, broken.title) == ("bad-book", "Bad book")
    assert broken.error.startswith("is not JSON")
    assert str(tmp_path) not in broken.error


def test_a_broken_notebook_given_directly_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, bad_dot_ipynb="{")
    with pytest.raises(NotebookError, match="is not JSON"):
        find_notebooks([tmp_path / "bad.ipynb"])


def test_a_broken_notebook_given_directly_is_an_error_also_after_its_folder(tmp_path: Path) -> None:
    write(tmp_path, bad_dot_ipynb="{", good_dot_ipynb=EMPTY)
    with pytest.raises(NotebookError, match="is not JSON"):
        find_notebooks([tmp_path, tmp_path / "bad.ipynb"])


def test_a_file_is_served_once_however_often_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, a_dot_ipynb=EMPTY, b_dot_ipynb=EMPTY)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "a.ipynb")
    assert names(tmp_path / "b.ipynb", tmp_path, tmp_path / "b.ipynb", tmp_path / "a.ipynb") == ["b", "a"]


def test_clashing_names_take_their_folders(tmp_path: Path) -> None:
    write(tmp_path, x_dot_ipynb=EMPTY, one__x_dot_ipynb=EMPTY, two__deep__x_dot_ipynb=EMPTY, two__y_dot_ipynb=EMPTY)
    assert names(tmp_path) == ["x", "one-x", "y", "two-deep-x"]


def test_no_name_depends_on_which_of_two_clashing_files_comes_first(tmp_path: Path) -> None:
    write(tmp_path, one__x_dot_ipynb=EMPTY, two__x_dot_ipynb=EMPTY)
    files = [tmp_path / "one" / "x.ipynb", tmp_path / "two" / "x.ipynb"]
    assert names(*files) == ["one-x", "two-x"]
    assert names(*reversed(files)) == ["two-x", "one-x"]


def test_two_folders_with_the_same_notebook_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, one__x_dot_ipynb=EMPTY, two__x_dot_ipynb=EMPTY)
    assert names(tmp_path / "one", tmp_path / "two") == ["one-x", "two-x"]


def test_two_formats_of_one_name_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, x_dot_ipynb=EMPTY, x_dot_py=PERCENT)
    assert names(tmp_path) == ["x-ipynb", "x-py"]


def test_names_that_cannot_be_told_apart_otherwise_are_numbered(tmp_path: Path) -> None:
    for name in ("a b.ipynb", "a-b.ipynb", "a_b.ipynb"):
        (tmp_path / name).write_text(EMPTY)
    found = names(tmp_path)
    assert len(set(found)) == 3
    assert found[1:] == [f"{found[0]}-2", f"{found[0]}-3"]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"no notebook in this folder; expected \.ipynb"):
        find_notebooks([tmp_path])


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"none: no such file or folder; check the path"):
        find_notebooks([tmp_path / "none"])


def test_a_folder_with_far_too_many_notebooks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "MAX_NOTEBOOKS", 2)
    write(tmp_path, a_dot_ipynb=EMPTY, b_dot_ipynb=EMPTY, c_dot_ipynb=EMPTY)
    with pytest.raises(OperatorError, match="holds more than 2 notebooks; give a narrower folder"):
        find_notebooks([tmp_path])


def test_a_link_in_a_circle_does_not_end_the_search(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, a_dot_ipynb=EMPTY)
    (tmp_path / "loop.ipynb").symlink_to(tmp_path / "loop.ipynb")
    (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
    with caplog.at_level(logging.WARNING):
        found = find_notebooks([tmp_path])
    assert [entry.name for entry in found if isinstance(entry, Notebook)] == ["a"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(NotebookError, match="is not a regular file"):
        find_notebooks([tmp_path / "pipe.ipynb"])
