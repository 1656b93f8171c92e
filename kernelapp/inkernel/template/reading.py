"""Which files the cells read: a change of one makes the template out of date."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from typing import Any

from kernelapp.inkernel import runtime

MAX_FILES = 2_000  # a notebook that reads more is watched for these only
_SPECIAL = ("/proc/", "/dev/", "/sys/", "/run/")


class Reading:
    """Notes the files that Python opens for reading, from `install` to `stop`."""

    def __init__(self) -> None:
        self._paths: dict[str, None] = {}
        self._on = False
        self._modules = set(sys.modules)
        self._skipped = tuple(sorted({os.path.join(os.path.realpath(folder), "") for folder in _environment()}))

    def install(self) -> None:
        """Begin. An audit hook cannot be taken away, only told to do nothing."""
        self._on = True
        sys.addaudithook(self._audit)

    def stop(self) -> list[str]:
        """End, and return the files, with those of modules outside the environment."""
        self._on = False
        for name in set(sys.modules) - self._modules:
            file = getattr(sys.modules.get(name), "__file__", None)
            if isinstance(file, str):
                self._note(file)
        here = runtime.current()
        own = "" if here is None or here.session is None else os.path.join(os.path.realpath(here.session[1]), "")
        return [path for path in self._paths if os.path.isfile(path) and not (own and path.startswith(own))]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, (str, bytes)) and (not isinstance(flags, int) or flags & os.O_ACCMODE != os.O_WRONLY):
                self._note(os.fsdecode(path))
        elif event == "sqlite3.connect" and isinstance(arguments[0], (str, bytes)):
            self._note(os.fsdecode(arguments[0]))

    def _note(self, path: str) -> None:
        if len(self._paths) >= MAX_FILES or path.startswith((":", "<")):
            return
        whole = os.path.realpath(path)
        if not whole.startswith((*_SPECIAL, *self._skipped)) and "/__pycache__/" not in whole:
            self._paths[whole] = None


def _environment() -> Iterable[str]:
    """The folders of the interpreter and its libraries, whose files are no data of the notebook's."""
    yield from sysconfig.get_paths().values()
    yield from (sys.prefix, sys.base_prefix, site.getusersitepackages(), "/usr/lib", "/usr/share", "/etc")
    yield os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
