"""The functions that the workflow calls, one after the other, on S3 and DynamoDB in memory."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import boto3
import fakeredis
import pytest
from audit_message.archive import Archive
from audit_message.internal_message import internal_message, primary_key_of, security_context
from audit_message.meta_data_table import MetaDataTable
from audit_message.payload import PayloadCorrupt, PayloadMissing
from audit_message.payload_store import PayloadStore
from audit_message.request import read_request
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from system.audit_ingest.tests.doubles import RecordingClient, aws_error
from system.audit_ingest.tests.test_ingest_message import NOW

Load = Callable[[str], ModuleType]
KEY = "2024/02/29/23/59/58/m-1"


class Pipeline:
    """A bucket, a table and a Redis, and the functions over them."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.s3 = boto3.client("s3")
        self.dynamodb = boto3.client("dynamodb")
        self.s3.create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.dynamodb.create_table(
            TableName="meta-data",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "messageID", "AttributeType": "S"},
                {"AttributeName": "timestampValue", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "messageID", "KeyType": "HASH"},
                {"AttributeName": "timestampValue", "KeyType": "RANGE"},
            ],
        )
        self.redis = fakeredis.FakeStrictRedis()
        self.payloads = PayloadStore(self.redis, "redis.example", 6379)

    def accept(self, event: dict[str, Any]) -> dict[str, Any]:
        request = read_request(event)
        self.payloads.put("m-1", request.payload, 7200)
        return internal_message("m-1", request, security_context(event, request, NOW), "redis.example", 6379)

    def archive(self, message: dict[str, Any], s3: Any = None, dynamodb: Any = None) -> dict[str, Any]:
        handler = self._load("message_archive").MessageArchive(
            self.payloads,
            Archive(self.s3 if s3 is None else s3, "archive"),
            MetaDataTable(self.dynamodb if dynamodb is None else dynamodb, "meta-data"),
        )
        context: dict[str, Any] = handler(message)
        return context

    def record(self, message: dict[str, Any], s3: Any = None) -> dict[str, Any]:
        handler = self._load("message_metadata").MessageMetaData(
            Archive(self.s3 if s3 is None else s3, "archive"), MetaDataTable(self.dynamodb, "meta-data")
        )
        context: dict[str, Any] = handler(message)
        return context

    def finish(self, message: dict[str, Any], *, archive: Any, metadata: Any, s3: Any = None) -> dict[str, Any]:
        handler = self._load("final_state").FinalState(
            Archive(self.s3 if s3 is None else s3, "archive"), MetaDataTable(self.dynamodb, "meta-data")
        )
        context: dict[str, Any] = handler({**message, "branches": {"archive": archive, "metadata": metadata}})
        return context

    def items(self) -> list[dict[str, Any]]:
        deserializer = TypeDeserializer()
        return [
            {name: deserializer.deserialize(value) for name, value in item.items()}
            for item in self.dynamodb.scan(TableName="meta-data")["Items"]
        ]

    def objects(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket="archive").get("Contents", [])]


@pytest.fixture
def pipeline(load: Load) -> Iterator[Pipeline]:
    with mock_aws():
        yield Pipeline(load)


def done(context: dict[str, Any], reference: str) -> dict[str, Any]:
    """Return a branch's outcome as the workflow makes it of a function's answer."""
    return {"persisted": True, "reference": context[reference], "storageContext": context}


FAILED = {"persisted": False, "reference": {}, "failure": {"Error": "ClientError", "Cause": "S3 is away"}}

PAYLOADS: list[tuple[str, bytes, str]] = [
    (json.dumps(base64.b64encode(b"\x00\xff" * 3).decode()), b"\x00\xff" * 3, "application/octet-stream"),
    ('"not base64"', b"not base64", "text/plain; charset=utf-8"),
    ('"aGVsbG8"', b"aGVsbG8", "text/plain; charset=utf-8"),
    ('"aGVs\\nbG8="', b"aGVs\nbG8=", "text/plain; charset=utf-8"),
    ('"\u00fc"', "\u00fc".encode(), "text/plain; charset=utf-8"),
    ('{"b": 1.10, "a": 1e400}', b'{"b": 1.10, "a": 1e400}', "application/json"),
    ("null", b"null", "application/json"),
    ("0", b"0", "application/json"),
]


