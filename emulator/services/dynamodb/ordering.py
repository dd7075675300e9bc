"""The order of items: by a hash of the partition key, then by partition key, then by sort key.

Theory of operation. A place in the order is one flat tuple: `(token, *partition key, *sort key)`, and for an index entry the place of its
item in the table after that. Tuples compare as the order wants: a shorter one is before all that begin with it, and one that ends in TOP
is after them. So a query is one range of places, a scan is all of them, a segment of a scan is a range of tokens, and to go on after a key
is to begin after its place, whether an item is there or not. Strings compare by code point, which is the order of their UTF-8 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import md5
from typing import Any

from emulator.services.dynamodb.numbers import number_sort_key
from emulator.services.dynamodb.values import AttributeValue

__all__ = ["TOKENS", "TOP", "Place", "Span", "scalar", "segment_span", "span_of", "token"]

Place = tuple[Any, ...]
Scalar = str | bytes | int | Decimal

TOKENS = 1 << 64
"""Tokens are below this."""


class _Top:
    """Greater than everything."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "TOP"


TOP: Any = _Top()


def scalar(value: AttributeValue) -> Scalar:
    """What a key attribute's canonical value is compared by; numbers are equal by value."""
    for kind, inner in value.items():
        key: Scalar = number_sort_key(inner) if kind == "N" else inner
        return key
    raise AssertionError("a key attribute has a value")


def token(partition_key: Sequence[Scalar]) -> int:
    """The hash of a partition key: the same in every process, so that a scan's order is stable."""
    parts = []
    for part in partition_key:
        if type(part) is str:
            parts.append(part.encode("utf-8", "surrogatepass"))
        elif type(part) is bytes:
            parts.append(part)
        else:
            parts.append(str(hash(part)).encode())  # equal by value, and not seeded
        parts.append(b"\x00")
    return int.from_bytes(md5(b"".join(parts), usedforsecurity=False).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of places. The lower end belongs to it; the upper one if `closed`."""

    low: Place
    high: Place
    closed: bool = True

    def __contains__(self, place: Place) -> bool:
        return self.low <= place and (place < self.high or (self.closed and place == self.high))


def segment_span(segment: int, total_segments: int) -> Span:
    """The places of one segment of a parallel scan."""
    low, high = (TOKENS * edge // total_segments for edge in (segment, segment + 1))
    return Span((low,), (high,), closed=False)


def span_of(prefix: Place, operator: str | None, operands: Sequence[Scalar]) -> Span:
    """The places that begin with `prefix` and whose next part is in a relation to the operands.

    `operator` is None for all of them, `=`, `<`, `<=`, `>`, `>=`, BETWEEN or begins_with.
    """
    low, high = prefix, (*prefix, TOP)
    match operator:
        case None:
            return Span(low, high)
        case "=":
            return Span((*prefix, operands[0]), (*prefix, operands[0], TOP))
        case "<":
            return Span(low, (*prefix, operands[0]), closed=False)
        case "<=":
            return Span(low, (*prefix, operands[0], TOP))
        case ">":
            return Span((*prefix, operands[0], TOP), high)
        case ">=":
            return Span((*prefix, operands[0]), high)
        case "BETWEEN":
            return Span((*prefix, operands[0]), (*prefix, operands[1], TOP))
        case "begins_with":
            return Span((*prefix, operands[0]), (*prefix, _after_all_with(operands[0])), closed=False)
    raise AssertionError(f"{operator} orders nothing")


def _after_all_with(prefix: Scalar) -> Any:
    """The least value after all that begin with `prefix`."""
    if isinstance(prefix, str):
        kept = prefix.rstrip("\U0010ffff")
        return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else TOP
    assert isinstance(prefix, bytes)
    rest = prefix.rstrip(b"\xff")
    return rest[:-1] + bytes((rest[-1] + 1,)) if rest else TOP
