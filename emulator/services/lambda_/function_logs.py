"""The log lines of an invocation, and their way into CloudWatch Logs behind the back of the invocation.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from emulator.effects import Call, Effect, Process, Spawn
from emulator.errors import AwsError
from emulator.sandbox.effects import InvocationResult, LogLine, Outcome

__all__ = ["FunctionLogs", "Report", "closing_lines", "init_report_line", "invocation_lines", "opening_lines"]

_BATCH_EVENTS = 1_000
_BATCH_BYTES = 500_000
"""Far below PutLogEvents' limit of 1 MiB: one invocation's lines are not divided before they are counted."""
_STREAMS = 1_000
_STATUS = {
    Outcome.TIMEOUT: "Status: timeout",
    Outcome.TOO_LARGE: "Status: error\tError Type: Function.ResponseSizeTooLarge",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What the START, END and REPORT lines tell of one invocation."""

    request_id: str
    version: str
    memory_mb: int
    result: InvocationResult
    init_milliseconds: float | None = None
    total_milliseconds: float | None = None
    """With the part of extensions, once they have finished."""

    @property
    def billed_milliseconds(self) -> int:
        """Whole milliseconds; extensions count, and init since 2025-08-01."""
        total = self.result.duration_milliseconds if self.total_milliseconds is None else self.total_milliseconds
        return ceil(total + (self.init_milliseconds or 0.0))

    def line(self) -> str:
        """The REPORT line."""
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.result.duration_milliseconds:.2f} ms",
            f"Billed Duration: {self.billed_milliseconds} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.result.max_memory_mb} MB",
        ]
        if self.init_milliseconds is not None:
            parts.append(f"Init Duration: {self.init_milliseconds:.2f} ms")
        if self.result.outcome in _STATUS:
            parts.append(_STATUS[self.result.outcome])
        elif self.result.outcome is Outcome.EXIT or self.result.suppressed_init is not None:
            parts.append(f"Status: error\tError Type: {self.result.error_type or 'Runtime.ExitError'}")
        return "\t".join(parts) + "\t"


def invocation_lines(report: Report) -> list[LogLine]:
    """All lines of an invocation in order."""
    end = report.result.duration_milliseconds / 1000.0
    return [
        LogLine(0.0, f"START RequestId: {report.request_id} Version: {report.version}"),
        *report.result.lines,
        LogLine(end, f"END RequestId: {report.request_id}"),
        LogLine(end, report.line()),
    ]


def closing_lines(report: Report, milliseconds: float) -> list[LogLine]:
    """What is left to say when extensions have finished, after `milliseconds` in all."""
    end = milliseconds / 1000.0
    report = replace(report, total_milliseconds=milliseconds)
    return [LogLine(end, f"END RequestId: {report.request_id}"), LogLine(end, report.line())]


def opening_lines(report: Report) -> list[LogLine]:
    """What there is to say when the runtime has answered and extensions still work."""
    return [LogLine(0.0, f"START RequestId: {report.request_id} Version: {report.version}"), *report.result.lines]


def init_report_line(milliseconds: float, phase: str, kind: str, error_type: str) -> LogLine:
    """The INIT_REPORT line of an init that failed, in the phase `init` or (run again by an invocation) `invoke`."""
    status = "timeout" if kind == "timeout" else f"error\tError Type: {error_type}"
    return LogLine(
        milliseconds / 1000.0, f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\tStatus: {status}"
    )


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
