"""BatchGetItem and BatchWriteItem: what they refuse, what they leave unprocessed, what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av, plain

DUPLICATES = "Provided list of item keys contains duplicates"


def put(number: int, **more: Any) -> dict[str, Any]:
    return {"PutRequest": {"Item": {"pk": av(str(number)), **{name: av(value) for name, value in more.items()}}}}


def delete(number: int) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": {"pk": av(str(number))}}}


@pytest.fixture
def db(dynamodb: DynamodbDriver) -> DynamodbDriver:
    dynamodb.table()
    return dynamodb


def test_items_are_written_and_read(db: DynamodbDriver) -> None:
    db.table("others")
    db.put(pk="9")
    answer = db.call(
        "BatchWriteItem",
        RequestItems={"items": [put(1), put(2), delete(9)], "others": [put(1)]},
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["UnprocessedItems"] == {}
    assert {one["TableName"]: one["CapacityUnits"] for one in answer["ConsumedCapacity"]} == {
        "items": 3.0,
        "others": 1.0,
    }
    keys = [{"pk": av(name)} for name in ("1", "2", "9")]
    found = db.call(
        "BatchGetItem",
        RequestItems={"items": {"Keys": keys}, "others": {"Keys": keys[:1], "ConsistentRead": True}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert sorted(plain(item)["pk"] for item in found["Responses"]["items"]) == ["1", "2"]
    assert found["UnprocessedKeys"] == {}
    assert {one["TableName"]: one["CapacityUnits"] for one in found["ConsumedCapacity"]} == {
        "items": 1.5,
        "others": 1.0,
    }


def test_projection_holds_for_all_keys_of_a_table(db: DynamodbDriver) -> None:
    db.put(pk="1", a=1, b=2)
    request = {"Keys": [{"pk": av("1")}], "ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "a"}}
    assert db.call("BatchGetItem", RequestItems={"items": request})["Responses"]["items"] == [{"a": av(1)}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([put(1), delete(1)], DUPLICATES),
        ([put(1), put(1)], DUPLICATES),
        ([{"PutRequest": {"Item": {"pk": av(5)}}}], "The provided key element does not match the schema"),
        ([{"PutRequest": {"Item": {"x": av(5)}}}], "The provided key element does not match the schema"),
        (
            [put(1), {"PutRequest": {"Item": {"pk": av("")}}}],
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. "
                "Key: pk"
            ),
        ),
        ([put(1), put(2, v="x" * 409_600)], "Item size has exceeded the maximum allowed size"),
    ],
)
def test_nothing_is_written_where_one_request_is_wrong(
    db: DynamodbDriver, rows: list[dict[str, Any]], message: str
) -> None:
    assert db.error("BatchWriteItem", RequestItems={"items": rows}) == ("ValidationException", message)
    assert db.call("Scan", TableName="items")["Count"] == 0


def test_counts_are_bounded(db: DynamodbDriver) -> None:
    code, message = db.error("BatchWriteItem", RequestItems={"items": [put(number) for number in range(26)]})
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '{items=[WriteRequest(putRequest=PutRequest(item={")
    assert message.endswith(
        "' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or "
        "equal to 25, Member must have length greater than or equal to 1]"
    )
    code, message = db.error("BatchWriteItem", RequestItems={"bad!name": [put(1)]})
    assert message == (
        "1 validation error detected: Value '{bad!name=[WriteRequest(putRequest=PutRequest(item={pk=AttributeValue(s=1)}), "
        "deleteRequest=null)]}' at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have "
        "length less than or equal to 255, Member must have length greater than or equal to 3, Member must satisfy regular expression "
        "pattern: [a-zA-Z0-9_.-]+]"
    )
    keys = [{"pk": av(str(number))} for number in range(101)]
    assert db.error("BatchGetItem", RequestItems={"items": {"Keys": keys}})[1] == (
        "1 validation error detected: Value at 'RequestItems.items.member.Keys' failed to satisfy constraint: "
        "Member must have length less than or equal to 100"
    )
    assert db.error("BatchWriteItem", RequestItems={})[1] == "The requestItems parameter is required for BatchWriteItem"
    assert db.error("BatchGetItem", RequestItems={})[1] == (
        "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or "
        "equal to 1"
    )
    assert db.error("BatchGetItem", RequestItems={"bad!name": {"Keys": [{"pk": {"B": b"a"}}]}})[1].startswith(
        """1 validation error detected: Value '{"bad!name":{"Keys":[{"pk":{"B":"YQ=="}}]}}' at 'requestItems' failed to satisfy"""
    )
    twice = [{"pk": av("1")}, {"pk": av("1")}]
    assert db.error("BatchGetItem", RequestItems={"items": {"Keys": twice}})[1] == DUPLICATES


def test_keys_beyond_16_megabytes_come_back(db: DynamodbDriver) -> None:
    for number in range(45):
        db.put(pk=str(number), v="x" * 400_000)
    keys = [{"pk": av(str(number))} for number in range(45)]
    answer = db.call("BatchGetItem", RequestItems={"items": {"Keys": keys}})
    found = answer["Responses"]["items"]
    rest = answer["UnprocessedKeys"]["items"]["Keys"]
    assert len(found) == 41
    assert rest == keys[41:]


def test_all_of_a_request_is_read_before_any_table(db: DynamodbDriver) -> None:
    wrong = {"Keys": [{"pk": av("1")}], "ProjectionExpression": "a, a"}
    missing = {"Keys": [{"pk": av("1")}]}
    code, message = db.error("BatchGetItem", RequestItems={"none": missing, "items": wrong})
    assert (code, message.split(":")[0]) == ("ValidationException", "Invalid ProjectionExpression")
    mixed = {"items": {**missing, "ProjectionExpression": "a"}, "none": {**missing, "AttributesToGet": ["a"]}}
    assert db.error("BatchGetItem", RequestItems=mixed)[1].startswith("Can not use both expression and non-expression")
