"""Streams: what a record shows, where an iterator stands, what is trimmed, and what outlives its table."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.effects import Now, Process, WaitFor
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

DAY = 86_400.0


def streamed(db: DynamodbDriver, view: str = "NEW_AND_OLD_IMAGES", name: str = "items") -> str:
    db.table(name, StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    arn: str = db.call("DescribeTable", TableName=name)["Table"]["LatestStreamArn"]
    return arn


def shards(db: DynamodbDriver, arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = db.stream("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
    return found


def iterator(db: DynamodbDriver, arn: str, kind: str = "TRIM_HORIZON", shard: int = 0, **more: Any) -> str:
    shard_id = shards(db, arn)[shard]["ShardId"]
    answer = db.stream("GetShardIterator", StreamArn=arn, ShardId=shard_id, ShardIteratorType=kind, **more)
    found: str = answer["ShardIterator"]
    return found


def records(db: DynamodbDriver, arn: str, kind: str = "TRIM_HORIZON", **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = db.stream("GetRecords", ShardIterator=iterator(db, arn, kind, **more))["Records"]
    return found


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_view_decides_what_a_record_shows(dynamodb: DynamodbDriver, view: str, images: set[str]) -> None:
    arn = streamed(dynamodb, view)
    dynamodb.put(pk="1", v=1)
    dynamodb.put(pk="1", v=2)
    dynamodb.call("DeleteItem", TableName="items", Key={"pk": av("1")})
    found = records(dynamodb, arn)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    there = [{"NewImage"}, {"NewImage", "OldImage"}, {"OldImage"}]
    for record, possible in zip(found, there, strict=True):
        content = record["dynamodb"]
        assert {"NewImage", "OldImage"} & content.keys() == images & possible
        assert content["Keys"] == {"pk": av("1")}
        assert content["StreamViewType"] == view
        assert content["SizeBytes"] == 3 + 6 * len(images & possible)  # pk 1, and v with a number of two bytes
        assert content["ApproximateCreationDateTime"] == 1_800_000_000.0
        assert len(content["SequenceNumber"]) >= 21
        assert (record["eventSource"], record["eventVersion"], record["awsRegion"]) == (
            "aws:dynamodb",
            "1.1",
            "us-east-1",
        )
        assert "userIdentity" not in record


def test_write_that_changes_nothing_makes_no_record(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    dynamodb.put(pk="1", v={"b", "a"})
    dynamodb.call("PutItem", TableName="items", Item={"pk": av("1"), "v": {"SS": ["b", "a"]}})
    dynamodb.call("DeleteItem", TableName="items", Key={"pk": av("2")})
    dynamodb.call("UpdateItem", TableName="items", Key={"pk": av("1")}, UpdateExpression="REMOVE nothing")
    assert len(records(dynamodb, arn)) == 1


def test_iterators_of_every_kind(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    for number in range(4):
        dynamodb.put(pk=str(number))
    found = records(dynamodb, arn)
    second = found[1]["dynamodb"]["SequenceNumber"]
    assert records(dynamodb, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=second) == found[1:]
    assert records(dynamodb, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=second) == found[2:]
    latest = iterator(dynamodb, arn, "LATEST")
    dynamodb.put(pk="5")
    page = dynamodb.stream("GetRecords", ShardIterator=latest)
    assert [record["dynamodb"]["Keys"] for record in page["Records"]] == [{"pk": av("5")}]
    assert dynamodb.stream("GetRecords", ShardIterator=page["NextShardIterator"])["Records"] == []
    first = dynamodb.stream("GetRecords", ShardIterator=iterator(dynamodb, arn), Limit=3)
    assert first["Records"] == found[:3]
    assert dynamodb.stream("GetRecords", ShardIterator=first["NextShardIterator"])["Records"][0] == found[3]


def test_iterator_expires_after_fifteen_minutes(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    held = iterator(dynamodb, arn)
    dynamodb.advance(900.0)
    dynamodb.stream("GetRecords", ShardIterator=held)
    dynamodb.advance(0.5)
    code, message = dynamodb.error("GetRecords", service="dynamodbstreams", ShardIterator=held)
    assert code == "ExpiredIteratorException"
    assert "900000 milliseconds" in message


def test_shard_is_followed_by_its_child(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    dynamodb.put(pk="1", v=1)
    dynamodb.advance(5 * 3600.0)
    dynamodb.put(pk="1", v=2)
    parent, child = shards(dynamodb, arn)
    assert child["ParentShardId"] == parent["ShardId"]
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert "EndingSequenceNumber" not in child["SequenceNumberRange"]
    page = dynamodb.stream("GetRecords", ShardIterator=iterator(dynamodb, arn))
    assert len(page["Records"]) == 1
    assert "NextShardIterator" not in page
    assert len(dynamodb.stream("GetRecords", ShardIterator=iterator(dynamodb, arn, shard=1))["Records"]) == 1
    narrowed = dynamodb.stream(
        "DescribeStream", StreamArn=arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
    )
    assert narrowed["StreamDescription"]["Shards"] == [child]


def test_records_are_gone_after_a_day(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    dynamodb.put(pk="1")
    old = records(dynamodb, arn)[0]["dynamodb"]["SequenceNumber"]
    dynamodb.advance(3_600.0)
    dynamodb.put(pk="2")
    dynamodb.advance(DAY - 1_800.0)
    assert [record["dynamodb"]["Keys"]["pk"] for record in records(dynamodb, arn)] == [av("2")]
    refused = dynamodb.error(
        "GetShardIterator",
        service="dynamodbstreams",
        StreamArn=arn,
        ShardId=shards(dynamodb, arn)[0]["ShardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=old,
    )
    assert refused == (
        "TrimmedDataAccessException",
        "The operation attempted to read past the oldest stream record in a shard.",
    )


def test_stream_outlives_its_table_for_a_day(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    dynamodb.put(pk="1")
    dynamodb.call("DeleteTable", TableName="items")
    assert dynamodb.stream("DescribeStream", StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"
    assert len(records(dynamodb, arn)) == 1
    assert len(dynamodb.stream("ListStreams", TableName="items")["Streams"]) == 1
    dynamodb.advance(DAY + 1.0)
    assert dynamodb.stream("ListStreams") == {"Streams": []}
    assert dynamodb.error("DescribeStream", service="dynamodbstreams", StreamArn=arn) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Stream: {arn} not found",
    )


def test_stream_is_switched_off_and_on(dynamodb: DynamodbDriver) -> None:
    first = streamed(dynamodb)
    off = {"StreamEnabled": False}
    dynamodb.call("UpdateTable", TableName="items", StreamSpecification=off)
    table = dynamodb.call("DescribeTable", TableName="items")["Table"]
    assert "StreamSpecification" not in table
    assert table["LatestStreamArn"] == first
    dynamodb.put(pk="1")
    dynamodb.advance(1.0)
    on = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    dynamodb.call("UpdateTable", TableName="items", StreamSpecification=on)
    assert dynamodb.error("UpdateTable", TableName="items", StreamSpecification=on)[0] == "ValidationException"
    second = dynamodb.call("DescribeTable", TableName="items")["Table"]["LatestStreamArn"]
    assert second != first
    assert (records(dynamodb, first), records(dynamodb, second)) == ([], [])
    assert len(dynamodb.stream("ListStreams")["Streams"]) == 2


def test_change_wakes_who_waits_for_the_stream(dynamodb: DynamodbDriver) -> None:
    arn = streamed(dynamodb)
    woken: list[float] = []

    def wait() -> Process:
        assert (yield WaitFor(("dynamodbstreams", arn)))
        woken.append((yield Now()))

    dynamodb.engine.spawn("waiter", wait())
    dynamodb.engine.run_ready()
    dynamodb.advance(7.0)
    assert woken == []
    dynamodb.put(pk="1")
    assert woken == [1_800_000_007.0]


@pytest.mark.parametrize("operation", ["DescribeStream", "GetRecords", "ListStreams"])
def test_a_limit_beyond_the_largest_page_is_refused(dynamodb: DynamodbDriver, operation: str) -> None:
    most = 1_000 if operation == "GetRecords" else 100
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2027-01-15T08:00:00.000"
    named = {"DescribeStream": {"StreamArn": arn}, "GetRecords": {"ShardIterator": "x"}, "ListStreams": {}}[operation]
    message = (
        f"1 validation error detected: Value '{most + 1}' at 'limit' failed to satisfy constraint: "
        f"Member must have value less than or equal to {most}"
    )
    refused = dynamodb.error(operation, service="dynamodbstreams", Limit=most + 1, **named)
    assert refused == ("ValidationException", message)
