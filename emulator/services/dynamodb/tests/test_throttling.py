"""Provisioned capacity and on-demand maxima, where the quotas say that they are enforced."""

from __future__ import annotations

import pytest

from emulator.errors import AwsError
from emulator.services.dynamodb import DynamodbQuotas
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

ENFORCED = DynamodbQuotas(throttled=True, burst_seconds=10.0)
ONE = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


@pytest.fixture
def db(make_dynamodb: type[DynamodbDriver]) -> DynamodbDriver:
    db = make_dynamodb(ENFORCED)
    db.table(BillingMode="PROVISIONED", ProvisionedThroughput=ONE)
    return db


def fill(db: DynamodbDriver) -> int:
    """Write until it is refused: how often it was not."""
    for number in range(1_000):
        try:
            db.put(pk=str(number))
        except AwsError as error:
            assert error.code == "ProvisionedThroughputExceededException"
            assert error.message.startswith("The level of configured provisioned throughput for the table was exceeded")
            return number
    raise AssertionError("never refused")


def test_burst_is_used_up_and_comes_back_with_time(db: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html"""
    assert fill(db) == 10
    db.advance(3.0)
    assert fill(db) == 3
    db.advance(1_000.0)
    assert fill(db) == 10
    assert db.get(pk="0") == {"pk": "0"}  # reads have a bucket of their own


def test_batch_leaves_unprocessed_what_there_is_no_capacity_for(db: DynamodbDriver) -> None:
    rows = [{"PutRequest": {"Item": {"pk": av(str(number))}}} for number in range(15)]
    rest = db.call("BatchWriteItem", RequestItems={"items": rows})["UnprocessedItems"]
    assert rest == {"items": rows[10:]}
    keys = [{"pk": av(str(number))} for number in range(30)]
    unread = db.call("BatchGetItem", RequestItems={"items": {"Keys": keys}})["UnprocessedKeys"]
    assert unread["items"]["Keys"] == keys[20:]


def test_refused_transaction_writes_nothing(db: DynamodbDriver) -> None:
    actions = [{"Put": {"TableName": "items", "Item": {"pk": av(str(number))}}} for number in range(6)]
    db.put(pk="first")
    with pytest.raises(AwsError) as refused:
        db.call("TransactWriteItems", TransactItems=actions)
    codes = {reason["Code"] for reason in refused.value.fields["CancellationReasons"]}
    assert codes == {"ProvisionedThroughputExceeded"}
    assert db.call("Scan", TableName="items")["Count"] == 1
    db.call("TransactWriteItems", TransactItems=actions[:4])


def test_index_has_capacity_of_its_own(make_dynamodb: type[DynamodbDriver]) -> None:
    db = make_dynamodb(ENFORCED)
    db.table(
        keys="pk:S g:S",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 100, "WriteCapacityUnits": 100},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "gsi",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": ONE,
            }
        ],
    )
    for number in range(10):
        db.put(pk=str(number), g="x")
    code, message = db.error("PutItem", TableName="items", Item={"pk": av("more"), "g": av("x")})
    assert code == "ProvisionedThroughputExceededException"
    assert "global secondary indexes" in message
    assert db.get(pk="more") is None
    db.put(pk="more")


def test_on_demand_maximum_is_kept(make_dynamodb: type[DynamodbDriver]) -> None:
    db = make_dynamodb(ENFORCED)
    db.table(OnDemandThroughput={"MaxWriteRequestUnits": 1})
    for number in range(10):
        db.put(pk=str(number))
    assert db.error("PutItem", TableName="items", Item={"pk": av("more")})[0] == "ThrottlingException"


def test_nothing_is_refused_by_default(dynamodb: DynamodbDriver) -> None:
    dynamodb.table(BillingMode="PROVISIONED", ProvisionedThroughput=ONE)
    for number in range(400):
        dynamodb.put(pk=str(number))
