"""Subscription filters. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from emulator.effects import Call, Spawn
from emulator.errors import AwsError, EmulatorError
from emulator.operation import CallContext, Reply
from emulator.services.logs.errors import InvalidParameterException
from emulator.services.logs.tests.logs_harness import MILLIS, NOW, Logs


def awslogs(call: Any) -> dict[str, Any]:
    data = json.loads(call.params["Payload"])["awslogs"]["data"]
    document: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(data)))
    return document


def test_subscription_sends_what_matches_to_the_function() -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample"""
    logs = Logs()
    logs.stream()
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    logs.call("PutSubscriptionFilter", logGroupName="g", filterName="n", filterPattern="ERROR", destinationArn=arn)
    events = [{"timestamp": MILLIS, "message": text} for text in ("ERROR 1", "fine", "ERROR 2")]
    params = {"logGroupName": "g", "logStreamName": "s", "logEvents": events}
    reply = logs.service.handle("PutLogEvents", params, CallContext(now=NOW, request_id="r"))
    assert isinstance(reply, Reply)
    (spawn,) = reply.effects
    assert isinstance(spawn, Spawn)
    call = next(spawn.start())
    assert isinstance(call, Call)
    assert (call.service, call.params["FunctionName"], call.params["InvocationType"]) == ("lambda", arn, "Event")
    document = awslogs(call)
    assert {
        name: document[name] for name in ("messageType", "owner", "logGroup", "logStream", "subscriptionFilters")
    } == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": "g",
        "logStream": "s",
        "subscriptionFilters": ["n"],
    }
    assert [event["message"] for event in document["logEvents"]] == ["ERROR 1", "ERROR 2"]


def test_group_has_two_subscriptions_at_most_and_tells_them() -> None:
    logs = Logs()
    logs.stream()
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    for name in ("a", "b", "a"):
        logs.call("PutSubscriptionFilter", logGroupName="g", filterName=name, filterPattern="", destinationArn=arn)
    with pytest.raises(AwsError, match="limit"):
        logs.call("PutSubscriptionFilter", logGroupName="g", filterName="c", filterPattern="", destinationArn=arn)
    logs.call("DeleteSubscriptionFilter", logGroupName="g", filterName="a")
    (left,) = logs.call("DescribeSubscriptionFilters", logGroupName="g")["subscriptionFilters"]
    assert left["filterName"] == "b"


FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def test_subscribed_function_is_asked_first_on_behalf_of_the_group() -> None:
    logs = Logs()
    logs.stream()
    params = {"logGroupName": "g", "filterName": "n", "filterPattern": "", "destinationArn": FUNCTION}
    logs.call("PutSubscriptionFilter", **params)
    (call,) = logs.calls
    assert (call.params["InvocationType"], call.principal) == ("DryRun", "logs.amazonaws.com")
    assert call.source_arn == "arn:aws:logs:us-east-1:000000000000:log-group:g:*"
    logs.refusal = AwsError.named("AccessDeniedException", "no", status=403)
    with pytest.raises(InvalidParameterException, match="Could not execute the lambda function"):
        logs.call("PutSubscriptionFilter", **{**params, "filterName": "other"})
    (left,) = logs.call("DescribeSubscriptionFilters", logGroupName="g")["subscriptionFilters"]
    assert (left["filterName"], left["applyOnTransformedLogs"]) == ("n", False)


@pytest.mark.parametrize(
    ("destination", "problem", "code", "words"),
    [
        (FUNCTION.replace("000000000000", "111111111111"), None, "AccessDeniedException", "Cross-account lambda"),
        (
            "arn:aws:kinesis:us-east-1:000000000000:stream/s",
            None,
            "InvalidParameterException",
            "vendor kinesis cannot be",
        ),
        ("arn:aws:sqs:us-east-1:000000000000:q", None, "NotImplemented", "service sqs"),
    ],
)
def test_destination_that_cannot_be_is_refused(destination: str, problem: Any, code: str, words: str) -> None:
    logs = Logs()
    logs.stream()
    with pytest.raises(AwsError, match=words) as caught:
        logs.call(
            "PutSubscriptionFilter", logGroupName="g", filterName="n", filterPattern="", destinationArn=destination
        )
    assert caught.value.code == code


def test_stream_of_a_service_that_is_not_there_is_refused_by_name() -> None:
    logs = Logs()
    logs.stream()
    logs.refusal = EmulatorError("no such service")
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    params = {
        "filterName": "n",
        "filterPattern": "",
        "destinationArn": arn,
        "roleArn": "arn:aws:iam::000000000000:role/r",
    }
    with pytest.raises(AwsError, match="service kinesis is not supported"):
        logs.call("PutSubscriptionFilter", logGroupName="g", **params)
