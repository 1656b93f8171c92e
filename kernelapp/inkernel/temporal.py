"""Controls of dates and times. Names, argument order and meaning are Streamlit's."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from kernelapp.inkernel import runtime
from kernelapp.inkernel.arguments import Common, common, refuse_callbacks, shown, whole_number
from kernelapp.inkernel.controls import Visibility
from kernelapp.inkernel.declaring import declare
from kernelapp.inkernel.mistakes import ArgumentTypeError, ArgumentValueError

Date = datetime.date
Time = datetime.time
DateFormat = Literal[
    "YYYY/MM/DD", "DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD", "DD-MM-YYYY", "MM-DD-YYYY", "YYYY.MM.DD", "DD.MM.YYYY", "MM.DD.YYYY"
]

_FORMATS = tuple(
    separator.join(order) for separator in "/-." for order in (("YYYY", "MM", "DD"), ("DD", "MM", "YYYY"), ("MM", "DD", "YYYY"))
)
# Streamlit's reach of a date field that has no bounds.
DEFAULT_REACH_YEARS = 10
MAX_STEP_S = 23 * 3600


def date_input(
    label: str,
    value: Any = "today",
    min_value: Any = None,
    max_value: Any = None,
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    format: DateFormat = "YYYY/MM/DD",
    disabled: bool = False,
    label_visibility: Visibility = "visible",
) -> Any:
    """A datetime.date; a pair as `value` makes a range, and a tuple of two dates the result.

    Dates may be given as date, datetime, ISO string or "today". None makes an empty field (an empty pair an empty range), which is
    None (or an empty tuple) until the viewer fills it. Bounds default to ten years around `value`.
    """
    refuse_callbacks("date_input", on_change, args, kwargs)
    told = common("date_input", label, key, help, disabled, label_visibility)
    name = f"date_input {label!r}"
    if format not in _FORMATS:
        raise ArgumentValueError(f"{name}: format must be one of {', '.join(_FORMATS)}; {shown(format)} came")
    ranged = isinstance(value, (tuple, list))
    ends = [] if value is None else [_date(f"{name}: value", day) for day in (value if ranged else [value])]
    if ranged and len(ends) not in (0, 2):
        raise ArgumentValueError(f"{name}: a range's value must be a pair (first, last) or empty; {len(ends)} came: {shown(value)}")
    if ends and ends[0] > ends[-1]:
        raise ArgumentValueError(f"{name}: a range's value must be (first, last); {shown(value)} came")
    today = datetime.date.today()
    low = _years_from(ends[0] if ends else today, -DEFAULT_REACH_YEARS) if min_value is None else _date(f"{name}: min_value", min_value)
    high = _years_from(ends[-1] if ends else today, DEFAULT_REACH_YEARS) if max_value is None else _date(f"{name}: max_value", max_value)
    if low > high:
        raise ArgumentValueError(f"{name}: min_value must not be after max_value; {low} and {high} came")
    for day in ends:
        if not low <= day <= high:
            raise ArgumentValueError(f"{name}: value must lie between min_value {low} and max_value {high}; {day} came")
    wire = [day.isoformat() for day in ends]
    default: Any = None if not wire else wire if ranged else wire[0]
    return declare(
        told,
        default,
        _days if ranged else _day,
        nullable=default is None,
        range=ranged,
        min=low.isoformat(),
        max=high.isoformat(),
        format=format,
    )


def _day(wire: str | None) -> Date | None:
    return None if wire is None else datetime.date.fromisoformat(wire)


def _days(wire: list[str] | None) -> tuple[Date, ...]:
    return tuple(datetime.date.fromisoformat(day) for day in wire or ())


def _date(name: str, value: object) -> Date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if value == "today":
        return datetime.date.today()
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value).date()
        except ValueError:
            raise ArgumentValueError(f"{name} must be a date such as '2026-11-22'; {shown(value)} came") from None
    raise ArgumentTypeError(f"{name} must be a date, an ISO date string or 'today'; {shown(value)} came")


def _years_from(day: Date, years: int) -> Date:
    year = min(max(day.year + years, datetime.MINYEAR), datetime.MAXYEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        # 29 February
        return day.replace(year=year, day=28)


def time_input(
    label: str,
    value: Any = "now",
    key: str | int | None = None,
    help: str | None = None,
    on_change: None = None,
    args: None = None,
    kwargs: None = None,
    *,
    disabled: bool = False,
    label_visibility: Visibility = "visible",
    step: int | datetime.timedelta = 900,
) -> Time | None:
    """A datetime.time, to the second.

    `value` may be a time, a datetime, "HH:MM[:SS]" or "now" (the minute in which the viewer's kernel first asked); None makes an empty
    field, which is None until the viewer fills it. `step`: what the field's arrows add, in seconds or as a timedelta.
    """
    refuse_callbacks("time_input", on_change, args, kwargs)
    told = common("time_input", label, key, help, disabled, label_visibility)
    name = f"time_input {label!r}"
    every = step.total_seconds() if isinstance(step, datetime.timedelta) else step
    every = int(every) if isinstance(every, float) and every.is_integer() else every
    step_s = whole_number(f"{name}: step (seconds)", every, 1)
    if step_s > MAX_STEP_S:
        raise ArgumentValueError(f"{name}: step must be at most {MAX_STEP_S} seconds (23 hours); {step_s} came")
    start = None if value is None else _time(told, value)
    return declare(told, None if start is None else _wire_time(start), _time_of, nullable=start is None, step_s=step_s)


def _time_of(wire: str | None) -> Time | None:
    return None if wire is None else datetime.time.fromisoformat(wire)


def _time(told: Common, value: object) -> Time:
    name = f"{told.kind} {told.label!r}: value"
    if isinstance(value, datetime.datetime):
        value = value.time()
    if isinstance(value, datetime.time):
        return value.replace(tzinfo=None, microsecond=0, fold=0)
    if value == "now":
        return _first_now(told)
    if isinstance(value, str):
        try:
            return datetime.time.fromisoformat(value).replace(tzinfo=None, microsecond=0)
        except ValueError:
            raise ArgumentValueError(f"{name} must be a time such as '14:30'; {shown(value)} came") from None
    raise ArgumentTypeError(f"{name} must be a time, a string such as '14:30' or 'now'; {shown(value)} came")


def _first_now(told: Common) -> Time:
    def now() -> Time:
        return datetime.datetime.now().time().replace(second=0, microsecond=0)

    here = runtime.current()
    return now() if here is None else here.first(told.key or told.label, "now", now)


def _wire_time(time: Time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")
