"""Calls that leave nothing behind by design leave nothing behind: Python's own values are counted, not pages of memory."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.config import EmulatorConfig
from emulator.http import HttpRequest, HttpResponse

WARM, CALLS = 40, 160
SLACK = 40
"""Values that caches and the interpreter may still add; one value a call would be CALLS of them."""
TABLE = {
    "TableName": "table",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
}
MACHINE = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
QUEUE_URL = "http://127.0.0.1/000000000000/queue"


class Refused(Exception):
    """A status of 300 or more; with the body."""


class Client:
    """Sends requests to one emulator's front, without sockets."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    async def send(self, service: str, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, Signature=0"
        given = [("Host", "aws"), ("Authorization", scope)]
        given += [(name.replace("_", "-"), value) for name, value in headers.items()]
        answered: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        self.emulator.server.handler(HttpRequest(method, path, "", tuple(given), body), answered.set_result)
        response = await answered
        await asyncio.sleep(0)  # an answer that is there at once must not keep the loop from its other work
        if response.status >= 300:
            raise Refused(response.body.decode())
        return response.body

    async def target(self, service: str, target: str, body: Mapping[str, Any]) -> dict[str, Any]:
        content = "application/x-amz-json-1.0"
        answer = await self.send(
            service, "POST", "/", json.dumps(body).encode(), X_Amz_Target=target, Content_Type=content
        )
        return dict(json.loads(answer or b"{}"))


async def s3(client: Client, number: int) -> None:
    if number == 0:
        await client.send("s3", "PUT", "/bucket")
    await client.send("s3", "PUT", "/bucket/key", b"x" * 1000, x_amz_content_sha256="UNSIGNED-PAYLOAD")
    await client.send("s3", "GET", "/bucket/key")
    await client.send("s3", "DELETE", "/bucket/key")


async def dynamodb(client: Client, number: int) -> None:
    if number == 0:
        await client.target("dynamodb", "DynamoDB_20120810.CreateTable", TABLE)
    item = {"k": {"S": "key"}, "v": {"S": "x" * 300}}
    await client.target("dynamodb", "DynamoDB_20120810.PutItem", {"TableName": "table", "Item": item})
    values = {":n": {"N": str(number)}}
    update = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": values, "Key": {"k": {"S": "key"}}}
    await client.target("dynamodb", "DynamoDB_20120810.UpdateItem", {"TableName": "table", **update})


async def sqs(client: Client, number: int) -> None:
    if number == 0:
        await client.target("sqs", "AmazonSQS.CreateQueue", {"QueueName": "queue"})
    await client.target("sqs", "AmazonSQS.SendMessage", {"QueueUrl": QUEUE_URL, "MessageBody": "x" * 200})
    received = await client.target("sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": QUEUE_URL})
    handle = received["Messages"][0]["ReceiptHandle"]
    await client.target("sqs", "AmazonSQS.DeleteMessage", {"QueueUrl": QUEUE_URL, "ReceiptHandle": handle})


async def executions(client: Client, kind: str) -> None:
    arn = f"arn:aws:states:us-east-1:000000000000:stateMachine:{kind}"
    await client.target("states", "AWSStepFunctions.StartExecution", {"stateMachineArn": arn, "input": '{"a": 1}'})
    await client.emulator.runner.idle()


async def workflow(client: Client, number: int, kind: str) -> None:
    if number == 0:
        definition = {"name": kind, "type": kind, "definition": json.dumps(MACHINE)}
        role = "arn:aws:iam::000000000000:role/r"
        await client.target("states", "AWSStepFunctions.CreateStateMachine", {**definition, "roleArn": role})
    await executions(client, kind)


async def express(client: Client, number: int) -> None:
    await workflow(client, number, "EXPRESS")


async def standard(client: Client, number: int) -> None:
    await workflow(client, number, "STANDARD")


async def events(client: Client, number: int) -> None:
    entries = [{"Source": "a", "DetailType": "b", "Detail": json.dumps({"n": number})}]
    await client.target("events", "AWSEvents.PutEvents", {"Entries": entries})


async def refused(client: Client, number: int) -> None:
    with pytest.raises(Refused, match="NoSuchBucket"):
        await client.send("s3", "GET", f"/missing/{number}")


async def logs(client: Client, number: int) -> None:
    names = {"logGroupName": "g", "logStreamName": "s"}
    if number == 0:
        await client.target("logs", "Logs_20140328.CreateLogGroup", {"logGroupName": "g"})
        await client.target("logs", "Logs_20140328.CreateLogStream", names)
    now = int(client.emulator.engine.clock.now() * 1000)
    events = [{"timestamp": now, "message": "x" * 100}]
    await client.target("logs", "Logs_20140328.PutLogEvents", {**names, "logEvents": events})


async def growth(action: Callable[[Client, int], Any]) -> int:
    """How many more values there are after CALLS further calls."""
    settings = EmulatorConfig(port=0, clock="virtual", journal_entries=20, closed_executions=10, log_group_bytes=5_000)
    async with Emulator(settings) as emulator:
        client = Client(emulator)
        for number in range(WARM):
            await action(client, number)
        gc.collect()
        before = len(gc.get_objects())
        for number in range(WARM, WARM + CALLS):
            await action(client, number)
        gc.collect()
        return len(gc.get_objects()) - before


@pytest.mark.parametrize("action", [s3, dynamodb, sqs, express, standard, events, logs, refused])
def test_calls_leave_no_values_behind(action: Callable[[Client, int], Any]) -> None:
    """Standard executions and log events do, up to the bounds that the settings give them."""
    assert asyncio.run(asyncio.wait_for(growth(action), 60)) < SLACK
