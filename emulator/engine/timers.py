"""The heap of deadlines. Equal deadlines fire in the order in which they were set."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

__all__ = ["Timer", "Timers"]


class Timer:
    """A deadline in epoch seconds and what to do then. Cancelled timers stay in the heap until they surface."""

    __slots__ = ("action", "deadline")

    def __init__(self, deadline: float, action: Callable[[], None]) -> None:
        self.deadline = deadline
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Never fire."""
        self.action = None


class Timers:
    """A heap of timers."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()

    def at(self, deadline: float, action: Callable[[], None]) -> Timer:
        """Do `action` at `deadline` (epoch seconds)."""
        timer = Timer(deadline, action)
        heapq.heappush(self._heap, (deadline, next(self._order), timer))
        return timer

    def next_deadline(self) -> float | None:
        """The earliest deadline that still counts, or None."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def fire_due(self, now: float) -> int:
        """Do everything whose deadline has come; the number of timers that fired."""
        fired = 0
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            action = heapq.heappop(self._heap)[2].action
            if action is not None:
                action()
                fired += 1
        return fired
