"""The append-only record of what happened: for tests, reports, `explain` and the console. Logs are for people, this is for machines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import starmap
from typing import Any, NamedTuple

__all__ = ["Entry", "Journal"]


class Entry(NamedTuple):
    """One thing that happened. `time` and `started` are epoch seconds on the engine's clock; bodies are never kept, only their sizes."""

    sequence: int
    time: float
    kind: str
    """`call`, `external`, `delivery`, `spawned`, `failed`, `fault`, or a service's own (`START`, `cold_start`, ...)."""
    service: str
    operation: str
    resource: str = ""
    trace_id: str = ""
    outcome: str = "ok"
    """`ok`, or the error's code."""
    started: float | None = None
    request_bytes: int | None = None
    response_bytes: int | None = None
    detail: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON-ready data, without the members that are unset."""
        return {name: value for name, value in self._asdict().items() if value is not None and value != ""}


class Journal:
    """Entries in order, bounded in memory; `listeners` see each entry as it is written (the stream to disk, the console).

    They are kept as plain tuples, which Python's garbage collector stops looking at: a long journal does not make it slower.
    """

    def __init__(self, capacity: int = 200_000) -> None:
        self._entries: deque[tuple[Any, ...]] = deque(maxlen=capacity)
        self._sequence = 0
        self.listeners: list[Callable[[Entry], None]] = []

    def write(
        self,
        time: float,
        kind: str,
        service: str,
        operation: str,
        *,
        resource: str = "",
        trace_id: str = "",
        outcome: str = "ok",
        started: float | None = None,
        request_bytes: int | None = None,
        response_bytes: int | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one entry."""
        self._sequence += 1
        entry = (
            self._sequence,
            time,
            kind,
            service,
            operation,
            resource,
            trace_id,
            outcome,
            started,
            request_bytes,
            response_bytes,
            detail,
        )
        self._entries.append(entry)
        for listener in self.listeners:
            listener(Entry._make(entry))

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return starmap(Entry, tuple(self._entries))

    @property
    def last_sequence(self) -> int:
        """The number of entries ever written."""
        return self._sequence

    def entries(self, *, after: int = 0, **where: Any) -> list[Entry]:
        """Entries with a sequence above `after` whose members equal `where`, oldest first."""
        return [
            entry
            for entry in self
            if entry.sequence > after and all(getattr(entry, name) == value for name, value in where.items())
        ]
