"""Whether files and folders are as they were: by their times and sizes."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ..errors import KernelspecError
from .specs import find_kernelspec, interpreter_of

log = logging.getLogger(__name__)

Stamp = tuple[int, int]

_ASK_S = 20.0
_WHERE = """\
import json, sys
print(json.dumps([path for path in sys.path[1:] if path]))
"""


class Stamps:
    """The files and folders at `paths` as they are when this is made; a folder counts as changed when something in it comes or goes.

    But for `__pycache__`: what is imported for the first time puts that there.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._stamps = {path: _stamp(path) for path in paths}
        self._names = {path: _names(path) for path in self._stamps if path.is_dir()}

    def add(self, paths: Iterable[Path], since_ns: int, ignored: Collection[Path] = ()) -> set[Path]:
        """Files that were read since that time. One that has changed since then counts as changed, unless it is among the `ignored`.

        Returns the former.
        """
        late = set()
        for path in paths:
            stamp = _stamp(path)
            if stamp is None or stamp[0] < since_ns:
                self._stamps[path] = stamp
            elif path not in ignored:
                late.add(path)
                self._stamps[path] = (-1, -1)
        return late

    def changed(self) -> Path | None:
        """One that is not as it was; None while all are."""
        for path, stamp in self._stamps.items():
            now = _stamp(path)
            if now == stamp:
                continue
            if path not in self._names or _names(path) != self._names[path]:
                return path
            self._stamps[path] = now
        return None


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in folder.iterdir()) - {"__pycache__"}
    except OSError:
        return frozenset()


async def environment_of(kernel_name: str | None, environment: Mapping[str, str]) -> list[Path]:
    """The folders that the interpreter of a Python kernelspec imports from; installing or removing a package changes one of them."""
    try:
        interpreter = interpreter_of(find_kernelspec(kernel_name))
        found = await asyncio.to_thread(_ask, interpreter, dict(environment))
    except (KernelspecError, OSError, ValueError, subprocess.SubprocessError) as problem:
        log.warning("the environment of the kernel %s could not be found: %s", kernel_name, problem)
        return []
    return [Path(path) for path in found]


def _ask(interpreter: str, environment: dict[str, str]) -> list[str]:
    command = [interpreter, "-c", _WHERE]
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=_ASK_S, check=True)
    return [str(path) for path in json.loads(done.stdout)]
