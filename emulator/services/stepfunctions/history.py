"""The execution history: events numbered from 1, each pointing back to the one that led to it.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from typing import Any

__all__ = ["COMPLETE", "ExecutionClosed", "History", "HistoryFull"]

COMPLETE = {"truncated": False}
"""What `inputDetails` and its kin say: the data is all there."""


class HistoryFull(Exception):
    """The next event would be the last that an execution may have; it is kept for the execution's own end."""


class ExecutionClosed(Exception):
    """The execution has ended (it was stopped, or ran out of time); what still runs of it has nothing left to say."""


class History:
    """The events of one execution."""

    __slots__ = ("_closed", "_maximum", "events")

    def __init__(self, maximum_events: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._maximum = maximum_events
        self._closed = False

    def add(
        self, kind: str, previous: int, now: float, details_name: str = "", details: dict[str, Any] | None = None
    ) -> int:
        """Write an event down; its id. Raises HistoryFull and ExecutionClosed."""
        events = self.events
        if self._closed:
            raise ExecutionClosed
        number = len(events) + 1
        if number >= self._maximum:
            raise HistoryFull
        event: dict[str, Any] = {"timestamp": now, "type": kind, "id": number, "previousEventId": previous}
        if details is not None:
            event[details_name] = details
        events.append(event)
        return number

    def close(self, kind: str, previous: int, now: float, details_name: str, details: dict[str, Any]) -> None:
        """Write the last event, for which there is always room."""
        event = {"timestamp": now, "type": kind, "id": len(self.events) + 1, "previousEventId": previous}
        self.events.append(event | {details_name: details})
        self._closed = True

    @property
    def last_id(self) -> int:
        """The id of the newest event."""
        return len(self.events)
