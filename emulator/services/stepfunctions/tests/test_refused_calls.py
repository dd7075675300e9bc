"""Calls that are refused before the service sees them: by its front, by the SDK, and by the rate of calls."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "cause"),
    [
        (
            "sqs:sendMessage",
            {"QueueUrl": "https://sqs/0/u", "MessageBody": None},
            "SQS.AmazonSQSException",
            "The request must contain the parameter MessageBody. (Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; ",
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": "no-such-queue", "MessageBody": "x"},
            "SQS.SdkClientException",
            "Unable to execute HTTP request: no-such-queue: Name or service not known",
        ),
        (
            "aws-sdk:dynamodb:putItem",
            {"TableName": "table", "Item": None},
            "DynamoDb.DynamoDbException",
            (
                "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null "
                "(Service: DynamoDb, Status Code: 400, Request ID: "
            ),
        ),
    ],
)
def test_what_the_services_front_refuses_is_refused(
    resource: str, parameters: dict[str, Any], error: str, cause: str
) -> None:
    """Null leaves a member out. https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"""
    room = MachineRoom()
    room.record("sqs", SendMessage=lambda params: {})
    room.record("dynamodb", PutItem=lambda params: {})
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True}
    described = room.execute(machine(Do=task), parameters)
    assert described["error"] == error
    assert described["cause"].startswith(cause)
    assert room.kinds(described["executionArn"])[2:5] == ["TaskScheduled", "TaskStarted", "TaskFailed"]


def test_task_tokens_are_answered_as_fast_as_aws_lets() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general"""
    room = MachineRoom(quotas=StepFunctionsQuotas(send_task_bucket=2, send_task_per_second=1.0))

    def answer() -> str:
        with pytest.raises(AwsError) as caught:
            room.call("SendTaskHeartbeat", taskToken="foreign")
        return caught.value.code

    assert [answer() for _ in range(3)] == ["InvalidToken", "InvalidToken", "ThrottlingException"]
    room.run(1.0)
    assert answer() == "InvalidToken"
