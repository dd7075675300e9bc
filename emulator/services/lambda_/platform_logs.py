"""What Lambda itself writes into a function's log, as text lines or as JSON objects.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html (which event has which level)
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html (the events' records)

A timeout, an exit and a response that is too large are told by a line of their own in text, by the events' status in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final, NamedTuple

import orjson

from emulator.sandbox.effects import InitFailure, InvocationResult, LogLine, Outcome
from emulator.services.lambda_.function_errors import exit_error, init_error_type

__all__ = ["Report", "closing_lines", "init_report_line", "invocation_lines", "opening_lines"]

_LEVELS: Final = ("DEBUG", "INFO", "WARN")
_STATUS: Final[Mapping[Outcome, str]] = {Outcome.OK: "success", Outcome.TIMEOUT: "timeout"}
"""The others are errors."""


class Report(NamedTuple):
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
    total_milliseconds: float | None = None
    """With the part of extensions, once they have finished."""

    @property
    def billed_milliseconds(self) -> int:
        """Whole milliseconds; extensions count, and init since 2025-08-01."""
        total = self.result.duration_milliseconds if self.total_milliseconds is None else self.total_milliseconds
        return ceil(total + (self.init_milliseconds or 0.0))

    @property
    def error_type(self) -> str:
        """What Lambda calls a failure that is not the handler's; empty for none."""
        if self.result.outcome is Outcome.EXIT or self.result.suppressed_init is not None:
            return self.result.error_type or "Runtime.ExitError"
        return "Function.ResponseSizeTooLarge" if self.result.outcome is Outcome.TOO_LARGE else ""


def invocation_lines(report: Report) -> list[LogLine]:
    """All lines of an invocation in order: Lambda's own around the function's."""
    return opening_lines(report) + _ending(report, report.result.duration_milliseconds)


def opening_lines(report: Report) -> list[LogLine]:
    """What there is to say when the runtime has answered; extensions may still work."""
    return _json_opening(report) if report.log_format == "JSON" else _text_opening(report)


def closing_lines(report: Report, milliseconds: float) -> list[LogLine]:
    """What is left to say when extensions have finished, after `milliseconds` in all."""
    return _ending(report._replace(total_milliseconds=milliseconds), milliseconds)


def _ending(report: Report, milliseconds: float) -> list[LogLine]:
    end = milliseconds / 1000.0
    if report.log_format == "JSON":
        return _json_report(report, end)
    return [LogLine(end, f"END RequestId: {report.request_id}"), LogLine(end, _report_line(report))]


# -- text ------------------------------------------------------------------------------------------------------------------------


def _text_opening(report: Report) -> list[LogLine]:
    lines = [LogLine(0.0, f"START RequestId: {report.request_id} Version: {report.version}"), *report.result.lines]
    reason = _reason(report)
    if reason is not None:
        lines.append(LogLine(report.result.duration_milliseconds / 1000.0, reason))
    return lines


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
    elif report.error_type:
        parts.append(f"Status: error\tError Type: {report.error_type}")
    return "\t".join(parts) + "\t"


def _reason(report: Report) -> str | None:
    """Why an invocation has no answer of its runtime."""
    result = report.result
    if result.outcome is Outcome.TIMEOUT:
        stamp = _timestamp(report.started + report.timeout_seconds)
        return f"{stamp} {report.request_id} Task timed out after {report.timeout_seconds:.2f} seconds\n"
    if result.outcome is Outcome.EXIT:
        error_type, reason = exit_error(result)
        return f"RequestId: {report.request_id} Error: {reason}\n{error_type}"
    if result.outcome is Outcome.TOO_LARGE:
        return f"Response of {result.payload.decode()} bytes exceeds the limit of {report.response_limit_bytes} bytes"
    return None


# -- JSON ------------------------------------------------------------------------------------------------------------------------


def _json_opening(report: Report) -> list[LogLine]:
    result = report.result
    done = {
        **_ended(report),
        "metrics": {"durationMs": round(result.duration_milliseconds, 3), "producedBytes": len(result.payload)},
    }
    start = {"requestId": report.request_id, "version": report.version}
    level = "DEBUG" if result.outcome is Outcome.OK else "WARN"
    return [
        *_event(report, "INFO", 0.0, "platform.start", start),
        *result.lines,
        *_event(report, level, result.duration_milliseconds / 1000.0, "platform.runtimeDone", done),
    ]


def _json_report(report: Report, end: float) -> list[LogLine]:
    metrics: dict[str, float] = {
        "durationMs": round(report.result.duration_milliseconds, 3),
        "billedDurationMs": report.billed_milliseconds,
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.result.max_memory_mb,
    }
    if report.init_milliseconds is not None:
        metrics["initDurationMs"] = round(report.init_milliseconds, 3)
    level = "INFO" if report.result.outcome is Outcome.OK else "WARN"
    return _event(report, level, end, "platform.report", {**_ended(report), "metrics": metrics})


def _ended(report: Report) -> dict[str, Any]:
    failure = {"errorType": report.error_type} if report.error_type else {}
    return {"requestId": report.request_id, "status": _STATUS.get(report.result.outcome, "error"), **failure}


def _event(report: Report, level: str, after: float, kind: str, record: Mapping[str, Any]) -> list[LogLine]:
    if _LEVELS.index(level) < _LEVELS.index(report.system_log_level):
        return []
    return [LogLine(after, _json(report.started + after, kind, record))]


def _json(moment: float, kind: str, record: Mapping[str, Any]) -> str:
    return orjson.dumps({"time": _timestamp(moment), "type": kind, "record": record}).decode()


# -- a failed init ---------------------------------------------------------------------------------------------------------------


def init_report_line(
    log_format: str,
    started: float,
    milliseconds: float,
    failure: InitFailure,
    *,
    phase: str = "init",
    initialization_type: str = "on-demand",
) -> LogLine:
    """The report of an init that failed, in the phase `init` or (run again by an invocation) `invoke`.

    It is a warning, which every log level lets through.
    """
    seconds = milliseconds / 1000.0
    error_type = init_error_type(failure)
    if log_format == "JSON":
        record: dict[str, Any] = {
            "initializationType": initialization_type,
            "phase": phase,
            "status": "timeout" if failure.kind == "timeout" else "error",
            "metrics": {"durationMs": round(milliseconds, 3)},
        }
        if error_type:
            record["errorType"] = error_type
        return LogLine(seconds, _json(started + seconds, "platform.initReport", record))
    status = "timeout" if failure.kind == "timeout" else f"error\tError Type: {error_type}"
    return LogLine(seconds, f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\tStatus: {status}")


def _timestamp(moment: float) -> str:
    """`2026-01-01T00:00:00.000Z`"""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
