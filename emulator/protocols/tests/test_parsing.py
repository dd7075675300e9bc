"""Requests to parameters: what AWS's services tolerate, and how they refuse the rest."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from emulator.errors import AwsError
from emulator.http import HttpRequest
from emulator.protocols import Wires

wires = Wires(strict=True)


def parse(service: str, operation: str, body: bytes, method: str = "POST") -> dict[str, Any]:
    return wires.get(service).parse(operation, HttpRequest(method, "/", "", (), body), {})


def test_json_drops_unknown_members_and_nulls() -> None:
    body = b'{"QueueUrl": "q", "Nope": 1, "MessageBody": null}'
    assert parse("sqs", "SendMessage", body) == {"QueueUrl": "q"}


def test_json_map_of_values_drops_and_refuses_what_a_value_does() -> None:
    def item(value: bytes) -> Any:
        return parse("dynamodb", "PutItem", b'{"Item": {"a": %b}}' % value)["Item"]["a"]

    assert item(b'{"S": "x"}') == {"S": "x"}
    assert item(b'{"X": "x"}') == {}
    assert item(b'{"S": null}') == {}
    assert item(b'{"B": "AAH/"}') == {"B": b"\x00\x01\xff"}
    assert item(b"null") is None
    for wrong in (b'{"S": 1}', b'"S"', b'{"B": "%"}'):
        with pytest.raises(AwsError):
            item(wrong)


def test_json_body_may_be_missing() -> None:
    assert parse("sqs", "ListQueues", b"") == {}


def test_json_blob_is_decoded_and_a_timestamp_is_epoch_seconds() -> None:
    body = orjson.dumps({"QueueUrl": "q", "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "AAE="}}})
    assert parse("sqs", "SendMessage", body)["MessageAttributes"]["a"]["BinaryValue"] == b"\x00\x01"
    body = orjson.dumps({"Namespace": "n", "MetricData": [{"MetricName": "m", "Timestamp": 1.5}]})
    assert parse("cloudwatch", "PutMetricData", body)["MetricData"][0]["Timestamp"] == 1.5


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html names the exception; the texts are observed.
WRONG_TYPES = [
    (b'{"TableName": 1}', "NUMBER_VALUE cannot be converted to String"),
    (b'{"TableName": 1.5}', "DECIMAL_VALUE cannot be converted to String"),
    (b'{"TableName": true}', "TRUE_VALUE cannot be converted to String"),
    (b'{"TableName": []}', "Unrecognized collection type class java.lang.String"),
    (b'{"TableName": {}}', "Start of structure or map found where not expected"),
    (b'{"Limit": "1"}', "STRING_VALUE cannot be converted to Integer"),
    (b'{"Limit": false}', "FALSE_VALUE cannot be converted to Integer"),
    (b'{"ConsistentRead": "true"}', "Unexpected token received from parser"),
    (b'{"ConsistentRead": 1}', "NUMBER_VALUE cannot be converted to Boolean"),
    (b'{"ExclusiveStartKey": "1"}', "Unexpected field type"),
    (b'{"AttributesToGet": {}}', "Start of structure or map found where not expected"),
    (b'{"ExclusiveStartKey": {"k": {"B": "!"}}}', "Invalid Base64 input"),
]


@pytest.mark.parametrize(("body", "text"), WRONG_TYPES)
def test_json_value_of_wrong_type_is_a_serialization_exception(body: bytes, text: str) -> None:
    with pytest.raises(AwsError, match=text) as refused:
        parse("dynamodb", "Query", body)
    assert refused.value.code == "SerializationException"


@pytest.mark.parametrize("body", [b"{", b"[1", b'{"a": "\\ud800"}', b"\xff"])
def test_malformed_json_is_a_serialization_exception(body: bytes) -> None:
    with pytest.raises(AwsError) as refused:
        parse("sqs", "SendMessage", body)
    assert refused.value.code == "SerializationException"


def test_malformed_json_has_lambdas_own_code_in_lambda() -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""
    with pytest.raises(AwsError, match="Could not parse request body into json") as refused:
        parse("lambda", "CreateFunction", b"{")
    assert refused.value.code == "InvalidRequestContentException"


def test_payload_is_the_very_body_that_came() -> None:
    body = b"x" * 100_000
    assert parse("lambda", "Invoke", body)["Payload"] is body
    assert parse("s3", "PutObject", body, "PUT")["Body"] is body


def test_rest_members_come_from_uri_query_and_headers() -> None:
    request = HttpRequest(
        "POST",
        "/2015-03-31/functions/a%3Ab/invocations",
        "Qualifier=live",
        (("x-amz-invocation-type", "Event"), ("X-Amz-Client-Context", "e30=")),
    )
    wire = wires.get("lambda")
    routed = wire.route(request)
    assert wire.parse(routed.operation, request, routed.uri_params) == {
        "FunctionName": "a:b",
        "Qualifier": "live",
        "InvocationType": "Event",
        "ClientContext": "e30=",
    }


def test_query_string_number_that_is_none_is_refused() -> None:
    request = HttpRequest("GET", "/2015-03-31/functions", "MaxItems=many", ())
    with pytest.raises(AwsError, match="MaxItems"):
        wires.get("lambda").parse("ListFunctions", request, {})


def test_query_form_becomes_lists_and_maps() -> None:
    body = (
        b"Action=Publish&Version=2010-03-31&TopicArn=t&Message=a%26b+c"
        b"&MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=Binary"
        b"&MessageAttributes.entry.1.Value.BinaryValue=AAE%3D"
    )
    assert parse("sns", "Publish", body) == {
        "TopicArn": "t",
        "Message": "a&b c",
        "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}},
    }


def test_query_list_keeps_the_order_of_its_numbers() -> None:
    entries = "&".join(f"PublishBatchRequestEntries.member.{number}.Id=i{number}" for number in (10, 2, 1))
    params = parse("sns", "PublishBatch", f"Action=PublishBatch&{entries}".encode())
    assert [entry["Id"] for entry in params["PublishBatchRequestEntries"]] == ["i1", "i2", "i10"]


@pytest.mark.parametrize("entry", [b"member.x.Id=1", b"member.1=1", b"member.1.Id.x=1", b"member.1.Id=\xff"])
def test_query_form_that_does_not_fit_is_malformed_input(entry: bytes) -> None:
    with pytest.raises(AwsError) as refused:
        parse("sns", "PublishBatch", b"PublishBatchRequestEntries." + entry)
    assert refused.value.code == "MalformedInput"


@pytest.mark.parametrize("body", [b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><Delete>&b;</Delete>"])
def test_malformed_xml_is_refused(body: bytes) -> None:
    with pytest.raises(AwsError, match="not well-formed") as refused:
        parse("s3", "DeleteObjects", body)
    assert refused.value.code == "MalformedXML"
