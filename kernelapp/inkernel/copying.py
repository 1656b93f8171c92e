"""Isolated copies of values, where they are cheap: nothing done to the original shows in the copy, nor the other way round.

Only types whose whole state is known here are copied; anything else is refused, and the planner runs the cell that made it again.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import pathlib
import random
import re
import sys
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

ATOMS: frozenset[type] = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, range, slice, type(Ellipsis), type(NotImplemented), re.Pattern,
        datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal, fractions.Fraction,
        uuid.UUID, pathlib.PurePosixPath, pathlib.PosixPath, pathlib.PureWindowsPath, types.ModuleType,
    }
)  # fmt: skip

# A table's column of arbitrary objects is looked through up to this many cells.
MAX_OBJECT_CELLS = 20_000


class Refused(Exception):  # noqa: N818 (says what happened, to us alone)
    """The value holds something that cannot be copied, or too much."""


def is_atom(value: Any) -> bool:
    """Whether a value can never change, nor anything in it."""
    kind = type(value)
    if kind in ATOMS or isinstance(value, enum.Enum):
        return True
    if kind is tuple or kind is frozenset:
        return all(is_atom(one) for one in value)
    module = kind.__module__
    if module.startswith("numpy"):
        return (hasattr(value, "dtype") and not hasattr(value, "__setitem__")) or kind.__name__.endswith("DType")
    if module.startswith("pandas"):
        return kind.__name__ in ("Timestamp", "Timedelta", "NaTType", "NAType", "Period", "Interval")
    if isinstance(value, type):
        return is_plain_class(value)
    if kind is types.FunctionType:
        return _is_plain_function(value)
    # `items.append` is built in, and bound to a list
    return kind is types.BuiltinFunctionType and isinstance(value.__self__, (types.ModuleType, type(None)))


# What Python itself puts into a class's namespace.
_BOOKKEEPING = frozenset(
    {
        "__annotations__", "__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__static_attributes__", "__firstlineno__",
        "__dataclass_fields__", "__dataclass_params__", "__annotate_func__", "__annotations_cache__",
    }
)  # fmt: skip


def is_plain_class(cls: type) -> bool:
    if cls.__module__ != "__main__":
        return True
    known = (types.FunctionType, property, staticmethod, classmethod, types.GetSetDescriptorType, types.MemberDescriptorType)
    own = (value for name, value in vars(cls).items() if name not in _BOOKKEEPING)
    return all(isinstance(value, known) or is_atom(value) for value in own) and all(is_plain_class(base) for base in cls.__bases__)


def _is_plain_function(function: types.FunctionType) -> bool:
    # what a closure holds can be bound anew by `nonlocal`
    if function.__closure__:
        return False
    if function.__module__ != "__main__":
        return True
    held = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return not vars(function) and all(is_atom(one) for one in held)


class Copier:
    """Copies values that may share objects; the copies share in the same way."""

    def __init__(self, max_bytes: int) -> None:
        self.bytes_left = max_bytes
        self._done: dict[int, Any] = {}
        self._alive: list[Any] = []
        self._bases: dict[int, int] = {}

    def copy(self, value: Any) -> Any:
        """An isolated copy; raises Refused where there can be none."""
        if is_atom(value):
            return value
        known = self._done.get(id(value))
        if known is not None:
            return known
        kind = type(value)
        self._alive.append(value)
        make = _MAKERS.get(kind)
        if make is not None:
            self._spend(sys.getsizeof(value))
            return make(self, value)
        module = kind.__module__
        if module.startswith("numpy"):
            return self._remember(value, self._numpy(value))
        if module.startswith("pandas"):
            return self._remember(value, self._pandas(value))
        if module.startswith("polars") and kind.__name__ in ("DataFrame", "Series"):
            return self._remember(value, value.clone())
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._remember(value, kind._make(self.copy(one) for one in value))
        if is_plain_instance(value):
            return self._instance(value)
        raise Refused(kind.__name__)

    def _remember(self, value: Any, copy: Any) -> Any:
        self._done[id(value)] = copy
        return copy

    def _spend(self, count: int) -> None:
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise Refused("too large")

    def _list(self, value: Any) -> Any:
        copy = self._remember(value, type(value)())
        copy.extend(self.copy(one) for one in value)
        return copy

    def _deque(self, value: Any) -> Any:
        copy = self._remember(value, deque(maxlen=value.maxlen))
        copy.extend(self.copy(one) for one in value)
        return copy

    def _dict(self, value: Any) -> Any:
        copy = self._remember(value, defaultdict(value.default_factory) if type(value) is defaultdict else type(value)())
        if type(value) is defaultdict and not is_atom(value.default_factory):
            raise Refused("default_factory")
        for key, one in value.items():
            copy[self.copy(key)] = self.copy(one)
        return copy

    def _set(self, value: Any) -> Any:
        copy = self._remember(value, value.copy())
        if not all(is_atom(one) for one in value):
            raise Refused("a set of objects")
        return copy

    def _tuple(self, value: Any) -> Any:
        return self._remember(value, type(value)(self.copy(one) for one in value))

    def _bytearray(self, value: Any) -> Any:
        return self._remember(value, bytearray(value))

    def _random(self, value: Any) -> Any:
        copy = self._remember(value, random.Random())
        copy.setstate(value.getstate())
        return copy

    def _namespace(self, value: Any) -> Any:
        copy = self._remember(value, types.SimpleNamespace())
        vars(copy).update({name: self.copy(one) for name, one in vars(value).items()})
        return copy

    def _method(self, value: Any) -> Any:
        if not is_atom(value.__func__):
            raise Refused("a method")
        return self._remember(value, types.MethodType(value.__func__, self.copy(value.__self__)))

    def _builtin(self, value: Any) -> Any:
        return self._remember(value, getattr(self.copy(value.__self__), value.__name__))

    def _instance(self, value: Any) -> Any:
        copy = self._remember(value, object.__new__(type(value)))
        self._spend(sys.getsizeof(vars(value)))
        vars(copy).update({name: self.copy(one) for name, one in vars(value).items()})
        return copy

    def _numpy(self, value: Any) -> Any:
        name = type(value).__name__
        if name in ("Generator", "RandomState"):
            import copy

            return copy.deepcopy(value)
        if name != "ndarray":
            raise Refused(name)
        base = value
        while getattr(base, "base", None) is not None:
            base = base.base
        if self._bases.setdefault(id(base), id(value)) != id(value):
            raise Refused("two arrays share their memory")
        self._alive.append(base)
        self._spend(int(value.nbytes))
        if value.dtype.hasobject and (value.size > MAX_OBJECT_CELLS or not all(is_atom(one) for one in value.flat)):
            raise Refused("an array of objects")
        return value.copy(order="K")

    def _pandas(self, value: Any) -> Any:
        pandas = sys.modules["pandas"]
        kind = type(value)
        if kind not in (pandas.DataFrame, pandas.Series) and not isinstance(value, pandas.Index):
            raise Refused(kind.__name__)
        if not _has_atomic_cells(pandas, value):
            raise Refused("a table of objects")
        if isinstance(value, pandas.Index):
            return value.copy()
        if int(pandas.__version__.partition(".")[0]) >= 3:
            return value.copy(deep=False)
        size = value.memory_usage(deep=False)
        self._spend(int(size if kind is pandas.Series else size.sum()))
        return value.copy(deep=True)


def _has_atomic_cells(pandas: Any, table: Any) -> bool:
    if isinstance(table, pandas.DataFrame):
        columns = [table.iloc[:, position] for position, dtype in enumerate(table.dtypes) if str(dtype) == "object"]
    else:
        columns = [table] if str(table.dtype) == "object" else []
    return all(len(column) <= MAX_OBJECT_CELLS and all(is_atom(one) for one in column.array) for column in columns)


def is_plain_instance(value: Any) -> bool:
    """An object whose whole state is its `__dict__`, of a class of the notebook (or an estimator, which is the same by convention)."""
    cls = type(value)
    if not hasattr(value, "__dict__"):
        return False
    if cls.__module__.startswith("sklearn."):
        return cls.__basicsize__ == object.__basicsize__ + 16
    if cls.__module__ != "__main__" or not is_plain_class(cls):
        return False
    special = ("__deepcopy__", "__copy__", "__reduce__", "__reduce_ex__", "__getstate__", "__slots__", "__del__")
    return all(
        base is object or (base.__module__ == "__main__" and not any(name in vars(base) for name in special)) for base in cls.__mro__
    )


_MAKERS: dict[type, Any] = {
    list: Copier._list,
    deque: Copier._deque,
    dict: Copier._dict,
    OrderedDict: Copier._dict,
    Counter: Copier._dict,
    defaultdict: Copier._dict,
    set: Copier._set,
    tuple: Copier._tuple,
    bytearray: Copier._bytearray,
    random.Random: Copier._random,
    types.SimpleNamespace: Copier._namespace,
    types.MethodType: Copier._method,
    types.BuiltinFunctionType: Copier._builtin,
}


def copy_group(values: dict[str, Any], max_bytes: int) -> dict[str, Any]:
    """Isolated copies of those of the values that allow it; what is shared among them is shared among the copies."""
    left = dict(values)
    while left:
        copier = Copier(max_bytes)
        copies: dict[str, Any] = {}
        for name, value in left.items():
            try:
                copies[name] = copier.copy(value)
            except (Refused, RecursionError):
                # It may have left half a copy of something that others share, and have used up the room: without it, from the start.
                del left[name]
                break
        else:
            return copies
    return {}
