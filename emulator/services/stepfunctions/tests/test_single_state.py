"""TestState: statuses, inspection, mocks. https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions.tests.machine_room import ROLE_ARN, MachineRoom, machine

CALL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "InputPath": "$.in",
    "Parameters": {"FunctionName": "f", "Payload.$": "$.n"},
    "ResultSelector": {"picked.$": "$.Payload"},
    "ResultPath": "$.out",
    "Assign": {"seen.$": "$.picked"},
    "Next": "Other",
}
RETRY = [{"ErrorEquals": ["Own"], "MaxAttempts": 2, "IntervalSeconds": 3}]
CATCH = [{"ErrorEquals": ["Other"], "Next": "X"}, {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Y"}]


def check(room: MachineRoom, state: dict[str, Any], **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = room.call("TestState", definition=json.dumps(state), **params)
    return answer


def refusal(state: dict[str, Any], **params: Any) -> str:
    with pytest.raises(AwsError) as caught:
        check(MachineRoom(), state, **params)
    return f"{caught.value.code}: {caught.value.message}"


def test_a_state_runs_and_says_where_it_leads() -> None:
    room = MachineRoom()
    answer = check(room, {"Type": "Pass", "Result": 0, "Next": "Anything"})
    assert answer == {"status": "SUCCEEDED", "output": "0", "nextState": "Anything"}


def test_a_real_task_is_called_and_every_step_can_be_seen() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: event + 1
    text = '{"in": {"n": 1}}'
    answer = check(room, CALL, input=text, roleArn=ROLE_ARN, inspectionLevel="DEBUG")
    assert (answer["status"], answer["nextState"]) == ("SUCCEEDED", "Other")
    data = {name: json.loads(value) for name, value in answer["inspectionData"].items()}
    assert data["input"] == {"in": {"n": 1}}
    assert data["afterInputPath"] == {"n": 1}
    assert data["afterParameters"] == {"FunctionName": "f", "Payload": 1}
    assert data["result"]["Payload"] == 2
    assert data["afterResultSelector"] == {"picked": 2}
    assert data["afterResultPath"] == {"in": {"n": 1}, "out": {"picked": 2}}
    assert data["variables"] == {"seen": 2}
    assert json.loads(answer["output"]) == data["afterResultPath"]


def test_a_mocked_result_takes_the_place_of_the_call() -> None:
    room = MachineRoom()
    answer = check(room, CALL, input='{"in": {"n": 1}}', mock={"result": '{"Payload": 0, "StatusCode": 200}'})
    assert json.loads(answer["output"])["out"] == {"picked": 0}
    assert room.functions.payloads == []


@pytest.mark.parametrize(
    ("error", "retries", "expected", "details"),
    [
        ("Own", 0, "RETRIABLE", {"retryIndex": 0, "retryBackoffIntervalSeconds": 3}),
        ("Own", 1, "RETRIABLE", {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}),
        ("Own", 2, "CAUGHT_ERROR", {"catchIndex": 1}),
        ("Other", 0, "CAUGHT_ERROR", {"catchIndex": 0}),
        ("States.Runtime", 0, "FAILED", None),
    ],
)
def test_a_mocked_error_is_retried_caught_or_fails(error: str, retries: int, expected: str, details: Any) -> None:
    answer = check(
        MachineRoom(),
        CALL | {"Retry": RETRY, "Catch": CATCH},
        input='{"in": {"n": 1}}',
        mock={"errorOutput": {"error": error, "cause": "c"}},
        stateConfiguration={"retrierRetryCount": retries},
        inspectionLevel="DEBUG",
    )
    assert (answer["status"], answer["error"], answer["cause"]) == (expected, error, "c")
    assert answer["inspectionData"].get("errorDetails") == details
    if expected == "CAUGHT_ERROR" and details == {"catchIndex": 1}:
        assert json.loads(answer["output"])["e"] == {"Error": error, "Cause": "c"}
        assert answer["nextState"] == "Y"


def test_map_and_parallel_are_tested_with_mocks() -> None:
    room = MachineRoom()
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"},
        "MaxConcurrency": 3,
        "ItemProcessor": machine(Inside={"Type": "Pass", "End": True}),
        "End": True,
    }
    answer = check(room, state, input='{"items": [5]}', mock={"result": "[1]"}, inspectionLevel="DEBUG")
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "[1]")
    assert json.loads(answer["inspectionData"]["afterItemSelector"]) == [{"i": 0, "v": 5}]
    assert answer["inspectionData"]["maxConcurrency"] == 3
    mock = {"errorOutput": {"error": "E"}}
    failed = check(room, state, input='{"items": []}', mock=mock, stateConfiguration={"errorCausedByState": "Inside"})
    assert (failed["status"], failed["error"]) == ("FAILED", "E")
    configuration = {"errorCausedByState": "Nowhere"}
    assert "Nowhere" in refusal(state, mock=mock, stateConfiguration=configuration)


def test_a_distributed_map_shows_reader_batches_and_tolerance() -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Bucket": "b", "Key": "k"},
            "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/rows"},
        },
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ToleratedFailureCount": 1,
        "ItemProcessor": processor | machine(Inside={"Type": "Pass", "End": True}),
        "End": True,
    }
    configuration = {"mapItemReaderData": '{"rows": [1,2,3]}', "mapIterationFailureCount": 1}
    mock = {"result": "[]"}
    answer = check(MachineRoom(), state, mock=mock, stateConfiguration=configuration, inspectionLevel="DEBUG")
    data = answer["inspectionData"]
    assert json.loads(data["afterItemsPointer"]) == [1, 2, 3]
    assert json.loads(data["afterItemBatcher"]) == [{"Items": [1, 2]}, {"Items": [3]}]
    assert data["toleratedFailureCount"] == 1
    configuration["mapIterationFailureCount"] = 2
    answer = check(MachineRoom(), state, mock=mock, stateConfiguration=configuration)
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_named_state_of_a_whole_definition_with_variables_and_context() -> None:
    definition = machine(
        A={"Type": "Pass", "Next": "B"},
        B={"Type": "Parallel", "Branches": [machine(Deep=CALL | {"Next": "E"}, E={"Type": "Succeed"})], "End": True},
    )
    definition["States"]["B"]["Branches"][0]["States"]["Deep"]["Parameters"] = {
        "FunctionName": "f",
        "Payload": {"v.$": "$v", "id.$": "$$.Execution.Id"},
    }
    answer = check(
        MachineRoom(),
        definition,
        stateName="Deep",
        input='{"in": null}',
        variables='{"v": 0}',
        context='{"Execution": {"Id": "given"}}',
        mock={"result": '{"Payload": 1}'},
        inspectionLevel="DEBUG",
    )
    assert json.loads(answer["inspectionData"]["afterParameters"])["Payload"] == {"v": 0, "id": "given"}


def test_jsonata_shows_its_arguments() -> None:
    state = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.n + 1 %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }
    answer = check(MachineRoom(), state, input='{"n": 1}', mock={"result": '{"Payload": ""}'}, inspectionLevel="DEBUG")
    assert answer["output"] == '""'
    assert json.loads(answer["inspectionData"]["afterArguments"])["Payload"] == 2


def test_mocks_are_checked_against_the_api() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html"""
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:getItem",
        "Parameters": {"TableName": "t", "Key": {}},
        "End": True,
    }
    for mock, mode, text in (
        ('{"ConsumedCapacity": {"CapacityUnits": "1"}}', "STRICT", "Field 'CapacityUnits' must be a number"),
        ('{"Item": 1}', "PRESENT", "Field 'Item' must be an object"),
    ):
        assert text in refusal(state, mock={"result": mock, "fieldValidationMode": mode})
        check(MachineRoom(), state, mock={"result": mock, "fieldValidationMode": "NONE"})


