"""Task states: what is sent, what comes back, how errors are named, retries, timeouts, tokens, child executions."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from emulator.effects import Sleep
from emulator.engine import Fault
from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.errors import InvalidOutput, InvalidToken, TaskDoesNotExist, TaskTimedOut
from emulator.services.stepfunctions.tests.machine_room import ROLE_ARN, MachineRoom, machine

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
DIRECT = {"Type": "Task", "Resource": FUNCTION_ARN}
WITH_PAYLOAD = {"Parameters": {"FunctionName": "f", "Payload.$": "$"}}
END = {"End": True}


class CustomError(Exception):
    """A function's own error."""


def raising(error: Exception) -> Any:
    def function(event: Any) -> Any:
        raise error

    return function


def failing_times(times: int, error: Exception, answer: Any) -> Any:
    calls = iter(range(times))

    def function(event: Any) -> Any:
        if next(calls, None) is not None:
            raise error
        return answer

    return function


def test_function_arn_gets_the_input_and_gives_its_payload() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: {"doubled": event["n"] * 2}
    arn = room.start(machine(Do=DIRECT | END), {"n": 21})
    room.run()
    assert room.describe(arn)["output"] == '{"doubled": 42}'
    assert room.kinds(arn) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert room.history(arn)[2]["lambdaFunctionScheduledEventDetails"] == {
        "resource": FUNCTION_ARN,
        "input": '{"n": 21}',
        "inputDetails": {"truncated": False},
    }


def test_lambda_invoke_wraps_the_payload_with_metadata() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: event
    output = json.loads(room.execute(machine(Do=INVOKE | WITH_PAYLOAD | END), {"zero": 0, "no": False})["output"])
    assert output["Payload"] == {"zero": 0, "no": False}
    assert output["StatusCode"] == 200
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert output["SdkResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("value", [0, "", False, None, [], {}, 0.0])
def test_payloads_that_are_falsy_survive_a_function(value: Any) -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: event
    definition = machine(Do=INVOKE | WITH_PAYLOAD | {"OutputPath": "$.Payload"} | END)
    seen = {} if value is None else value  # a payload of null is none, and a function without a payload is given {}
    assert json.loads(room.execute(definition, value)["output"]) == seen
    assert room.functions.payloads == [seen]


@pytest.mark.parametrize("task", [DIRECT, INVOKE | WITH_PAYLOAD], ids=["direct", "invoke"])
def test_a_failing_function_names_its_error_type_and_gives_its_payload_as_cause(task: dict[str, Any]) -> None:
    room = MachineRoom()
    room.functions.functions["f"] = raising(CustomError("broken"))
    described = room.execute(machine(Do=task | END))
    assert described["status"] == "FAILED"
    assert described["error"] == "CustomError"
    assert json.loads(described["cause"]) == {"errorMessage": "broken", "errorType": "CustomError"}


class TooManyRequestsException(AwsError):
    status = 429


class AccessDeniedException(AwsError):
    status = 403


@pytest.mark.parametrize(
    ("error", "name", "cause"),
    [
        (
            TooManyRequestsException("Rate Exceeded."),
            "Lambda.TooManyRequestsException",
            "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: ",
        ),
        (
            AccessDeniedException("no"),
            "Lambda.AWSLambdaException",
            "no (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: ",
        ),
    ],
)
def test_service_errors_are_named_after_the_java_sdk(error: AwsError, name: str, cause: str) -> None:
    room = MachineRoom()
    room.functions.functions["f"] = raising(error)
    described = room.execute(machine(Do=DIRECT | END))
    assert described["error"] == name
    assert described["cause"].startswith(cause)
    assert described["cause"].endswith("; Proxy: null)")


def test_sdk_integration_names_errors_after_the_second_java_sdk() -> None:
    class ResourceNotFoundException(AwsError):
        pass

    def refuse(params: Params) -> dict[str, Any]:
        raise ResourceNotFoundException("Requested resource not found")

    room = MachineRoom()
    room.record("dynamodb", DescribeTable=refuse)
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeTable", "End": True}
    described = room.execute(machine(Do=task), {"TableName": "t"})
    assert described["error"] == "DynamoDb.ResourceNotFoundException"
    assert described["cause"].startswith(
        "Requested resource not found (Service: DynamoDb, Status Code: 400, Request ID: "
    )


def test_sqs_and_sns_take_objects_as_messages_and_act_as_the_role() -> None:
    room = MachineRoom()
    queue = room.record("sqs", SendMessage=lambda params: {"MessageId": "m", "MD5OfMessageBody": "x"})
    topic = room.record("sns", Publish=lambda params: {"MessageId": "m"})
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Tell"}
    tell = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
    definition = machine(
        Send=send
        | {"ResultPath": None, "Parameters": {"QueueUrl": "https://sqs/0/u", "MessageBody": {"falsy.$": "$.falsy"}}},
        Tell=tell | {"Parameters": {"TopicArn": "t", "Message.$": "$"}},
    )
    output = json.loads(room.execute(definition, {"falsy": 0})["output"])
    assert queue.calls[0][1]["MessageBody"] == '{"falsy":0}'
    assert topic.calls[0][1]["Message"] == '{"falsy":0}'
    assert queue.calls[0][2].principal == ROLE_ARN
    assert output["MessageId"] == "m"
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200


def test_unsupported_operation_ends_the_execution_even_under_a_catch_all() -> None:
    def refuse(params: Params) -> dict[str, Any]:
        raise UnsupportedOperation("s3:SelectObjectContent is not supported by this emulator")

    room = MachineRoom()
    room.record("s3", SelectObjectContent=refuse)
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:selectObjectContent", "End": True}
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "Retry": [{"ErrorEquals": ["States.ALL"]}]}
    described = room.execute(machine(Do=task | catch, Caught={"Type": "Succeed"}))
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert "s3:SelectObjectContent" in described["cause"]


