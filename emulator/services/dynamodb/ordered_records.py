"""Records in the order of their places: found in constant time, read in order from any place.

Theory of operation. A place begins with the token of its partition, so the order is one of partitions, and one inside each. A query reads
one partition: it finds it in a dict, and costs the same however many others there are. Only a scan needs the order of the partitions:
tokens that are new wait until one comes. A long order is a SortedList of sortedcontainers, a list of short sorted lists, whose insertions
do not move megabytes. https://grantjenks.com/docs/sortedcontainers/performance-scale.html
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from sortedcontainers import SortedList

from emulator.services.dynamodb.ordering import Place, Span

__all__ = ["OrderedRecords", "Sized"]

LONGEST_LIST = 1_000
"""Places of one partition that a plain list keeps in order; more are kept by a SortedList."""


class Sized(Protocol):
    """What is kept: something that knows its size in bytes, as DynamoDB counts it."""

    @property
    def size(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


class OrderedRecords(Generic[Kept]):
    """Records by place. `total_bytes` is the sum of their sizes."""

    __slots__ = ("_new_tokens", "_partitions", "_records", "_tokens", "total_bytes")

    def __init__(self) -> None:
        self._records: dict[Place, Kept] = {}
        self._partitions: dict[int, list[Place] | SortedList] = {}
        """By token: the places, in order. None is empty."""
        self._tokens: SortedList = SortedList()
        """Of all partitions but the new ones, in order."""
        self._new_tokens: set[int] = set()
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    def get(self, place: Place) -> Kept | None:
        """The record at a place, or None."""
        return self._records.get(place)

    def put(self, place: Place, record: Kept) -> None:
        """Put a record at a place, instead of the one that was there."""
        before = self._records.get(place)
        if before is None:
            place = self._add(place)
        else:
            self.total_bytes -= before.size
        self._records[place] = record
        self.total_bytes += record.size

    def _add(self, place: Place) -> Place:
        """Put a place into the order: the place to keep, which has token and key of its partition in common with its neighbours."""
        token = place[0]
        places = self._partitions.get(token)
        if places is None:
            self._partitions[token] = [place]
            self._new_tokens.add(token)
            return place
        first = places[0]
        if len(place) > 2 and type(first[1]) is type(place[1]) and first[1] == place[1]:
            place = (*first[:2], *place[2:])  # a large partition is read from less memory
        if not isinstance(places, list):
            places.add(place)
        elif len(places) < LONGEST_LIST:
            insort(places, place)
        else:
            self._partitions[token] = SortedList([*places, place])
        return place

    def remove(self, place: Place) -> None:
        """Take the record away that is at a place."""
        self.total_bytes -= self._records.pop(place).size
        token = place[0]
        places = self._partitions[token]
        if len(places) == 1:
            del self._partitions[token]
            if token in self._new_tokens:
                self._new_tokens.remove(token)
            else:
                self._tokens.remove(token)
        elif isinstance(places, list):
            del places[bisect_left(places, place)]
        else:
            places.remove(place)

    def values(self) -> Iterator[Kept]:
        """All records, in no order."""
        return iter(self._records.values())

    def read(
        self, span: Span | None, after: Place | None = None, *, forward: bool = True
    ) -> Iterator[tuple[Place, Kept]]:
        """Places and records of a span, or of everything, in order or in reverse; those after the place `after` in that direction."""
        low, high = (None, None) if span is None else (span.low, span.high)
        with_low, with_high = True, span is None or span.closed
        if after is not None and forward:
            low, with_low = after, False
        elif after is not None:
            high, with_high = after, False
        first, last = None if low is None else low[0], None if high is None else high[0]
        records = self._records
        tokens = (first,) if first is not None and first == last else self._ordered_tokens(first, last, forward)
        for token in tokens:
            places = self._partitions.get(token)
            if places is not None:
                bounds = (low if token == first else None, high if token == last else None)
                for place in _between(places, *bounds, (with_low, with_high), forward):
                    yield place, records[place]

    def _ordered_tokens(self, first: int | None, last: int | None, forward: bool) -> Iterator[int]:
        """The tokens from `first` to `last`; None is no bound."""
        if self._new_tokens:
            self._tokens.update(self._new_tokens)
            self._new_tokens.clear()
        tokens: Iterator[int] = self._tokens.irange(first, last, reverse=not forward)
        return tokens


def _between(
    places: list[Place] | SortedList, low: Place | None, high: Place | None, inclusive: tuple[bool, bool], forward: bool
) -> Iterator[Place]:
    """The places of a partition from `low` to `high`; None is no bound."""
    if not isinstance(places, list):
        found: Iterator[Place] = places.irange(low, high, inclusive, reverse=not forward)
        return found
    start = 0 if low is None else (bisect_left if inclusive[0] else bisect_right)(places, low)
    stop = len(places) if high is None else (bisect_right if inclusive[1] else bisect_left)(places, high)
    numbers = range(start, stop)
    return map(places.__getitem__, numbers if forward else reversed(numbers))
