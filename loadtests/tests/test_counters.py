"""Counters and baselines: what differs is shown, what grew is worse, and what varies by its nature is not compared."""

from pathlib import Path
from typing import Any

import pytest

from loadtests.exit_codes import ExitCode
from loadtests.failures import UsageError
from loadtests.gate.baseline import Baseline, Budget, differences, parse_budget
from loadtests.gate.counter_run import state_retries, states_entered
from loadtests.gate.counters import Counters, count, varies
from loadtests.gate.result import GateResult

INGEST = "arn:aws:lambda:us-east-1:000000000000:function:audit-ingest-IngestMessageFunction-QYHOH2AWWMDL"


def entry(kind: str, service: str, operation: str, trace: str = "t1", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "service": service, "operation": operation, "trace_id": trace, **more}


JOURNAL = [
    entry("request", "apigateway", "POST", request_bytes=1000),
    entry("call", "s3", "PutObject", request_bytes=800),
    entry("call", "s3", "HeadObject", outcome="404"),
    entry("call", "dynamodb", "PutItem", request_bytes=1500),
    entry("call", "dynamodb", "PutItem", request_bytes=1500, outcome="ProvisionedThroughputExceededException"),
    entry("call", "sns", "Publish", request_bytes=70_000),
    entry("cold_start", "lambda", "cold_start", resource=INGEST, detail={"init_ms": 100.5}),
    entry(
        "invocation",
        "lambda",
        "invocation",
        resource=INGEST.rpartition(":")[2],
        detail={"billed_ms": 8, "request_bytes": 1200},
    ),
    entry("ExecutionSucceeded", "stepfunctions", "ExecutionSucceeded", detail={"events": 52}),
    entry("call", "s3", "PutObject", trace="stranger"),
    {"kind": "call", "service": "sqs", "operation": "ReceiveMessage"},
]
EXPECTED = {
    "requests/apigateway": 1,
    "units/apigateway_requests": 1,
    "request_bytes/apigateway": 1000,
    "calls/s3.PutObject": 1,
    "request_bytes/s3.PutObject": 800,
    "units/s3_tier1_requests": 1,
    "calls/s3.HeadObject": 1,
    "units/s3_tier2_requests": 1,
    "calls/dynamodb.PutItem": 2,
    "request_bytes/dynamodb.PutItem": 3000,
    "units/dynamodb_write_units": 4,
    "failed_calls/dynamodb.PutItem ProvisionedThroughputExceededException": 1,
    "calls/sns.Publish": 1,
    "request_bytes/sns.Publish": 70_000,
    "units/sns_requests": 2,
    "cold_starts/IngestMessageFunction": 1,
    "init_ms/IngestMessageFunction": 100.5,
    "invocations/IngestMessageFunction": 1,
    "invocation_bytes/IngestMessageFunction": 1200,
    "units/lambda_requests": 1,
    "billed_gb_ms/IngestMessageFunction": 4.0,
    "units/lambda_gb_ms": 4.0,
    "executions/Succeeded": 1,
    "history_events": 52,
    "transitions": 12,
    "units/states_transitions": 12,
}


def test_every_entry_under_a_message_is_counted_and_nothing_else() -> None:
    memory = {INGEST.rpartition(":")[2]: 512}
    assert count(JOURNAL, ["t1"], memory_mb=memory, transitions=12).totals == EXPECTED


def test_message_whose_beginning_was_forgotten_is_not_counted_as_a_cheap_one() -> None:
    rest = [entry("call", "s3", "PutObject", trace="old"), *JOURNAL]
    assert count(rest, ["old", "t1"], memory_mb={}).messages == 1
    assert count(rest, ["old"]).per_message() == {}


def counters(**changes: float) -> Counters:
    totals = {"calls/s3.PutObject": 2.0, "billed_gb_ms/F": 9.0, "request_bytes/s3.PutObject": 1000.0}
    return Counters(2, {**totals, **changes})


