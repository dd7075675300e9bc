"""Schedule expressions. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.events.schedule import Schedule, ScheduleError


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def after(expression: str, start: str) -> str | None:
    found = Schedule.parse(expression).after(moment(start), moment("2026-01-01"))
    return None if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("rate(1 minute)", "2026-01-01T00:00:00", "2026-01-01T00:01:00"),
        ("rate(5 minutes)", "2026-01-01T00:07:00", "2026-01-01T00:10:00"),
        ("rate(1 hour)", "2026-01-01T00:59:59", "2026-01-01T01:00:00"),
        ("rate(7 days)", "2026-01-01T00:00:00", "2026-01-08T00:00:00"),
        ("cron(0 10 * * ? *)", "2026-01-01T10:00:00", "2026-01-02T10:00:00"),
        ("cron(0 10 * * ? *)", "2026-01-01T09:59:59", "2026-01-01T10:00:00"),
        ("cron(15 12 * * ? *)", "2026-02-28T13:00:00", "2026-03-01T12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00:00", "2026-01-05T18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-01-01T08:00:00", "2026-02-01T08:00:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01T00:01:00", "2026-01-01T00:15:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-02T17:55:00", "2026-01-05T08:00:00"),
        ("cron(0 2 ? * SAT#3 *)", "2026-01-01T00:00:00", "2026-01-17T02:00:00"),
        ("cron(15 10 ? * 6L 2026)", "2026-01-01T00:00:00", "2026-01-30T10:15:00"),
        ("cron(0 0 L * ? *)", "2028-02-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 1W * ? *)", "2026-07-31T23:59:00", "2026-08-03T00:00:00"),
        ("cron(0 0 15W * ? *)", "2026-02-01T00:00:00", "2026-02-16T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 ? * FRI-MON *)", "2026-01-05T00:00:00", "2026-01-09T00:00:00"),
        ("cron(15 10 ? * 6L 2002-2005)", "2026-01-01T00:00:00", None),
        ("cron(0 0 30 2 ? 2026-2030)", "2026-01-01T00:00:00", None),
    ],
)
def test_the_next_time(expression: str, start: str, expected: str | None) -> None:
    assert after(expression, start) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "rate(10 seconds)",
        "rate(10 years)",
        "rate(1 minutes)",
        "rate(1 hours)",
        "rate(1 days)",
        "rate(10 minute)",
        "rate(10 hour)",
        "rate(10 day)",
        "rate()",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate(10 MINUTES)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        "cron(0 0 ? * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0/0 0 1 * ? *)",
        "every day",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    """Validated on AWS."""
    with pytest.raises(ScheduleError):
        Schedule.parse(expression)


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 400 * 86_400))
def test_a_daily_time_comes_once_a_day_and_never_before_now(minute: int, hour: int, offset: int) -> None:
    now = moment("2026-01-01") + offset
    found = Schedule.parse(f"cron({minute} {hour} * * ? *)").after(now, 0.0)
    assert found is not None
    assert now < found <= now + 86_400
    assert datetime.fromtimestamp(found, UTC).strftime("%H:%M") == f"{hour:02d}:{minute:02d}"
