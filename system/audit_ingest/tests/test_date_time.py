"""The two forms of `dateTime`, and what is made of them."""

from datetime import UTC, datetime

import pytest
from audit_message.date_time import archive_key, epoch_millis, parse_date_time
from hypothesis import given
from hypothesis import strategies as st

TAKEN = [
    ("2024-02-29 23:59:58.123456", datetime(2024, 2, 29, 23, 59, 58, 123456, UTC)),
    ("2024-02-29 23:59:58", datetime(2024, 2, 29, 23, 59, 58, 0, UTC)),
    ("2024-02-29T23:59", datetime(2024, 2, 29, 23, 59, 0, 0, UTC)),
    ("2024-02-29T23:59:58Z", datetime(2024, 2, 29, 23, 59, 58, 0, UTC)),
    ("2024-02-29T23:59:58.5+01:00", datetime(2024, 2, 29, 22, 59, 58, 500_000, UTC)),
    ("2024-02-29T23:59:58-0130", datetime(2024, 3, 1, 1, 29, 58, 0, UTC)),
    ("2024-02-29T23:59:58,25+01", datetime(2024, 2, 29, 22, 59, 58, 250_000, UTC)),
    ("20240229T235958Z", datetime(2024, 2, 29, 23, 59, 58, 0, UTC)),
    ("2024-02-29T23:59:58.123456789Z", datetime(2024, 2, 29, 23, 59, 58, 123456, UTC)),
]


@pytest.mark.parametrize(("text", "moment"), TAKEN)
def test_iso_8601_and_the_plain_form_are_taken(text: str, moment: datetime) -> None:
    assert parse_date_time(text) == moment


@pytest.mark.parametrize("text", ["", "now", "2024-02-29", "2024-W09-4", "2024-02-29T24:30", "2024-02-29T23:59:61Z"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_date_time(text)


@given(st.datetimes(), st.uuids().map(str))
def test_the_key_names_the_utc_second_and_the_message(moment: datetime, message_id: str) -> None:
    aware = moment.replace(tzinfo=UTC)
    key = archive_key(parse_date_time(moment.isoformat(sep=" ", timespec="microseconds")), message_id)
    *numbers, last = key.split("/")
    assert tuple(map(int, numbers)) == aware.timetuple()[:6]
    assert [len(number) for number in numbers] == [4, 2, 2, 2, 2, 2]
    assert last == message_id


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00.001999Z", 1),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2024-02-29T23:59:58.123456Z", 1709251198123),
    ],
)
def test_the_sort_key_is_in_whole_milliseconds(text: str, milliseconds: int) -> None:
    assert epoch_millis(parse_date_time(text)) == milliseconds
