"""The viewer's session, as the notebook sees it."""

from __future__ import annotations

import atexit
import inspect
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kernelapp.inkernel import runtime
from kernelapp.inkernel.arguments import shown
from kernelapp.inkernel.mistakes import ArgumentTypeError

F = TypeVar("F", bound=Callable[[], Any])


class Session:
    """`ka.session`. Where no server runs the notebook, the process is the session."""

    def __init__(self) -> None:
        self._own: tuple[str, Path] | None = None

    @property
    def id(self) -> str:
        """A short name of the session, the same that the server's log has."""
        here = runtime.current()
        return here.session[0] if here is not None and here.session is not None else self._elsewhere()[0]

    @property
    def dir(self) -> Path:
        """A directory that is this session's alone, and goes with it. Programs and `tempfile` put their temporary files below it."""
        here = runtime.current()
        return here.session[1] if here is not None and here.session is not None else self._elsewhere()[1]

    def _elsewhere(self) -> tuple[str, Path]:
        if self._own is None:
            path = Path(tempfile.mkdtemp(prefix="kernelapp-"))
            atexit.register(shutil.rmtree, path, ignore_errors=True)
            self._own = (uuid.uuid4().hex[:8], path)
        return self._own


session = Session()


def on_close(function: F) -> F:
    """Have `function` called, without arguments, when the viewer's session ends; returns it, so it may be used as a decorator.

    The latest is called first. Where no server runs the notebook it is called when the process ends, once for each call of `on_close`.
    Raises ArgumentTypeError for what cannot be called so, PlaceError outside a cell that runs.
    """
    if not callable(function):
        raise ArgumentTypeError(f"on_close: the function must be callable; {shown(function)} came")
    if inspect.iscoroutinefunction(function):
        raise ArgumentTypeError(
            f"on_close: the function must not be async; {shown(function)} came: call asyncio.run in an ordinary function"
        )
    here = runtime.current()
    if here is None:
        atexit.register(function)
    else:
        here.at_close(function)
    return function