def test_it_lasts_five_minutes_at_most() -> None:
    answer = check(MachineRoom(), {"Type": "Wait", "Seconds": 301, "Next": "A"})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")


@pytest.mark.parametrize(
    ("state", "params", "text"),
    [
        (CALL, {}, "ValidationException: RoleArn must be specified when testing a Task state"),
        (
            {"Type": "Parallel", "Branches": [machine(A={"Type": "Succeed"})], "End": True},
            {},
            (
                "InvalidDefinition: TestState API does not support Map or Parallel states. Supported state types include: ["
                "Task, Wait, Pass, Succeed, Fail, Choice]"
            ),
        ),
        ({"Type": "Pass", "End": True}, {"mock": {"result": "1"}}, "State type 'Pass' is not supported when a mock"),
        ({"Type": "Pass", "End": True}, {"context": "{}"}, "context can only"),
        ({"Type": "Pass", "End": True}, {"revealSecrets": True}, "TRACE"),
        ({"Type": "Pass", "End": True}, {"input": "{"}, "InvalidExecutionInput"),
        ({"Type": "Pass"}, {}, "InvalidDefinition"),
        (CALL, {"mock": {}}, "A test mock should have only one of the following fields: [result, errorOutput]."),
    ],
)
def test_what_cannot_be_tested_says_why(state: dict[str, Any], params: dict[str, Any], text: str) -> None:
    assert text in refusal(state, **params)


