"""Whether a control's declaration admits a value: the server's check of every event.

The kernel checks again (`inkernel/values.py`); both are tested against `tests/wire_golden/values.json`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from ..errors import ViewerError
from .messages import Declaration

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)


def check_value(control: Declaration, value: Any) -> None:
    """Raise ViewerError(`bad-value`), saying what was expected and what came, unless `control` admits `value`."""
    if value is None and control.get("nullable") is True:
        return
    try:
        expected = _CHECKS.get(str(control.get("kind")), _unknown)(control, value)
    except (KeyError, TypeError, ValueError):  # a declaration that is not ours: an author can display anything
        expected = "no value: its declaration is not complete"
    if expected is not None:
        came = repr(value)
        came = came if len(came) <= 60 else came[:57] + "…"
        raise ViewerError("bad-value", f"'{control.get('label')}' takes {expected}; {came} came.")


# Each check returns None when the value is admitted, else what was expected.


def _unknown(control: Declaration, value: Any) -> str | None:
    return "no values"


def _button(control: Declaration, value: Any) -> str | None:
    return None if value is True else "true"


def _boolean(control: Declaration, value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _choice(control: Declaration, value: Any) -> str | None:
    return None if isinstance(value, str) and value in control["options"] else "one of its options"


def _choices(control: Declaration, value: Any) -> str | None:
    options, most = control["options"], control["max_selections"]
    known = isinstance(value, list) and all(isinstance(item, str) and item in options for item in value)
    if not known or len(set(value)) != len(value):
        return "a list of its options, each at most once"
    if most is not None and len(value) > most:
        return f"at most {most} of its options"
    return None


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _slider(control: Declaration, value: Any) -> str | None:
    if control["range"]:
        pair = _is_pair(value) and all(_number(control, item) is None for item in value) and value[0] <= value[1]
        return None if pair else f"two numbers from {control['min']} to {control['max']}, the smaller first"
    return _number(control, value)


def _number(control: Declaration, value: Any) -> str | None:
    whole = control["number"] == "int"
    lowest, highest = control["min"], control["max"]
    right_type = type(value) is int if whole else type(value) in (int, float)
    if right_type and (lowest is None or value >= lowest) and (highest is None or value <= highest):
        return None
    expected = "a whole number" if whole else "a number"
    return expected + (f" from {lowest}" if lowest is not None else "") + (f" to {highest}" if highest is not None else "")


def _select_slider(control: Declaration, value: Any) -> str | None:
    if not control["range"]:
        return _choice(control, value)
    options = control["options"]
    if _is_pair(value) and all(_choice(control, item) is None for item in value) and options.index(value[0]) <= options.index(value[1]):
        return None
    return "two of its options, in their order"


def _text(control: Declaration, value: Any) -> str | None:
    most = control["max_chars"]
    if isinstance(value, str) and (most is None or len(value) <= most):
        return None
    return "a text" + ("" if most is None else f" of at most {most} characters")


def _date(control: Declaration, value: Any) -> str | None:
    if control["range"]:
        pair = _is_pair(value) and all(_is_date(control, item) for item in value) and value[0] <= value[1]
        return None if pair else f"two dates from {control['min']} to {control['max']}, the earlier first"
    return None if _is_date(control, value) else f"a date (YYYY-MM-DD) from {control['min']} to {control['max']}"


def _is_date(control: Declaration, value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    lowest, highest = control["min"], control["max"]
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)  # ISO dates sort as text


def _time(control: Declaration, value: Any) -> str | None:
    return None if isinstance(value, str) and _TIME.fullmatch(value) else "a time (HH:MM or HH:MM:SS)"


def _color(control: Declaration, value: Any) -> str | None:
    return None if isinstance(value, str) and _COLOR.fullmatch(value) else "a colour (#rrggbb)"


_CHECKS: dict[str, Callable[[Declaration, Any], str | None]] = {
    "button": _button,
    "checkbox": _boolean,
    "toggle": _boolean,
    "radio": _choice,
    "selectbox": _choice,
    "multiselect": _choices,
    "slider": _slider,
    "select_slider": _select_slider,
    "number_input": _number,
    "text_input": _text,
    "text_area": _text,
    "date_input": _date,
    "time_input": _time,
    "color_picker": _color,
}
