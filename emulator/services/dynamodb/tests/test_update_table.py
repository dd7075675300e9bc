"""UpdateTable: indexes, throughput, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb import DynamodbQuotas
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, plain
from emulator.services.dynamodb.tests.test_tables import INVALID, THROUGHPUT, definitions, index


def test_new_index_holds_the_items_that_are_there(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.put(pk="1", g="x")
    dynamodb.put(pk="2", g=5)  # of another type: not in the index
    dynamodb.put(pk="3")
    answer = dynamodb.call(
        "UpdateTable",
        TableName="items",
        AttributeDefinitions=definitions("g"),
        GlobalSecondaryIndexUpdates=[{"Create": index()}],
    )["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert answer["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    assert (
        dynamodb.call("DescribeTable", TableName="items")["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"]
        == "ACTIVE"
    )
    found = dynamodb.call("Scan", TableName="items", IndexName="idx")["Items"]
    assert list(map(plain, found)) == [{"pk": "1", "g": "x"}]
    dynamodb.call("UpdateTable", TableName="items", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "idx"}}])
    table = dynamodb.call("DescribeTable", TableName="items")["Table"]
    assert "GlobalSecondaryIndexes" not in table
    assert table["AttributeDefinitions"] == definitions("pk")


def test_index_that_is_being_filled_cannot_be_read(make_dynamodb: type[DynamodbDriver]) -> None:
    db = make_dynamodb(DynamodbQuotas(table_status_seconds=10.0))
    db.table()
    db.advance(10.0)
    db.call(
        "UpdateTable",
        TableName="items",
        AttributeDefinitions=definitions("g"),
        GlobalSecondaryIndexUpdates=[{"Create": index()}],
    )
    assert db.error("Scan", TableName="items", IndexName="idx") == (
        "ValidationException",
        "Cannot read from backfilling global secondary index: idx",
    )
    assert db.error("UpdateTable", TableName="items", TableClass="STANDARD")[0] == "ResourceInUseException"
    db.put(pk="1", g="x")
    db.advance(10.0)
    assert db.call("Scan", TableName="items", IndexName="idx")["Count"] == 1


UPDATES_REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "two index changes": (
        {
            "AttributeDefinitions": definitions("g"),
            "GlobalSecondaryIndexUpdates": [{"Create": index()}, {"Create": index("other")}],
        },
        (
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        ),
    ),
    "index twice": (
        {
            "GlobalSecondaryIndexUpdates": [
                {"Delete": {"IndexName": "idx"}},
                {"Update": {"IndexName": "idx", "ProvisionedThroughput": THROUGHPUT}},
            ]
        },
        (
            "ValidationException",
            f"{INVALID}Only one global secondary index update per index is allowed simultaneously. Index: idx",
        ),
    ),
    "no such index": (
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "none"}}]},
        ("ResourceNotFoundException", "Requested resource not found"),
    ),
    "key without definition": (
        {"GlobalSecondaryIndexUpdates": [{"Create": index()}]},
        (
            "ValidationException",
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [g], AttributeDefinitions: [pk]",
        ),
    ),
    "throughput on demand": (
        {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": THROUGHPUT},
        (
            "ValidationException",
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
    ),
}


@pytest.mark.parametrize(("params", "refusal"), UPDATES_REFUSED.values(), ids=UPDATES_REFUSED.keys())
def test_change_that_cannot_be_is_refused(
    dynamodb: DynamodbDriver, params: dict[str, Any], refusal: tuple[str, str]
) -> None:
    dynamodb.table()
    assert dynamodb.error("UpdateTable", TableName="items", **params) == refusal


def test_throughput_changes(dynamodb: DynamodbDriver) -> None:
    dynamodb.table(BillingMode="PROVISIONED", ProvisionedThroughput=THROUGHPUT)
    code, message = dynamodb.error("UpdateTable", TableName="items", ProvisionedThroughput=THROUGHPUT)
    assert code == "ValidationException"
    assert message.startswith("The provisioned throughput for the table will not change. The requested value equals")
    for read in (10, 4):
        dynamodb.call(
            "UpdateTable",
            TableName="items",
            ProvisionedThroughput={"ReadCapacityUnits": read, "WriteCapacityUnits": 5},
        )
    shown = dynamodb.call("DescribeTable", TableName="items")["Table"]["ProvisionedThroughput"]
    assert (shown["ReadCapacityUnits"], shown["NumberOfDecreasesToday"]) == (4, 1)
    dynamodb.call("UpdateTable", TableName="items", BillingMode="PAY_PER_REQUEST")
    table = dynamodb.call("DescribeTable", TableName="items")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    dynamodb.call("UpdateTable", TableName="items", BillingMode="PROVISIONED", ProvisionedThroughput=THROUGHPUT)
    table = dynamodb.call("DescribeTable", TableName="items")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 5


def test_update_must_say_something(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    assert dynamodb.error("UpdateTable", TableName="items")[1].startswith("At least one of ProvisionedThroughput, ")


def test_a_new_index_defines_its_keys_even_where_the_table_knows_them(dynamodb: DynamodbDriver) -> None:
    dynamodb.table(keys="pk:S sk:S")
    create = {
        "IndexName": "by_sk",
        "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    change = {"TableName": "items", "GlobalSecondaryIndexUpdates": [{"Create": create}]}
    assert dynamodb.error("UpdateTable", **change) == (
        "ValidationException",
        f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [sk], AttributeDefinitions: [pk]",
    )
    dynamodb.call("UpdateTable", **change, AttributeDefinitions=definitions("sk"))


def test_an_update_without_any_change_is_refused(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    code, message = dynamodb.error("UpdateTable", TableName="items", GlobalSecondaryIndexUpdates=[])
    assert (code, message.startswith("At least one of ProvisionedThroughput")) == ("ValidationException", True)
