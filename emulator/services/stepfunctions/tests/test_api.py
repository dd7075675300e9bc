"""Operations on state machines and executions: checks and their order, texts, paging, idempotency."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from emulator.errors import AwsError, UnsupportedOperation
from emulator.services.stepfunctions import StepFunctionsQuotas, StepFunctionsService, errors
from emulator.services.stepfunctions.tests.machine_room import ROLE_ARN, MachineRoom, machine

WAIT = machine(Wait={"Type": "Wait", "Seconds": 60, "End": True})
PASS = machine(Pass={"Type": "Pass", "End": True})
AUDIT_MACHINE = Path(__file__).parents[4] / "system" / "audit_ingest" / "statemachine" / "audit_ingest.asl.json"
MODEL = botocore.session.get_session().get_service_model("stepfunctions")


TOO_LARGE = "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have size"


def refusal(room: MachineRoom, operation: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(AwsError) as caught:
        room.call(operation, **params)
    return caught.value.code, caught.value.message


def test_every_operation_and_error_is_botocores() -> None:
    assert set(StepFunctionsService.operations) <= set(MODEL.operation_names)
    shapes = set(MODEL.shape_names) | {"ThrottlingException", "ValidationException"}
    assert set(errors.__all__) <= shapes


def test_creating_the_same_machine_again_gives_the_existing_one() -> None:
    room = MachineRoom()
    arn = room.create(WAIT)
    assert room.create(WAIT) == arn
    text = json.dumps(PASS)
    assert refusal(room, "CreateStateMachine", name="machine", definition=text, roleArn=ROLE_ARN) == (
        "StateMachineAlreadyExists",
        f"State Machine Already Exists: '{arn}'",
    )


def test_bad_names_and_definitions_are_refused_in_aws_words() -> None:
    room = MachineRoom()
    text = json.dumps(PASS)
    assert refusal(room, "CreateStateMachine", name="a b", definition=text, roleArn=ROLE_ARN) == (
        "InvalidName",
        "Invalid Name: 'a b'",
    )
    code, message = refusal(room, "CreateStateMachine", name="a", definition="{}", roleArn=ROLE_ARN)
    assert code == "InvalidDefinition"
    assert message == (
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'"
    )
    code, message = refusal(room, "CreateStateMachine", name="a", definition="{", roleArn=ROLE_ARN)
    assert message.startswith("Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ")


def task(resource: str, **fields: Any) -> dict[str, Any]:
    return machine(Task={"Type": "Task", "Resource": resource, "End": True, **fields})


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"definition": json.dumps(task("arn:aws:states:::http:invoke"))}, "EventBridge connections"),
        ({"definition": json.dumps(task("arn:aws:states:::glue:startJobRun.sync"))}, "glue:startJobRun"),
        ({"definition": json.dumps(task("arn:aws:states:::aws-sdk:kinesis:putRecord"))}, "the service kinesis"),
        ({"definition": json.dumps(task("arn:aws:states:::aws-sdk:sqs:addPermission"))}, "sqs:AddPermission"),
    ],
)
def test_what_is_not_supported_is_named(params: dict[str, Any], name: str) -> None:
    room = MachineRoom(emulated=("lambda", "sqs"), offers=lambda service, operation: operation != "AddPermission")
    with pytest.raises(UnsupportedOperation, match=name):
        room.call("CreateStateMachine", **{"name": "a", "definition": json.dumps(PASS), "roleArn": ROLE_ARN, **params})


def test_describe_update_list_and_delete_a_machine() -> None:
    room = MachineRoom()
    arn = room.create(PASS)
    assert room.call("DescribeStateMachine", stateMachineArn=arn)["definition"] == json.dumps(PASS)
    updated = room.call("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(WAIT))
    described = room.call("DescribeStateMachine", stateMachineArn=arn)
    assert described["definition"] == json.dumps(WAIT)
    assert described["revisionId"] == updated["revisionId"]
    assert refusal(room, "UpdateStateMachine", stateMachineArn=arn)[0] == "MissingRequiredParameter"
    (row,) = room.call("ListStateMachines")["stateMachines"]
    assert row["stateMachineArn"] == arn
    running = room.call("StartExecution", stateMachineArn=arn)["executionArn"]
    room.call("DeleteStateMachine", stateMachineArn=arn)
    room.call("DeleteStateMachine", stateMachineArn=arn)
    assert refusal(room, "DescribeStateMachine", stateMachineArn=arn) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{arn}'",
    )
    assert room.describe(running)["status"] == "ABORTED"


def test_running_executions_keep_the_definition_they_started_with() -> None:
    room = MachineRoom()
    arn = room.create(WAIT)
    execution = room.call("StartExecution", stateMachineArn=arn)["executionArn"]
    room.settle()
    room.call("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(machine(F={"Type": "Fail"})))
    room.run()
    assert room.describe(execution)["status"] == "SUCCEEDED"
    was = room.call("DescribeStateMachineForExecution", executionArn=execution)
    assert was["definition"] == json.dumps(WAIT)


def test_tags() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_tags=2))
    arn = room.create(PASS)
    room.call("TagResource", resourceArn=arn, tags=[{"key": "a", "value": ""}, {"key": "b", "value": "1"}])
    assert refusal(room, "TagResource", resourceArn=arn, tags=[{"key": "c", "value": "1"}])[0] == "TooManyTags"
    room.call("UntagResource", resourceArn=arn, tagKeys=["b", "never"])
    assert room.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "a", "value": ""}]
    assert refusal(room, "ListTagsForResource", resourceArn=arn + "x")[0] == "ResourceNotFound"


def test_validate_reports_every_problem_without_creating() -> None:
    room = MachineRoom()
    text = json.dumps(machine(A={"Type": "Pass", "Next": "B"}))
    answer = room.call("ValidateStateMachineDefinition", definition=text)
    assert answer == {
        "result": "FAIL",
        "truncated": False,
        "diagnostics": [
            {
                "severity": "ERROR",
                "code": "MISSING_TRANSITION_TARGET",
                "message": "Missing 'Next' target: B",
                "location": "/States/A/Next",
            }
        ],
    }
    assert room.call("ValidateStateMachineDefinition", definition=json.dumps(PASS))["result"] == "OK"
    assert room.call("ListStateMachines")["stateMachines"] == []


# -- executions -------------------------------------------------------------------------------------------------------


def test_start_checks_in_aws_order() -> None:
    """Size, then the machine, then the name, then the JSON."""
    room = MachineRoom()
    arn = room.create(WAIT)
    other = arn + "x"
    long = "x" * 262_145
    assert refusal(room, "StartExecution", stateMachineArn=other, name="a b", input=long) == (
        "ValidationException",
        f"{TOO_LARGE} less than or equal to 262144 bytes in UTF-8 encoding",
    )
    assert (
        refusal(room, "StartExecution", stateMachineArn=other, name="a b", input="{")[0] == "StateMachineDoesNotExist"
    )
    assert refusal(room, "StartExecution", stateMachineArn=arn, name="a b", input="{") == (
        "InvalidName",
        "Invalid Name: 'a b'",
    )
    assert refusal(room, "StartExecution", stateMachineArn=arn, name="a", input="{")[0] == "InvalidExecutionInput"
    assert refusal(room, "StartExecution", stateMachineArn="nonsense")[0] == "InvalidArn"


def test_the_input_limit_counts_bytes() -> None:
    room = MachineRoom()
    arn = room.create(PASS)
    fits = json.dumps("é" * 131_071, ensure_ascii=False)
    room.call("StartExecution", stateMachineArn=arn, input=fits)
    assert refusal(room, "StartExecution", stateMachineArn=arn, input=fits + " ")[0] == "ValidationException"


def test_the_same_name_and_input_gives_the_running_execution_and_no_other() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""
    room = MachineRoom()
    arn = room.create(WAIT)
    first = room.call("StartExecution", stateMachineArn=arn, name="n", input="{}")
    room.run(5)
    assert room.call("StartExecution", stateMachineArn=arn, name="n", input="{}") == first
    expected = ("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'")
    assert refusal(room, "StartExecution", stateMachineArn=arn, name="n", input='{"a":1}') == expected
    room.run()
    assert refusal(room, "StartExecution", stateMachineArn=arn, name="n", input="{}") == expected
    room.run(90 * 86_400 + 1)
    assert room.call("StartExecution", stateMachineArn=arn, name="n", input="{}")["startDate"] == room.clock.now()


def test_open_executions_are_limited() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_open_executions=1))
    arn = room.create(WAIT)
    room.call("StartExecution", stateMachineArn=arn)
    assert refusal(room, "StartExecution", stateMachineArn=arn)[0] == "ExecutionLimitExceeded"
    room.run()
    room.call("StartExecution", stateMachineArn=arn)


def test_start_answers_before_anything_runs() -> None:
    room = MachineRoom()
    arn = room.start(PASS)
    assert room.kinds(arn) == ["ExecutionStarted"]
    assert room.describe(arn)["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "Invalid execution input."),
        (
            "not JSON",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        ),
        ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
    ],
)
def test_an_input_that_is_no_json_is_refused_with_the_mistake(text: str, mistake: str) -> None:
    room = MachineRoom()
    arn = room.create(PASS)
    assert refusal(room, "StartExecution", stateMachineArn=arn, input=text) == (
        "InvalidExecutionInput",
        f"Invalid State Machine Execution Input: '{mistake}'",
    )


def test_state_machines_are_listed_by_name() -> None:
    room = MachineRoom()
    for name in ("b", "c", "a"):
        room.create(PASS, name=name)
        room.run(1)
    rows = room.call("ListStateMachines")["stateMachines"]
    assert [row["name"] for row in rows] == ["a", "b", "c"]


def test_list_filters_and_pages_newest_first() -> None:
    room = MachineRoom()
    arn = room.create(WAIT)
    for name in ("a", "b", "c"):
        room.call("StartExecution", stateMachineArn=arn, name=name)
    first = room.call("ListExecutions", stateMachineArn=arn, maxResults=2)
    assert [row["name"] for row in first["executions"]] == ["c", "b"]
    second = room.call("ListExecutions", stateMachineArn=arn, maxResults=2, nextToken=first["nextToken"])
    assert [row["name"] for row in second["executions"]] == ["a"]
    assert "nextToken" not in second
    assert room.call("ListExecutions", stateMachineArn=arn, statusFilter="FAILED")["executions"] == []
    assert refusal(room, "ListExecutions", stateMachineArn=arn, nextToken="x")[0] == "InvalidToken"
    assert refusal(room, "ListExecutions", stateMachineArn=arn + "x")[0] == "StateMachineDoesNotExist"


def test_history_pages_forwards_and_backwards_with_and_without_data() -> None:
    room = MachineRoom()
    arn = room.start(PASS, {"secret": 0})
    room.run()
    whole = room.call("GetExecutionHistory", executionArn=arn)["events"]
    backwards = room.call("GetExecutionHistory", executionArn=arn, reverseOrder=True)["events"]
    assert backwards == whole[::-1]
    first = room.call("GetExecutionHistory", executionArn=arn, maxResults=3)
    rest = room.call("GetExecutionHistory", executionArn=arn, nextToken=first["nextToken"], maxResults=3)
    assert first["events"] + rest["events"] == whole
    bare = room.call("GetExecutionHistory", executionArn=arn, includeExecutionData=False)["events"]
    assert "secret" not in json.dumps(bare)
    assert [event["type"] for event in bare] == [event["type"] for event in whole]
    assert refusal(room, "GetExecutionHistory", executionArn=arn + "x") == (
        "ExecutionDoesNotExist",
        f"Execution Does Not Exist: '{arn}x'",
    )


def test_old_closed_executions_are_forgotten_and_running_ones_are_not() -> None:
    room = MachineRoom(retained_executions=2)
    running = room.start(WAIT)
    closed = [room.start(PASS) for _ in range(4)]
    room.settle()
    assert room.describe(running)["status"] == "RUNNING"
    assert refusal(room, "DescribeExecution", executionArn=closed[1])[0] == "ExecutionDoesNotExist"
    assert room.describe(closed[2])["status"] == "SUCCEEDED"


def test_the_journal_tells_when_executions_start_and_end() -> None:
    room = MachineRoom()
    arn = room.start(machine(F={"Type": "Fail", "Error": "Mine"}))
    room.run()
    entries = [entry for entry in room.engine.journal if entry.kind.startswith("Execution")]
    assert [(entry.kind, entry.resource, entry.outcome) for entry in entries] == [
        ("ExecutionStarted", arn, "ok"),
        ("ExecutionFailed", arn, "Mine"),
    ]


# -- the pipeline that this repository deploys ------------------------------------------------------------------------


def audit_room() -> tuple[MachineRoom, str, Any, Any]:
    room = MachineRoom()
    text = AUDIT_MACHINE.read_text().replace("${Partition}", "aws")
    text = re.sub(r"\$\{(\w+)QueueUrl\}", r"https://sqs/0/\1", text)
    text = re.sub(r"\$\{(\w+)\}", r"\1", text)
    topic = room.record("sns", Publish=lambda params: {"MessageId": "m"})
    queue = room.record("sqs", SendMessage=lambda params: {"MessageId": "m"})

    def stored(event: Any) -> Any:
        context = event["storageContext"] | {"persistence": {"S3": True, "metaData": True}}
        return event | {
            "storageContext": context | {"S3Reference": {"key": "k"}, "metaDataReference": {"primaryKey": "p"}}
        }

    names = ("MessageArchive", "MessageMetadata", "FinalState", "PayloadExpiry")
    for name in names:
        room.functions.functions[f"{name}FunctionArn"] = stored if name != "PayloadExpiry" else lambda event: event
    return room, room.create(text), topic, queue


MESSAGE = {
    "messageID": "1",
    "messageMetaData": {},
    "messageSecurityContext": {},
    "storageContext": {"persistence": {"S3": False, "metaData": False}, "redisReference": {"key": "1"}},
}


@pytest.mark.skipif(not AUDIT_MACHINE.exists(), reason="the pipeline is not in this checkout")
def test_the_audit_pipeline_announces_archives_and_records() -> None:
    room, arn, topic, queue = audit_room()
    execution = room.call("StartExecution", stateMachineArn=arn, input=json.dumps(MESSAGE))["executionArn"]
    room.run()
    assert room.describe(execution)["status"] == "SUCCEEDED", room.describe(execution)
    messages = [json.loads(params["Message"])["message"] for _, params, _ in topic.calls]
    assert sorted(messages[:3]) == ["Data workflow started", "Metadata archive completed", "S3 archive completed"]
    assert messages[3:] == ["Final state"]
    assert queue.calls == []


@pytest.mark.skipif(not AUDIT_MACHINE.exists(), reason="the pipeline is not in this checkout")
def test_the_audit_pipeline_dead_letters_what_it_cannot_archive() -> None:
    room, arn, _, queue = audit_room()

    def broken(event: Any) -> Any:
        raise RuntimeError("no bucket")

    room.functions.functions["MessageArchiveFunctionArn"] = broken
    room.functions.functions["FinalStateFunctionArn"] = lambda event: event
    execution = room.call("StartExecution", stateMachineArn=arn, input=json.dumps(MESSAGE))["executionArn"]
    room.run()
    described = room.describe(execution)
    assert (described["status"], described["error"]) == ("FAILED", "AuditIngest.NotPersisted")
    body = json.loads(queue.calls[0][1]["MessageBody"])
    assert body["failure"]["Error"] == "RuntimeError"


# -- as recorded from AWS ---------------------------------------------------------------------------------------------


def downgraded() -> dict[str, Any]:
    state = {"QueryLanguage": "JSONPath", "Type": "Pass", "End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "Pass", "States": {"Pass": state}}


@pytest.mark.parametrize(
    ("definition", "code", "message", "location"),
    [
        ('""', "SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object", None),
        (
            "not a definition",
            "INVALID_JSON_DESCRIPTION",
            (
                "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
                "'false')\n at [Source: (String)\"not a definition\"; line: 1, column: 4]"
            ),
            '[Source: (String)"not a definition"; line: 1, column: 4]',
        ),
        ("{}", "SCHEMA_VALIDATION_FAILED", "These fields are required: [States, StartAt]", "/"),
        (
            json.dumps(downgraded()),
            "SCHEMA_VALIDATION_FAILED",
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            "/States/Pass",
        ),
    ],
)
def test_validation_says_what_is_wrong_in_awss_words(
    definition: str, code: str, message: str, location: str | None
) -> None:
    answer = MachineRoom().call("ValidateStateMachineDefinition", definition=definition)
    expected = {"code": code, "message": message, "severity": "ERROR"}
    assert answer["diagnostics"] == [expected | ({} if location is None else {"location": location})]


def test_an_update_that_changes_nothing_keeps_the_revision() -> None:
    room = MachineRoom()
    arn = room.create(PASS)
    first = room.call("UpdateStateMachine", stateMachineArn=arn, roleArn="arn:aws:iam::000000000000:role/other")
    again = room.call("UpdateStateMachine", stateMachineArn=arn, roleArn="arn:aws:iam::000000000000:role/other")
    other = room.call("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE_ARN)
    assert first["revisionId"] == again["revisionId"] != other["revisionId"]


def test_routes_of_aliases_are_refused_in_awss_words() -> None:
    room = MachineRoom()
    definition = json.dumps(PASS)
    made = room.call("CreateStateMachine", name="m", definition=definition, roleArn=ROLE_ARN, publish=True)
    arn, version = made["stateMachineArn"], made["stateMachineVersionArn"]

    def refused(*routes: tuple[str, int]) -> str:
        routing = [{"stateMachineVersionArn": route, "weight": weight} for route, weight in routes]
        with pytest.raises(AwsError) as caught:
            room.call("CreateStateMachineAlias", name="a", routingConfiguration=routing)
        return f"{caught.value.code}: {caught.value.message}"

    start = "ValidationException: Routing configuration must contain"
    assert refused((arn, 100)) == f"{start} state machine version ARNs. Received: [{arn}]"
    assert refused((version, 50), (version, 50)) == (
        f"{start} distinct state machine version ARNs. Received: [{version}, {version}]"
    )
    assert refused((version, 70)) == (
        "ValidationException: Sum of routing configuration weights must equal 100. Received: [70]"
    )
    missing = f"{arn}:nobody"
    room.call("DeleteStateMachineAlias", stateMachineAliasArn=missing)
    with pytest.raises(AwsError, match="references a resource that does not exist"):
        room.call("UpdateStateMachineAlias", stateMachineAliasArn=missing, description="d")
