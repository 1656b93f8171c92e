"""Controls of numbers: slider and number_input. Names, argument order and meaning are Streamlit's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from kernelapp.inkernel.arguments import common, number, optional_text, refuse_callbacks, shown
from kernelapp.inkernel.controls import Visibility
from kernelapp.inkernel.declaring import declare
from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError

Number = int | float

# One printf conversion of a number among plain text: what the page's formatter knows.
_FORMAT = re.compile(r"(?:[^%]|%%)*%[-+ 0]*[0-9]{0,2}(?:\.[0-9]{1,2})?[diufFeEgG](?:[^%]|%%)*")


def slider(
    label: str,
    min_value: Number | None = None,
    max_value: Number | None = None,
    value: Number | Sequence[Number] | None = None,
    step: Number | None = None,
    format: str | None = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> Any:
    """A number between bounds: an int if all the numbers given are, else a float.

    A pair as `value` makes a range, and a tuple (low, high) the result; an empty one takes the bounds. Bounds default to 0 and 100,
    for floats to 0.0 and 1.0; `value` to `min_value`.
    """
    refuse_callbacks("slider", on_change, args, kwargs)
    told = common("slider", label, key, help, disabled, label_visibility)
    name = f"slider {label!r}"
    low, high, every = (
        _optional_number(f"{name}: {what}", given) for what, given in (("min_value", min_value), ("max_value", max_value), ("step", step))
    )
    ranged = isinstance(value, (tuple, list))
    ends = _slider_ends(name, value, low)
    is_float = any(isinstance(given, float) for given in (low, high, every, *ends))
    low = low if low is not None else 0
    high = high if high is not None else (1 if is_float else 100)
    every = every if every is not None else (0.01 if is_float else 1)
    if low >= high:
        raise ArgumentValueError(f"{name}: min_value must be less than max_value; {low} and {high} came")
    if every <= 0:
        raise ArgumentValueError(f"{name}: step must be more than 0; {every} came")
    if ranged and not ends:
        ends = [low, high]
    for end in ends:
        if not low <= end <= high:
            raise ArgumentValueError(f"{name}: value must lie between min_value {low} and max_value {high}; {end} came")
    if ends[0] > ends[-1]:
        raise ArgumentValueError(f"{name}: a range's value must be (low, high); {shown(value)} came")
    plain: Callable[[Any], Number] = float if is_float else int
    wire = [plain(end) for end in ends]
    return declare(
        told,
        wire if ranged else wire[0],
        (lambda pair: (plain(pair[0]), plain(pair[1]))) if ranged else plain,
        number="float" if is_float else "int",
        min=plain(low),
        max=plain(high),
        step=plain(every),
        range=ranged,
        format=_checked_format(name, format),
    )


def _slider_ends(name: str, value: object, low: Number | None) -> list[Number]:
    if isinstance(value, (tuple, list)):
        if len(value) not in (0, 2):
            raise ArgumentValueError(f"{name}: a range's value must be a pair (low, high); {len(value)} numbers came: {shown(value)}")
        return [number(f"{name}: value", end) for end in value]
    if value is None:
        return [low if low is not None else 0]
    if hasattr(value, "year") or hasattr(value, "hour"):
        raise ArgumentTypeError(
            f"{name}: value must be a number or a pair of numbers; {shown(value)} came. For dates and times use date_input or time_input"
        )
    return [number(f"{name}: value", value)]


def number_input(
    label: str,
    min_value: Number | None = None,
    max_value: Number | None = None,
    value: Number | Literal["min"] | None = "min",
    step: Number | None = None,
    format: str | None = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    placeholder: str | None = None,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> Any:
    """A number to type: an int if all the numbers given are (and one is given), else a float.

    "min" starts at `min_value`, or 0; None makes an empty field, which is None until the viewer fills it. `step` defaults to 1 or 0.01.
    """
    refuse_callbacks("number_input", on_change, args, kwargs)
    told = common("number_input", label, key, help, disabled, label_visibility)
    name = f"number_input {label!r}"
    low, high, every = (
        _optional_number(f"{name}: {what}", given) for what, given in (("min_value", min_value), ("max_value", max_value), ("step", step))
    )
    start = None if value is None or value == "min" else number(f"{name}: value", value)
    given = [each for each in (low, high, every, start) if each is not None]
    is_float = not given or any(isinstance(each, float) for each in given)
    if low is not None and high is not None and low > high:
        raise ArgumentValueError(f"{name}: min_value must not be more than max_value; {low} and {high} came")
    every = every if every is not None else (0.01 if is_float else 1)
    if every <= 0:
        raise ArgumentValueError(f"{name}: step must be more than 0; {every} came")
    if value == "min":
        start = low if low is not None else min(0, high) if high is not None else 0
    if start is not None and ((low is not None and start < low) or (high is not None and start > high)):
        raise ArgumentValueError(f"{name}: value must lie between min_value {low} and max_value {high}; {start} came")
    plain = _plain_or_none(is_float)
    return declare(
        told,
        plain(start),
        plain,
        nullable=value is None,
        number="float" if is_float else "int",
        min=plain(low),
        max=plain(high),
        step=plain(every),
        format=_checked_format(name, format),
        placeholder=optional_text(f"{name}: placeholder", placeholder),
    )


def _plain_or_none(is_float: bool) -> Callable[[Number | None], Number | None]:
    plain: Callable[[Number], Number] = float if is_float else int
    return lambda value: None if value is None else plain(value)


def _optional_number(name: str, value: object) -> Number | None:
    return None if value is None else number(name, value)


def _checked_format(name: str, value: object) -> str | None:
    form = optional_text(f"{name}: format", value)
    if form is not None and not _FORMAT.fullmatch(form):
        raise ArgumentValueError(
            f"{name}: format must be text with one printf conversion, such as '%d', '%.2f' or '$%d'; {shown(form)} came"
        )
    return form