@pytest.mark.parametrize(("payload", "archived", "content_type"), PAYLOADS)
def test_the_archive_holds_the_decoded_payload(
    pipeline: Pipeline, event: dict[str, Any], meta_data: Any, payload: str, archived: bytes, content_type: str
) -> None:
    event["body"] = f'{{"messageMetaData": {json.dumps(meta_data)}, "messagePayload": {payload}}}'
    context = pipeline.archive(pipeline.accept(event))
    assert context["S3Reference"] == {"bucket": "archive", "key": KEY}
    stored = pipeline.s3.get_object(Bucket="archive", Key=KEY, ChecksumMode="ENABLED")
    assert stored["Body"].read() == archived
    assert stored["ContentType"] == content_type
    assert base64.b64decode(stored["ChecksumSHA256"]) == hashlib.sha256(archived).digest()


def test_archiving_twice_leaves_one_object(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    assert pipeline.archive(message) == pipeline.archive(message)
    assert pipeline.objects() == [KEY]


def test_a_payload_that_has_expired_cannot_be_archived(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    pipeline.redis.delete("m-1")
    with pytest.raises(PayloadMissing, match="m-1"):
        pipeline.archive(message)
    assert pipeline.objects() == []


def test_a_payload_that_is_not_the_received_one_is_not_archived(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    pipeline.redis.set("m-1", b"aGVsbG8h")
    with pytest.raises(PayloadCorrupt, match="m-1"):
        pipeline.archive(message)
    assert pipeline.objects() == []


def test_an_s3_error_is_raised_for_the_workflow_to_retry(pipeline: Pipeline, event: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="SlowDown"):
        pipeline.archive(pipeline.accept(event), s3=RecordingClient("s3", put_object=aws_error("SlowDown")))


def test_a_branch_sees_what_the_other_one_has_stored(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    assert pipeline.archive(message)["persistence"] == {"S3": True, "metaData": False}
    recorded = pipeline.record(message)
    assert recorded["persistence"] == {"S3": True, "metaData": True}
    assert recorded["S3Reference"] == {"bucket": "archive", "key": KEY}
    assert pipeline.archive(message)["persistence"] == {"S3": True, "metaData": True}


def test_a_branch_does_not_fail_with_the_store_of_the_other(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    away = RecordingClient("dynamodb", get_item=EndpointConnectionError(endpoint_url="https://dynamodb"))
    assert pipeline.archive(message, dynamodb=away)["persistence"] == {"S3": True, "metaData": False}
    away = RecordingClient("s3", head_object=aws_error("SlowDown"))
    assert pipeline.record(message, s3=away)["persistence"] == {"S3": False, "metaData": True}


def test_the_item_is_the_internal_message_and_its_sort_key(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    context = pipeline.record(message)
    assert context["metaDataReference"] == {
        "dynamoDbTableName": "meta-data",
        "primaryKey": {"messageID": "m-1", "timestampValue": 1709251198123},
    }
    assert pipeline.items() == [{**message, "storageContext": context, "timestampValue": 1709251198123}]


NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1) | st.floats(-1e100, 1e100).filter(
    lambda number: number == 0 or abs(number) > 1e-100
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(alphabet=st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\u00e9\u4e2d", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=VALUES)
def test_metadata_survives_the_table(pipeline: Pipeline, event: dict[str, Any], meta_data: Any, value: Any) -> None:
    pipeline.dynamodb.delete_item(
        TableName="meta-data", Key={"messageID": {"S": "m-1"}, "timestampValue": {"N": "1709251198123"}}
    )
    body = json.dumps({"messageMetaData": {**meta_data, "value": value}, "messagePayload": "aGVsbG8="})
    message = pipeline.accept({**event, "body": body})
    # What the function gets has been JSON on the way.
    pipeline.record(json.loads(json.dumps(message)))
    (item,) = pipeline.items()
    assert item["messageMetaData"]["value"] == with_decimals(value)


def with_decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: with_decimals(item) for name, item in value.items()}
    return [with_decimals(item) for item in value] if isinstance(value, list) else value


def test_recording_late_does_not_undo_the_final_state(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    first = pipeline.record(message)
    archived = pipeline.archive(message)
    final = pipeline.finish(message, archive=done(archived, "S3Reference"), metadata=done(first, "metaDataReference"))
    pipeline.record(message)
    (item,) = pipeline.items()
    assert item["storageContext"] == final


def test_the_final_state_names_both_stores_and_is_recorded(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    recorded, archived = pipeline.record(message), pipeline.archive(message)
    final = pipeline.finish(
        message, archive=done(archived, "S3Reference"), metadata=done(recorded, "metaDataReference")
    )
    assert final["persistence"] == {"S3": True, "metaData": True}
    assert final["S3Reference"] == {"bucket": "archive", "key": KEY}
    assert final["metaDataReference"]["primaryKey"] == primary_key_of(message)
    assert pipeline.items()[0]["storageContext"] == final


def test_a_failed_archive_is_recorded_with_its_reason(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    recorded = pipeline.record(message)
    final = pipeline.finish(message, archive=FAILED, metadata=done(recorded, "metaDataReference"))
    assert final["persistence"] == {"S3": False, "metaData": True, "reason": {"S3": "ClientError: S3 is away"}}
    assert final["S3Reference"] == {"bucket": None, "key": None}
    assert pipeline.items()[0]["storageContext"] == final


def test_failed_metadata_is_not_made_up_later(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    final = pipeline.finish(message, archive=done(pipeline.archive(message), "S3Reference"), metadata=FAILED)
    assert final["persistence"] == {"S3": True, "metaData": False, "reason": {"metaData": "ClientError: S3 is away"}}
    assert final["metaDataReference"] == {"dynamoDbTableName": None, "primaryKey": None}
    assert pipeline.items() == []


def test_a_branch_that_failed_after_it_had_written_is_found_out(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    pipeline.archive(message)
    pipeline.record(message)
    final = pipeline.finish(message, archive=FAILED, metadata=FAILED)
    assert final["persistence"] == {"S3": True, "metaData": True}
    assert pipeline.items()[0]["storageContext"] == final


def test_an_item_that_is_gone_again_is_not_claimed(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    archived = pipeline.archive(message)
    final = pipeline.finish(
        message, archive=done(archived, "S3Reference"), metadata=done(archived, "metaDataReference")
    )
    assert final["persistence"]["metaData"] is False
    assert "not there any more" in final["persistence"]["reason"]["metaData"]


def test_a_long_cause_is_shortened_in_the_final_state(pipeline: Pipeline, event: dict[str, Any]) -> None:
    message = pipeline.accept(event)
    cause = {**FAILED, "failure": {"Error": "ClientError", "Cause": "x" * 30_000}}
    final = pipeline.finish(message, archive=cause, metadata=cause)
    assert all(len(reason) == 512 for reason in final["persistence"]["reason"].values())


def test_a_dynamodb_error_is_raised_for_the_workflow_to_retry(load: Load, event: dict[str, Any]) -> None:
    error = aws_error("ProvisionedThroughputExceededException")
    table = MetaDataTable(RecordingClient("dynamodb", put_item=error, update_item=error), "meta-data")
    request = read_request(event)
    message = internal_message("m-1", request, security_context(event, request, NOW), "redis.example", 6379)
    with pytest.raises(ClientError, match="ProvisionedThroughput"):
        load("message_metadata").MessageMetaData(Archive(RecordingClient("s3"), "archive"), table)(message)
    branches = {"archive": FAILED, "metadata": FAILED}
    with pytest.raises(ClientError, match="ProvisionedThroughput"):
        load("final_state").FinalState(Archive(RecordingClient("s3"), "archive"), table)(
            {**message, "branches": branches}
        )


@pytest.mark.parametrize("function", ["message_archive", "message_metadata", "final_state", "payload_expiry"])
def test_functions_start_without_talking_to_anyone(load: Load, function: str) -> None:
    assert callable(load(function).lambda_handler)
