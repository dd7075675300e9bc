"""The parameters from before expressions: the same conditions and updates, and errors of their own.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import check_parameters, read_expressions

INVALID = "One or more parameter values were invalid: "
ITEM: dict[str, Any] = {
    "s": {"S": "hello"},
    "n": {"N": "5"},
    "set": {"SS": ["a", "b"]},
    "list": {"L": [{"N": "1"}]},
}


def one(value: Any) -> dict[str, Any]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


FILTERS: list[tuple[str, str, list[Any], bool]] = [
    ("s", "EQ", ["hello"], True),
    ("s", "EQ", [5], False),
    ("none", "EQ", ["x"], False),
    ("s", "NE", ["x"], True),
    ("none", "NE", ["x"], True),
    ("n", "LT", [6], True),
    ("n", "LE", [5], True),
    ("n", "GT", [5], False),
    ("n", "GE", ["5"], False),
    ("n", "BETWEEN", [1, 5], True),
    ("n", "IN", [1, 5], True),
    ("n", "IN", [1], False),
    ("s", "BEGINS_WITH", ["he"], True),
    ("s", "CONTAINS", ["ell"], True),
    ("set", "CONTAINS", ["a"], True),
    ("list", "CONTAINS", [1], True),
    ("set", "NOT_CONTAINS", ["z"], True),
    ("set", "NOT_CONTAINS", ["a"], False),
    ("none", "NOT_CONTAINS", ["a"], False),
    ("s", "NOT_NULL", [], True),
    ("none", "NULL", [], True),
]


@pytest.mark.parametrize(("name", "operator", "values", "expected"), FILTERS)
def test_each_comparison_operator(name: str, operator: str, values: list[Any], expected: bool) -> None:
    condition = {"ComparisonOperator": operator, "AttributeValueList": [one(value) for value in values]}
    found = read_expressions("Scan", {"ScanFilter": {name: condition}}).filter
    assert found is not None
    assert found.holds(ITEM) is expected
    expected_condition = read_expressions("PutItem", {"Expected": {name: condition}}).condition
    assert expected_condition is not None
    assert expected_condition.holds(ITEM) is expected


def test_conditions_are_joined_by_and_or_by_or() -> None:
    expected = {"s": {"Value": {"S": "hello"}}, "n": {"Value": {"N": "6"}}}
    both = read_expressions("PutItem", {"Expected": expected}).condition
    either = read_expressions("PutItem", {"Expected": expected, "ConditionalOperator": "OR"}).condition
    assert both is not None
    assert either is not None
    assert (both.holds(ITEM), either.holds(ITEM)) == (False, True)


def test_exists_false_wants_no_attribute() -> None:
    condition = read_expressions("PutItem", {"Expected": {"s": {"Exists": False}}}).condition
    assert condition is not None
    assert (condition.holds(ITEM), condition.holds(None)) == (False, True)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "Scan",
        {"ScanFilter": {"a": {"ComparisonOperator": "EQ", "AttributeValueList": []}}},
        f"{INVALID}Invalid number of argument(s) for the EQ ComparisonOperator",
    ),
    (
        "Scan",
        {"ScanFilter": {"a": {"ComparisonOperator": "LT", "AttributeValueList": [{"BOOL": True}]}}},
        f"{INVALID}ComparisonOperator LT is not valid for BOOL AttributeValue type",
    ),
    (
        "Scan",
        {"ScanFilter": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"S": "1"}]}}},
        f"{INVALID}AttributeValues inside AttributeValueList must be of same type",
    ),
    (
        "Scan",
        {"ScanFilter": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "2"}, {"N": "1"}]}}},
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    ),
    (
        "Query",
        {"KeyConditions": {"a": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "1"}]}}},
        "Attempted conditional constraint is not an indexable operation",
    ),
    ("Query", {"KeyConditions": {}}, "Conditions can be of length 1 or 2 only"),
    (
        "GetItem",
        {"AttributesToGet": ["a", "b", "a"]},
        f"{INVALID}Duplicate value in attribute name: a",
    ),
    (
        "PutItem",
        {"Expected": {"a": {}}},
        f"1 validation error detected: {INVALID}Value must be provided when Exists is null for Attribute: a",
    ),
    (
        "PutItem",
        {"Expected": {"a": {"Exists": False, "Value": {"S": ""}}}},
        f"1 validation error detected: {INVALID}Value cannot be used when Exists is false for Attribute: a",
    ),
    (
        "PutItem",
        {"Expected": {"a": {"ComparisonOperator": "EQ", "Exists": True}}},
        f"1 validation error detected: {INVALID}Exists and ComparisonOperator cannot be used together for Attribute: a",
    ),
    (
        "UpdateItem",
        {"AttributeUpdates": {"a": {"Action": "ADD", "Value": {"S": "x"}}}},
        f"1 validation error detected: {INVALID}ADD action is not supported for the type S",
    ),
    (
        "UpdateItem",
        {"AttributeUpdates": {"a": {"Action": "PUT"}}},
        f"1 validation error detected: {INVALID}Only DELETE action is allowed when no attribute value is specified",
    ),
]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "ConditionalOperator cannot be used without Filter or Expected"),
        ({"ScanFilter": {}}, "ConditionalOperator cannot be used without Filter or Expected"),
        (
            {"ScanFilter": {"a": {"ComparisonOperator": "NULL"}}},
            "ConditionalOperator can only be used when Filter or Expected has two or more elements",
        ),
    ],
)
def test_a_conditional_operator_joins_two_conditions_or_more(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_parameters("Scan", {**params, "ConditionalOperator": "AND"})
    assert caught.value.message == message


@pytest.mark.parametrize(("operation", "params", "message"), REFUSED)
def test_what_cannot_be_meant_is_refused_in_awss_words(operation: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        read_expressions(operation, params)
    assert caught.value.message == message


UPDATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"n": {"Value": {"N": "7"}}}, {"n": {"N": "7"}}),
    ({"n": {"Action": "ADD", "Value": {"N": "2.5"}}}, {"n": {"N": "7.5"}}),
    ({"x": {"Action": "ADD", "Value": {"N": "2"}}}, {"x": {"N": "2"}}),
    ({"set": {"Action": "ADD", "Value": {"SS": ["b", "c"]}}}, {"set": {"SS": ["a", "b", "c"]}}),
    ({"list": {"Action": "ADD", "Value": {"L": [{"N": "2"}]}}}, {"list": {"L": [{"N": "1"}, {"N": "2"}]}}),
    ({"set": {"Action": "DELETE", "Value": {"SS": ["a"]}}}, {"set": {"SS": ["b"]}}),
    ({"set": {"Action": "DELETE", "Value": {"SS": ["a", "b"]}}}, {"set": {}}),
    ({"s": {"Action": "DELETE"}}, {"s": {}}),
]


@pytest.mark.parametrize(("updates", "changes"), UPDATES)
def test_each_action(updates: dict[str, Any], changes: dict[str, Any]) -> None:
    update = read_expressions("UpdateItem", {"AttributeUpdates": updates}).update
    assert update is not None
    expected = {name: value for name, value in {**ITEM, **changes}.items() if value}
    assert update.apply(ITEM, {}) == expected


def test_an_action_on_another_type_is_a_mismatch() -> None:
    update = read_expressions("UpdateItem", {"AttributeUpdates": {"s": {"Action": "ADD", "Value": {"N": "1"}}}}).update
    assert update is not None
    with pytest.raises(ValidationException, match="Type mismatch for attribute to update"):
        update.apply(ITEM, {})
