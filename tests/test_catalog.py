"""The apps of a server, as their files are now."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from kernelapp.catalog import Catalog
from kernelapp.errors import KernelspecError
from kernelapp.gallery import BrokenNotebook
from kernelapp.notebook import Notebook


def write(path: Path, heading: str, stamp: int = 0) -> Path:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {heading}")]), path)
    os.utime(path, (stamp, stamp))
    return path


def accept(notebook: Notebook) -> None:
    """Any kernel will do."""


def refuse(notebook: Notebook) -> None:
    raise KernelspecError("not installed")


async def test_an_edited_notebook_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "One", 1)
    catalog = Catalog([path], None, accept)
    first = await catalog.get("a")
    assert first is not None
    assert first.title == "One"
    assert await catalog.get("a") is first
    write(path, "Two", 2)
    second = await catalog.get("a")
    assert second is not None
    assert second.title == "Two"


async def test_a_new_notebook_in_a_folder_appears(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", "One")
    catalog = Catalog([tmp_path], None, accept)
    assert await catalog.get("b") is None
    write(tmp_path / "b.ipynb", "Two")
    assert await catalog.get("b") is not None
    assert [entry.name for entry in await catalog.entries()] == ["a", "b"]


async def test_a_notebook_that_is_spoilt_while_served_says_so_without_its_path(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "One")
    catalog = Catalog([path], None, accept)
    path.write_text("{")
    entry = await catalog.get("a")
    assert isinstance(entry, BrokenNotebook)
    assert str(tmp_path) not in entry.error


def test_a_kernel_that_is_missing_is_an_error_for_a_notebook_given_by_name(tmp_path: Path) -> None:
    with pytest.raises(KernelspecError):
        Catalog([write(tmp_path / "a.ipynb", "One")], None, refuse)


async def test_in_a_folder_it_is_a_broken_entry(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", "One")
    entry = await Catalog([tmp_path], None, refuse).get("a")
    assert isinstance(entry, BrokenNotebook)
    assert entry.error == "not installed"
