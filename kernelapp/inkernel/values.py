"""Which values a declaration admits, and the admitted value nearest to one that came. Pure.

The rules stand in docs/architecture.md (Declarations of controls); tests/wire_golden/values.json has examples of each.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Control = Mapping[str, Any]

# Browsers hold numbers as doubles: whole numbers beyond this are not exact there.
MAX_SAFE_INTEGER = 2**53 - 1

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_COLOR = re.compile(r"#[0-9a-f]{6}")


def admits(control: Control, value: object) -> bool:
    """Whether `value`, as it came over the wire, is one that the declaration `control` allows."""
    if value is None:
        return bool(control["nullable"])
    return _ADMITS[control["kind"]](control, value)


def fit(control: Control, value: object) -> Any:
    """`value` if the declaration admits it, else brought inside its bounds, else the declared value.

    Numbers and dates are clamped, texts cut, choices that are gone left out of a multiselect. A wrong type never passes.
    """
    inside = _bring_inside(control, value)
    return inside if admits(control, inside) else control["value"]


def is_text(value: object) -> bool:
    """Whether `value` is a string that can be sent: lone surrogates cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_button_press(control: Control, value: object) -> bool:
    return value is True


def _is_bool(control: Control, value: object) -> bool:
    return isinstance(value, bool)


def _is_option(control: Control, value: object) -> bool:
    return isinstance(value, str) and value in control["options"]


def _is_selection(control: Control, value: object) -> bool:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        return False
    chosen, most = set(value), control["max_selections"]
    return len(chosen) == len(value) and chosen <= set(control["options"]) and (most is None or len(value) <= most)


def _is_number_of(control: Control, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(value, int):
        return abs(value) <= MAX_SAFE_INTEGER
    return control["number"] == "float" and math.isfinite(value)


def _is_number(control: Control, value: object) -> bool:
    if not _is_number_of(control, value):
        return False
    return bool(_clamp(control, value) == value)


def _is_slider(control: Control, value: object) -> bool:
    return _is_range(value, lambda end: _is_number(control, end)) if control["range"] else _is_number(control, value)


def _is_select_slider(control: Control, value: object) -> bool:
    if control["range"]:
        options = control["options"]
        return _is_range(value, lambda end: _is_option(control, end), order=options.index)
    return _is_option(control, value)


def _is_string(control: Control, value: object) -> bool:
    most = control["max_chars"]
    return isinstance(value, str) and is_text(value) and (most is None or len(value) <= most)


def _is_iso_date(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date(control: Control, value: object) -> bool:
    def admitted(day: object) -> bool:
        return _is_iso_date(day) and _clamp(control, day) == day

    return _is_range(value, admitted) if control["range"] else admitted(value)


def _is_time(control: Control, value: object) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_color(control: Control, value: object) -> bool:
    return isinstance(value, str) and _COLOR.fullmatch(value) is not None


def _is_range(value: object, admitted: Callable[[object], bool], order: Callable[[Any], Any] = lambda end: end) -> bool:
    if not isinstance(value, list) or len(value) != 2 or not all(admitted(end) for end in value):
        return False
    return bool(order(value[0]) <= order(value[1]))


_ADMITS: dict[str, Callable[[Control, object], bool]] = {
    "button": _is_button_press,
    "checkbox": _is_bool,
    "toggle": _is_bool,
    "radio": _is_option,
    "selectbox": _is_option,
    "multiselect": _is_selection,
    "slider": _is_slider,
    "select_slider": _is_select_slider,
    "number_input": _is_number,
    "text_input": _is_string,
    "text_area": _is_string,
    "date_input": _is_date,
    "time_input": _is_time,
    "color_picker": _is_color,
}


def _clamp(control: Control, value: Any) -> Any:
    low, high = control["min"], control["max"]
    if low is not None and value < low:
        return low
    if high is not None and value > high:
        return high
    return value


def _bring_inside(control: Control, value: object) -> object:
    kind = control["kind"]
    if kind in ("slider", "number_input", "date_input"):
        sound = _is_iso_date if kind == "date_input" else lambda end: _is_number_of(control, end)
        if isinstance(value, list):
            return [_clamp(control, end) if sound(end) else end for end in value]
        return _clamp(control, value) if sound(value) else value
    if kind in ("text_input", "text_area") and isinstance(value, str):
        return value[: control["max_chars"]]
    if kind == "multiselect" and isinstance(value, list) and value:
        options = set(control["options"])
        kept = [label for label in value if isinstance(label, str) and label in options]
        return kept[: control["max_selections"]] or control["value"]
    return value
