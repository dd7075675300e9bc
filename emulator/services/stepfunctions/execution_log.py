"""Execution logs in CloudWatch Logs: which events a level takes, what a line looks like, and how lines are delivered.

Rules. FATAL takes an execution's bad end, ERROR every failure, ALL every event. Without `includeExecutionData` inputs, outputs and
parameters are left out. Numbers are strings in a line. Lines go out in batches: when a state is about to wait, and at the end.
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.effects import Call, Effect, Process, Spawn
from emulator.errors import AwsError
from emulator.identifiers import Identifiers
from emulator.services.stepfunctions.asl.document import dumps

__all__ = ["DATA_MEMBERS", "ExecutionLog", "LogStreams", "log_group_of", "without_data"]

DATA_MEMBERS = frozenset(
    {"input", "output", "parameters", "inputDetails", "outputDetails", "assignedVariables", "assignedVariablesDetails"}
)
"""The members of events that hold execution data."""

_FATAL = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
_ERROR_ENDINGS = ("Aborted", "Failed", "FailStateEntered", "TimedOut")
_LONGEST_LINE_BYTES = 250_000  # payloads above this are left out, and marked as truncated
_BATCH_BYTES = 1_000_000
_BATCH_LINES = 10_000
_LINE_OVERHEAD_BYTES = 26  # PutLogEvents counts so much per event


def log_group_of(configuration: Mapping[str, Any]) -> str | None:
    """The name of the log group that a logging configuration names."""
    for destination in configuration.get("destinations") or ():
        arn: str = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        parts = arn.split(":")
        if len(parts) >= 7 and parts[2] == "logs" and parts[5] == "log-group":
            return parts[6]
    return None


def without_data(event: dict[str, Any]) -> dict[str, Any]:
    """An event without the execution's data."""
    return {
        name: {key: inner for key, inner in value.items() if key not in DATA_MEMBERS}
        if isinstance(value, dict)
        else value
        for name, value in event.items()
    }


class LogStreams:
    """The log stream that each state machine writes to: `states/<machine>/<date>/<random>`."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._names: dict[tuple[str, str], str] = {}

    def deliver(self, group: str, machine: str, lines: list[tuple[float, str]]) -> Process:
        """Write lines, in a stream that is made when it is first needed. Raises AwsError where the group does not take them."""
        name = self._names.get((group, machine))
        if name is None:
            minute = datetime.fromtimestamp(lines[0][0], UTC).strftime("%Y-%m-%d-%H-%M")
            name = self._names[group, machine] = f"states/{machine}/{minute}/{self._identifiers.hex(8)}"
            try:
                yield Call("logs", "CreateLogStream", {"logGroupName": group, "logStreamName": name})
            except AwsError as error:
                del self._names[group, machine]
                if error.code != "ResourceAlreadyExistsException":
                    raise
        for batch in _batches(lines):
            events = [{"timestamp": round(moment * 1000), "message": text} for moment, text in batch]
            params = {"logGroupName": group, "logStreamName": name, "logEvents": events}
            yield Call("logs", "PutLogEvents", params, principal="delivery.logs.amazonaws.com")


class ExecutionLog:
    """The lines of one execution that have not been delivered yet."""

    __slots__ = ("_arn", "_data", "_group", "_level", "_lines", "_machine", "redrive_count")

    def __init__(self, configuration: Mapping[str, Any], group: str, arn: str, machine: str) -> None:
        self._level = configuration.get("level", "OFF")
        self._data = bool(configuration.get("includeExecutionData", False))
        self._group = group
        self._arn = arn
        self._machine = machine
        self._lines: list[tuple[float, str]] = []
        self.redrive_count = 0

    @classmethod
    def of(cls, configuration: Mapping[str, Any], arn: str, machine: str) -> ExecutionLog | None:
        """The log that a configuration asks for, or None where it asks for none."""
        group = log_group_of(configuration)
        if group is None or configuration.get("level", "OFF") == "OFF":
            return None
        return cls(configuration, group, arn, machine)

    def take(self, event: dict[str, Any]) -> None:
        """Write an event down, where the level takes it."""
        kind: str = event["type"]
        if self._level == "FATAL" and kind not in _FATAL:
            return
        if self._level == "ERROR" and not kind.endswith(_ERROR_ENDINGS):
            return
        line = self._line(event if self._data else without_data(event))
        if len(line) > _LONGEST_LINE_BYTES:
            line = self._line(_truncated(event))
        self._lines.append((event["timestamp"], line))

    def flush(self, streams: LogStreams) -> Effect | None:
        """What delivers the lines that wait, or None where there are none."""
        if not self._lines:
            return None
        lines, self._lines = self._lines, []
        group, machine = self._group, self._machine
        return Spawn(
            f"logs of {self._arn}",
            lambda: streams.deliver(group, machine, lines),
            order_key=f"stepfunctions logs {group} {machine}",
        )

    def _line(self, event: Mapping[str, Any]) -> str:
        details: Any = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
        line = {
            "id": str(event["id"]),
            "type": event["type"],
            "details": details,
            "redrive_count": str(self.redrive_count),
            "previous_event_id": str(event["previousEventId"]),
            "event_timestamp": str(round(event["timestamp"] * 1000)),
            "execution_arn": self._arn,
        }
        return dumps(line)


def _truncated(event: dict[str, Any]) -> dict[str, Any]:
    """An event whose data are too large for a line."""
    marked = without_data(event)
    for name, value in event.items():
        if isinstance(value, dict):
            marked[name] |= {key: {"truncated": True} for key in value if key in ("inputDetails", "outputDetails")}
    return marked


def _batches(lines: list[tuple[float, str]]) -> list[list[tuple[float, str]]]:
    batches: list[list[tuple[float, str]]] = [[]]
    size = 0
    for moment, text in lines:
        cost = len(text.encode("utf-8", "surrogatepass")) + _LINE_OVERHEAD_BYTES
        if batches[-1] and (size + cost > _BATCH_BYTES or len(batches[-1]) >= _BATCH_LINES):
            batches.append([])
            size = 0
        batches[-1].append((moment, text))
        size += cost
    return batches