def test_a_service_that_is_not_there_fails_by_name() -> None:
    room = MachineRoom()
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
    task["Parameters"] = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "x"}
    described = room.execute(machine(Do=task))
    assert described["error"] == "States.Runtime"
    assert "'sns'" in described["cause"]


def test_retries_back_off_and_are_written_down() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error"""
    room = MachineRoom()
    room.functions.functions["f"] = failing_times(4, CustomError("again"), "fine")
    retry = {
        "ErrorEquals": ["CustomError"],
        "IntervalSeconds": 3,
        "BackoffRate": 2,
        "MaxAttempts": 5,
        "MaxDelaySeconds": 10,
    }
    arn = room.start(machine(Do=DIRECT | END | {"Retry": [retry]}))
    begin = room.clock.now()
    room.run()
    assert room.describe(arn)["output"] == '"fine"'
    events = [event for event in room.history(arn) if event["type"] == "LambdaFunctionScheduled"]
    assert [event["timestamp"] - begin for event in events] == [0, 3, 9, 19, 29]
    failures = [event["id"] for event in room.history(arn) if event["type"] == "LambdaFunctionFailed"]
    assert [event["previousEventId"] for event in events] == [2, *failures]


def test_full_jitter_stays_below_the_delay_and_follows_the_seed() -> None:
    def delays(seed: int) -> list[float]:
        room = MachineRoom(seed)
        room.functions.functions["f"] = raising(CustomError("x"))
        retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "BackoffRate": 1, "JitterStrategy": "FULL"}
        arn = room.start(machine(Do=DIRECT | END | {"Retry": [retry]}))
        room.run()
        times = [event["timestamp"] for event in room.history(arn) if event["type"] == "LambdaFunctionScheduled"]
        return [later - earlier for earlier, later in pairwise(times)]

    assert len(delays(1)) == 3
    assert all(0 <= delay <= 8 for delay in delays(1))
    assert delays(1) == delays(1) != delays(2)


def test_attempts_are_counted_per_retrier_for_the_whole_visit() -> None:
    """Errors A, B, C, B against [A, B: two attempts] and [C]: the fourth goes to the catcher."""
    room = MachineRoom()
    names = iter("ABCB")

    def function(event: Any) -> Any:
        raise type(next(names), (Exception,), {})("x")

    room.functions.functions["f"] = function
    retry = [{"ErrorEquals": ["A", "B"], "MaxAttempts": 2}, {"ErrorEquals": ["C"], "MaxAttempts": 5}]
    catch = [{"ErrorEquals": ["B"], "Next": "Caught", "ResultPath": "$.error"}]
    definition = machine(Do=DIRECT | END | {"Retry": retry, "Catch": catch}, Caught={"Type": "Succeed"})
    output = json.loads(room.execute(definition, {"kept": 0})["output"])
    assert output["kept"] == 0
    assert output["error"]["Error"] == "B"
    assert len(room.functions.payloads) == 4


class SlowLambda(Service):
    """A function that takes its event's seconds."""

    service_id = "lambda"

    @operation("Invoke")
    def invoke(self, params: Params, context: CallContext) -> Any:
        yield Sleep(json.loads(params["Payload"])["seconds"])
        return Reply({"StatusCode": 200, "Payload": b'"slept"'})


