"""The private directories of sessions: made with a session, kept for it when the server starts again, removed with it, watched for size.

They lie where there is room for them (the system's temporary directory unless the operator says), not in the state directory, which has a
link to each: so that the next server, or the keeper when none comes, finds those of sessions that are gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

log = logging.getLogger(__name__)

_LOOK_S = 2.0  # between two looks at their sizes, or ten times as long as a look takes
_LEAST_BYTES = 4096  # what a file counts at least: empty ones take room as well


class Directory:
    """One session's. `files` is the kernel's to use, and `tmp` in it; `cut` is the server's own, for what it keeps of output."""

    def __init__(self, base: Path, link: Path | None) -> None:
        self.base = base
        self.files = base / "dir"
        self.tmp = self.files / "tmp"
        self.cut = base / "cut"
        self.on_full: Callable[[], None] | None = None  # told at each look that finds more than there may be
        self.removed = False
        self._link = link

    def make(self) -> None:
        """Raises OSError."""
        for path in (self.files, self.tmp, self.cut):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def takes_more_than(self, limit: int) -> bool:
        """Whether what the kernel has there takes more than so many bytes on the disk."""
        found = 0
        waiting = [self.files]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        with contextlib.suppress(FileNotFoundError):  # it went meanwhile
                            found += max(entry.stat(follow_symlinks=False).st_blocks * 512, _LEAST_BYTES)
                            if entry.is_dir(follow_symlinks=False):
                                waiting.append(Path(entry.path))
                        if found > limit:
                            return True
            except OSError:
                continue
        return False

    def empty(self) -> None:
        """Remove what the kernel has left there."""
        shutil.rmtree(self.files, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.make()

    def remove(self) -> None:
        """The session has ended."""
        self.removed = True
        shutil.rmtree(self.base, ignore_errors=True)
        if self._link is not None:
            self._link.unlink(missing_ok=True)


class Directories:
    """All of a server's. `root` is where they lie, `links` where they are known to the next server, None when there will be none."""

    def __init__(self, root: Path | None, links: Path | None, max_bytes: int) -> None:
        """`max_bytes` bounds each; 0 is no bound. Raises OSError when `links` cannot be made."""
        self.max_bytes = max_bytes
        self._root = root
        self._links = links
        self._made: list[Directory] = []
        self._watch: asyncio.Task[None] | None = None
        if links is not None:
            links.mkdir(mode=0o700, exist_ok=True)

    def make(self) -> Directory | None:
        """One for a new session; None when there is no room for it, which the log tells: the session does without."""
        try:
            base = Path(tempfile.mkdtemp(prefix="ka-s-", dir=self._root))
            link = None if self._links is None else self._links / base.name
            if link is not None:
                link.symlink_to(base)
            return self._add(Directory(base, link))
        except OSError as problem:
            log.error("a session has no private directory: %s", problem)
            return None

    def take_over(self, base: str | None) -> Directory | None:
        """The one of a session of another server, made again if it is gone; None if the session had none."""
        if base is None or self._links is None:
            return None
        try:
            return self._add(Directory(Path(base), self._links / Path(base).name))
        except OSError as problem:
            log.error("a session has lost its private directory: %s", problem)
            return None

    def _add(self, directory: Directory) -> Directory:
        directory.make()
        self._made = [one for one in self._made if not one.removed]
        self._made.append(directory)
        if self._watch is None and self.max_bytes:
            self._watch = asyncio.get_running_loop().create_task(self._look_after())
        return directory

    def remove_others(self) -> None:
        """Remove those that an earlier server left and no session has taken over."""
        ours: Collection[str] = {directory.base.name for directory in self._made}
        for link in self._links.glob("*") if self._links is not None else ():
            if link.name not in ours and link.is_symlink():
                Directory(link.readlink(), link).remove()

    async def _look_after(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            for directory in [one for one in self._made if not one.removed]:
                full = await asyncio.to_thread(directory.takes_more_than, self.max_bytes)
                if full and directory.on_full is not None and not directory.removed:
                    directory.on_full()
            await asyncio.sleep(max(_LOOK_S, 10 * (loop.time() - begun)))

    async def close(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