@pytest.mark.parametrize(
    ("changes", "names", "worse"),
    [
        ({}, [], []),
        ({"calls/s3.PutObject": 4}, ["calls/s3.PutObject"], ["calls/s3.PutObject"]),
        ({"calls/s3.PutObject": 3}, ["calls/s3.PutObject"], ["calls/s3.PutObject"]),
        ({"calls/s3.PutObject": 1}, ["calls/s3.PutObject"], []),
        ({"calls/sqs.SendMessage": 2}, ["calls/sqs.SendMessage"], ["calls/sqs.SendMessage"]),
        ({"billed_gb_ms/F": 900}, ["billed_gb_ms/F"], []),
        ({"request_bytes/s3.PutObject": 1015}, [], []),
        ({"request_bytes/s3.PutObject": 1100}, ["request_bytes/s3.PutObject"], ["request_bytes/s3.PutObject"]),
    ],
)
def test_difference_is_shown_and_growth_is_worse(changes: dict[str, float], names: list[str], worse: list[str]) -> None:
    found = differences(counters(), counters(**changes))
    assert [change.name for change in found] == names
    assert [change.name for change in found if change.worse] == worse
    result = GateResult("g", "baseline", counters(**changes), found)
    assert result.exit_code is (ExitCode.REGRESSION if worse else ExitCode.OK)


def test_extra_call_is_caught_with_any_number_of_messages() -> None:
    for messages in (1, 3, 1000):
        before = Counters(messages, {"calls/a.B": messages})
        after = Counters(messages, {"calls/a.B": messages, "calls/c.D": messages})
        assert [change.worse for change in differences(before, after)] == [True]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("calls/s3.PutObject <= 1", 0),
        ("calls/s3.PutObject <= 0.5", 3),
        ("calls/* <= 1", 0),
        ("calls/* <= 0.9", 3),
        ("calls/never <= 0", 0),
    ],
)
def test_budget_is_a_threshold(text: str, code: int) -> None:
    assert GateResult("g", "baseline", counters(), budgets=[parse_budget(text)]).exit_code == code


@pytest.mark.parametrize("text", ["", "calls", "<= 1", "calls <= many", "calls < 1"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no budget"):
        parse_budget(text)


def test_only_what_depends_on_time_varies() -> None:
    assert not varies("calls/s3.PutObject")
    assert not varies("units/lambda_requests")
    assert varies("billed_gb_ms/F")
    assert varies("calls/logs.PutLogEvents")


def test_baseline_survives_writing_and_reading(tmp_path: Path) -> None:
    baseline = Baseline("b", {"sizes": [1]}, counters(), (Budget("calls/*", 3.0),), {1: 2.5}, None, {"cores": 2})
    baseline.write(tmp_path / "deep" / "b.json")
    assert Baseline.read(tmp_path / "deep" / "b.json") == baseline
    with pytest.raises(UsageError, match="baseline save missing"):
        Baseline.read(tmp_path / "missing.json")
    (tmp_path / "old.json").write_text('{"schema_version": 0}')
    with pytest.raises(UsageError, match="version"):
        Baseline.read(tmp_path / "old.json")


def test_retries_are_counted_wherever_work_is_done_again() -> None:
    again = [
        entry("request", "apigateway", "POST"),
        entry("call", "sqs", "SendMessage"),
        entry("call", "sqs", "SendMessage", detail={"attempt": 2}),
        entry("invocation", "lambda", "invocation", resource="f", detail={"request_id": "1"}),
        entry("invocation", "lambda", "invocation", resource="f", detail={"request_id": "1"}),
        entry("invocation", "lambda", "invocation", resource="f", detail={"request_id": "2"}),
    ]
    totals = count(again, ["t1"], state_retries=3).totals
    assert {name: total for name, total in totals.items() if name.startswith("retries/")} == {
        "retries/sqs.SendMessage": 1,
        "retries/lambda.f": 1,
        "retries/states": 3,
    }


def test_tries_of_a_state_after_its_first_are_retries() -> None:
    events = ["ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionFailed"]
    events += ["LambdaFunctionScheduled", "LambdaFunctionSucceeded", "TaskStateExited", "PassStateEntered"]
    assert (states_entered(events), state_retries(events)) == (2, 1)
    assert state_retries(["PassStateEntered", "TaskStateEntered"]) == 0


def test_reports_are_written_for_people_and_programs(tmp_path: Path) -> None:
    found = differences(counters(), counters(**{"calls/s3.PutObject": 4}))
    result = GateResult("g", "baseline b", counters(), found)
    result.write(tmp_path / "gate", {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    assert "calls/s3.PutObject: 1 -> 2 a message" in (tmp_path / "summary.md").read_text()
    assert '"exit_code": 4' in (tmp_path / "gate" / "gate.json").read_text()
    assert '<failure message="calls/s3.PutObject' in (tmp_path / "gate" / "junit.xml").read_text()
