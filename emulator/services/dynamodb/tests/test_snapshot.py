"""The state as plain data: everything is in it, nothing is shared, and a restored service answers as the first one did."""

from __future__ import annotations

from typing import Any

from emulator.services.dynamodb import DynamodbQuotas, restored_state, snapshot_of
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

PLAIN = (dict, list, tuple, str, bytes, int, float, bool, type(None))
ON = {"Enabled": True, "AttributeName": "ttl"}


def filled(db: DynamodbDriver) -> None:
    db.table(
        keys="pk:S sk:N g:B",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "gsi",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": "team", "Value": "data"}],
        SSESpecification={"Enabled": True},
        OnDemandThroughput={"MaxReadRequestUnits": 5},
    )
    db.call("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=ON)
    for number in range(5):
        db.put(pk="1", sk=number, g=bytes([number]), v={"m": [1, None, True]}, ttl=1_900_000_000)
    db.call("CreateBackup", TableName="items", BackupName="kept")
    db.call("DeleteItem", TableName="items", Key={"pk": av("1"), "sk": av(2)})
    db.table(
        "other", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    )


def told(db: DynamodbDriver) -> list[Any]:
    """What a client can learn of everything."""
    table = db.call("DescribeTable", TableName="items")["Table"]
    arn = table["LatestStreamArn"]
    stream = db.stream("DescribeStream", StreamArn=arn)["StreamDescription"]
    params = {"StreamArn": arn, "ShardId": stream["Shards"][0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = db.stream("GetShardIterator", **params)["ShardIterator"]
    return [
        table,
        stream,
        db.stream("GetRecords", ShardIterator=iterator)["Records"],
        db.call("DescribeTable", TableName="other"),
        db.call("Scan", TableName="items"),
        db.call("Scan", TableName="items", IndexName="gsi"),
        db.call("ListTagsOfResource", ResourceArn=table["TableArn"]),
        db.call("DescribeTimeToLive", TableName="items"),
        db.call("ListBackups"),
    ]


def test_restored_service_answers_as_the_first_one_did(dynamodb: DynamodbDriver) -> None:
    filled(dynamodb)
    kept = snapshot_of(dynamodb.state)
    before = told(dynamodb)
    again = DynamodbDriver(state=restored_state(dynamodb.state.account, kept))
    assert told(again) == before
    again.put(pk="1", sk=9)
    again.call("DeleteTable", TableName="other")
    assert told(dynamodb) == before
    assert told(DynamodbDriver(state=restored_state(dynamodb.state.account, kept))) == before


def test_snapshot_is_plain_data(dynamodb: DynamodbDriver) -> None:
    filled(dynamodb)

    def walk(value: Any) -> None:
        assert type(value) in PLAIN
        members = [*value, *value.values()] if isinstance(value, dict) else value
        if isinstance(value, dict | list | tuple):
            for member in members:
                walk(member)

    walk(snapshot_of(dynamodb.state))


def test_quotas_are_those_of_the_restoring_emulator(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    state = restored_state(dynamodb.state.account, snapshot_of(dynamodb.state), DynamodbQuotas(item_bytes=10))
    again = DynamodbDriver(state=state)
    assert again.error("PutItem", TableName="items", Item={"pk": av("x" * 20)})[1] == (
        "Item size has exceeded the maximum allowed size"
    )