@pytest.mark.parametrize(
    ("task", "event"),
    [(DIRECT, "LambdaFunctionTimedOut"), (INVOKE | WITH_PAYLOAD, "TaskTimedOut")],
    ids=["direct", "invoke"],
)
@pytest.mark.parametrize("limit", [{"TimeoutSeconds": 5}, {"TimeoutSecondsPath": "$.limit"}], ids=["fixed", "path"])
def test_a_task_that_overruns_its_time_fails_with_a_timeout(
    task: dict[str, Any], event: str, limit: dict[str, Any]
) -> None:
    room = MachineRoom()
    room.engine.register("lambda", SlowLambda(room.account))
    arn = room.start(machine(Do=task | limit | END), {"seconds": 60, "limit": 5})
    begin = room.clock.now()
    room.run(10)
    described = room.describe(arn)
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
    assert described["stopDate"] - begin == 5
    assert room.kinds(arn)[-2:] == [event, "ExecutionFailed"]


def test_a_task_within_its_time_succeeds() -> None:
    room = MachineRoom()
    room.engine.register("lambda", SlowLambda(room.account))
    described = room.execute(machine(Do=DIRECT | END | {"TimeoutSeconds": 5}), {"seconds": 4})
    assert described["output"] == '"slept"'


def test_faults_reach_the_calls_of_a_workflow() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: "fine"
    room.engine.faults.add(Fault("lambda", "Invoke", code="TooManyRequestsException", status=429, times=1))
    retry = [{"ErrorEquals": ["Lambda.TooManyRequestsException"]}]
    arn = room.start(machine(Do=DIRECT | END | {"Retry": retry}))
    room.run()
    assert room.describe(arn)["output"] == '"fine"'
    assert "LambdaFunctionFailed" in room.kinds(arn)


TOKEN_TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "https://sqs/0/u", "MessageBody": {"token.$": "$$.Task.Token"}},
    "End": True,
}


def token_room(**fields: Any) -> tuple[MachineRoom, str, str]:
    room = MachineRoom()
    queue = room.record("sqs", SendMessage=lambda params: {"MessageId": "m"})
    arn = room.start(machine(Do=TOKEN_TASK | fields))
    room.settle()
    return room, arn, json.loads(queue.calls[0][1]["MessageBody"])["token"]


