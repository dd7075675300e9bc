"""The way of an invocation's log lines into CloudWatch Logs, behind the back of the invocation.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.effects import Call, Effect, Process, Spawn
from emulator.errors import AwsError
from emulator.sandbox.effects import LogLine
from emulator.services.lambda_.platform_logs import Report, invocation_lines

__all__ = ["FunctionLogs"]

_BATCH_EVENTS = 1_000
_BATCH_BYTES = 500_000
"""Far below PutLogEvents' limit of 1 MiB: one invocation's lines are not divided before they are counted."""
_STREAMS = 1_000


@dataclass(slots=True)
class _Stream:
    group: str
    name: str
    pending: deque[tuple[float, Sequence[LogLine] | Report]] = field(default_factory=deque)
    shipping: bool = False
    latest: int = 0
    """The last line's epoch milliseconds. Lines of one stream never go back in time, also where the clock stands still."""


class FunctionLogs:
    """Ships lines to their streams, one shipper per stream at a time, so that a burst becomes few calls."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], _Stream] = {}

    def ship(self, group: str, stream: str, started: float, lines: Sequence[LogLine] | Report) -> list[Effect]:
        """The effects that bring lines to a stream; `started` is the epoch second from which the lines' seconds count."""
        known = self._streams.get((group, stream))
        if known is None:
            self._forget_old_streams()
            known = self._streams[group, stream] = _Stream(group, stream)
        known.pending.append((started, lines))
        if known.shipping:
            return []
        known.shipping = True
        return [Spawn(f"logs of {group}", lambda: self._ship(known), background=True)]

    def _ship(self, stream: _Stream) -> Process:
        try:
            events: list[dict[str, Any]] = []
            size = 0
            while stream.pending:
                started, lines = stream.pending.popleft()
                for line in invocation_lines(lines) if isinstance(lines, Report) else lines:
                    stream.latest = max(stream.latest, int((started + line.after_seconds) * 1000))
                    events.append({"timestamp": stream.latest, "message": f"{line.text}\n"})
                    size += len(line.text) * 4
                    if len(events) >= _BATCH_EVENTS or size >= _BATCH_BYTES:
                        yield from self._put(stream, events)
                        events, size = [], 0
                if events and not stream.pending:
                    yield from self._put(stream, events)
                    events, size = [], 0
        finally:
            stream.shipping = False

    def _forget_old_streams(self) -> None:
        if len(self._streams) >= _STREAMS:
            self._streams = {key: stream for key, stream in self._streams.items() if stream.shipping}

    def _put(self, stream: _Stream, events: list[dict[str, Any]]) -> Process:
        names = {"logGroupName": stream.group, "logStreamName": stream.name}
        try:
            yield _logs("PutLogEvents", {**names, "logEvents": events})
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            yield from _unless_there("CreateLogGroup", {"logGroupName": stream.group})
            yield from _unless_there("CreateLogStream", names)
            yield _logs("PutLogEvents", {**names, "logEvents": events})


def _unless_there(operation: str, params: dict[str, str]) -> Process:
    try:
        yield _logs(operation, params)
    except AwsError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


def _logs(operation: str, params: Mapping[str, Any]) -> Call:
    return Call("logs", operation, params, principal="lambda.amazonaws.com")