def mocked(resource: str, result: Any, **parameters: Any) -> str:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
    return refusal(state, mock={"result": json.dumps(result)})


@pytest.mark.parametrize(
    ("resource", "parameters", "result", "text"),
    [
        ("events:putEvents", {"Entries": []}, {"Entries": 1}, "Field 'Entries' must be an array"),
        ("events:putEvents", {"Entries": []}, {"Entries": [{"EventId": 1}]}, "Field 'EventId' must be a string"),
        ("states:startExecution", {"StateMachineArn": "a"}, {}, "Required field 'ExecutionArn' is missing"),
        (
            "states:startExecution",
            {"StateMachineArn": "a"},
            {"ExecutionArn": "a", "StartDate": 1},
            "Field 'StartDate' must be a string",
        ),
        ("lambda:invoke", {"FunctionName": "f"}, {"StatusCode": "200"}, "Field 'StatusCode' must be a number"),
        (
            "aws-sdk:s3:getObject",
            {"Bucket": "b", "Key": "k"},
            {"StorageClass": "NONE"},
            "Field 'StorageClass' is not an expected value",
        ),
        (
            "aws-sdk:kms:encrypt",
            {"KeyId": "k", "Plaintext": "p"},
            {"CiphertextBlob": ""},
            "Field 'CiphertextBlob' is smaller than the minimum length",
        ),
        (
            "aws-sdk:lambda:getFunction",
            {"FunctionName": "f"},
            {"Configuration": {"MemorySize": 1}},
            "Field 'MemorySize' is less than the minimum value",
        ),
    ],
)
def test_mocked_results_are_refused_in_awss_words(
    resource: str, parameters: dict[str, Any], result: Any, text: str
) -> None:
    """Recorded from AWS."""
    message = mocked(resource, result, **parameters)
    assert message == f"ValidationException: Mock result schema validation error: {text}"


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ({"Execution": {"Id": 1}}, "Execution.Id must be a string"),
        ({"Map": {}}, "'Map' field is not supported when mocking a Context object"),
        ({"Execution": {"pokemon": 1}}, "Field 'pokemon' is not allowed"),
        ({"Pokedex": {}}, "Field 'Pokedex' is not allowed"),
        (
            {"Task": {"Token": "t"}},
            (
                "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service "
                "integration pattern"
            ),
        ),
    ],
)
def test_contexts_are_refused_in_awss_words(context: dict[str, Any], text: str) -> None:
    """Recorded from AWS."""
    message = refusal(CALL, mock={"result": '{"Payload": 1}'}, context=json.dumps(context))
    assert message == f"ValidationException: Invalid Context object provided: {text}"


