"""Objects that never end are not counted: from Python 3.12 on (PEP 683) a fork that uses them does not write into shared memory.

Such are made those that are there before the first cell and, of what the cells import, functions, classes, modules and code. What may hold
anything of the author's is left as it is: it may have to end.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import sysconfig
from collections.abc import Iterable
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    CodeType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

# The versions whose way of counting is known to be this one.
POSSIBLE = (3, 12) <= sys.version_info < (3, 14) and sys.maxsize > 2**32 and not sysconfig.get_config_var("Py_GIL_DISABLED")
_IMMORTAL = 0xFFFFFFFF  # CPython's _Py_IMMORTAL_REFCNT, in the lower half of the count
_ATOMS = (str, bytes, int, float, complex, CodeType)
_PARTS_OF_CLASSES = (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    WrapperDescriptorType,
    classmethod,
    property,
    staticmethod,
)


def keep_present() -> None:
    """Nothing that is there now ends any more."""
    if POSSIBLE:
        _keep([thing for thing in gc.get_objects() if type(thing) is not FrameType])


def keep_libraries(names: dict[str, Any]) -> None:
    """No code of a library that is there now ends any more; `names` is the author's own module."""
    if not POSSIBLE:
        return
    kept = [thing for thing in gc.get_objects() if _is_library(thing, names)]
    _keep([*kept, *(thing.__dict__ for thing in kept if type(thing) is ModuleType)])


def _is_library(thing: Any, names: dict[str, Any]) -> bool:
    kind = type(thing)
    if kind is FunctionType:
        # A closure may hold anything.
        return thing.__closure__ is None and thing.__globals__ is not names
    if kind is ModuleType:
        return thing.__dict__ is not names
    if issubclass(kind, type):
        return bool(type.__getattribute__(thing, "__module__") != names.get("__name__"))
    return kind in _PARTS_OF_CLASSES


def _keep(things: Iterable[Any]) -> None:
    """These objects, and the code and constants that they hold."""
    for thing in things:
        ctypes.c_uint32.from_address(id(thing)).value = _IMMORTAL
    pending = [thing for thing in gc.get_referents(*things) if type(thing) in _ATOMS or _is_constant(thing)]
    while pending:
        inner: list[Any] = []
        for thing in pending:
            count = ctypes.c_uint32.from_address(id(thing))
            if count.value >= _IMMORTAL >> 1:
                continue
            count.value = _IMMORTAL
            if type(thing) is CodeType:
                inner += (*thing.co_consts, thing.co_consts, thing.co_names, thing.co_filename, thing.co_qualname)
            elif type(thing) is tuple:
                inner += gc.get_referents(thing)
        pending = inner


def _is_constant(thing: Any) -> bool:
    """Whether it is a tuple of nothing but atoms: the collector has no interest in those."""
    return type(thing) is tuple and not gc.is_tracked(thing)
