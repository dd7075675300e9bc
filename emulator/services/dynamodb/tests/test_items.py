"""PutItem, GetItem, UpdateItem, DeleteItem: keys, sizes, conditions, what they return and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.dynamodb import DynamodbQuotas
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av, plain

INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "
NO_MATCH = "The provided key element does not match the schema"
EMPTY_KEY = f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
GLOBAL = {
    "IndexName": "gsi",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["shown"]},
}
LOCAL = {
    "IndexName": "lsi",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
def indexed(dynamodb: DynamodbDriver) -> DynamodbDriver:
    dynamodb.table(
        keys="pk:S sk:N g:S l:S", KeySchema=KEYS, GlobalSecondaryIndexes=[GLOBAL], LocalSecondaryIndexes=[LOCAL]
    )
    return dynamodb


# -- keys ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"sk": av(1)}, f"{INVALID}Missing the key pk in the item"),
        ({"pk": av("1")}, f"{INVALID}Missing the key sk in the item"),
        ({"pk": av(5), "sk": av(1)}, f"{INVALID}Type mismatch for key pk expected: S actual: N"),
        ({"pk": av(["x"]), "sk": av(1)}, f"{INVALID}Type mismatch for key pk expected: S actual: L"),
        ({"pk": av(""), "sk": av(1)}, EMPTY_KEY),
        (
            {"pk": av("x" * 2049), "sk": av(1)},
            f"{INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        (
            {"pk": av("1"), "sk": av(1), "g": av(1)},
            f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
        ),
        (
            {"pk": av("1"), "sk": av(1), "g": av(None)},
            f"{INVALID}Type mismatch for Index Key g Expected: S Actual: NULL IndexName: gsi",
        ),
        (
            {"pk": av("1"), "sk": av(1), "g": av("")},
            (
                f"{NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot "
                "contain an empty string value. IndexName: gsi, IndexKey: g"
            ),
        ),
        (
            {"pk": av("1"), "sk": av(1), "l": av("x" * 1025)},
            f"{INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
        ),
    ],
)
def test_item_whose_keys_do_not_fit_is_refused(indexed: DynamodbDriver, item: dict[str, Any], message: str) -> None:
    assert indexed.error("PutItem", TableName="items", Item=item) == ("ValidationException", message)


@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"pk": av("1")}, NO_MATCH),
        ({"pk": av("1"), "sk": av("1")}, NO_MATCH),
        ({"pk": av("1"), "sk": av(1), "other": av(1)}, NO_MATCH),
        ({"pk": av(""), "sk": av(1)}, EMPTY_KEY),
    ],
)
def test_key_that_does_not_fit_is_refused(
    indexed: DynamodbDriver, operation: str, key: dict[str, Any], message: str
) -> None:
    assert indexed.error(operation, TableName="items", Key=key) == ("ValidationException", message)


def test_update_may_not_put_another_type_into_an_index(indexed: DynamodbDriver) -> None:
    indexed.put(pk="1", sk=1)
    for value, message in (
        (av(1), "The update expression attempted to update the secondary index key to unsupported type"),
        (
            av(""),
            (
                f"{NOT_VALID}The update expression attempted to update a secondary index key to a value that is not supported. "
                "The AttributeValue for a key attribute cannot contain an empty string value."
            ),
        ),
    ):
        assert (
            indexed.error(
                "UpdateItem",
                TableName="items",
                Key={"pk": av("1"), "sk": av(1)},
                UpdateExpression="SET g = :g",
                ExpressionAttributeValues={":g": value},
            )[1]
            == message
        )


def test_numbers_of_equal_value_are_one_key(dynamodb: DynamodbDriver) -> None:
    dynamodb.table(keys="n:N")
    dynamodb.call("PutItem", TableName="items", Item={"n": {"N": "1.0"}, "v": av("old")})
    dynamodb.call("PutItem", TableName="items", Item={"n": {"N": "10e-1"}, "v": av("new")})
    found = dynamodb.call("Scan", TableName="items")["Items"]
    assert found == [{"n": {"N": "1"}, "v": av("new")}]
    assert dynamodb.call("GetItem", TableName="items", Key={"n": {"N": "01"}})["Item"]["v"] == av("new")


def test_table_that_is_not_there(dynamodb: DynamodbDriver) -> None:
    for operation, params in (
        ("GetItem", {"Key": {"pk": av("1")}}),
        ("PutItem", {"Item": {"pk": av("1")}}),
        ("Scan", {}),
    ):
        assert dynamodb.error(operation, TableName="none", **params) == (
            "ResourceNotFoundException",
            "Requested resource not found",
        )


# -- values, conditions, what comes back -----------------------------------------------------------------------------------------


def test_request_that_is_wrong_in_itself_gets_the_envelope_of_its_operation(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    empty = f"{INVALID}An string set  may not be empty"
    assert dynamodb.error("PutItem", TableName="items", Item={"pk": av("1"), "s": {"SS": []}}) == (
        "ValidationException",
        f"1 validation error detected: {empty}",
    )
    assert dynamodb.error("GetItem", TableName="items", Key={"pk": {"SS": []}}) == ("ValidationException", empty)


def test_condition_that_fails_shows_the_item_if_asked(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.put(pk="1", v="there")
    params = {"TableName": "items", "Item": {"pk": av("1")}, "ConditionExpression": "attribute_not_exists(pk)"}
    for more, item in (
        ({}, None),
        ({"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, {"pk": av("1"), "v": av("there")}),
    ):
        with pytest.raises(AwsError, match="The conditional request failed") as refused:
            dynamodb.call("PutItem", **params, **more)
        assert refused.value.code == "ConditionalCheckFailedException"
        assert refused.value.fields.get("Item") == item
    assert dynamodb.get(pk="1") == {"pk": "1", "v": "there"}


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("NONE", None),
        ("ALL_OLD", {"pk": "1", "a": 1, "b": 1}),
        ("ALL_NEW", {"pk": "1", "a": 2, "b": 1, "c": 3}),
        ("UPDATED_OLD", {"a": 1}),
        ("UPDATED_NEW", {"a": 2, "c": 3}),
    ],
)
def test_update_returns_what_was_asked_for(dynamodb: DynamodbDriver, wanted: str, shown: dict[str, Any] | None) -> None:
    dynamodb.table()
    dynamodb.put(pk="1", a=1, b=1)
    answer = dynamodb.call(
        "UpdateItem",
        TableName="items",
        Key={"pk": av("1")},
        UpdateExpression="SET a = :a, c = :c",
        ExpressionAttributeValues={":a": av(2), ":c": av(3)},
        ReturnValues=wanted,
    )
    assert (plain(answer["Attributes"]) if "Attributes" in answer else None) == shown


def test_update_of_nothing_makes_the_item(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.call("UpdateItem", TableName="items", Key={"pk": av("1")})
    assert dynamodb.get(pk="1") == {"pk": "1"}


def test_put_and_delete_return_the_old_item_or_nothing(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.put(pk="1", v=1)
    old = dynamodb.call("PutItem", TableName="items", Item={"pk": av("1")}, ReturnValues="ALL_OLD")
    assert plain(old["Attributes"]) == {"pk": "1", "v": 1}
    assert dynamodb.call("DeleteItem", TableName="items", Key={"pk": av("2")}, ReturnValues="ALL_OLD") == {}
    for operation, params in (("PutItem", {"Item": {"pk": av("1")}}), ("DeleteItem", {"Key": {"pk": av("1")}})):
        assert dynamodb.error(operation, TableName="items", ReturnValues="ALL_NEW", **params) == (
            "ValidationException",
            "1 validation error detected: ReturnValues can only be ALL_OLD or NONE",
        )


# -- sizes and costs --------------------------------------------------------------------------------------------------------


def test_item_may_have_400_kilobytes_and_not_one_byte_more(dynamodb: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: names and values count."""
    dynamodb.table()
    dynamodb.put(pk="1", v="x" * (409_600 - 4))
    assert dynamodb.error("PutItem", TableName="items", Item={"pk": av("1"), "v": av("x" * (409_600 - 3))}) == (
        "ValidationException",
        "Item size has exceeded the maximum allowed size",
    )
    for length, fits in ((409_600 - 3 - 19 - 1, True), (409_600 - 3 - 19, False)):
        params = {
            "TableName": "items",
            "Key": {"pk": av("2")},
            "UpdateExpression": "SET v = :v",
            "ExpressionAttributeValues": {":v": av("x" * length)},
        }
        if fits:
            dynamodb.call("UpdateItem", **params)
        else:
            assert dynamodb.error("UpdateItem", **params)[1] == (
                "Item size to update has exceeded the maximum allowed size"
            )


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(10, False, 0.5), (10, True, 1.0), (4_096, False, 0.5), (4_097, False, 1.0), (8_193, True, 3.0)],
)
def test_read_costs_by_4_kilobytes(dynamodb: DynamodbDriver, size: int, consistent: bool, units: float) -> None:
    dynamodb.table()
    dynamodb.put(pk="1", v="x" * (size - 4))
    params = {"TableName": "items", "ConsistentRead": consistent, "ReturnConsumedCapacity": "TOTAL"}
    answer = dynamodb.call("GetItem", Key={"pk": av("1")}, **params)
    assert answer["ConsumedCapacity"] == {"TableName": "items", "CapacityUnits": units}
    missing = dynamodb.call("GetItem", Key={"pk": av("2")}, **params)
    assert missing["ConsumedCapacity"]["CapacityUnits"] == (1.0 if consistent else 0.5)