PASSED = '{"Value":"HelloWorld"}'


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ({"Type": "Pass"}, {"afterInputPath", "afterParameters", "afterResultPath", "afterResultSelector", "input"}),
        ({"Type": "Pass", "Result": {"r": 1}}, {"afterResultPath", "afterResultSelector", "input", "result"}),
        ({"Type": "Succeed"}, {"afterInputPath", "input"}),
        ({"Type": "Fail", "Error": "E"}, {"afterInputPath", "input"}),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.Value", "IsPresent": True, "Next": "A"}]},
            {"afterInputPath", "input"},
        ),
    ],
)
def test_the_steps_that_are_shown_are_those_that_aws_shows(state: dict[str, Any], steps: set[str]) -> None:
    """Recorded from AWS."""
    ending = {} if state["Type"] in ("Succeed", "Fail", "Choice") else {"End": True}
    answer = check(MachineRoom(), state | ending, input=PASSED, inspectionLevel="DEBUG")
    assert set(answer["inspectionData"]) == steps


@pytest.mark.parametrize(
    ("state", "result", "text"),
    [
        (
            {"Type": "Map", "ItemProcessor": machine(I={"Type": "Pass", "End": True}), "End": True},
            "{}",
            "Mocked result must be an array.",
        ),
        (
            {"Type": "Parallel", "Branches": [machine(A={"Type": "Succeed"})], "End": True},
            "{}",
            "Mocked result must be an array.",
        ),
        (
            {"Type": "Parallel", "Branches": [machine(A={"Type": "Succeed"})], "End": True},
            "[1, 2]",
            "Mocked result must contain the same number of items as number of Parallel branches.",
        ),
    ],
)
def test_mocked_results_of_maps_and_parallels_have_their_shape(state: dict[str, Any], result: str, text: str) -> None:
    """Recorded from AWS."""
    assert refusal(state, input="[]", mock={"result": result}) == f"ValidationException: {text}"


SHOW = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.context %}", "End": True}
JSONATA_MAP = {
    "Type": "Map",
    "QueryLanguage": "JSONata",
    "Items": "{% $states.input %}",
    "ItemProcessor": machine(A={"Type": "Pass", "End": True})
    | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
    "End": True,
}


def test_the_context_of_a_tested_state_has_no_redrives_and_only_a_role_that_was_named() -> None:
    room = MachineRoom()
    execution = json.loads(check(room, SHOW)["output"])["Execution"]
    assert set(execution) == {"Id", "Input", "Name", "RoleArn", "StartTime"}
    assert execution["RoleArn"] is None
    assert json.loads(check(room, SHOW, roleArn=ROLE_ARN)["output"])["Execution"]["RoleArn"] == ROLE_ARN


def test_jsonata_shows_no_steps_of_jsonpath() -> None:
    room = MachineRoom()
    assert set(check(room, SHOW, inspectionLevel="DEBUG")["inspectionData"]) == {"input"}
    answer = check(room, JSONATA_MAP, input="[1, 2]", inspectionLevel="DEBUG", mock={"result": "[3, 4]"})
    assert set(answer["inspectionData"]) == {"input", "maxConcurrency"}


@pytest.mark.parametrize(("fields", "status"), [({}, "SUCCEEDED"), ({"ToleratedFailureCount": 1}, "FAILED")])
def test_failed_iterations_count_against_a_tolerance_that_was_given(fields: dict[str, Any], status: str) -> None:
    params = {"mock": {"result": "[3, 4]"}, "stateConfiguration": {"mapIterationFailureCount": 2}}
    assert check(MachineRoom(), JSONATA_MAP | fields, input="[1, 2]", **params)["status"] == status


def test_a_retrier_that_has_no_attempts_left_is_named() -> None:
    mock = {"errorOutput": {"error": "Own", "cause": "c"}}
    params = {"mock": mock, "stateConfiguration": {"retrierRetryCount": 2}, "inspectionLevel": "DEBUG"}
    answer = check(MachineRoom(), CALL | {"Retry": RETRY}, input='{"in": {"n": 1}}', **params)
    assert answer["status"] == "FAILED"
    assert answer["inspectionData"]["errorDetails"] == {"retryIndex": 0}


def test_results_and_names_that_are_none_are_refused() -> None:
    whole = machine(A={"Type": "Pass", "End": True})
    assert refusal(whole, stateName="B") == "ValidationException: State not found in definition"
    assert refusal(CALL, mock={"result": "{"}) == "ValidationException: Mocked result must be valid JSON"
