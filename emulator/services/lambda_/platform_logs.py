"""What Lambda itself writes into a function's log, as text lines or as JSON objects.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html (which event has which level)
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html (the events' records)

A timeout, an exit and a response that is too large are told by a line of their own in text, by the events' status in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final

import orjson

from emulator.sandbox.effects import InvocationResult, LogLine, Outcome
from emulator.services.lambda_.function_errors import exit_reason

__all__ = ["Report", "init_report_line", "invocation_lines"]

_LEVELS: Final = ("DEBUG", "INFO", "WARN")
_STATUS: Final[Mapping[Outcome, str]] = {Outcome.OK: "success", Outcome.TIMEOUT: "timeout"}
"""The others are errors."""
_ERROR_TYPES: Final[Mapping[Outcome, str]] = {
    Outcome.EXIT: "Runtime.ExitError",
    Outcome.TOO_LARGE: "Function.ResponseSizeTooLarge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What Lambda's own lines tell of one invocation."""

    request_id: str
    version: str
    memory_mb: int
    timeout_seconds: int
    started: float
    """Epoch seconds."""
    result: InvocationResult
    init_milliseconds: float | None = None
    response_limit_bytes: int = 0
    log_format: str = "Text"
    system_log_level: str = "INFO"

    @property
    def billed_milliseconds(self) -> int:
        """Whole milliseconds; init counts since 2025-08-01."""
        return ceil(self.result.duration_milliseconds + (self.init_milliseconds or 0.0))


def invocation_lines(report: Report) -> list[LogLine]:
    """All lines of an invocation in order: Lambda's own around the function's."""
    return _json_lines(report) if report.log_format == "JSON" else _text_lines(report)


# -- text ------------------------------------------------------------------------------------------------------------------------


def _text_lines(report: Report) -> list[LogLine]:
    end = report.result.duration_milliseconds / 1000.0
    lines = [LogLine(0.0, f"START RequestId: {report.request_id} Version: {report.version}"), *report.result.lines]
    reason = _reason(report)
    if reason is not None:
        lines.append(LogLine(end, reason))
    return [*lines, LogLine(end, f"END RequestId: {report.request_id}"), LogLine(end, _report_line(report))]


def _report_line(report: Report) -> str:
    result = report.result
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {result.duration_milliseconds:.2f} ms",
        f"Billed Duration: {report.billed_milliseconds} ms",
        f"Memory Size: {report.memory_mb} MB",
        f"Max Memory Used: {result.max_memory_mb} MB",
    ]
    if report.init_milliseconds is not None:
        parts.append(f"Init Duration: {report.init_milliseconds:.2f} ms")
    if result.outcome is Outcome.TIMEOUT:
        parts.append("Status: timeout")
    elif result.outcome in _ERROR_TYPES:
        parts.append(f"Status: error\tError Type: {_ERROR_TYPES[result.outcome]}")
    return "\t".join(parts) + "\t"


def _reason(report: Report) -> str | None:
    """Why an invocation has no answer of its runtime."""
    result = report.result
    if result.outcome is Outcome.TIMEOUT:
        stamp = _timestamp(report.started + report.timeout_seconds)
        return f"{stamp} {report.request_id} Task timed out after {report.timeout_seconds:.2f} seconds\n"
    if result.outcome is Outcome.EXIT:
        return f"RequestId: {report.request_id} Error: {exit_reason(result.exit_code)}\nRuntime.ExitError"
    if result.outcome is Outcome.TOO_LARGE:
        return f"Response of {result.payload.decode()} bytes exceeds the limit of {report.response_limit_bytes} bytes"
    return None


# -- JSON ------------------------------------------------------------------------------------------------------------------------


def _json_lines(report: Report) -> list[LogLine]:
    result = report.result
    end = result.duration_milliseconds / 1000.0
    status = _STATUS.get(result.outcome, "error")
    failure = {} if result.outcome not in _ERROR_TYPES else {"errorType": _ERROR_TYPES[result.outcome]}
    ended = {"requestId": report.request_id, "status": status, **failure}
    metrics: dict[str, float] = {
        "durationMs": round(result.duration_milliseconds, 3),
        "billedDurationMs": report.billed_milliseconds,
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": result.max_memory_mb,
    }
    if report.init_milliseconds is not None:
        metrics["initDurationMs"] = round(report.init_milliseconds, 3)
    done = {**ended, "metrics": {"durationMs": metrics["durationMs"], "producedBytes": len(result.payload)}}
    start = {"requestId": report.request_id, "version": report.version}
    good = status == "success"
    return [
        *_event(report, "INFO", 0.0, "platform.start", start),
        *result.lines,
        *_event(report, "DEBUG" if good else "WARN", end, "platform.runtimeDone", done),
        *_event(report, "INFO" if good else "WARN", end, "platform.report", {**ended, "metrics": metrics}),
    ]


def _event(report: Report, level: str, after: float, kind: str, record: Mapping[str, Any]) -> list[LogLine]:
    if _LEVELS.index(level) < _LEVELS.index(report.system_log_level):
        return []
    return [LogLine(after, _json(report.started + after, kind, record))]


def _json(moment: float, kind: str, record: Mapping[str, Any]) -> str:
    return orjson.dumps({"time": _timestamp(moment), "type": kind, "record": record}).decode()


# -- a failed init ---------------------------------------------------------------------------------------------------------------


def init_report_line(log_format: str, started: float, milliseconds: float, kind: str, error_type: str) -> LogLine:
    """The report of an init phase that failed; a warning, which every log level lets through."""
    seconds = milliseconds / 1000.0
    if log_format == "JSON":
        record: dict[str, Any] = {
            "initializationType": "on-demand",
            "phase": "init",
            "status": "timeout" if kind == "timeout" else "error",
            "metrics": {"durationMs": round(milliseconds, 3)},
        }
        if kind != "timeout":
            record["errorType"] = error_type
        return LogLine(seconds, _json(started + seconds, "platform.initReport", record))
    status = "timeout" if kind == "timeout" else f"error\tError Type: {error_type}"
    return LogLine(seconds, f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {status}")


def _timestamp(moment: float) -> str:
    """`2026-01-01T00:00:00.000Z`"""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
