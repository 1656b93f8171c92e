"""The apps that a server serves, as their files are now: an edited notebook is read again, a new one appears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from .errors import NotebookError, OperatorError
from .gallery import BrokenNotebook, Entry, find_notebooks
from .notebook import Notebook, read_notebook

Stamp = tuple[int, int]


class Catalog:
    """The entries at `paths`. `check` may refuse a notebook by raising OperatorError (its kernel is not installed)."""

    def __init__(self, paths: Sequence[Path], kernel_name: str | None, check: Callable[[Notebook], None]) -> None:
        self._paths = [path.absolute() for path in paths]
        self._kernel_name = kernel_name
        self._check = check
        self._entries: dict[str, Entry] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self._keep(find_notebooks(self._paths, kernel_name))
        self._files_only = all(path.is_file() for path in self._paths)  # after they were found to be readable
        for entry in self._entries.values():
            if isinstance(entry, Notebook) and entry.path in self._paths:
                check(entry)  # given by name: the operator is told at the start

    async def entries(self) -> list[Entry]:
        """All entries, the folders searched again."""
        await self._search()
        return [await self._fresh(name) for name in list(self._entries)]

    async def get(self, name: str) -> Entry | None:
        """The entry with this name, read again if its file has changed; None if there is none."""
        if name not in self._entries:
            await self._search()
        return await self._fresh(name) if name in self._entries else None

    async def _search(self) -> None:
        if self._files_only:
            return
        try:
            self._keep(await asyncio.to_thread(find_notebooks, self._paths, self._kernel_name))
        except OperatorError:
            return  # a folder has gone for the moment: what was found before stays

    def _keep(self, found: Sequence[Entry]) -> None:
        self._entries = {entry.name: entry for entry in found}
        self._stamps = {entry.name: _stamp(entry.path) for entry in found}

    async def _fresh(self, name: str) -> Entry:
        entry = self._entries[name]
        stamp = _stamp(entry.path)
        if stamp != self._stamps[name]:
            entry = await asyncio.to_thread(self._read, entry)
            self._entries[name], self._stamps[name] = entry, stamp
        if isinstance(entry, Notebook):
            try:
                self._check(entry)
            except OperatorError as problem:
                return BrokenNotebook(entry.path, entry.name, entry.title, str(problem))
        return entry

    def _read(self, old: Entry) -> Entry:
        try:
            return replace(read_notebook(old.path, self._kernel_name), name=old.name)
        except NotebookError as problem:
            return BrokenNotebook(old.path, old.name, old.title, str(problem).removeprefix(f"{old.path}: "))


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