def test_a_task_token_brings_the_output() -> None:
    room, arn, token = token_room()
    assert room.describe(arn)["status"] == "RUNNING"
    room.call("SendTaskSuccess", taskToken=token, output="0")
    room.run(0)
    assert room.describe(arn)["output"] == "0"
    assert room.kinds(arn)[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
    with pytest.raises(TaskTimedOut):
        room.call("SendTaskSuccess", taskToken=token, output="1")


def test_a_task_token_brings_the_failure() -> None:
    room, arn, token = token_room()
    room.call("SendTaskFailure", taskToken=token, error="Mine", cause="because")
    room.run(0)
    described = room.describe(arn)
    assert (described["error"], described["cause"]) == ("Mine", "because")


def test_a_missed_heartbeat_fails_the_task_and_a_heartbeat_in_time_does_not() -> None:
    room, arn, token = token_room(HeartbeatSeconds=10)
    for _ in range(3):
        room.run(8)
        room.call("SendTaskHeartbeat", taskToken=token)
    room.run(8)
    assert room.describe(arn)["status"] == "RUNNING"
    room.run(8)
    assert room.describe(arn)["error"] == "States.Timeout"
    with pytest.raises(TaskTimedOut):
        room.call("SendTaskHeartbeat", taskToken=token)


def test_foreign_tokens_and_outputs_that_are_no_json_are_refused() -> None:
    room, _, token = token_room()
    with pytest.raises(InvalidToken):
        room.call("SendTaskSuccess", taskToken="nonsense", output="{}")
    with pytest.raises(TaskDoesNotExist):
        room.call("SendTaskSuccess", taskToken=token[:-4] + "zzzz", output="{}")
    with pytest.raises(InvalidOutput):
        room.call("SendTaskSuccess", taskToken=token, output="{")


@pytest.mark.parametrize(("suffix", "output"), [("", None), (".sync", '{"n":1}'), (".sync:2", {"n": 1})])
def test_starting_a_child_execution(suffix: str, output: Any) -> None:
    room = MachineRoom()
    child = room.create(machine(Wait={"Type": "Wait", "Seconds": 60, "End": True}), "child")
    task = {"Type": "Task", "Resource": f"arn:aws:states:::states:startExecution{suffix}", "End": True}
    parent = machine(Do=task | {"Parameters": {"StateMachineArn": child, "Input": {"n": 1}}})
    arn = room.start(parent)
    begin = room.clock.now()
    room.run()
    result = json.loads(room.describe(arn)["output"])
    assert result.get("Output") == output
    assert result["ExecutionArn"].startswith("arn:aws:states:us-east-1:000000000000:execution:child:")
    assert room.describe(arn)["stopDate"] - begin == (60 if suffix else 0)


def test_a_failed_child_fails_its_parent_with_its_description() -> None:
    room = MachineRoom()
    child = room.create(machine(Fail={"Type": "Fail", "Error": "E"}), "child")
    task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    described = room.execute(machine(Do=task | {"Parameters": {"StateMachineArn": child, "Input": {}}}))
    assert described["error"] == "States.TaskFailed"
    assert json.loads(described["cause"])["Error"] == "E"


def test_stopping_a_parent_stops_the_child_it_waits_for() -> None:
    room = MachineRoom()
    child = room.create(machine(Wait={"Type": "Wait", "Seconds": 6000, "End": True}), "child")
    task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": True}
    arn = room.start(machine(Do=task | {"Parameters": {"StateMachineArn": child, "Input": {}}}))
    room.run(5)
    room.call("StopExecution", executionArn=arn)
    room.run(0)
    (row,) = room.call("ListExecutions", stateMachineArn=child)["executions"]
    assert row["status"] == "ABORTED"


def test_a_result_beyond_the_limit_fails_the_task_and_is_not_caught_by_the_wildcard() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_payload_bytes=100))
    room.functions.functions["f"] = lambda event: "x" * 101
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    arn = room.start(machine(Do=DIRECT | END | {"Catch": catch}, Caught={"Type": "Succeed"}))
    room.run()
    described = room.describe(arn)
    assert described["error"] == "States.DataLimitExceeded"
    assert FUNCTION_ARN in described["cause"]
    assert room.kinds(arn)[-2:] == ["LambdaFunctionFailed", "ExecutionFailed"]


def test_credentials_choose_the_role_of_the_call() -> None:
    room = MachineRoom()
    queue = room.record("sqs", SendMessage=lambda params: {})
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    task["Parameters"] = {"QueueUrl": "https://sqs/0/u", "MessageBody": "x"}
    arn = room.start(machine(Do=task | {"Credentials": {"RoleArn.$": "$.role"}}), {"role": "arn:aws:iam::1:role/other"})
    room.run()
    assert queue.calls[0][2].principal == "arn:aws:iam::1:role/other"
    details = room.history(arn)[2]["taskScheduledEventDetails"]
    assert details["taskCredentials"] == {"roleArn": "arn:aws:iam::1:role/other"}
