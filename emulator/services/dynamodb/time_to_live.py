"""Time to live: which items expire when. They are deleted some time after; until then they are read like others.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
"""

from __future__ import annotations

import heapq

from emulator.services.dynamodb.ordering import Place
from emulator.services.dynamodb.values import Item

__all__ = ["TimeToLive"]


class TimeToLive:
    """Expiries of one table's items, by the attribute that holds them in epoch seconds.

    A heap from which nothing is removed; an entry counts while it is the item's last. Every operation is O(log n), amortised.
    """

    __slots__ = ("_due", "_heap", "_noted", "_past_seconds", "attribute")

    def __init__(self, attribute: str, past_seconds: float) -> None:
        self.attribute = attribute
        self._past_seconds = past_seconds
        self._heap: list[tuple[float, int, Place]] = []
        self._due: dict[Place, tuple[float, int]] = {}
        self._noted = 0

    def note(self, place: Place, item: Item | None) -> None:
        """An item was written, or is gone."""
        self._due.pop(place, None)
        value = None if item is None else item.get(self.attribute)
        number = None if value is None else value.get("N")
        if number is None:
            return
        expiry = float(number)
        self._noted = order = self._noted + 1
        self._due[place] = (expiry, order)
        heapq.heappush(self._heap, (expiry, order, place))
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._due):
            self._heap = [entry for entry in self._heap if self._due.get(entry[2]) == entry[:2]]
            heapq.heapify(self._heap)

    def next_expiry(self) -> float | None:
        """The earliest expiry that counts, or None."""
        while self._heap:
            expiry, order, place = self._heap[0]
            if self._due.get(place) == (expiry, order):
                return expiry
            heapq.heappop(self._heap)
        return None

    def pop_expired(self, by: float, now: float) -> tuple[Place, float] | None:
        """The next item that expired by `by`, with its expiry, or None. One that expired years before `now` never counted."""
        while True:
            expiry = self.next_expiry()
            if expiry is None or expiry > by:
                return None
            place = heapq.heappop(self._heap)[2]
            del self._due[place]
            if expiry > now - self._past_seconds:
                return place, expiry
