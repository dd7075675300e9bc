"""The execution history: events numbered from 1, each pointing back to the one that led to it.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import zlib
from typing import Any, Protocol

import orjson

__all__ = ["COMPLETE", "EventSink", "ExecutionClosed", "History", "HistoryFull"]

COMPLETE = {"truncated": False}
"""What `inputDetails` and its kin say: the data is all there."""


_QUICK = 1
"""zlib's level: events repeat each other so much that the others gain little."""


class HistoryFull(Exception):
    """The next event would be the last that an execution may have; it is kept for the execution's own end."""


class ExecutionClosed(Exception):
    """The execution has ended (it was stopped, or ran out of time); what still runs of it has nothing left to say."""


class EventSink(Protocol):
    """Where events go besides the history: the execution's log."""

    def take(self, event: dict[str, Any]) -> None: ...


class History:
    """The events of one execution. An Express workflow's are counted and logged, but not kept."""

    __slots__ = ("_closed", "_events", "_kept", "_maximum", "_packed", "_unscheduled", "last_id", "sink", "transitions")

    def __init__(self, maximum_events: int, *, kept: bool = True, sink: EventSink | None = None) -> None:
        self._events: list[dict[str, Any]] = []
        self._packed: bytes | None = None
        self.last_id = 0
        """The id of the newest event."""
        self.transitions = 0
        """What a Standard workflow is billed by: states entered, and tries of tasks after their first.
        https://aws.amazon.com/step-functions/pricing/"""
        self._unscheduled = 0
        self.sink = sink
        self._maximum = maximum_events
        self._kept = kept
        self._closed = False

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that are kept, oldest first; not to be changed."""
        events: list[dict[str, Any]] = (
            self._events if self._packed is None else orjson.loads(zlib.decompress(self._packed))
        )
        return events

    def pack(self) -> None:
        """Keep the events of an execution that has ended in a tenth of their memory: most of them repeat the data of others."""
        if self._packed is None and self._events:
            try:
                plain = orjson.dumps(self._events)
            except TypeError:
                return  # half of a surrogate pair, which has no encoding
            self._packed, self._events = zlib.compress(plain, _QUICK), []

    def add(
        self, kind: str, previous: int, now: float, details_name: str = "", details: dict[str, Any] | None = None
    ) -> int:
        """Write an event down; its id. Raises HistoryFull and ExecutionClosed."""
        if self._closed:
            raise ExecutionClosed
        number = self.last_id + 1
        if number >= self._maximum:
            raise HistoryFull
        self._write(kind, previous, now, details_name, details)
        return number

    def close(self, kind: str, previous: int, now: float, details_name: str, details: dict[str, Any]) -> None:
        """Write the last event, for which there is always room."""
        self._write(kind, previous, now, details_name, details)
        self._closed = True

    def reopen(self, now: float, details: dict[str, Any]) -> int:
        """Go on after the end: the id of ExecutionRedriven."""
        self._events, self._packed = self.events, None
        self._closed = False
        return self.add("ExecutionRedriven", self.last_id, now, "executionRedrivenEventDetails", details)

    def has_room_for(self, events: int) -> bool:
        """Whether so many events can still be written before the last."""
        return self.last_id + events < self._maximum

    def _write(self, kind: str, previous: int, now: float, details_name: str, details: dict[str, Any] | None) -> None:
        self.last_id += 1
        if kind.endswith("StateEntered"):
            self.transitions += 1
            self._unscheduled += kind == "TaskStateEntered"
        elif kind.endswith("Scheduled"):
            if self._unscheduled > 0:
                self._unscheduled -= 1
            else:
                self.transitions += 1
        if not self._kept and self.sink is None:
            return
        event: dict[str, Any] = {"timestamp": now, "type": kind, "id": self.last_id, "previousEventId": previous}
        if details is not None:
            event[details_name] = details
        if self._kept:
            self._events.append(event)
        if self.sink is not None:
            self.sink.take(event)
