"""The producer's `dateTime`: what may be sent, and the archive key and sort key that come from it."""

import re
from datetime import UTC, datetime, timedelta

# ISO 8601 date and time, extended or basic, or the sample's `YYYY-MM-DD HH:MM:SS[.ffffff]`. `datetime.fromisoformat`
# alone would also take a bare date and any character between date and time.
_PATTERN = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?"
    r"|\d{8}T\d{4}(\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_date_time(text: str) -> datetime:
    """Return the moment in UTC; a text without an offset is UTC. Raises `ValueError` when it is no such moment."""
    if _PATTERN.fullmatch(text) is None:
        raise ValueError("not a date and time in ISO 8601 or YYYY-MM-DD HH:MM:SS[.ffffff]")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999 in UTC") from None


def epoch_millis(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down; the sort key of the metadata table."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def archive_key(moment: datetime, message_id: str) -> str:
    """Return `YYYY/MM/DD/HH/MM/SS/<messageID>`, from the UTC moment."""
    # strftime("%Y") does not pad years before 1000 on Linux.
    return (
        f"{moment.year:04}/{moment.month:02}/{moment.day:02}/"
        f"{moment.hour:02}/{moment.minute:02}/{moment.second:02}/{message_id}"
    )
