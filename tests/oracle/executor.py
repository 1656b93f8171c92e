"""Runs cells in this process: a kernel reduced to a namespace, the saved bindings of real kernels, and controls that read a dictionary."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import linecache
import re
import types
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from kernelapp.inkernel import hidden

# What a cell shows: its status and everything printed, with the value of its last expression.
Output = tuple[str, str]

UPSTREAM_FAILED: Output = ("upstream-failed", "")


_ADDRESS = re.compile(r"0x[0-9a-f]+")


class Controls:
    """A stand-in for `import kernelapp as ka`: a control's value by the cell that calls it and its place there."""

    def __init__(self) -> None:
        self.values: Mapping[str, int] = {}
        self.used: dict[str, int] = {}
        self._cell = ""
        self._ordinal = 0
        module = types.ModuleType("kernelapp")
        vars(module).update({"slider": self.slider, "checkbox": self.checkbox})
        self.module = module

    def begin(self, cell: str) -> None:
        self._cell, self._ordinal, self.used = cell, 0, {}

    def slider(self, label: str, low: int = 0, high: int = 9, value: int = 1) -> int:
        del label, low, high
        key = f"{self._cell}-{self._ordinal}"
        self._ordinal += 1
        self.used[key] = self.values.get(key, value)
        return self.used[key]

    def checkbox(self, label: str, value: bool = False) -> bool:
        return self.slider(label, value=int(value)) % 2 == 1


@lru_cache(maxsize=20_000)
def _compiled(source: str) -> tuple[types.CodeType, types.CodeType | None]:
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return compile(tree, "<cell>", "exec"), None
    body = ast.Module(tree.body[:-1], [])
    return compile(body, "<cell>", "exec"), compile(ast.Expression(last.value), "<cell>", "eval")


class Executor:
    """Executes cells in a namespace."""

    def __init__(self, namespace: MutableMapping[str, Any] | None = None) -> None:
        self.controls = Controls()
        self.namespace: MutableMapping[str, Any] = {} if namespace is None else namespace
        self.clear()

    def clear(self) -> None:
        """Empties the namespace."""
        self.namespace.clear()
        self.namespace.update({"__name__": "__main__", "__builtins__": {**vars(builtins), "__import__": self._import}})

    def _import(self, name: str, *args: Any) -> Any:
        return self.controls.module if name == "kernelapp" else builtins.__import__(name, *args)

    def run(self, cell: str, source: str) -> Output:
        """Runs one cell; it fails as a cell does, never this process."""
        self.controls.begin(cell)
        shown = io.StringIO()
        try:
            body, last = _compiled(source)
            with contextlib.redirect_stdout(shown):
                exec(body, self.namespace)  # type: ignore[arg-type]
                value = None if last is None else eval(last, self.namespace)  # type: ignore[arg-type]
                if value is not None:
                    print("->", repr(value))
        except RecursionError:
            # how deep it went depends on who called us
            return "failed", "RecursionError"
        except Exception as error:
            return "failed", _ADDRESS.sub("0x", f"{shown.getvalue()}{type(error).__name__}: {error}")
        return "done", _ADDRESS.sub("0x", shown.getvalue())


@dataclass
class Reads:
    """What one run of a cell depended on: each name (and control) that it read, with what it then held."""

    values: dict[str, str] = field(default_factory=dict)


class Tracing(dict[str, Any]):
    """A namespace that notes what is read from it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Reads | None = None

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if self.reads is not None and name not in self.reads.values and not name.startswith("__"):
            self.reads.values[name] = shape(value)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if self.reads is not None:
            self.reads.values.setdefault(name, "bound here")


def shape(value: Any) -> str:
    """A value written out in full, with what it shares inside."""
    return _shape(value, {})


def _shape(value: Any, seen: dict[int, int]) -> str:
    if value is None or isinstance(value, int | float | str | bytes | np.generic):
        return f"{type(value).__name__}:{value!r}"
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if id(value) in seen:
        return f"#{seen[id(value)]}"
    seen[id(value)] = len(seen)
    if isinstance(value, list | tuple | set | frozenset):
        return f"{type(value).__name__}({', '.join(_shape(one, seen) for one in value)})"
    if isinstance(value, dict):
        return f"dict({', '.join(_shape(key, seen) + '=' + _shape(one, seen) for key, one in value.items())})"
    if isinstance(value, pd.DataFrame | pd.Series):
        columns = [value] if isinstance(value, pd.Series) else [value.iloc[:, position] for position in range(value.shape[1])]
        cells = [(repr(one.name), str(one.dtype), list(one)) for one in columns]
        return f"{type(value).__name__}({cells} {list(value.index)!r} {value.index.name!r} {getattr(value, 'columns', value).name!r})"
    if isinstance(value, np.ndarray):
        return f"array({value.dtype} {value.tolist()!r})"
    if isinstance(value, types.FunctionType):
        closure = [_shape(cell.cell_contents, seen) for cell in value.__closure__ or ()]
        return f"function({_code(value.__code__)} {_shape(value.__defaults__, seen)} {closure} {_shape(vars(value), seen)})"
    if isinstance(value, type):
        body = {name: one for name, one in vars(value).items() if name not in ("__dict__", "__weakref__")}
        return f"class({value.__name__} {_shape(body, seen)})" if value.__module__ == "__main__" else f"class({value})"
    if hasattr(value, "__dict__"):
        return f"{type(value).__name__}({_shape(type(value), seen)} {_shape(vars(value), seen)})"
    return f"{type(value).__name__}"


def _code(code: types.CodeType) -> str:
    constants = [_code(one) if isinstance(one, types.CodeType) else repr(one) for one in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


STATES = tuple(hidden.STATES)


def read_states() -> dict[str, Any]:
    """The hidden state of this process, as notebooks may change it."""
    return {name: state for name in STATES if (state := hidden.read(name)) is not None}


def write_states(states: Mapping[str, Any]) -> None:
    for name, state in states.items():
        hidden.write(name, state)


linecache.lazycache("<cell>", {})
