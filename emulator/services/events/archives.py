"""Archives of events, and replays of them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.services.events.patterns import EventPattern
from emulator.services.events.state import Event

__all__ = ["REPLAY_NAME", "Archive", "Replay"]

REPLAY_NAME = "replay-name"
"""The member of an event that tells that it is replayed; archives do not keep such events again."""
_DAY_SECONDS = 86_400.0


@dataclass(slots=True)
class Archive:
    """The events of a bus that match a pattern, for some days; for ever with 0. Times in epoch seconds."""

    arn: str
    name: str
    source_arn: str
    created: float
    pattern: EventPattern | None = None
    description: str | None = None
    retention_days: int = 0
    events: deque[Event] = field(default_factory=deque)
    size_bytes: int = 0

    def keep(self, event: Event) -> None:
        """Keep an event that matches, and no longer those that are too old."""
        if REPLAY_NAME in event.members or not (self.pattern is None or self.pattern.matches(event.fields)):
            return
        self.events.append(event)
        self.size_bytes += event.size_bytes
        self.forget(event.ingestion_time)

    def forget(self, now: float) -> None:
        """Drop what is older than the retention."""
        while (
            self.retention_days
            and self.events
            and self.events[0].ingestion_time < now - self.retention_days * _DAY_SECONDS
        ):
            self.size_bytes -= self.events.popleft().size_bytes

    def between(self, start: float, end: float) -> Iterator[Event]:
        """The events from `start` until before `end`, in their order."""
        return (event for event in tuple(self.events) if start <= event.ingestion_time < end)


@dataclass(slots=True)
class Replay:
    """A replay; STARTING, RUNNING, then COMPLETED or FAILED, or CANCELLING and CANCELLED."""

    arn: str
    name: str
    archive: Archive
    destination: Mapping[str, Any]
    event_start: float
    event_end: float
    started: float
    description: str | None = None
    state: str = "STARTING"
    ended: float | None = None
    last_replayed: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether it counts against the quota."""
        return self.state in ("STARTING", "RUNNING", "CANCELLING")
