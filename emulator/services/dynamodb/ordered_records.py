"""Records in the order of their places: found in constant time, read in order from any place.

The order is kept by sortedcontainers' SortedList, a list of short sorted lists: an insertion costs a few microseconds at a million
entries where one sorted list would move megabytes. https://grantjenks.com/docs/sortedcontainers/performance-scale.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from sortedcontainers import SortedList

from emulator.services.dynamodb.ordering import Place, Span

__all__ = ["OrderedRecords", "Sized"]


class Sized(Protocol):
    """What is kept: something that knows its size in bytes, as DynamoDB counts it."""

    @property
    def size(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


class OrderedRecords(Generic[Kept]):
    """Records by place. `total_bytes` is the sum of their sizes."""

    __slots__ = ("_order", "_records", "total_bytes")

    def __init__(self) -> None:
        self._records: dict[Place, Kept] = {}
        self._order: SortedList = SortedList()
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
            self._order.add(place)
        else:
            self.total_bytes -= before.size
        self._records[place] = record
        self.total_bytes += record.size

    def remove(self, place: Place) -> None:
        """Take the record away that is at a place."""
        self.total_bytes -= self._records.pop(place).size
        self._order.remove(place)

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
        records = self._records
        for place in self._order.irange(low, high, (with_low, with_high), reverse=not forward):
            yield place, records[place]
