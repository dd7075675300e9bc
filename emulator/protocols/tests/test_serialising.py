"""Results and errors to responses, as AWS puts them on the wire."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree
from zlib import crc32

import orjson
import pytest

from emulator.errors import AwsError, InternalFailure, UnsupportedOperation
from emulator.http import HttpResponse
from emulator.protocols import Answered, Wires
from emulator.protocols.tests.peer import result_of

strict = Wires(strict=True)
lenient = Wires()


class QueueDoesNotExist(AwsError):
    pass


class ExecutionAlreadyExists(AwsError):
    pass


class NotFoundException(AwsError):
    pass


class ResourceNotFoundException(AwsError):
    pass


class TooManyRequestsException(AwsError):
    status = 429


class NoSuchKey(AwsError):
    status = 404


def error_of(service: str, error: AwsError, operation: str) -> tuple[HttpResponse, dict[str, Any]]:
    wire = strict.get(service)
    response = wire.serialise_error(error, "r-1", operation)
    return response, result_of(wire, operation, response)


def test_json_response_has_request_id_and_versioned_content_type() -> None:
    response = strict.get("sqs").serialise("GetQueueUrl", {"QueueUrl": "q"}, "r-1")
    assert response == HttpResponse(
        200,
        (("x-amzn-RequestId", "r-1"), ("Content-Type", "application/x-amz-json-1.0")),
        b'{"QueueUrl":"q"}',
    )


def test_none_is_left_out() -> None:
    assert strict.get("sqs").serialise("GetQueueUrl", {"QueueUrl": None}, "r").body == b"{}"


def test_number_that_is_none_goes_out_as_its_name() -> None:
    response = strict.get("cloudwatch").serialise("GetMetricStatistics", {"Datapoints": [{"Sum": float("nan")}]}, "r")
    assert orjson.loads(response.body) == {"Datapoints": [{"Sum": "NaN"}]}


@pytest.mark.parametrize(
    ("service", "operation", "result"),
    [
        ("sqs", "GetQueueUrl", {"Queue": "q"}),
        ("sqs", "GetQueueUrl", {"QueueUrl": 1}),
        ("sqs", "ReceiveMessage", {"Messages": [{"Body": b"bytes"}]}),
        ("sns", "Publish", {"Id": "1"}),
        ("sns", "ListTopics", {"Topics": [{"Arn": "a"}]}),
        ("lambda", "GetFunctionConfiguration", {"Timeout": "3"}),
        ("lambda", "GetFunctionConfiguration", {"Timeouts": 3}),
        ("lambda", "Invoke", {"Payload": "text"}),
        ("s3", "ListObjectsV2", {"Contents": [{"Name": "k"}]}),
    ],
)
def test_strict_refuses_a_result_that_the_model_does_not_know(
    service: str, operation: str, result: dict[str, Any]
) -> None:
    with pytest.raises(InternalFailure):
        strict.get(service).serialise(operation, result, "r")


def test_lenient_leaves_an_unknown_member_out() -> None:
    assert lenient.get("sqs").serialise("GetQueueUrl", {"QueueUrl": "q", "X": 1}, "r").body == b'{"QueueUrl":"q"}'


def test_invoke_answers_with_status_headers_and_the_very_payload() -> None:
    payload = b"x" * 100_000
    result = {"StatusCode": 202, "Payload": payload, "FunctionError": "Unhandled", "ExecutedVersion": "3"}
    response = strict.get("lambda").serialise("Invoke", result, "r-1")
    assert response.status == 202
    assert response.body is payload
    assert dict(response.headers) == {
        "x-amzn-RequestId": "r-1",
        "X-Amz-Function-Error": "Unhandled",
        "X-Amz-Executed-Version": "3",
        "Content-Type": "application/json",
    }


def test_modelled_status_is_used() -> None:
    assert strict.get("lambda").serialise("CreateFunction", {"FunctionName": "f"}, "r").status == 201
    assert strict.get("lambda").serialise("DeleteFunctionConcurrency", {}, "r").status == 204


def test_query_response_is_wrapped_and_escaped() -> None:
    response = strict.get("sns").serialise("CreateTopic", {"TopicArn": "a<&>"}, "r-1")
    assert response.body.decode() == (
        '<?xml version="1.0"?>\n'
        '<CreateTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><CreateTopicResult>'
        "<TopicArn>a&lt;&amp;&gt;</TopicArn></CreateTopicResult>"
        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></CreateTopicResponse>"
    )


def test_bucket_location_is_the_root_itself() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html"""
    response = strict.get("s3").serialise("GetBucketLocation", {"LocationConstraint": "eu-west-1"}, "r")
    root = ElementTree.fromstring(response.body)
    assert (root.tag, root.text) == ("{http://s3.amazonaws.com/doc/2006-03-01/}LocationConstraint", "eu-west-1")


