"""Time to live: who expires, when, and what the stream tells of it."""

from __future__ import annotations

import pytest

from emulator.services.dynamodb import DynamodbQuotas, restored_state, snapshot_of
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av
from emulator.services.dynamodb.tests.test_streams import records, streamed

NOW = 1_800_000_000
ON = {"Enabled": True, "AttributeName": "ttl"}


def count(db: DynamodbDriver) -> int:
    found: int = db.call("Scan", TableName="items")["Count"]
    return found


def test_item_is_deleted_some_time_after_its_expiry(dynamodb: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html"""
    dynamodb.table()
    dynamodb.put(pk="before", ttl=NOW + 10)
    dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    dynamodb.put(pk="after", ttl=NOW + 20)
    dynamodb.put(pk="never")
    dynamodb.advance(14.0)
    assert count(dynamodb) == 3  # expired, and still read
    dynamodb.advance(1.0)
    assert count(dynamodb) == 2
    dynamodb.advance(10.0)
    assert count(dynamodb) == 1


@pytest.mark.parametrize("value", [str(NOW - 10), NOW - 6 * 365 * 86_400, None])
def test_what_is_no_expiry_deletes_nothing(dynamodb: DynamodbDriver, value: object) -> None:
    """Another type than a number, or a time more than five years ago."""
    dynamodb.table()
    dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    dynamodb.put(pk="1", ttl=value)
    dynamodb.advance(1_000_000.0)
    assert count(dynamodb) == 1


def test_later_write_moves_the_expiry(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    for expiry in (NOW + 10, NOW + 100):
        dynamodb.put(pk="1", ttl=expiry)
    dynamodb.put(pk="2", ttl=NOW + 10)
    dynamodb.call(
        "UpdateItem",
        TableName="items",
        Key={"pk": av("2")},
        UpdateExpression="REMOVE #t",
        ExpressionAttributeNames={"#t": "ttl"},
    )
    dynamodb.advance(50.0)
    assert count(dynamodb) == 2
    dynamodb.advance(60.0)
    assert count(dynamodb) == 1


def test_stream_tells_that_the_service_deleted_it(dynamodb: DynamodbDriver) -> None:
    """Also when nobody asks the table: the record has the time of the deletion."""
    arn = streamed(dynamodb)
    dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    dynamodb.put(pk="1", ttl=NOW + 100)
    dynamodb.put(pk="2", ttl=NOW + 50)
    assert len(dynamodb.engine.waiting) == 1
    dynamodb.advance(200.0)
    assert dynamodb.engine.waiting == {}
    found = records(dynamodb, arn)[2:]
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in found] == ["2", "1"]
    for record, seconds in zip(found, (55.0, 105.0), strict=True):
        assert record["eventName"] == "REMOVE"
        assert record["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
        assert record["dynamodb"]["ApproximateCreationDateTime"] == NOW + seconds
        assert "OldImage" in record["dynamodb"]


def test_settings_are_told_and_checked(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    described = dynamodb.call("DescribeTimeToLive", TableName="items")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "DISABLED"}
    off = {**ON, "Enabled": False}
    assert dynamodb.error("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=off)[1] == (
        "TimeToLive is already disabled"
    )
    answer = dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    assert answer == {"TimeToLiveSpecification": ON}
    described = dynamodb.call("DescribeTimeToLive", TableName="items")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert dynamodb.error("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)[1] == (
        "TimeToLive is already enabled"
    )
    other = {**ON, "AttributeName": "other"}
    assert dynamodb.error("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=other)[1] == (
        "TimeToLive is active on a different AttributeName: current AttributeName is ttl"
    )
    dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=off)
    dynamodb.put(pk="1", ttl=NOW + 1)
    dynamodb.advance(100.0)
    assert count(dynamodb) == 1


def test_expiries_survive_a_snapshot(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    dynamodb.put(pk="1", ttl=NOW + 10)
    again = DynamodbDriver(state=restored_state(dynamodb.state.account, snapshot_of(dynamodb.state)))
    again.advance(20.0)
    assert count(again) == 0


def test_wait_before_the_deletion_is_a_quota(make_dynamodb: type[DynamodbDriver]) -> None:
    db = make_dynamodb(DynamodbQuotas(time_to_live_seconds=86_400.0))
    db.table()
    db.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    db.put(pk="1", ttl=NOW + 10)
    db.advance(86_000.0)
    assert count(db) == 1
