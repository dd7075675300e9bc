"""A heap of deadlines from which nothing need be removed.

Entries that no longer hold are skipped, and swept out when they outnumber the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from emulator.services.sqs.message import Message

__all__ = ["Deadlines"]

Entry = tuple[float, int, int, Message]
"""(deadline, tie-breaker, the message's turn when it was put in, message)."""

SWEEP_AT = 64
"""Below this many entries a sweep is not worth it."""


class Deadlines:
    """`holds` tells whether an entry put in at that turn still counts. Every operation is O(log n), amortised."""

    __slots__ = ("_heap", "_holds", "_order", "_sweep_at")

    def __init__(self, holds: Callable[[Message, int], bool]) -> None:
        self._heap: list[Entry] = []
        self._order = 0
        self._holds = holds
        self._sweep_at = SWEEP_AT

    def put(self, deadline: float, message: Message) -> None:
        """Add a deadline of the message as it is now."""
        self._order += 1
        heapq.heappush(self._heap, (deadline, self._order, message.turn, message))
        if len(self._heap) > self._sweep_at:
            self._heap = [entry for entry in self._heap if self._holds(entry[3], entry[2])]
            heapq.heapify(self._heap)
            self._sweep_at = max(SWEEP_AT, 2 * len(self._heap))

    def next(self) -> float | None:
        """The earliest deadline that holds, or None."""
        heap = self._heap
        while heap:
            deadline, _, turn, message = heap[0]
            if self._holds(message, turn):
                return deadline
            heapq.heappop(heap)
        return None

    def pop_due(self, now: float) -> Message | None:
        """Take out a message whose deadline is `now` or before, or None."""
        deadline = self.next()
        if deadline is None or deadline > now:
            return None
        return heapq.heappop(self._heap)[3]
