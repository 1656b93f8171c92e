"""From checked arguments to a declared control and its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kernelapp.inkernel import elsewhere, runtime
from kernelapp.inkernel.arguments import Common
from kernelapp.inkernel.values import admits, fit

T = TypeVar("T")


def declare(told: Common, default: Any, decode: Callable[[Any], T], *, nullable: bool = False, **fields: Any) -> T:
    """Show the control and return its value.

    `default` is the author's value as it stands on the wire, `decode` turns a wire value into the author's, `fields` are those of
    the kind. Where no server runs the notebook the value is the default.
    """
    here = runtime.current()
    key = told.key or told.kind if here is None else here.place(told.kind, told.key)
    declaration = {
        "key": key,
        "kind": told.kind,
        "label": told.label,
        "help": told.help,
        "disabled": told.disabled,
        "label_visibility": told.label_visibility,
        "nullable": nullable,
        "value": default,
        **fields,
    }
    assert told.kind == "button" or admits(declaration, default), declaration
    if here is None:
        elsewhere.show(declaration, _as_text(declaration))
        return decode(default)
    if key in here.inputs:
        declaration["value"] = fit(declaration, here.inputs[key])
    here.publish({runtime.CONTROL_MIME: declaration, "text/plain": _as_text(declaration)})
    return decode(declaration["value"])


def _as_text(declaration: Mapping[str, Any]) -> str:
    """What stands for the control where only text is shown, such as "Periods: 10"."""
    value = declaration["value"]
    if value is None:
        said = "–"
    elif declaration.get("password") and value:
        said = "••••"
    else:
        said = ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
    return f"{declaration['label']}: {said}"
