"""Checks of the arguments that all controls share, and of numbers."""

from __future__ import annotations

import inspect
import math
import numbers
from dataclasses import dataclass

from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError
from kernelapp.inkernel.values import MAX_SAFE_INTEGER, is_text

# The server refuses longer keys from browsers as it cannot tell them from an attack on its memory.
MAX_KEY_CHARS = 200

_VISIBILITIES = ("visible", "hidden", "collapsed")


@dataclass(frozen=True)
class Common:
    """What every control is told."""

    kind: str
    label: str
    key: str | None
    help: str | None
    disabled: bool
    label_visibility: str


def shown(value: object) -> str:
    """`value` as an error message shows it: short."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def text(name: str, value: object) -> str:
    """`value`, which must be a string; `name` says in an error what it is for."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be a string; {shown(value)} came")
    if not is_text(value):
        raise ArgumentValueError(f"{name} holds half of a surrogate pair, which cannot be sent: {shown(value)}")
    return value


def optional_text(name: str, value: object) -> str | None:
    """As `text`, or None."""
    return None if value is None else text(name, value)


def common(kind: str, label: object, key: object, help: object, disabled: object, label_visibility: object = "visible") -> Common:
    """The checked arguments that all kinds share.

    Raises ArgumentTypeError or ArgumentValueError, naming the argument.
    """
    name = text(f"{kind}: the label", label)
    if not name.strip():
        raise ArgumentValueError(
            f"{kind}: the label is empty; give it one for those who cannot see, and label_visibility='collapsed' to hide it"
        )
    if key is not None:
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise ArgumentTypeError(f"{kind} {name!r}: key must be a string; {shown(key)} came")
        key = text(f"{kind} {name!r}: key", str(key))
        if not 0 < len(key) <= MAX_KEY_CHARS:
            raise ArgumentValueError(f"{kind} {name!r}: key must have 1 to {MAX_KEY_CHARS} characters; it has {len(key)}")
    if label_visibility not in _VISIBILITIES:
        raise ArgumentValueError(
            f"{kind} {name!r}: label_visibility must be one of {', '.join(_VISIBILITIES)}; {shown(label_visibility)} came"
        )
    advice = optional_text(f"{kind} {name!r}: help", help)
    return Common(kind, name, key, None if advice is None else inspect.cleandoc(advice), bool(disabled), str(label_visibility))


def refuse_callbacks(kind: str, callback: object, args: object, kwargs: object) -> None:
    """Say that there are no callbacks, if one was given."""
    if callback is None and args is None and kwargs is None:
        return
    option = "on_click" if kind == "button" else "on_change"
    raise ArgumentTypeError(
        f"{kind}: {option}, args and kwargs are not supported. When a viewer changes a control the cells that depend on it run again: "
        f"use the value that {kind}() returns, in this cell or a later one"
    )


def number(name: str, value: object) -> int | float:
    """`value` as a plain int or float; numpy's scalars become Python's.

    Raises ArgumentTypeError for bools and what is no real number, ArgumentValueError for nan, infinities and integers beyond 2**53 - 1.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{name} must be a number; {shown(value)} came")
    if isinstance(value, numbers.Integral):
        whole = int(value)
        if abs(whole) > MAX_SAFE_INTEGER:
            raise ArgumentValueError(f"{name} must be within ±{MAX_SAFE_INTEGER}, what browsers hold exactly; {shown(value)} came")
        return whole
    real = float(value)
    if not math.isfinite(real):
        raise ArgumentValueError(f"{name} must be finite; {shown(value)} came")
    return real


def whole_number(name: str, value: object, least: int) -> int:
    """`value` as a plain int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ArgumentTypeError(f"{name} must be a whole number; {shown(value)} came")
    if value < least:
        raise ArgumentValueError(f"{name} must be at least {least}; {shown(value)} came")
    return int(value)
