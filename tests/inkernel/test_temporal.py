from __future__ import annotations

import datetime
from datetime import date, time
from typing import Any

import pytest

import kernelapp
from kernelapp.inkernel.mistakes import AuthorError

from .page import Page

# Wrong arguments are the point of these tests.
ka: Any = kernelapp


@pytest.mark.parametrize(
    ("value", "expected", "wire"),
    [
        (date(2026, 11, 22), date(2026, 11, 22), "2026-11-22"),
        (datetime.datetime(2026, 11, 22, 14, 30), date(2026, 11, 22), "2026-11-22"),
        ("2026-11-22", date(2026, 11, 22), "2026-11-22"),
        (None, None, None),
        ((date(2026, 1, 1), "2026-02-01"), (date(2026, 1, 1), date(2026, 2, 1)), ["2026-01-01", "2026-02-01"]),
        ((), (), None),
    ],
)
def test_dates_may_be_given_in_many_ways_and_come_back_as_dates(page: Page, value: Any, expected: Any, wire: Any) -> None:
    with page.cell("c1", {}):
        got = ka.date_input("Day", value)
    assert got == expected
    assert page.declared[0]["value"] == wire
    assert page.declared[0]["nullable"] is (wire is None)


def test_a_date_without_bounds_reaches_ten_years(page: Page) -> None:
    with page.cell("c1", {}):
        ka.date_input("Day", date(2024, 2, 29))
        ka.date_input("Day", date(9999, 1, 1))
        assert ka.date_input("Day") == datetime.date.today()
    assert (page.declared[0]["min"], page.declared[0]["max"]) == ("2014-02-28", "2034-02-28")
    assert page.declared[1]["max"] == "9999-01-01"


def test_a_viewers_date_is_brought_inside(page: Page) -> None:
    inside = {"min_value": date(2026, 1, 1), "max_value": date(2026, 12, 31)}
    with page.cell("c1", {"k": "2030-01-01", "r": ["2020-01-01", "2026-06-01"], "bad": 20260101}):
        assert ka.date_input("Day", date(2026, 5, 5), key="k", **inside) == date(2026, 12, 31)
        assert ka.date_input("Day", (), key="r", **inside) == (date(2026, 1, 1), date(2026, 6, 1))
        assert ka.date_input("Day", date(2026, 5, 5), key="bad", **inside) == date(2026, 5, 5)


@pytest.mark.parametrize(
    ("value", "expected", "wire"),
    [
        (time(14, 30), time(14, 30), "14:30"),
        (time(14, 30, 15, 999), time(14, 30, 15), "14:30:15"),
        (datetime.datetime(2026, 1, 1, 8, 5), time(8, 5), "08:05"),
        ("08:05", time(8, 5), "08:05"),
        (None, None, None),
    ],
)
def test_times_come_back_as_times_to_the_second(page: Page, value: Any, expected: Any, wire: Any) -> None:
    with page.cell("c1", {}):
        assert ka.time_input("At", value, step=datetime.timedelta(minutes=5)) == expected
    assert page.declared[0].items() >= {"value": wire, "step_s": 300}.items()


def test_now_stays_the_moment_of_the_first_run(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime.datetime):
        moments = iter([datetime.datetime(2026, 1, 1, 9, 41, 7), datetime.datetime(2026, 1, 1, 9, 42)])

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return next(cls.moments)

    monkeypatch.setattr("kernelapp.inkernel.temporal.datetime.datetime", Clock)
    for _ in range(2):
        with page.cell("c1", {}, reset=True):
            assert ka.time_input("At") == time(9, 41)


def test_a_viewers_time_comes_back(page: Page) -> None:
    with page.cell("c1", {"k": "23:59:01"}):
        assert ka.time_input("At", "10:00", key="k") == time(23, 59, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ka.date_input("D", date(2026, 1, 1), "2027-01-01"), "between min_value 2027-01-01"),
        (lambda: ka.date_input("D", None, "2027-01-01", "2026-01-01"), "must not be after"),
        (lambda: ka.date_input("D", "22.11.2026"), "such as '2026-11-22'; '22.11.2026' came"),
        (lambda: ka.date_input("D", 5), "5 came"),
        (lambda: ka.date_input("D", (date(2026, 1, 1),)), "pair"),
        (lambda: ka.date_input("D", (date(2026, 2, 1), date(2026, 1, 1))), "first, last"),
        (lambda: ka.date_input("D", format="long"), "format"),
        (lambda: ka.time_input("T", "25:00"), "such as '14:30'"),
        (lambda: ka.time_input("T", 5), "5 came"),
        (lambda: ka.time_input("T", None, step=0), "at least 1"),
        (lambda: ka.time_input("T", None, step=86_400), "23 hours"),
        (lambda: ka.time_input("T", None, on_change=print), "not supported"),
    ],
)
def test_impossible_dates_and_times_raise_at_the_call(page: Page, call: Any, message: str) -> None:
    with page.cell("c1", {}), pytest.raises(AuthorError, match=message):
        call()
    assert page.declared == []
