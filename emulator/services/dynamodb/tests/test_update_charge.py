"""UpdateItem refuses a statement that counts for more than an item may hold, whatever the item is."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

MOST = 409_600
PADDED = 3 + 19 + 1
"""`SET b = :pad` without the padding."""
TOO_LARGE = ("ValidationException", "Item size to update has exceeded the maximum allowed size")


def path(*elements: str | int) -> int:
    return 1 + sum(14 + len(str(element)) for element in elements)


CHARGES: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    ", c = abcdefghij": ({"abcdefghij": av("y" * 10)}, {}, 19 + 1 + path("abcdefghij")),
    ", c = m.a": ({"m": {"M": {"a": av("y")}}}, {}, 19 + 1 + path("m", "a")),
    ", c = l[10]": ({"l": {"L": [av("y")] * 11}}, {}, 19 + 1 + path("l", 10)),
    ", m.a = :v": ({"m": {"M": {}}}, {":v": av("yy")}, 19 + 1 + 4 + 1 + 2),
    ", l = list_append(l, :v)": ({"l": {"L": []}}, {":v": {"L": [av("y" * 10)]}}, 19 + 1 + 37 + path("l") + 14),
    ", n = n + :v": ({"n": av(7)}, {":v": av(1)}, 19 + 1 + 34 + path("n") + 2),
    ", n = n - :v": ({"n": av(7)}, {":v": av(1)}, 19 + 1 + 37 + path("n") + 2),
    ", c = if_not_exists(c, :v)": ({"c": av("c")}, {":v": av("y" * 10)}, 19 + 1 + 39 + path("c") + 10),
    ", c = :v, d = :v": ({}, {":v": av("y" * 10)}, 2 * (19 + 1 + 10)),
    " ADD ss :v": ({"ss": {"SS": ["p"]}}, {":v": {"SS": ["s" * 500]}}, 19 + 2 + 500),
    " DELETE ss :v": ({"ss": {"SS": ["p", "s" * 500]}}, {":v": {"SS": ["s" * 500]}}, 1 + 2),
    " REMOVE m.yyyy, l[0]": ({"m": {"M": {"yyyy": av(1)}}, "l": {"L": [av(1)]}}, {}, 1 + 1 + 8 + 1 + 1 + 5),
}


@pytest.mark.parametrize("clause", CHARGES)
def test_every_clause_has_its_charge(dynamodb: DynamodbDriver, clause: str) -> None:
    seed, values, charge = CHARGES[clause]
    dynamodb.table()
    for beyond in (0, 1):
        key = {"pk": av(f"k{beyond}")}
        dynamodb.call("PutItem", TableName="items", Item={**key, **seed})
        update = {
            "TableName": "items",
            "Key": key,
            "UpdateExpression": f"SET b = :pad{clause}",
            "ExpressionAttributeValues": {**values, ":pad": av("x" * (MOST - PADDED - charge + beyond))},
        }
        if beyond:
            assert dynamodb.error("UpdateItem", **update) == TOO_LARGE
        else:
            dynamodb.call("UpdateItem", **update)


def test_the_charge_is_told_before_the_condition(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    assert (
        dynamodb.error(
            "UpdateItem",
            TableName="items",
            Key={"pk": av("k")},
            UpdateExpression="SET c = if_not_exists(c, :huge)",
            ConditionExpression="attribute_exists(absent)",
            ExpressionAttributeValues={":huge": av("h" * (MOST + 1))},
        )
        == TOO_LARGE
    )


def test_attribute_updates_and_transactions_measure_the_item_alone(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    largest = av("x" * (MOST - 3 - 1))
    dynamodb.call("UpdateItem", TableName="items", Key={"pk": av("k")}, AttributeUpdates={"b": {"Value": largest}})
    update = {
        "TableName": "items",
        "Key": {"pk": av("l")},
        "UpdateExpression": "SET b = :b",
        "ExpressionAttributeValues": {":b": largest},
    }
    dynamodb.call("TransactWriteItems", TransactItems=[{"Update": update}])
    assert dynamodb.error("UpdateItem", **update) == TOO_LARGE
