"""Timestamps as the Amazon States Language writes them: RFC 3339 with a `T`, a zone, and up to nine fractional digits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["format_timestamp", "parse_timestamp"]

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


def parse_timestamp(text: str) -> float:
    """Epoch seconds. Raises ValueError where the text is no timestamp with a zone."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no ISO-8601 timestamp with a zone")
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups()
    zone: timezone = UTC
    if sign is not None:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        zone = timezone(-offset if sign == "-" else offset)
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or "0"), tzinfo=zone)
    return moment.timestamp() + (float(f"0.{fraction}") if fraction is not None else 0.0)


def format_timestamp(moment: float) -> str:
    """Epoch seconds as the context object writes them: UTC, milliseconds, `Z`."""
    milliseconds = round(moment * 1000.0)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
