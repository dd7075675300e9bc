"""Log groups, their streams and their events, bounded in memory: the oldest events of a group make room."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["Destination", "LogEvent", "LogGroup", "LogStream", "MetricFilter", "ResourcePolicy", "SubscriptionFilter"]

_EVENT_BYTES = 230
"""What Python takes for an event beside its text."""


class LogEvent(NamedTuple):
    """One event; times in epoch milliseconds. `number` counts the events of a group in the order of their arrival."""

    number: int
    timestamp: int
    ingested: int
    message: str
    size: int


@dataclass(slots=True)
class LogStream:
    """A stream and its events in the order of their arrival."""

    name: str
    created: int
    events: deque[LogEvent] = field(default_factory=deque)
    first_timestamp: int | None = None
    last_timestamp: int | None = None
    last_ingestion: int | None = None

    def ordered(self) -> list[LogEvent]:
        """The events by timestamp; equal ones as they came."""
        return sorted(self.events, key=lambda event: (event.timestamp, event.number))


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """Which events of a group go where; `created` in epoch milliseconds."""

    name: str
    pattern: str
    matches: Callable[[str], bool]
    destination_arn: str
    role_arn: str
    distribution: str
    created: int


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Which events of a group become which metric; `created` in epoch milliseconds."""

    name: str
    pattern: str
    matches: Callable[[str], bool]
    value: Callable[[str], float | None]
    transformation: Mapping[str, Any]
    """As the API has it: metricName, metricNamespace, metricValue, ..."""
    created: int

    @property
    def metric(self) -> tuple[str, str]:
        """Name and namespace."""
        return self.transformation["metricName"], self.transformation["metricNamespace"]


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """Who may write into the account's groups; `updated` in epoch milliseconds."""

    name: str
    document: str
    updated: int


@dataclass(frozen=True, slots=True)
class Destination:
    """A name for a stream; `created` in epoch milliseconds."""

    name: str
    target_arn: str
    role_arn: str
    created: int
    access_policy: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class LogGroup:
    """A group, its streams and its settings."""

    name: str
    created: int
    retention_days: int | None = None
    kms_key_id: str = ""
    log_group_class: str = "STANDARD"
    tags: dict[str, str] = field(default_factory=dict)
    streams: dict[str, LogStream] = field(default_factory=dict)
    subscriptions: dict[str, SubscriptionFilter] = field(default_factory=dict)
    metric_filters: dict[str, MetricFilter] = field(default_factory=dict)
    stored_bytes: int = 0
    _arrivals: deque[LogStream] = field(default_factory=deque)
    """The stream of each event in the order of arrival; events of one stream are in that order too."""
    _next_number: int = 0

    @property
    def kept_bytes(self) -> int:
        """About what the events take of the emulator's memory."""
        return self.stored_bytes + len(self._arrivals) * _EVENT_BYTES

    def append(self, stream: LogStream, timestamp: int, ingested: int, message: str, size: int) -> LogEvent:
        """Add an event to a stream."""
        event = LogEvent(self._next_number, timestamp, ingested, message, size)
        self._next_number += 1
        stream.events.append(event)
        if stream.first_timestamp is None or timestamp < stream.first_timestamp:
            stream.first_timestamp = timestamp
        if stream.last_timestamp is None or timestamp > stream.last_timestamp:
            stream.last_timestamp = timestamp
        stream.last_ingestion = ingested
        self.stored_bytes += size
        self._arrivals.append(stream)
        return event

    def trim(self, most_bytes: int, most_streams: int, oldest: int | None) -> None:
        """Forget the oldest arrivals beyond `most_bytes` and all before `oldest` (epoch milliseconds), then the oldest streams."""
        arrivals = self._arrivals
        while arrivals and (
            self.kept_bytes > most_bytes or (oldest is not None and arrivals[0].events[0].timestamp < oldest)
        ):
            self.stored_bytes -= arrivals.popleft().events.popleft().size
        while len(self.streams) > most_streams:
            self.delete_stream(next(iter(self.streams)))

    def delete_stream(self, name: str) -> None:
        """Forget a stream and its events."""
        stream = self.streams.pop(name)
        self.stored_bytes -= sum(event.size for event in stream.events)
        if stream.events:
            self._arrivals = deque(other for other in self._arrivals if other is not stream)
            stream.events.clear()
