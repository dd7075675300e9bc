"""AWS's cron expressions: six fields, `minutes hours day-of-month month day-of-week year`, in UTC.

Rules. One of the two day fields must be `?`. Months and days of the week have names too; Sunday is 1. `L` is the last day, `nL` the last
such day of the week in the month, `nW` the weekday nearest to the day, `n#k` the k-th such day of the week.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html#eb-cron-expressions
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

__all__ = ["Cron", "CronError"]

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


class CronError(ValueError):
    """The text is no cron expression."""


@dataclass(frozen=True, slots=True)
class _DayOfMonth:
    days: frozenset[int] = frozenset()
    last: bool = False
    nearest_weekday: int | None = None

    def __call__(self, day: date) -> bool:
        longest = calendar.monthrange(day.year, day.month)[1]
        if self.last:
            return day.day == longest
        if self.nearest_weekday is not None:
            return day.day == _nearest_weekday(day.year, day.month, min(self.nearest_weekday, longest), longest)
        return day.day in self.days


@dataclass(frozen=True, slots=True)
class _DayOfWeek:
    days: frozenset[int] = frozenset()
    last: int | None = None
    nth: tuple[int, int] | None = None

    def __call__(self, day: date) -> bool:
        weekday = (day.weekday() + 1) % 7 + 1  # Sunday is 1
        if self.last is not None:
            return weekday == self.last and day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        if self.nth is not None:
            return weekday == self.nth[0] and (day.day - 1) // 7 + 1 == self.nth[1]
        return weekday in self.days


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    day: _DayOfMonth | _DayOfWeek

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Raises CronError."""
        fields = text.split()
        if len(fields) != 6:
            raise CronError(f"a cron expression has six fields, not {len(fields)}")
        minutes, hours, of_month, month, of_week, year = fields
        if (of_month == "?") == (of_week == "?"):
            raise CronError("exactly one of day-of-month and day-of-week must be ?")
        return cls(
            tuple(sorted(_numbers(minutes, 0, 59))),
            tuple(sorted(_numbers(hours, 0, 23))),
            frozenset(_numbers(month, 1, 12, _MONTHS)),
            frozenset(_numbers(year, _FIRST_YEAR, _LAST_YEAR)),
            _day_of_week(of_week) if of_month == "?" else _day_of_month(of_month),
        )

    def after(self, moment: float) -> float | None:
        """The first minute after `moment`, in epoch seconds; None where no year is left."""
        start = (int(moment) // 60 + 1) * 60
        first = datetime.fromtimestamp(start, UTC)
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                if (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day < first.date() or not self.day(day):
                        continue
                    found = self._in_day(day, first)
                    if found is not None:
                        return found.timestamp()
        return None

    def _in_day(self, day: date, first: datetime) -> datetime | None:
        earliest = (first.hour, first.minute) if day == first.date() else (0, 0)
        for hour in self.hours:
            for minute in self.minutes:
                if (hour, minute) >= earliest:
                    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        return None


def _day_of_month(text: str) -> _DayOfMonth:
    if text == "L":
        return _DayOfMonth(last=True)
    nearest = re.fullmatch(r"(\d{1,2})W", text)
    if nearest is not None:
        return _DayOfMonth(nearest_weekday=_number(nearest[1], 1, 31, {}))
    return _DayOfMonth(frozenset(_numbers(text, 1, 31)))


def _day_of_week(text: str) -> _DayOfWeek:
    if text == "L":
        return _DayOfWeek(frozenset({7}))
    last = re.fullmatch(r"(\w+)L", text)
    if last is not None:
        return _DayOfWeek(last=_number(last[1], 1, 7, _DAYS))
    nth = re.fullmatch(r"(\w+)#([1-5])", text)
    if nth is not None:
        return _DayOfWeek(nth=(_number(nth[1], 1, 7, _DAYS), int(nth[2])))
    return _DayOfWeek(frozenset(_numbers(text, 1, 7, _DAYS)))


def _numbers(text: str, lowest: int, highest: int, names: dict[str, int] | None = None) -> set[int]:
    """`*`, `5`, `1-5`, `0/15`, `1-30/2`, and lists of them."""
    found: set[int] = set()
    known = {} if names is None else names
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        if slash and not (step_text.isdecimal() and int(step_text) > 0):
            raise CronError(f"{part!r} has no step")
        if span == "*":
            start, end = lowest, highest
        elif "-" in span:
            low, _, high = span.partition("-")
            start, end = _number(low, lowest, highest, known), _number(high, lowest, highest, known)
        else:
            start = _number(span, lowest, highest, known)
            end = highest if slash else start
        step = int(step_text) if slash else 1
        if start <= end:
            found.update(range(start, end + 1, step))
        else:  # FRI-MON goes over the end
            around = [*range(start, highest + 1), *range(lowest, end + 1)]
            found.update(around[::step])
    return found


def _number(text: str, lowest: int, highest: int, names: dict[str, int]) -> int:
    number = names.get(text.upper(), -1) if not text.isdecimal() else int(text)
    if not lowest <= number <= highest:
        raise CronError(f"{text!r} is none of {lowest} to {highest}")
    return number


def _nearest_weekday(year: int, month: int, number: int, longest: int) -> int:
    weekday = date(year, month, number).weekday()
    if weekday == 5:
        return number - 1 if number > 1 else number + 2
    if weekday == 6:
        return number + 1 if number < longest else number - 2
    return number
