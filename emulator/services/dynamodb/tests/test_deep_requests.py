"""Beyond 63 levels the older layer reads a request, and words other defects first."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

NESTED = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
ENUM = "ailed to satisfy constraint: Member must satisfy enum value set:"


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = av("leaf")
    for _ in range(levels):
        value = {"M": {"n": value}}
    return value


@pytest.mark.parametrize(
    ("levels", "text"),
    [(40, f"F{ENUM} [ALL, OR]"), (100, f"Value 'XOR' at 'conditionalOperator' f{ENUM} [OR, AND]")],
)
def test_an_unknown_operator_is_worded_by_the_layer(dynamodb: DynamodbDriver, levels: int, text: str) -> None:
    assert dynamodb.error(
        "PutItem",
        TableName="absent",
        Item={"pk": av("a")},
        Expected={"a": {"Value": deep(levels)}, "b": {"Exists": False}},
        ConditionalOperator="XOR",
    ) == ("ValidationException", f"1 validation error detected: {text}")


def test_an_unknown_operator_of_a_query_is_told_before_its_select(dynamodb: DynamodbDriver) -> None:
    null = {"ComparisonOperator": "NULL"}
    params = {
        "TableName": "absent",
        "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [av("a")]}},
        "QueryFilter": {"b": null, "c": null},
        "Select": "BOGUS",
    }
    assert dynamodb.error("Query", **params, ConditionalOperator="XOR")[1] == f"F{ENUM} [ALL, OR]"
    assert dynamodb.error("Query", **params)[1] == (
        f"1 validation error detected: Value 'BOGUS' at 'select' f{ENUM} "
        "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"
    )


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        (40, f"1 validation error detected: {NESTED}"),
        (100, "ReturnValues can only be ALL_OLD or NONE"),
    ],
)
def test_return_values_of_a_deep_delete_come_first(dynamodb: DynamodbDriver, levels: int, text: str) -> None:
    assert dynamodb.error(
        "DeleteItem",
        TableName="absent",
        Key={"pk": av("a")},
        ConditionExpression="d = :deep",
        ExpressionAttributeValues={":deep": deep(levels)},
        ReturnValues="UPDATED_NEW",
    ) == ("ValidationException", text)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"": av("x"), "d": deep(40)}, "Empty attribute name"),
        ({"m": {"M": {"": av("x")}}, "d": deep(40)}, NESTED),
        ({"m": {"M": {"": av("x")}}, "d": deep(31)}, "Empty attribute name"),
    ],
)
def test_an_empty_name_inside_is_told_after_the_depth(
    dynamodb: DynamodbDriver, item: dict[str, Any], text: str
) -> None:
    put = {"TableName": "absent", "Item": {"pk": av("a"), **item}}
    assert dynamodb.error("TransactWriteItems", TransactItems=[{"Put": put}]) == ("ValidationException", text)
