"""Lambda's own log lines: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.sandbox.effects import InitFailure, InvocationResult, LogLine, Outcome
from emulator.services.lambda_.tests.fake_sandbox import Lambda, error, ok

GROUP = "audit"
APPLICATION_LINE = '{"timestamp": "2026-01-01T00:00:00Z", "level": "INFO", "message": "hello"}'


def json_function(**logging: str) -> Lambda:
    aws = Lambda()
    aws.function(LoggingConfig={"LogFormat": "JSON", "LogGroup": GROUP, **logging}, Timeout=9, MemorySize=256)
    return aws


def messages(aws: Lambda, group: str = GROUP) -> list[str]:
    aws.engine.run_ready()
    events = aws.call("FilterLogEvents", "logs", logGroupName=group)["events"]
    return [event["message"].rstrip("\n") for event in events]


def records(aws: Lambda) -> list[tuple[str, dict[str, Any]]]:
    """Lambda's own objects: (type, record)."""
    parsed = [json.loads(text) for text in messages(aws)]
    return [(line["type"], line["record"]) for line in parsed if "type" in line]


def test_json_format_has_start_and_report_around_the_functions_lines() -> None:
    aws = json_function()
    aws.handler = lambda payload: replace(ok(payload), lines=(LogLine(0.001, APPLICATION_LINE),))
    aws.invoke()
    request_id = aws.runs[0].request_id
    start, application, report = messages(aws)
    assert json.loads(start) == {
        "time": "2026-01-01T00:00:00.000Z",
        "type": "platform.start",
        "record": {"requestId": request_id, "version": "$LATEST"},
    }
    assert application == APPLICATION_LINE
    assert json.loads(report) == {
        "time": "2026-01-01T00:00:00.001Z",
        "type": "platform.report",
        "record": {
            "requestId": request_id,
            "status": "success",
            "metrics": {
                "durationMs": 1.5,
                "billedDurationMs": 102,
                "memorySizeMB": 256,
                "maxMemoryUsedMB": 40,
                "initDurationMs": 100.0,
            },
        },
    }


@pytest.mark.parametrize(
    ("outcome", "status", "error_type"),
    [
        (Outcome.ERROR, "error", None),
        (Outcome.TIMEOUT, "timeout", None),
        (Outcome.EXIT, "error", "Runtime.ExitError"),
        (Outcome.TOO_LARGE, "error", "Function.ResponseSizeTooLarge"),
    ],
)
def test_json_format_tells_a_failure_by_the_status_of_warnings(
    outcome: Outcome, status: str, error_type: str | None
) -> None:
    aws = json_function(SystemLogLevel="WARN")
    aws.handler = error if outcome is Outcome.ERROR else lambda payload: InvocationResult(outcome, b"7000000")
    aws.invoke()
    (done, done_record), (report, report_record) = records(aws)
    assert (done, report) == ("platform.runtimeDone", "platform.report")
    for record in (done_record, report_record):
        assert (record["status"], record.get("errorType")) == (status, error_type)
    assert len(messages(aws)) == 2


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        ("DEBUG", ["platform.start", "platform.runtimeDone", "platform.report"]),
        ("INFO", ["platform.start", "platform.report"]),
        ("WARN", []),
    ],
)
def test_system_log_level_filters_lambdas_own_lines(level: str, kinds: list[str]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""
    aws = json_function(SystemLogLevel=level)
    aws.handler = lambda payload: replace(ok(payload), lines=(LogLine(0.001, APPLICATION_LINE),))
    aws.invoke()
    assert [kind for kind, _ in records(aws)] == kinds
    assert APPLICATION_LINE in messages(aws)


def test_json_format_reports_a_failed_init() -> None:
    aws = json_function()
    aws.init_failures.append(InitFailure("error", b"{}", "Runtime.ImportModuleError"))
    aws.invoke()
    kind, record = records(aws)[0]
    assert kind == "platform.initReport"
    assert (record["phase"], record["status"], record["errorType"]) == ("init", "error", "Runtime.ImportModuleError")
    assert record["initializationType"] == "on-demand"


def test_tail_of_a_json_function_is_json() -> None:
    aws = json_function()
    tail = base64.b64decode(aws.invoke(LogType="Tail")["LogResult"]).decode()
    assert [json.loads(line)["type"] for line in tail.splitlines()] == ["platform.start", "platform.report"]


def test_streams_of_a_shared_group_name_their_function() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html"""
    aws = json_function()
    aws.invoke()
    aws.engine.run_ready()
    (stream,) = aws.call("DescribeLogStreams", "logs", logGroupName=GROUP)["logStreams"]
    date, _, rest = stream["logStreamName"].rpartition("/")
    assert date == "2026/01/01"
    assert rest.startswith("f[$LATEST][")
    assert len(rest) == len("f[$LATEST][]") + 32
    assert dict(aws.started[0].spec.variables)["AWS_LAMBDA_LOG_STREAM_NAME"] == stream["logStreamName"]


def test_text_format_tells_a_timeout_in_a_line_of_its_own() -> None:
    aws = Lambda()
    aws.function(Timeout=9)
    aws.handler = lambda payload: InvocationResult(Outcome.TIMEOUT, duration_milliseconds=9000.0)
    aws.invoke()
    request_id = aws.runs[0].request_id
    start, reason, end, report = messages(aws, "/aws/lambda/f")
    assert reason == f"2026-01-01T00:00:09.000Z {request_id} Task timed out after 9.00 seconds"
    assert (start.split()[0], end) == ("START", f"END RequestId: {request_id}")
    assert report.endswith("Status: timeout\t")
