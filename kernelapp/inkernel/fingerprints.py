"""Fingerprints of values: exact ones, by which the planner sees that a cell made again what was there; and cheap ones, which notice
that something changed although nobody expected it."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Iterable
from typing import Any

from . import hidden
from .copying import is_atom, is_plain_class, is_plain_instance

MAX_NODES = 2_000
MAX_BYTES = 1_000_000
SAMPLE = 48
_SIMPLE = {int, float, bool, str, type(None)}


class _Unknown(Exception):  # noqa: N818 (says what happened, to us alone)
    """The value has no exact fingerprint."""


class _Digest:
    def __init__(self, atoms: bool, classes: bool) -> None:
        self._classes = classes
        self._hash = hashlib.blake2b(digest_size=16)
        self._atoms = atoms
        self._nodes = 0
        self._bytes = 0
        self._seen: dict[int, int] = {}

    def add(self, *parts: Any) -> None:
        for part in parts:
            data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
            self._bytes += len(data)
            if self._bytes > MAX_BYTES:
                raise _Unknown
            self._hash.update(b"%d:" % len(data) + data)

    def value(self, value: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _Unknown
        kind = type(value)
        if kind in (tuple, frozenset):
            if _is_simple(value):
                self.add(kind.__name__, repr(value))
                return
            self.add(kind.__name__, len(value))
            for one in value:
                self.value(one)
        elif kind is types.ModuleType:
            self.add("module", value.__name__)
        elif kind is types.FunctionType and value.__module__ == "__main__":
            self._function(value)
        elif isinstance(value, type) or kind in (types.FunctionType, types.BuiltinFunctionType):
            if value.__module__ == "__main__":
                self._class(value)
                return
            if not is_atom(value):
                raise _Unknown
            self.add("library", value.__module__, value.__qualname__, id(value))
        elif is_atom(value):
            if kind.__module__ == "__main__":
                raise _Unknown
            self.add(kind.__module__, kind.__qualname__, repr(value))
        elif self._atoms:
            raise _Unknown
        else:
            self._mutable(value, kind)

    def _function(self, value: types.FunctionType) -> None:
        if vars(value):
            raise _Unknown
        self.add("function", value.__name__, value.__doc__)
        self._code(value.__code__)
        self.value(value.__defaults__ or ())
        self.value(tuple((value.__kwdefaults__ or {}).items()))
        for cell in value.__closure__ or ():
            self.value(cell.cell_contents)

    def _code(self, code: types.CodeType) -> None:
        self.add(
            "code", code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount, code.co_kwonlyargcount, code.co_flags
        )
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._code(constant)
            else:
                self.value(constant)

    def _class(self, value: type) -> None:
        known = self._seen.setdefault(id(value), len(self._seen))
        self.add("class", value.__name__, known)
        if known != len(self._seen) - 1:
            return
        if not self._classes or type(value) is not type or not is_plain_class(value):
            raise _Unknown
        for base in value.__bases__:
            if base is not object and base.__module__ != "__main__":
                raise _Unknown
            self.value(base)
        for name, one in vars(value).items():
            if name in ("__dict__", "__weakref__"):
                continue
            self.add(name)
            if isinstance(one, property):
                for part in (one.fget, one.fset, one.fdel):
                    self.value(part)
            else:
                self.value(one.__func__ if isinstance(one, (staticmethod, classmethod)) else one)

    def _mutable(self, value: Any, kind: type) -> None:
        # An object met again stands for its first meeting, so that sharing is part of the fingerprint.
        known = self._seen.setdefault(id(value), len(self._seen))
        self.add("object", known)
        if known != len(self._seen) - 1:
            return
        if kind in (list, set):
            if _is_simple(value):
                self.add(kind.__name__, repr(value))
                return
            self.add(kind.__name__, len(value))
            for one in value:
                self.value(one)
        elif kind is dict:
            if _is_simple(value) and _is_simple(value.values()):
                self.add("dict", repr(value))
                return
            self.add("dict", len(value))
            for key, one in value.items():
                self.value(key)
                self.value(one)
        elif kind.__module__.startswith("numpy") and kind.__name__ == "ndarray" and not value.dtype.hasobject:
            if value.nbytes > MAX_BYTES:
                raise _Unknown
            self.add("array", value.dtype, value.shape, value.flags.writeable, value.tobytes())
        elif kind.__module__.startswith("pandas"):
            self._table(value)
        elif is_plain_instance(value) and kind.__module__ == "__main__":
            self._class(kind)
            self.value(vars(value))
        else:
            raise _Unknown

    def _table(self, value: Any) -> None:
        pandas = sys.modules["pandas"]
        if type(value) is pandas.DataFrame:
            self.add("frame", value.shape)
            if value.size > 200_000:
                raise _Unknown
            self.value(dict(value.attrs))
            self._table(value.index)
            self._table(value.columns)
            for position in range(value.shape[1]):
                self._column(value.iloc[:, position])
        elif type(value) is pandas.Series or isinstance(value, pandas.Index):
            self.add(type(value).__name__, repr(value.name if not isinstance(value, pandas.MultiIndex) else list(value.names)))
            if isinstance(value, pandas.Series):
                self._table(value.index)
            self._column(value)
        else:
            raise _Unknown

    def _column(self, value: Any) -> None:
        self.add("column", value.dtype)
        array = getattr(value.array, "_ndarray", None)
        if array is not None and not array.dtype.hasobject:
            self.add(array.tobytes())
            return
        for one in value:
            self.value(one)


def _is_simple(values: Iterable[Any]) -> bool:
    """Whether all are of types that `repr` tells apart and writes out in full."""
    return set(map(type, values)) <= _SIMPLE


def exact(name: str, value: Any, atoms: bool, classes: bool = False) -> str | None:
    """A fingerprint that is equal only for values that no cell could tell apart; None where there is none.

    With `atoms`, there is one only for what cannot be mutated. With `classes`, a class of the notebook counts as the same when its body is.
    """
    digest = _Digest(atoms, classes)
    try:
        if hidden.is_hidden(name):
            state = hidden.read(name)
            if state is None:
                return None
            digest.add(repr(state) if name != "state:numpy.random" else repr((state[0], state[1].tobytes(), state[2:])))
        else:
            digest.value(value)
    except (_Unknown, RecursionError, ValueError, TypeError):
        return None
    return digest._hash.hexdigest()


def cheap(value: Any) -> Any:
    """Something that most changes inside a value change; takes microseconds."""
    kind = type(value)
    if kind in (list, tuple):
        return len(value), tuple(_glance(one) for one in value[:SAMPLE]), tuple(map(id, value[-8:]))
    if isinstance(value, dict):
        return len(value), tuple((_glance(key), _glance(one)) for key, one in zip(value, list(value.values())[:SAMPLE], strict=False))
    if isinstance(value, (set, bytearray)):
        return len(value), hash(frozenset(value)) if isinstance(value, set) else bytes(value[:SAMPLE])
    if kind.__module__.startswith("numpy") and hasattr(value, "flat") and not getattr(value.dtype, "hasobject", True):
        return value.shape, _sample(value)
    if kind.__module__.startswith("pandas") and hasattr(value, "_mgr"):
        return value.shape, tuple((id(block), _sample(block.values)) for block in value._mgr.blocks[:8])
    if kind.__module__ == "__main__" and hasattr(value, "__dict__") and not isinstance(value, type):
        return tuple((name, id(one), _glance(one)) for name, one in list(vars(value).items())[:SAMPLE])
    return None


def _glance(value: Any) -> tuple[Any, ...]:
    kind = type(value)
    if kind in (list, dict, set):
        return id(value), len(value), tuple(map(id, list(value.values() if kind is dict else value)[:8]))
    return (id(value),)


def _sample(array: Any) -> Any:
    if not hasattr(array, "ravel") or getattr(array.dtype, "hasobject", True) or not hasattr(array, "flat"):
        return len(array)
    step = max(1, array.size // SAMPLE)
    return array.flat[::step].tobytes()
