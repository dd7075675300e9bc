"""SDK integrations of any operation that the emulator has: names, checks at creation, parameters and results.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import Params
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine


def task(resource: str, parameters: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    given = {} if parameters is None else {"Parameters": parameters}
    return machine(
        Do={"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{resource}", "End": True, **given, **fields}
    )


@pytest.mark.parametrize(
    ("definition", "text"),
    [
        (task("s3:getObjekt", {}), "is not recognized"),
        (task("s3:getObject", {"Bucket": "b"}), 'The field "Key" is required but was missing at /States/Do/Parameters'),
        (task("s3:getObject", {"Bucket": "b", "key": "k"}), 'The field "key" is not supported by Step Functions'),
        (
            task("dynamodb:batchGetItem", {"RequestItems": {"t": {"Keyz": []}}}),
            'The field "Keyz" is not supported by Step Functions at /States/Do/Parameters/RequestItems/t',
        ),
        (task("s3:getObject.sync", {"Bucket": "b", "Key": "k"}), "is not recognized"),
    ],
)
def test_wrong_names_are_found_at_creation(definition: dict[str, Any], text: str) -> None:
    with pytest.raises(AwsError) as caught:
        MachineRoom().create(definition)
    assert caught.value.code == "InvalidDefinition"
    assert text in caught.value.message


def test_paths_count_as_the_fields_that_they_fill() -> None:
    MachineRoom().create(task("s3:getObject", {"Bucket.$": "$.b", "Key.$": "States.Format('{}', $.k)"}))


def test_services_that_the_emulator_does_not_have_are_refused_at_creation() -> None:
    room = MachineRoom(emulated={"s3", "lambda"})
    room.create(task("s3:listBuckets"))
    for definition in (task("sqs:listQueues"), machine(Do={"Type": "Task", "Resource": EVENTS, "End": True})):
        with pytest.raises(UnsupportedOperation, match="is not supported by this emulator"):
            room.create(definition, "other")


EVENTS = "arn:aws:states:::events:putEvents"


def test_members_times_and_bytes_are_turned_both_ways() -> None:
    room = MachineRoom()

    def get(params: Params) -> dict[str, Any]:
        return {"Body": b"text", "LastModified": 1_767_225_600.5, "ContentLength": 4, "Metadata": {"own": "Own"}}

    buckets = room.record("s3", GetObject=get, PutObject=lambda params: {"ETag": "e"})
    parameters = {"Bucket": "b", "Key": "k", "IfModifiedSince": "2026-01-01T00:00:00Z"}
    output = json.loads(room.execute(task("s3:getObject", parameters))["output"])
    assert output == {
        "Body": "text",
        "LastModified": "2026-01-01T00:00:00.500Z",
        "ContentLength": 4,
        "Metadata": {"own": "Own"},
    }
    assert buckets.calls[0][1]["IfModifiedSince"] == 1_767_225_600.0
    room.execute(task("s3:putObject", {"Bucket": "b", "Key": "k", "Body": {"falsy": 0}}))
    assert buckets.calls[1][1]["Body"] == b'{"falsy":0}'


def test_members_that_begin_with_a_small_letter_have_a_capital_in_the_workflow() -> None:
    room = MachineRoom()
    described = {"logGroups": [{"logGroupName": "g", "creationTime": 7}]}
    logs = room.record("logs", DescribeLogGroups=lambda params: described)
    output = json.loads(room.execute(task("cloudwatchlogs:describeLogGroups", {"LogGroupNamePrefix": "g"}))["output"])
    assert output == {"LogGroups": [{"LogGroupName": "g", "CreationTime": 7}]}
    assert logs.calls[0][1] == {"logGroupNamePrefix": "g"}


@pytest.mark.parametrize(
    ("resource", "service", "error", "expected"),
    [
        ("s3:getObject", "s3", "NoSuchKey", "S3.NoSuchKeyException"),
        ("dynamodb:putItem", "dynamodb", "ConditionalCheckFailedException", "DynamoDb.ConditionalCheckFailedException"),
        ("secretsmanager:getSecretValue", "secretsmanager", "AccessDenied", "SecretsManager.SecretsManagerException"),
        ("sfn:startExecution", "stepfunctions", "ExecutionAlreadyExists", "Sfn.ExecutionAlreadyExistsException"),
    ],
)
def test_errors_have_the_names_of_the_sdk(resource: str, service: str, error: str, expected: str) -> None:
    def refuse(params: Params) -> dict[str, Any]:
        raise AwsError.named(error, "no")

    room = MachineRoom()
    operation = resource.partition(":")[2]
    operation = operation[:1].upper() + operation[1:]
    required = {"GetObject": {"Bucket": "b", "Key": "k"}, "PutItem": {"TableName": "t", "Item": {}}}
    required |= {"GetSecretValue": {"SecretId": "s"}, "StartExecution": {"StateMachineArn": "a"}}
    arn = room.start(task(resource, required[operation]))
    room.record(service, **{operation: refuse})
    room.run()
    execution = room.service.executions[arn]
    assert execution.error == expected


def test_validation_reports_warnings_only_when_asked() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html"""
    room = MachineRoom()
    text = json.dumps(
        machine(
            A={"Type": "Pass", "Result": {"x": "$.y"}, "Next": "B"},
            B={
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": "$.url", "MessageBody.$": "$$.Task.Token"},
                "End": True,
            },
        )
    )
    assert room.call("ValidateStateMachineDefinition", definition=text)["diagnostics"] == []
    answer = room.call("ValidateStateMachineDefinition", definition=text, severity="WARNING")
    assert answer["result"] == "OK"
    assert [(row["severity"], row["code"], row["location"]) for row in answer["diagnostics"]] == [
        ("WARNING", "PASS_RESULT_IS_STATIC", "/States/A/Result/x"),
        ("WARNING", "NO_DOLLAR", "/States/B/Parameters/QueueUrl"),
        ("WARNING", "NO_TIMEOUT", "/States/B"),
    ]
    limited = room.call("ValidateStateMachineDefinition", definition=text, severity="WARNING", maxResults=1)
    assert (len(limited["diagnostics"]), limited["truncated"]) == (1, True)


@pytest.mark.parametrize(
    ("body", "stored"), [("text", b'"text"'), ({"a": [None]}, b'{"a":[null]}'), (False, b"false"), (None, None)]
)
def test_the_body_of_a_request_is_written_as_json(body: Any, stored: bytes | None) -> None:
    room = MachineRoom()
    bucket = room.record("s3", PutObject=lambda params: {})
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "End": True}
    room.execute(machine(Do=task), {"Bucket": "bucket", "Key": "k", "Body": body})
    assert bucket.calls[0][1].get("Body") == stored


def test_objects_have_metadata_and_s3s_failures_its_second_request_id() -> None:
    room = MachineRoom()
    room.record("s3", GetObject=lambda params: {"Body": b"x"})
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": True}
    parameters = {"Bucket": "bucket", "Key": "k"}
    assert json.loads(room.execute(machine(Do=task), parameters)["output"]) == {"Metadata": {}, "Body": "x"}

    def missing(params: Any) -> Any:
        raise AwsError.named("NoSuchKey", "The specified key does not exist.", status=404)

    room = MachineRoom()
    room.record("s3", GetObject=missing)
    described = room.execute(machine(Do=task), parameters)
    assert described["error"] == "S3.NoSuchKeyException"
    assert re.search(
        r"\(Service: S3, Status Code: 404, Request ID: \S+, Extended Request ID: \S+\)$", described["cause"]
    )
