"""A session's state as bytes, for the store, and back.

What is read from the notebook is left out and read again: the analysis of its code. Only classes of the session core are made when
bytes are read, so that a file which others could write would not run code.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any, cast

from ..errors import ServerError
from ..notebook import Notebook
from .planning import Analysis, analysis_of

_OURS = (
    "kernelapp.dataflow.ledger",
    "kernelapp.dataflow.steps",
    "kernelapp.markdown",
    "kernelapp.notebook",
    "kernelapp.session.",
    "kernelapp.wire.",
)
_OTHERS = {
    ("builtins", "frozenset"),
    ("builtins", "set"),
    ("builtins", "bytearray"),
    ("collections", "Counter"),
    ("collections", "OrderedDict"),
    ("collections", "deque"),
    ("pathlib", "PosixPath"),
    ("pathlib", "WindowsPath"),
}
_ANALYSIS = "analysis"


def freeze(state: object) -> bytes:
    """The bytes of anything that the session core is made of."""
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(state)
    return file.getvalue()


def thaw(content: bytes, notebook: Notebook | None = None) -> Any:
    """What was frozen; a machine needs its notebook. Raises ServerError when the bytes are of something else."""
    try:
        return _Unpickler(io.BytesIO(content), notebook).load()
    except Exception as problem:  # damaged bytes raise nearly anything
        raise ServerError(f"what was saved of a session cannot be read: {problem}") from problem


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        return _ANALYSIS if isinstance(obj, Analysis) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, notebook: Notebook | None) -> None:
        super().__init__(file)
        self._notebook = notebook

    def persistent_load(self, pid: object) -> Analysis:
        if self._notebook is None or pid != _ANALYSIS:
            raise pickle.UnpicklingError("a reference to nothing")
        return analysis_of(self._notebook)

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        found = super().find_class(module, name) if module.startswith(_OURS) or (module, name) in _OTHERS else None
        if not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a session")
        return cast(Callable[..., Any], found)
