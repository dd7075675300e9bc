"""Comparisons that JSON and field patterns share: numbers, texts with `*`, regular expressions between `%`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from emulator.services.logs.errors import InvalidParameterException

__all__ = ["OPERATORS", "comparison", "number_of", "regular_expression"]

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ALLOWED = re.compile(r"[\w\s\[\](){}|^$.*+?\\=@#/,:;!~\"'<>&-]*")


def comparison(sign: str, text: str, *, quoted: bool) -> Callable[[Any], bool]:
    """A test for a value against the right side of a comparison. Raises InvalidParameterException."""
    if not quoted and len(text) > 1 and text.startswith("%") and text.endswith("%"):
        found = regular_expression(text[1:-1])
        if sign not in ("=", "!="):
            raise InvalidParameterException(f"A regular expression is compared with = or !=, not {sign}")
        return lambda value: (value is not None and found.search(str(value)) is not None) == (sign == "=")
    number = None if quoted else number_of(text)
    compare = OPERATORS[sign]
    if number is not None:
        return lambda value: (own := number_of(value)) is not None and compare(own, number)
    if sign not in ("=", "!="):
        raise InvalidParameterException(f"{text!r} is no number: texts are compared with = or !=")
    whole = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
    if quoted or "*" not in text:
        return lambda value: (isinstance(value, str) and whole.fullmatch(value) is not None) == (sign == "=")
    # `$.latency = *` is how a number is selected for a metric, `4*` how a status is.
    return lambda value: (
        (_written(value) is not None and whole.fullmatch(_written(value) or "") is not None) == (sign == "=")
    )


def _written(value: Any) -> str | None:
    """A text, or a number as text; None for all else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def number_of(value: Any) -> float | None:
    """A number or a text that writes one; None for all else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def regular_expression(text: str) -> re.Pattern[str]:
    """What stands between `%`. Raises InvalidParameterException."""
    if _ALLOWED.fullmatch(text) is None:
        raise InvalidParameterException(f"Invalid character in the regular expression %{text}%")
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidParameterException(f"Invalid regular expression %{text}%: {error}") from error
