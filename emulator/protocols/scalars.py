"""Scalars as text: how headers, URIs, query strings, forms and XML write booleans, numbers and points in time.

In parameters and results a timestamp is a float in epoch seconds. The formats are Smithy's `timestampFormat` trait
(https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait); which one applies where a shape names none
is the protocol's choice.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

__all__ = [
    "TEXT_PARSERS",
    "format_float",
    "format_timestamp",
    "parse_boolean",
    "parse_timestamp",
    "timestamp_formatter",
]

Text = Callable[[float], str]


def parse_boolean(text: str) -> bool:
    """`true` or `false`, in any case. Raises ValueError."""
    lowered = text.lower()
    if lowered == "true":
        return True
    if lowered == "false":
        return False
    raise ValueError(f"{text!r} is no boolean")


def parse_timestamp(value: object) -> float:
    """Epoch seconds from a number, or from text in any of the three formats. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is no timestamp")
    if not isinstance(value, str):
        return float(value)
    try:
        return float(value)
    except ValueError:
        pass  # not a number: one of the two written formats
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = parsedate_to_datetime(value)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


TEXT_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": parse_boolean,
    "blob": lambda text: binascii.a2b_base64(text, strict_mode=True),
    "timestamp": parse_timestamp,
}
"""For each scalar type how its text is read; all raise ValueError on text that is none."""


def format_float(value: float) -> str:
    """A number as text, with Smithy's names for what has no digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _iso8601(seconds: float) -> str:
    return datetime.fromtimestamp(round(seconds, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rfc822(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)


def _unix(seconds: float) -> str:
    return str(int(seconds)) if seconds == int(seconds) else repr(seconds)


_FORMATTERS: dict[str, Text] = {
    "iso8601": _iso8601,
    "rfc822": _rfc822,
    "unixtimestamp": _unix,
    "unixTimestamp": _unix,
    "epoch-seconds": _unix,
    "date-time": _iso8601,
    "http-date": _rfc822,
}


def timestamp_formatter(name: str) -> Text:
    """The writer of one timestamp format, by botocore's or Smithy's name for it."""
    return _FORMATTERS[name]


def format_timestamp(seconds: float, name: str) -> str:
    """Epoch seconds in the named format."""
    return _FORMATTERS[name](seconds)
