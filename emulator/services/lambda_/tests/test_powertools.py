"""Powertools for AWS Lambda as users deploy it: logger, idempotency on DynamoDB, batch processing.

https://docs.powertools.aws.dev/lambda/python/latest/
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.targets import EmbeddedTarget, Target

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expiration, Enabled: true}
      BillingMode: PAY_PER_REQUEST
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: code
      Timeout: 20
      MemorySize: 256
      Environment:
        Variables: {TABLE: !Ref Table, POWERTOOLS_SERVICE_NAME: orders, POWERTOOLS_TRACE_DISABLED: "true"}
Outputs:
  FunctionName: {Value: !Ref Function}
"""
CODE = """
import os, uuid
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function

logger = Logger()
config = IdempotencyConfig(event_key_jmespath="order")
store = DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])
processor = BatchProcessor(event_type=EventType.SQS)

@idempotent_function(data_keyword_argument="data", config=config, persistence_store=store)
def charge(data):
    return {"payment": uuid.uuid4().hex}

def handle(record):
    if record.body == "bad": raise ValueError(record.body)

@logger.inject_lambda_context(log_event=False)
def handler(event, context):
    config.register_lambda_context(context)
    if "Records" in event:
        return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
    logger.info("charging", extra={"order": event["order"]})
    return charge(data=event)
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("powertools")
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text(textwrap.dedent(CODE))
    (folder / "code" / "requirements.txt").write_text("aws-lambda-powertools\njmespath\n")
    (folder / "template.yaml").write_text(TEMPLATE)
    with EmbeddedTarget.start(template=folder / "template.yaml") as running:
        yield running


def invoke(target: Target, event: Any) -> Any:
    answer = target.client("lambda").invoke(
        FunctionName=target.output("FunctionName"), Payload=json.dumps(event), LogType="Tail"
    )
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def test_second_call_with_the_same_key_gets_the_first_answer(target: Target) -> None:
    first = invoke(target, {"order": "a"})
    assert invoke(target, {"order": "a", "other": 1}) == first
    assert invoke(target, {"order": "b"}) != first


def test_logger_writes_one_json_event_with_the_context(target: Target) -> None:
    name = target.output("FunctionName")
    invoke(target, {"order": "logged"})
    found = target.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{name}", filterPattern='{ $.message = "charging" && $.order = "logged" }'
    )["events"]
    (entry,) = [json.loads(event["message"]) for event in found]
    assert {key: entry[key] for key in ("level", "service", "function_name", "function_memory_size")} == {
        "level": "INFO",
        "service": "orders",
        "function_name": name,
        "function_memory_size": "256",
    }


def test_batch_reports_the_records_that_failed(target: Target) -> None:
    def message(number: int, body: str) -> dict[str, Any]:
        return {
            "messageId": f"m{number}",
            "receiptHandle": "r",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
            "awsRegion": "us-east-1",
        }

    answer = invoke(target, {"Records": [message(1, "good"), message(2, "bad")]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
