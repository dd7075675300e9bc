"""Asynchronous invocation. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""

from __future__ import annotations

import json
import re

import pytest

from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.tests.fake_sandbox import Lambda, error

QUEUE = "arn:aws:sqs:us-east-1:000000000000:failures"


def test_event_is_accepted_at_once_and_runs_later() -> None:
    aws = Lambda()
    aws.function()
    assert aws.invoke(payload=b'{"a":1}', InvocationType="Event") == {"StatusCode": 202, "Payload": b""}
    assert [run.payload for run in aws.runs] == [b'{"a":1}']


def test_function_error_is_tried_again_after_one_and_two_minutes() -> None:
    aws = Lambda()
    aws.function()
    aws.handler = error
    aws.invoke(InvocationType="Event")
    counts = []
    for seconds in (59.0, 1.0, 119.0, 1.0, 10_000.0):
        aws.advance(seconds)
        counts.append(len(aws.runs))
    assert counts == [1, 2, 2, 3, 3]
    assert len({run.request_id for run in aws.runs}) == 1
    assert len({run.invocation_id for run in aws.runs}) == 3


def test_dead_letter_is_the_event_with_three_attributes() -> None:
    aws = Lambda()
    aws.function(DeadLetterConfig={"TargetArn": QUEUE})
    aws.handler = error
    aws.invoke(payload=b'{"a":1}', InvocationType="Event")
    aws.advance(200.0)
    assert aws.mailbox.sent == [
        {
            "service": "sqs",
            "QueueUrl": "http://127.0.0.1:4566/000000000000/failures",
            "MessageBody": '{"a":1}',
            "MessageAttributes": {
                "RequestID": {"DataType": "String", "StringValue": aws.runs[0].request_id},
                "ErrorCode": {"DataType": "Number", "StringValue": "200"},
                "ErrorMessage": {"DataType": "String", "StringValue": "no"},
            },
        }
    ]


def test_failure_record_tells_condition_attempts_and_both_payloads() -> None:
    aws = Lambda()
    aws.function()
    aws.call(
        "PutFunctionEventInvokeConfig",
        FunctionName="f",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}, "OnSuccess": {"Destination": QUEUE}},
    )
    aws.handler = error
    aws.invoke(payload=b'{"a":1}', InvocationType="Event")
    record = json.loads(aws.mailbox.sent[0]["MessageBody"])
    assert record == {
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "requestContext": {
            "requestId": aws.runs[0].request_id,
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no", "errorType": "Bad", "requestId": "", "stackTrace": []},
    }


def test_success_record_goes_to_a_function_or_a_bus() -> None:
    aws = Lambda()
    aws.function("f")
    aws.function("g")
    target = "arn:aws:lambda:us-east-1:000000000000:function:g"
    aws.call("PutFunctionEventInvokeConfig", FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": target}})
    aws.invoke("f", InvocationType="Event")
    assert json.loads(aws.runs[1].payload)["requestContext"]["condition"] == "Success"
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
    aws.call("UpdateFunctionEventInvokeConfig", FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": bus}})
    aws.invoke("f", InvocationType="Event")
    entry = aws.mailbox.sent[0]["Entries"][0]
    assert (entry["Source"], entry["DetailType"]) == ("lambda", "Lambda Function Invocation Result - Success")


def test_throttled_event_goes_back_and_is_no_attempt() -> None:
    aws = Lambda()
    aws.function()
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)
    aws.hold = True
    running = aws.begin("Invoke", FunctionName="f")
    aws.invoke(InvocationType="Event")
    aws.advance(2.9)
    assert len(aws.runs) == 1
    aws.finish()
    assert running
    aws.advance(0.2)
    assert len(aws.runs) == 2, "tried after 1 s, then after 2 s more"


def test_event_that_grew_too_old_is_given_up() -> None:
    aws = Lambda()
    aws.function(DeadLetterConfig={"TargetArn": "arn:aws:sns:us-east-1:000000000000:failures"})
    aws.call("PutFunctionEventInvokeConfig", FunctionName="f", MaximumEventAgeInSeconds=100)
    aws.handler = error
    aws.invoke(InvocationType="Event")
    aws.advance(1000.0)
    assert len(aws.runs) == 2
    assert aws.mailbox.sent[0]["service"] == "sns"


def test_reserved_concurrency_zero_sends_events_to_the_dead_letter_queue_without_a_retry() -> None:
    aws = Lambda()
    aws.function(DeadLetterConfig={"TargetArn": QUEUE})
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    aws.invoke(InvocationType="Event")
    assert aws.runs == []
    assert aws.mailbox.sent[0]["MessageAttributes"]["ErrorCode"]["StringValue"] == "429"


BUCKET = "arn:aws:s3:::records"
REFUSED_DESTINATIONS = [
    (
        "OnSuccess",
        BUCKET,
        r"DestinationConfig\(onSuccess=OnSuccess\(destination=arn:aws:s3:::records\), onFailure=null\) is",
    ),
    ("OnFailure", "arn:aws:iam::000000000000:role/x", "The provided destination config DestinationConfig"),
    ("OnFailure", "arn:aws:sqs:us-east-1:000000000000:q.fifo", "FIFO"),
    ("OnSuccess", "arn:aws:lambda:us-east-1:000000000000:function:f", "function as a destination for itself"),
    ("OnSuccess", "arn:aws:lambda:us-east-1:000000000000:function:no", "function:no is invalid"),
]


@pytest.mark.parametrize(("member", "arn", "words"), REFUSED_DESTINATIONS)
def test_destination_that_cannot_be_is_refused_when_it_is_set(member: str, arn: str, words: str) -> None:
    aws = Lambda()
    aws.function()
    destinations = {member: {"Destination": arn}}
    with pytest.raises(InvalidParameterValueException, match=words):
        aws.call("PutFunctionEventInvokeConfig", FunctionName="f", DestinationConfig=destinations)


def test_failure_record_goes_to_a_bucket_under_its_own_key() -> None:
    aws = Lambda()
    aws.function()
    destinations = {"OnFailure": {"Destination": BUCKET}}
    aws.call("PutFunctionEventInvokeConfig", FunctionName="f", DestinationConfig=destinations, MaximumRetryAttempts=0)
    aws.handler = error
    aws.invoke(InvocationType="Event")
    (put,) = aws.mailbox.sent
    assert put["Bucket"] == "records"
    assert re.fullmatch(r"aws/lambda/async/f/2026/01/01/2026-01-01T00\.00\.00-[0-9a-f-]{36}", put["Key"])
    assert json.loads(put["Body"])["requestContext"]["condition"] == "RetriesExhausted"