# -- errors ----------------------------------------------------------------------------------------------------------------------


def test_sqs_error_carries_its_query_code() -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html"""
    response, parsed = error_of("sqs", QueueDoesNotExist("The specified queue does not exist."), "SendMessage")
    assert response.status == 400
    assert dict(response.headers)["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert orjson.loads(response.body) == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }
    assert parsed["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_what_the_emulator_does_not_do_is_no_error_of_the_service() -> None:
    """SQS has an error of that name, with another meaning."""
    response, parsed = error_of("sqs", UnsupportedOperation("sqs:X is not supported by this emulator"), "SendMessage")
    assert response.status == 501
    assert parsed["Error"]["Code"] == "NotImplemented"


def test_step_functions_errors_have_their_namespace() -> None:
    response, parsed = error_of("stepfunctions", ExecutionAlreadyExists("taken"), "StartExecution")
    assert orjson.loads(response.body)["__type"] == "com.amazonaws.swf.service.v2.model#ExecutionAlreadyExists"
    assert parsed["Error"] == {"Code": "ExecutionAlreadyExists", "Message": "taken"}


def test_framework_errors_have_the_frameworks_namespace() -> None:
    response, parsed = error_of("stepfunctions", AwsError.named("ValidationException", "no"), "StartExecution")
    assert orjson.loads(response.body)["__type"] == "com.amazon.coral.validate#ValidationException"
    assert parsed["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("error", [NotFoundException("gone"), AwsError.named("NotFound", "gone")])
def test_query_error_has_the_models_code_and_status(error: AwsError) -> None:
    response, parsed = error_of("sns", error, "Publish")
    assert response.status == 404
    assert parsed["Error"] == {"Type": "Sender", "Code": "NotFound", "Message": "gone"}


def test_server_fault_is_the_receivers() -> None:
    response, parsed = error_of("sns", InternalFailure("defect"), "Publish")
    assert response.status == 500
    assert parsed["Error"]["Type"] == "Receiver"


def test_lambda_error_has_type_header_and_modelled_status() -> None:
    response, parsed = error_of("lambda", ResourceNotFoundException("Function not found: f"), "GetFunction")
    assert response.status == 404
    assert dict(response.headers)["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert orjson.loads(response.body) == {"Message": "Function not found: f", "Type": "User"}
    assert parsed["Error"] == {"Code": "ResourceNotFoundException", "Message": "Function not found: f"}


def test_error_members_travel_where_the_model_puts_them() -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: Retry-After is a header."""
    fields = {"retryAfterSeconds": "1", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
    response, parsed = error_of("lambda", TooManyRequestsException("Rate Exceeded.", fields=fields), "Invoke")
    assert response.status == 429
    assert dict(response.headers)["Retry-After"] == "1"
    assert orjson.loads(response.body)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert parsed["Error"]["Code"] == "TooManyRequestsException"


def test_s3_error_is_bare_and_head_has_no_body() -> None:
    response, parsed = error_of("s3", NoSuchKey("The specified key does not exist.", fields={"Key": "k"}), "GetObject")
    assert response.status == 404
    request_id = dict(response.headers)["x-amz-request-id"]
    assert re.fullmatch(r"[0-9A-F]{16}", request_id) is not None
    assert re.fullmatch(r"[A-Za-z0-9+/]{76}", dict(response.headers)["x-amz-id-2"]) is not None
    assert parsed["Error"]["Code"] == "NoSuchKey"
    assert parsed["Error"]["Key"] == "k"
    response, _ = error_of("s3", NoSuchKey("gone"), "HeadObject")
    assert response == HttpResponse(404, response.headers, b"")


def test_answered_error_goes_out_as_it_came() -> None:
    response = HttpResponse(418, (("a", "b"),), b"tea")
    assert strict.get("s3").serialise_error(Answered.by(response, "Teapot", "tea"), "r", "GetObject") is response


def test_dynamodb_sums_every_body() -> None:
    wire = lenient.get("dynamodb")
    for response in (
        wire.serialise("GetItem", {"Item": {"k": {"S": "v"}}}, "r"),
        wire.serialise("TagResource", {}, "r"),
        wire.serialise_error(ResourceNotFoundException("no table"), "r", "GetItem"),
    ):
        assert dict(response.headers)["x-amz-crc32"] == str(crc32(response.body))
    assert "x-amz-crc32" not in dict(lenient.get("sqs").serialise("ListQueues", {}, "r").headers)
