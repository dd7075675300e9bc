"""The state as plain data: everything is in it, nothing is shared, and a restored service answers as the first one did."""

from __future__ import annotations

import json
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

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


def through_json(snapshot: Any) -> Any:
    """JSON has no bytes: whoever keeps a snapshot as JSON says what stands for them. It makes lists of tuples."""
    text = json.dumps(snapshot, default=lambda blob: {"bytes": b64encode(blob).decode()})
    return json.loads(text, object_hook=lambda row: b64decode(row["bytes"]) if row.keys() == {"bytes"} else row)


@pytest.mark.parametrize("carried", [through_json, lambda snapshot: pickle.loads(pickle.dumps(snapshot))])
def test_snapshot_may_be_kept_as_json_or_pickled(dynamodb: DynamodbDriver, carried: Callable[[Any], Any]) -> None:
    filled(dynamodb)
    put = {"Put": {"TableName": "other", "Item": {"pk": av("t"), "sk": av(1), "g": av(b"g")}}}
    dynamodb.call("TransactWriteItems", TransactItems=[put], ClientRequestToken="token")
    before = told(dynamodb)
    again = DynamodbDriver(state=restored_state(dynamodb.state.account, carried(snapshot_of(dynamodb.state))))
    assert told(again) == before
    repeated: dict[str, Any] = {
        "TransactItems": [put],
        "ClientRequestToken": "token",
        "ReturnConsumedCapacity": "TOTAL",
    }
    assert again.call("TransactWriteItems", **repeated) == dynamodb.call("TransactWriteItems", **repeated)
    for db in (dynamodb, again):
        key = {"pk": av("1"), "sk": av(3)}
        db.call("DeleteItem", TableName="items", Key=key)
        db.call(
            "RestoreTableFromBackup", TargetTableName="back", BackupArn=before[-1]["BackupSummaries"][0]["BackupArn"]
        )
        assert db.call("Scan", TableName="back")["Count"] == 5
    assert told(again)[4:6] == told(dynamodb)[4:6]


def test_quotas_are_those_of_the_restoring_emulator(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    state = restored_state(dynamodb.state.account, snapshot_of(dynamodb.state), DynamodbQuotas(item_bytes=10))
    again = DynamodbDriver(state=state)
    assert again.error("PutItem", TableName="items", Item={"pk": av("x" * 20)})[1] == (
        "Item size has exceeded the maximum allowed size"
    )