def put_cost(db: DynamodbDriver, **attributes: Any) -> dict[str, Any]:
    item = {name: av(value) for name, value in attributes.items()}
    cost: dict[str, Any] = db.call("PutItem", TableName="items", Item=item, ReturnConsumedCapacity="INDEXES")[
        "ConsumedCapacity"
    ]
    return cost


def arms(cost: dict[str, Any]) -> tuple[float, float, float | None, float | None]:
    """Total, table, global index, local index; None where there is no such arm."""
    parts = [
        cost.get(member, {}).get(name)
        for member, name in (("GlobalSecondaryIndexes", "gsi"), ("LocalSecondaryIndexes", "lsi"))
    ]
    first, second = (None if part is None else part["CapacityUnits"] for part in parts)
    return cost["CapacityUnits"], cost["Table"]["CapacityUnits"], first, second


def test_write_costs_an_index_only_what_it_changes_there(indexed: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes"""
    assert arms(put_cost(indexed, pk="1", sk=1)) == (1.0, 1.0, None, None)
    assert arms(put_cost(indexed, pk="2", sk=1, g="x", shown="p")) == (2.0, 1.0, 1.0, None)
    assert arms(put_cost(indexed, pk="2", sk=1, g="x", shown="p")) == (1.0, 1.0, None, None)
    assert arms(put_cost(indexed, pk="2", sk=1, g="x", shown="p", other="o")) == (1.0, 1.0, None, None)
    assert arms(put_cost(indexed, pk="2", sk=1, g="x", shown="q", other="o")) == (2.0, 1.0, 1.0, None)
    assert arms(put_cost(indexed, pk="2", sk=1, g="y", shown="q", other="o")) == (3.0, 1.0, 2.0, None)
    assert arms(put_cost(indexed, pk="2", sk=1, g="y", shown="q", l="l")) == (2.0, 1.0, None, 1.0)
    assert arms(put_cost(indexed, pk="2", sk=1, g="y", shown="q", l="l", other="o")) == (2.0, 1.0, None, 1.0)
    gone = indexed.call(
        "DeleteItem", TableName="items", Key={"pk": av("2"), "sk": av(1)}, ReturnConsumedCapacity="INDEXES"
    )
    assert arms(gone["ConsumedCapacity"]) == (3.0, 1.0, 1.0, 1.0)


def test_write_costs_the_greater_of_before_and_after(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.put(pk="1", v="x" * 3_000)
    assert put_cost(dynamodb, pk="1")["CapacityUnits"] == 3.0
    assert put_cost(dynamodb, pk="1")["CapacityUnits"] == 1.0


def test_collection_metrics_are_told_where_there_is_a_local_index(indexed: DynamodbDriver) -> None:
    answer = indexed.call(
        "PutItem", TableName="items", Item={"pk": av("1"), "sk": av(1)}, ReturnItemCollectionMetrics="SIZE"
    )
    assert answer["ItemCollectionMetrics"] == {
        "ItemCollectionKey": {"pk": av("1")},
        "SizeEstimateRangeGB": [0.0, 1.0],
    }
    indexed.table("plain")
    answer = indexed.call("PutItem", TableName="plain", Item={"pk": av("1")}, ReturnItemCollectionMetrics="SIZE")
    assert answer == {}


def test_collection_may_not_outgrow_its_quota(make_dynamodb: type[DynamodbDriver]) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections.SizeLimit"""
    db = make_dynamodb(DynamodbQuotas(item_collection_bytes=1_000))
    db.table(keys="pk:S sk:N l:S", KeySchema=KEYS, LocalSecondaryIndexes=[LOCAL])
    db.put(pk="1", sk=1, v="x" * 500)
    large = {"pk": av("1"), "sk": av(2), "v": av("x" * 500)}
    assert db.error("PutItem", TableName="items", Item=large)[0] == "ItemCollectionSizeLimitExceededException"
    db.put(pk="2", sk=2, v="x" * 500)
    db.call("DeleteItem", TableName="items", Key={"pk": av("1"), "sk": av(1)})
    db.call("PutItem", TableName="items", Item=large)
