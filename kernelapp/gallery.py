"""Paths -> every notebook to be served, each under a name of its own. A folder is a gallery of the notebooks in it and below it."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import NotebookError, OperatorError
from .notebook import SUFFIXES, Notebook, is_text_notebook, read_notebook, readable, slug

MAX_NOTEBOOKS = 1000
"""More than this many in one folder is taken for a mistake (a home folder, `/`)."""

_SNIFFED_CHARS = 65_536  # a cell marker or a header stands near the top
_SKIPPED = {"__pycache__", "node_modules", "site-packages"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BrokenNotebook:
    """A file of a gallery that cannot be served; `error` says why, without the server's path."""

    path: Path
    name: str
    title: str
    error: str


Entry = Notebook | BrokenNotebook


@dataclass(frozen=True)
class _Found:
    """An entry with the names it may take, the plainest first."""

    entry: Entry
    names: tuple[str, ...]


def find_notebooks(paths: Sequence[Path], kernel_name: str | None = None) -> tuple[Entry, ...]:
    """The notebooks at `paths`, each a file or a folder, in this order; in a folder in the order of their paths.

    A file given directly must be a notebook (NotebookError); a broken one in a folder becomes a BrokenNotebook. Raises OperatorError for
    a path that is missing or cannot be read, and for a folder without a notebook.
    """
    folders = {path for path in paths if _is_folder(path)}
    direct = {os.path.realpath(path) for path in paths if path not in folders}
    found: list[_Found] = []
    seen: set[str] = set()
    for path in paths:
        root = path if path in folders else None
        for file in _list_folder(path) if root else [path]:
            real = os.path.realpath(file)
            if real in seen or (root and real in direct):
                continue
            seen.add(real)
            entry = _read_tolerantly(file, kernel_name) if root else read_notebook(file, kernel_name)
            found.append(_Found(entry, _possible_names(file, root)))
    names = _choose_names([item.names for item in found])
    return tuple(replace(item.entry, name=name) for item, name in zip(found, names, strict=True))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reading it as a file will say what is wrong
        return False


def _list_folder(root: Path) -> list[Path]:
    files: list[Path] = []
    for file in _walk(root):
        files.append(file)
        if len(files) > MAX_NOTEBOOKS:
            raise OperatorError(f"{root}: holds more than {MAX_NOTEBOOKS} notebooks; give a narrower folder")
    if not files:
        raise OperatorError(f"{root}: no notebook in this folder; expected .ipynb, or .py and .md files of jupytext")
    return files


def _walk(root: Path) -> Iterator[Path]:
    def report(error: OSError) -> None:
        if Path(error.filename) == root:
            raise OperatorError(f"{root}: this folder cannot be read ({error.strerror}); change its mode or run as its owner")
        _log.warning("%s: left out, it cannot be read: %s", error.filename, error.strerror)

    for folder, subfolders, files in os.walk(root, onerror=report):
        here = Path(folder)
        subfolders[:] = sorted(name for name in subfolders if not _is_skipped(here / name))
        names = set(files)
        for name in sorted(files):
            if not name.startswith(".") and _is_notebook_file(here / name, names):
                yield here / name


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED or (folder / "pyvenv.cfg").exists()


def _is_notebook_file(file: Path, siblings: set[str]) -> bool:
    suffix = file.suffix.lower()
    if suffix == ".ipynb":
        return True
    if suffix not in SUFFIXES or not file.is_file():
        return False
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(_SNIFFED_CHARS)
    except OSError as error:
        _log.warning("%s: left out, it cannot be read: %s", file, error.strerror)
        return False
    paired = f"{file.stem}.ipynb" in siblings and "formats:" in text  # jupytext keeps both the same: one app, not two
    return is_text_notebook(suffix, text) and not paired


def _read_tolerantly(file: Path, kernel_name: str | None) -> Entry:
    try:
        return read_notebook(file, kernel_name)
    except NotebookError as error:
        _log.warning("%s", error)
        return BrokenNotebook(file.absolute(), slug(file.stem), readable(file.stem), str(error).removeprefix(f"{file}: "))


def _possible_names(file: Path, root: Path | None) -> tuple[str, ...]:
    """From the plainest: `x`, with the folders below the root, with the file's type, with the root's own name, with both."""
    stem = slug(file.stem)
    suffix = file.suffix.lower().removeprefix(".")
    parent = file.absolute().parent
    below = parent.relative_to(root.absolute()).parts if root else (parent.name,)
    top = root.resolve().name if root else parent.parent.name
    near = "-".join([*map(slug, below), stem])
    far = f"{slug(top)}-{near}" if top else near
    return stem, near, f"{near}-{suffix}", far, f"{far}-{suffix}"


def _choose_names(candidates: Sequence[tuple[str, ...]]) -> list[str]:
    """A name of its own for each: those that clash all take their next longer name, so that none depends on the order of the files."""
    names = [options[0] for options in candidates]
    for level in range(1, 5):
        counts = Counter(names)
        names = [options[level] if counts[name] > 1 else name for options, name in zip(candidates, names, strict=True)]
    taken: set[str] = set()
    for index, name in enumerate(names):
        number = 1
        while names[index] in taken:
            number += 1
            names[index] = f"{name}-{number}"
        taken.add(names[index])
    return names
