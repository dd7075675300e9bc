"""What one value of an event is compared with. A value is a JSON scalar; `true` is no number and `"1"` is none either.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = [
    "ABSENT",
    "PRESENT",
    "Affix",
    "AnythingBut",
    "Cidr",
    "Equal",
    "EqualIgnoringCase",
    "Matcher",
    "Numeric",
    "Presence",
    "Wildcard",
    "is_number",
]


class Matcher(Protocol):
    """One alternative in a pattern's list."""

    def __call__(self, value: Any, /) -> bool: ...


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Presence:
    """`{"exists": true}`; ABSENT is asked of an event, never of a value."""

    exists: bool

    def __call__(self, value: Any, /) -> bool:
        return self.exists


PRESENT, ABSENT = Presence(True), Presence(False)


@dataclass(frozen=True, slots=True)
class Equal:
    """A scalar by itself. Numbers are equal by value: 300 is 300.0."""

    wanted: Any

    def __call__(self, value: Any, /) -> bool:
        if is_number(self.wanted):
            return is_number(value) and bool(value == self.wanted)
        return type(value) is type(self.wanted) and bool(value == self.wanted)


@dataclass(frozen=True, slots=True)
class EqualIgnoringCase:
    """`{"equals-ignore-case": "text"}`."""

    lowered: str

    def __call__(self, value: Any, /) -> bool:
        return isinstance(value, str) and value.lower() == self.lowered


@dataclass(frozen=True, slots=True)
class Affix:
    """`prefix` and `suffix`, also with `equals-ignore-case` inside; `text` is in lower case then."""

    text: str
    at_end: bool
    ignore_case: bool = False

    def __call__(self, value: Any, /) -> bool:
        if not isinstance(value, str):
            return False
        text = value.lower() if self.ignore_case else value
        return text.endswith(self.text) if self.at_end else text.startswith(self.text)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`{"wildcard": "a*b"}`: the literal `pieces` between the asterisks, first and last at the ends."""

    pieces: tuple[str, ...]

    def __call__(self, value: Any, /) -> bool:
        if not isinstance(value, str):
            return False
        first, *middle = self.pieces
        if not middle:
            return value == first
        last = middle.pop()
        if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
            return False
        place, end = len(first), len(value) - len(last)
        for piece in middle:
            found = value.find(piece, place, end)
            if found < 0:
                return False
            place = found + len(piece)
        return True


@dataclass(frozen=True, slots=True)
class Numeric:
    """`{"numeric": [">", 0, "<=", 5]}`: every bound holds."""

    bounds: tuple[tuple[Callable[[Any, Any], bool], float], ...]

    def __call__(self, value: Any, /) -> bool:
        return is_number(value) and all(compare(value, bound) for compare, bound in self.bounds)


@dataclass(frozen=True, slots=True)
class Cidr:
    """`{"cidr": "10.0.0.0/24"}`."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network

    def __call__(self, value: Any, /) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in self.network
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Any value, null too, that none of the alternatives matches; but there must be one."""

    excluded: tuple[Matcher, ...]

    def __call__(self, value: Any, /) -> bool:
        return not any(matcher(value) for matcher in self.excluded)
