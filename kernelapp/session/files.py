"""What one session has on the disk: its private directory, and the rest of output that its page does not show."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from .cut import CutOutput
from .directories import Directories, Directory
from .effects import KeepRest


class Files:
    """Of one session; without `directories`, or room for one, it has none."""

    def __init__(
        self, session: str, directories: Directories | None, max_cut_bytes: int, log: logging.LoggerAdapter[logging.Logger]
    ) -> None:
        self._session = session
        self._directories = directories
        self._max_cut_bytes = max_cut_bytes
        self._log = log
        self._directory: Directory | None = None
        self._cut: CutOutput | None = None

    def begin(self, full: Callable[[int], None]) -> Path | None:
        """Make the directory; returns what of it is the kernel's. `full` is told the bound when it takes more."""
        return None if self._directories is None else self._keep(self._directories.make(), full)

    def take_over(self, base: str | None, full: Callable[[int], None]) -> Path | None:
        """Go on with that of another server's session; returns as `begin` does."""
        return None if self._directories is None else self._keep(self._directories.take_over(base), full)

    def _keep(self, directory: Directory | None, full: Callable[[int], None]) -> Path | None:
        self._directory = directory
        if directory is not None and self._directories is not None:
            directory.on_full = functools.partial(full, self._directories.max_bytes)
            self._cut = CutOutput(directory.cut, self._max_cut_bytes, self._log)
        return None if directory is None else directory.files

    @property
    def base(self) -> str | None:
        """What `take_over` needs."""
        return None if self._directory is None else str(self._directory.base)

    @property
    def keeps_rest(self) -> bool:
        """Whether there is a place for what is not shown."""
        return self._cut is not None

    def told(self) -> Mapping[str, str] | None:
        """What the kernel gets to know."""
        if self._directory is None:
            return None
        return {"id": self._session[:8], "dir": str(self._directory.files), "tmp": str(self._directory.tmp)}

    def keep_rest(self, rest: KeepRest) -> None:
        """Keep what a cell printed beyond what is shown."""
        if self._cut is not None:
            self._cut.write(rest.cell, rest.kind, rest.content, first=rest.first)

    def rest(self, cell: str) -> Path | None:
        """The file with it."""
        return None if self._cut is None else self._cut.find(cell)

    def empty(self) -> None:
        """Remove what the kernel has left. Called in a thread."""
        if self._directory is not None:
            self._directory.empty()

    async def remove(self) -> None:
        """The session has ended."""
        self.close()
        if self._directory is not None:
            await asyncio.to_thread(self._directory.remove)

    def close(self) -> None:
        """No file is open then."""
        if self._cut is not None:
            self._cut.close()
