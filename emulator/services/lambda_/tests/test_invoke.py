"""Invoke. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from emulator.effects import Call, Process, Race, Sleep
from emulator.http import HttpRequest
from emulator.operation import CallContext
from emulator.sandbox import Capacity
from emulator.sandbox.effects import InitFailure, InvocationResult, LogLine, Outcome
from emulator.services.lambda_ import LambdaQuotas
from emulator.services.lambda_.errors import (
    InvalidRequestContentException,
    RequestTooLargeException,
    ResourceNotFoundException,
    ServiceException,
    TooManyRequestsException,
)
from emulator.services.lambda_.tests.fake_sandbox import Lambda, error, ok


def test_result_has_payload_version_and_no_error() -> None:
    aws = Lambda()
    aws.function()
    assert aws.invoke(payload=b'{"a":1}') == {"StatusCode": 200, "Payload": b'{"a":1}', "ExecutedVersion": "$LATEST"}


def test_missing_payload_is_an_empty_object() -> None:
    aws = Lambda()
    aws.function()
    assert aws.invoke(payload=b"")["Payload"] == b"{}"


def test_handler_error_is_a_200_with_function_error() -> None:
    aws = Lambda()
    aws.function()
    aws.handler = error
    result = aws.invoke()
    assert (result["StatusCode"], result["FunctionError"]) == (200, "Unhandled")
    assert json.loads(result["Payload"])["errorType"] == "Bad"


@pytest.mark.parametrize(
    ("result", "error_type", "message"),
    [
        (
            InvocationResult(Outcome.TIMEOUT),
            "Sandbox.Timedout",
            "RequestId: {id} Error: Task timed out after 3.00 seconds",
        ),
        (
            InvocationResult(Outcome.EXIT, exit_code=101),
            "Runtime.ExitError",
            "RequestId: {id} Error: Runtime exited with error: exit status 101",
        ),
        (
            InvocationResult(Outcome.EXIT, exit_code=-9),
            "Runtime.ExitError",
            "RequestId: {id} Error: Runtime exited with error: signal: killed",
        ),
        (
            InvocationResult(Outcome.EXIT, exit_code=0),
            "Runtime.ExitError",
            "RequestId: {id} Error: Runtime exited without providing a reason",
        ),
        (
            InvocationResult(Outcome.TOO_LARGE, b"7000000"),
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ],
)
def test_failures_outside_the_handler_have_lambdas_words(
    result: InvocationResult, error_type: str, message: str
) -> None:
    aws = Lambda()
    aws.function()
    aws.handler = lambda payload: result
    answer = aws.invoke()
    request_id = aws.runs[0].request_id
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"]) == {"errorType": error_type, "errorMessage": message.format(id=request_id)}


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_payload_limit_is_exact_and_has_its_own_code(kind: str, limit: int) -> None:
    aws = Lambda()
    aws.function()
    aws.invoke(payload=b'"' + b"x" * (limit - 2) + b'"', InvocationType=kind)
    with pytest.raises(RequestTooLargeException) as raised:
        aws.invoke(payload=b"x" * (limit + 1), InvocationType=kind)
    assert (raised.value.code, raised.value.status) == ("RequestEntityTooLargeException", 413)
    assert raised.value.message == (
        f"{limit + 1} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
    )


def test_payload_that_is_no_json_is_refused_only_from_clients() -> None:
    aws = Lambda()
    aws.function()
    http = HttpRequest("POST", "/", "", ())
    context = CallContext(now=aws.clock.now(), request_id="r", request=http)
    with pytest.raises(InvalidRequestContentException, match="Could not parse request body into json"):
        aws.service.handle("Invoke", {"FunctionName": "f", "Payload": b"{no"}, context)
    aws.service.handle("Invoke", {"FunctionName": "f", "Payload": b'"\\ud800"'}, context)


def test_dry_run_checks_and_runs_nothing() -> None:
    aws = Lambda()
    aws.function()
    assert aws.invoke(InvocationType="DryRun") == {"StatusCode": 204}
    with pytest.raises(
        ResourceNotFoundException, match="Function not found: arn:aws:lambda:us-east-1:000000000000:function:g"
    ):
        aws.invoke("g", InvocationType="DryRun")
    assert aws.runs == []


def test_tail_is_the_last_4_kb_with_start_end_and_report() -> None:
    aws = Lambda()
    aws.function()
    lines = (LogLine(0.001, "x" * 5000), LogLine(0.002, "last"))
    aws.handler = lambda payload: replace(ok(payload), lines=lines)
    aws.invoke()
    tail = base64.b64decode(aws.invoke(LogType="Tail")["LogResult"])
    assert len(tail) == 4096
    end, report = f"END RequestId: {aws.runs[1].request_id}", f"REPORT RequestId: {aws.runs[1].request_id}"
    numbers = "Duration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t"
    assert tail.decode().splitlines()[-3:] == ["last", end, f"{report}\t{numbers}"]


def test_log_lines_reach_their_stream_and_init_duration_is_told_once() -> None:
    aws = Lambda()
    aws.function()
    aws.handler = lambda payload: replace(ok(payload), lines=(LogLine(0.001, "hello"),))
    aws.invoke()
    aws.invoke()
    (stream,) = aws.call("DescribeLogStreams", "logs", logGroupName="/aws/lambda/f")["logStreams"]
    assert stream["logStreamName"].startswith("2026/01/01/[$LATEST]")
    events = aws.call(
        "GetLogEvents", "logs", logGroupName="/aws/lambda/f", logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    texts = [event["message"] for event in events]
    assert [text.split()[0] for text in texts] == ["START", "hello", "END", "REPORT"] * 2
    assert ["Init Duration: 100.00 ms" in text for text in texts if text.startswith("REPORT")] == [True, False]
    assert "Billed Duration: 102 ms" in texts[3]


def test_trace_header_continues_the_callers_trace() -> None:
    aws = Lambda()
    aws.function()
    context = CallContext(now=aws.clock.now(), request_id="r", trace_id="1-00000000-aaa")
    aws.engine.call("lambda", "Invoke", {"FunctionName": "f"}, context, lambda value, problem: None)
    aws.engine.run_ready()
    root, parent, sampled = aws.runs[0].trace_header.split(";")
    assert (root, sampled, len(parent)) == ("Root=1-00000000-aaa", "Sampled=1", len("Parent=") + 16)


def test_variables_are_lambdas_the_functions_and_our_endpoint() -> None:
    aws = Lambda()
    aws.function(Environment={"Variables": {"MINE": "1"}}, MemorySize=256, Timeout=9)
    aws.invoke()
    variables = dict(aws.started[0].spec.variables)
    stream = variables.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert stream.startswith("2026/01/01/[$LATEST]")
    key = variables.pop("AWS_ACCESS_KEY_ID")
    assert variables.pop("AWS_ACCESS_KEY") == key
    assert key.startswith("ASIA")
    assert len(key) == 20
    assert aws.account.principals[key] == "arn:aws:sts::000000000000:assumed-role/runner/f"
    assert variables.pop("AWS_SECRET_ACCESS_KEY")
    assert variables.pop("AWS_SESSION_TOKEN")
    assert variables == {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_REGION": "us-east-1",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "MINE": "1",
        "_HANDLER": "app.handler",
    }


# -- environments and concurrency -----------------------------------------------------------------------------------------------------


def test_warm_environment_is_used_again_and_a_second_one_only_when_needed() -> None:
    aws = Lambda()
    aws.function()
    for _ in range(3):
        aws.invoke()
    assert len(aws.started) == 1
    aws.hold = True
    pending = [aws.begin("Invoke", FunctionName="f") for _ in range(2)]
    assert len(aws.started) == 2
    aws.finish()
    aws.finish()
    assert all(outcome[0][1] is None for outcome in pending)


def test_excess_demand_waits_in_order_for_the_machines_environments() -> None:
    aws = Lambda(capacity=Capacity(max_environments=2, concurrent_starts=2))
    aws.function()
    aws.hold = True
    pending = [aws.begin("Invoke", FunctionName="f", Payload=b"%d" % number) for number in range(6)]
    assert len(aws.started) == 2
    for number in range(6):
        assert aws.held[0][0].payload == b"%d" % number
        aws.finish()
    assert [outcome[0][0]["Payload"] for outcome in pending] == [b"%d" % number for number in range(6)]
    assert len(aws.started) == 2


def test_wait_for_an_environment_ends_with_an_error_that_names_the_machines_limit() -> None:
    aws = Lambda(capacity=Capacity(max_environments=1, concurrent_starts=1, wait_seconds=60.0))
    aws.function()
    aws.hold = True
    first, second = (aws.begin("Invoke", FunctionName="f") for _ in range(2))
    aws.advance(61.0)
    assert isinstance(second[0][1], ServiceException)
    assert "max_environments" in str(second[0][1])
    aws.finish()
    assert first[0][1] is None


def test_idle_environment_of_another_function_makes_room() -> None:
    aws = Lambda(capacity=Capacity(max_environments=2, concurrent_starts=1))
    for name in ("a", "b", "c"):
        aws.function(name)
        aws.invoke(name)
    assert [start.spec.function_name for start in aws.started] == ["a", "b", "c"]
    assert len(aws.stopped) == 1
    aws.invoke("b")
    assert len(aws.started) == 3, "b is still warm, a was idle for longest"


def test_busy_function_cannot_starve_another_one() -> None:
    aws = Lambda(capacity=Capacity(max_environments=1, concurrent_starts=1, overtaken_at_most=4))
    aws.function("busy")
    aws.function("other")
    aws.hold = True
    aws.begin("Invoke", FunctionName="busy")
    other = aws.begin("Invoke", FunctionName="other")
    for _ in range(12):
        aws.begin("Invoke", FunctionName="busy")
    for _ in range(10):
        aws.finish()
    assert other


def test_environment_that_was_idle_for_too_long_is_not_used_again() -> None:
    aws = Lambda(capacity=Capacity(idle_seconds=600.0))
    aws.function()
    aws.invoke()
    aws.advance(599.0)
    aws.invoke()
    assert len(aws.started) == 1
    aws.advance(601.0)
    aws.invoke()
    assert (len(aws.started), len(aws.stopped)) == (2, 1)


def test_environment_that_died_before_it_took_the_event_is_replaced_unseen() -> None:
    aws = Lambda()
    aws.function()
    results = [InvocationResult(Outcome.LOST), ok(b"1")]
    aws.handler = lambda payload: results.pop(0)
    assert aws.invoke()["Payload"] == b"1"
    assert len(aws.started) == 2


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.EXIT])
def test_crash_and_timeout_reset_the_environment_which_is_used_again(outcome: Outcome) -> None:
    aws = Lambda()
    aws.function()
    aws.handler = lambda payload: InvocationResult(outcome)
    aws.invoke()
    aws.handler = ok
    assert aws.invoke()["Payload"] == b"{}"
    assert (len(aws.started), aws.stopped) == (1, [])


def test_failed_init_runs_again_in_the_invocation_whose_answer_it_becomes() -> None:
    aws = Lambda()
    aws.function()
    document = b'{"errorMessage":"Unable to import module","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]}'
    failure = InitFailure("error", document, "Runtime.ImportModuleError")
    aws.init_failures.append(failure)
    aws.handler = lambda payload: InvocationResult(
        Outcome.ERROR, document, failure.error_type, suppressed_init=failure, init_milliseconds=12.5
    )
    failed = aws.invoke()
    assert (failed["FunctionError"], failed["Payload"]) == ("Unhandled", document)
    aws.handler = ok
    assert aws.invoke()["Payload"] == b"{}"
    events = aws.call("FilterLogEvents", "logs", logGroupName="/aws/lambda/f", filterPattern="INIT_REPORT")["events"]
    assert [event["message"] for event in events] == [
        f"INIT_REPORT Init Duration: {duration} ms\tPhase: {phase}\tStatus: error\tError Type: Runtime.ImportModuleError\n"
        for duration, phase in (("100.00", "init"), ("12.50", "invoke"))
    ]


def test_init_that_overran_costs_nothing_where_the_invocation_finishes_it() -> None:
    aws = Lambda()
    aws.function(Timeout=20)
    aws.init_failures.append(InitFailure("timeout"))
    assert aws.invoke()["Payload"] == b"{}"
    assert [start.spec.init_timeout_seconds for start in aws.started] == [10.0]
    assert aws.runs[-1].timeout_seconds == 20.0


def test_update_lets_running_invocations_end_and_starts_anew() -> None:
    aws = Lambda()
    aws.function()
    aws.hold = True
    running = aws.begin("Invoke", FunctionName="f")
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=512)
    aws.finish()
    assert running[0][1] is None
    assert len(aws.stopped) == 1
    aws.hold = False
    aws.invoke()
    assert aws.started[-1].spec.memory_mb == 512


def test_reserved_concurrency_throttles_with_its_reason() -> None:
    aws = Lambda()
    aws.function()
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)
    aws.hold = True
    aws.begin("Invoke", FunctionName="f")
    with pytest.raises(TooManyRequestsException) as raised:
        aws.invoke()
    assert raised.value.status == 429
    assert raised.value.fields["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert raised.value.message == "Rate Exceeded."


def test_account_concurrency_is_what_is_not_reserved() -> None:
    aws = Lambda(quotas=LambdaQuotas(concurrent_executions=3, minimum_unreserved_concurrency=1))
    aws.function("f")
    aws.function("g")
    aws.call("PutFunctionConcurrency", FunctionName="g", ReservedConcurrentExecutions=1)
    aws.hold = True
    for _ in range(2):
        aws.begin("Invoke", FunctionName="f")
    with pytest.raises(TooManyRequestsException) as raised:
        aws.invoke("f")
    assert raised.value.fields["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert aws.begin("Invoke", FunctionName="g") == []


def test_function_goes_on_when_its_caller_has_hung_up() -> None:
    """An integration's timeout ends the wait, not the function; its concurrency stays taken until it ends."""
    aws = Lambda()
    aws.function()
    aws.hold = True
    outcome: list[object] = []

    def invoke() -> Process:
        return (yield Call("lambda", "Invoke", {"FunctionName": "f"}))

    def wait(seconds: float) -> Process:
        yield Sleep(seconds)

    def caller() -> Process:
        return (yield Race((invoke(), wait(29.0))))

    aws.engine.spawn("caller", caller(), done=lambda value, problem: outcome.append(value))
    aws.engine.run_ready()
    aws.advance(29.0)
    assert outcome == [(1, None)]
    assert aws.service.running == 1
    aws.finish()
    assert aws.service.running == 0
    aws.hold = False
    aws.invoke()
    assert len(aws.started) == 1, "the environment was given back"
