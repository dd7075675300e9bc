"""TransactWriteItems and TransactGetItems: all or nothing, reasons, tokens, costs."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.dynamodb import restored_state, snapshot_of
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av, plain

EMPTY_KEY = (
    "One or more parameter values are not valid. "
    "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
)
NO_MATCH = "The provided key element does not match the schema"
ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}


@pytest.fixture
def db(dynamodb: DynamodbDriver) -> DynamodbDriver:
    dynamodb.table()
    return dynamodb


def put(pk: Any, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "items", "Item": {"pk": av(pk)}, **more}}


def update(pk: Any, **more: Any) -> dict[str, Any]:
    values = {"ExpressionAttributeValues": {":v": av(1)}}
    return {"Update": {"TableName": "items", "Key": {"pk": av(pk)}, "UpdateExpression": "SET v = :v", **values, **more}}


def delete(pk: Any, **more: Any) -> dict[str, Any]:
    return {"Delete": {"TableName": "items", "Key": {"pk": av(pk)}, **more}}


def check(pk: Any, **more: Any) -> dict[str, Any]:
    return {"ConditionCheck": {"TableName": "items", "Key": {"pk": av(pk)}, **(more or ABSENT)}}


def reasons(db: DynamodbDriver, *actions: dict[str, Any]) -> list[dict[str, Any]]:
    with pytest.raises(AwsError) as refused:
        db.call("TransactWriteItems", TransactItems=list(actions))
    assert refused.value.code == "TransactionCanceledException"
    given: list[dict[str, Any]] = refused.value.fields["CancellationReasons"]
    codes = ", ".join(reason["Code"] for reason in given)
    assert refused.value.message == (
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    )
    return given


def test_all_are_done_at_once(db: DynamodbDriver) -> None:
    db.put(pk="2")
    db.put(pk="3")
    answer = db.call(
        "TransactWriteItems",
        TransactItems=[put("1"), update("2"), delete("3"), check("4")],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == [{"TableName": "items", "CapacityUnits": 8.0, "WriteCapacityUnits": 8.0}]
    assert (db.get(pk="1"), db.get(pk="2"), db.get(pk="3")) == ({"pk": "1"}, {"pk": "2", "v": 1}, None)


def test_reasons_stand_in_the_order_of_the_actions(db: DynamodbDriver) -> None:
    db.put(pk="1", v="there")
    given = reasons(
        db,
        put("0"),
        put("1", **ABSENT),
        delete("2"),
        update("3", ConditionExpression="attribute_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert given == [{"Code": "None"}, failed, {"Code": "None"}, failed]
    shown = reasons(db, put("1", **ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    assert plain(shown[0]["Item"]) == {"pk": "1", "v": "there"}
    assert db.call("Scan", TableName="items")["Count"] == 1


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (put(5), "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"),
        (update(5), NO_MATCH),
        (delete(["x"]), NO_MATCH),
        (check(5), NO_MATCH),
    ],
)
def test_key_of_another_type_cancels(db: DynamodbDriver, action: dict[str, Any], message: str) -> None:
    assert reasons(db, put("1"), action) == [{"Code": "None"}, {"Code": "ValidationError", "Message": message}]


@pytest.mark.parametrize(
    ("actions", "refusal"),
    [
        ([put("")], ("ValidationException", EMPTY_KEY)),
        ([update("")], ("ValidationException", EMPTY_KEY)),
        ([delete("")], ("ValidationException", EMPTY_KEY)),
        ([check("")], ("ValidationException", EMPTY_KEY)),
        (
            [put("1"), delete("1")],
            ("ValidationException", "Transaction request cannot include multiple operations on one item"),
        ),
        (
            [{**put("1"), **delete("2")}],
            ("ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete"),
        ),
        ([{"Put": {"TableName": "none", "Item": {}}}], ("ResourceNotFoundException", "Requested resource not found")),
        (
            [{"Put": {"TableName": "none", "Item": {}}}, check("1", ConditionExpression="attribute_not_exists(")],
            ("ValidationException", 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("'),
        ),
        (
            [{"Put": {"TableName": "items", "Item": {"pk": av("1"), "v": av("x" * 409_600)}}}],
            ("ValidationException", "Item size has exceeded the maximum allowed size"),
        ),
    ],
)
def test_request_that_is_wrong_as_a_whole_is_no_cancellation(
    db: DynamodbDriver, actions: list[dict[str, Any]], refusal: tuple[str, str]
) -> None:
    assert db.error("TransactWriteItems", TransactItems=actions) == refusal
    assert db.call("Scan", TableName="items")["Count"] == 0


def test_update_that_grows_too_large_cancels(db: DynamodbDriver) -> None:
    db.put(pk="1", rest="x" * 300_000)
    large = {"ExpressionAttributeValues": {":v": av("x" * 109_593)}}
    assert reasons(db, update("1", **large))[0] == {
        "Code": "ValidationError",
        "Message": "Item size to update has exceeded the maximum allowed size",
    }
    db.call("TransactWriteItems", TransactItems=[update("1", ExpressionAttributeValues={":v": av("x" * 109_592)})])


def test_token_makes_a_request_happen_once_for_ten_minutes(db: DynamodbDriver) -> None:
    request = {"TransactItems": [update("1", UpdateExpression="ADD v :v")], "ClientRequestToken": "token"}
    assert db.call("TransactWriteItems", **request) == {}
    again = db.call("TransactWriteItems", **request, ReturnConsumedCapacity="TOTAL")
    assert again["ConsumedCapacity"] == [{"TableName": "items", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
    assert db.get(pk="1") == {"pk": "1", "v": 1}
    assert db.error("TransactWriteItems", TransactItems=[put("2")], ClientRequestToken="token")[0] == (
        "IdempotentParameterMismatchException"
    )
    kept = DynamodbDriver(state=restored_state(db.state.account, snapshot_of(db.state)))
    assert kept.call("TransactWriteItems", **request) == {}
    assert kept.get(pk="1") == {"pk": "1", "v": 1}
    db.advance(600.0)
    db.call("TransactWriteItems", **request)
    assert db.get(pk="1") == {"pk": "1", "v": 2}


def test_items_are_read_together(db: DynamodbDriver) -> None:
    db.put(pk="1", v=1, w=2)
    get = {"TableName": "items", "Key": {"pk": av("1")}}
    missing = {"Get": {"TableName": "items", "Key": {"pk": av("2")}}}
    answer = db.call(
        "TransactGetItems",
        TransactItems=[{"Get": {**get, "ProjectionExpression": "v"}}, missing],
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["Responses"] == [{"Item": {"v": av(1)}}, {}]
    units = {"CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}
    assert answer["ConsumedCapacity"] == [{"TableName": "items", **units, "Table": units}]
    assert db.error("TransactGetItems", TransactItems=[missing, missing])[1] == (
        "Transaction request cannot include multiple operations on one item"
    )
    wrong = {"Get": {"TableName": "items", "Key": {"pk": av(2)}}}
    with pytest.raises(AwsError) as refused:
        db.call("TransactGetItems", TransactItems=[missing, wrong])
    assert refused.value.fields["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": NO_MATCH},
    ]
