"""The parameters from before expressions, translated to the same trees.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.services.dynamodb.expressions.ast import (
    And,
    Between,
    Call,
    Comparison,
    ConditionNode,
    In,
    Not,
    Or,
    Path,
    Value,
)
from emulator.services.dynamodb.expressions.condition_compiler import compile_condition
from emulator.services.dynamodb.expressions.conditions import Condition
from emulator.services.dynamodb.expressions.key_conditions import KeyCondition, SortCondition
from emulator.services.dynamodb.expressions.scope import Scope
from emulator.services.dynamodb.request_error import RequestError
from emulator.services.dynamodb.values import AttributeValue, checked_value, sort_key, type_of

__all__ = ["expected_condition", "filter_condition", "key_conditions"]

_INVALID = "One or more parameter values were invalid: "
_COMPARISONS: Mapping[str, str] = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_SCALARS = frozenset({"S", "N", "B"})
_ALLOWED_TYPES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("LE", "LT", "GE", "GT", "BETWEEN", "IN"), _SCALARS),
    **dict.fromkeys(("CONTAINS", "NOT_CONTAINS"), _SCALARS | {"BOOL", "NULL"}),
    "BEGINS_WITH": frozenset({"S", "B"}),
}
_NO_VALUE, _ONE_VALUE, _TWO_VALUES, _SOME_VALUES = (0, 0), (1, 1), (2, 2), (1, 1_000_000)
_VALUE_COUNTS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys((*_COMPARISONS, "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"), _ONE_VALUE),
    **dict.fromkeys(("NULL", "NOT_NULL"), _NO_VALUE),
    "IN": _SOME_VALUES,
    "BETWEEN": _TWO_VALUES,
}
_KEY_OPERATORS: Mapping[str, str] = {**_COMPARISONS, "BETWEEN": "BETWEEN", "BEGINS_WITH": "begins_with"}


class _Builder:
    """Collects the clauses of one parameter, with a `#name` and `:values` for each."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, AttributeValue] = {}
        self._clauses: list[ConditionNode] = []

    def path(self, name: str) -> Path:
        substitute = f"#{len(self.names)}"
        self.names[substitute] = name
        return Path((substitute,))

    def value(self, value: AttributeValue) -> Value:
        name = f":{len(self.values)}"
        self.values[name] = value
        return Value(name)

    def add(self, name: str, operator: str, values: list[AttributeValue]) -> None:
        path, operands = self.path(name), [self.value(value) for value in values]
        self._clauses.append(_clause(operator, path, operands))

    def condition(self, operator: str) -> Condition | None:
        """The clauses joined by AND or OR; None where there are none."""
        if not self._clauses:
            return None
        join = Or if operator == "OR" else And
        node = self._clauses[0]
        for clause in self._clauses[1:]:
            node = join(node, clause)
        scope = Scope("legacy parameter", self.names)
        return Condition(compile_condition(node, scope), self.values, scope)


def _clause(operator: str, path: Path, operands: list[Value]) -> ConditionNode:
    if operator in _COMPARISONS:
        return Comparison(_COMPARISONS[operator], path, operands[0])
    if operator == "BETWEEN":
        return Between(path, operands[0], operands[1])
    if operator == "IN":
        return In(path, tuple(operands))
    exists = Call("attribute_exists", (path,))
    if operator == "NOT_NULL":
        return exists
    if operator == "NULL":
        return Call("attribute_not_exists", (path,))
    if operator == "BEGINS_WITH":
        return Call("begins_with", (path, operands[0]))
    has = Call("contains", (path, operands[0]))
    return has if operator == "CONTAINS" else And(exists, Not(has))


# -- Expected ------------------------------------------------------------------------------------------------------------


def expected_condition(expected: Mapping[str, Any], conditional_operator: str | None) -> Condition | None:
    """The condition of Expected. Raises RequestError."""
    builder = _Builder()
    for name, wanted in expected.items():
        operator, values = _expectation(name, wanted)
        _check_values(operator, values)
        builder.add(name, operator, values)
    return builder.condition(conditional_operator or "AND")


def _expectation(name: str, wanted: Mapping[str, Any]) -> tuple[str, list[AttributeValue]]:
    value, several = wanted.get("Value"), wanted.get("AttributeValueList")
    operator, exists = wanted.get("ComparisonOperator"), wanted.get("Exists")
    if value is not None and several is not None:
        raise _refused(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
    if operator is None:
        if several is not None:
            raise _refused(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
        if exists is False:
            if value is not None:
                raise _refused(f"Value cannot be used when Exists is false for Attribute: {name}")
            return "NULL", []
        if value is None:
            shown = "null" if exists is None else "true"
            raise _refused(f"Value must be provided when Exists is {shown} for Attribute: {name}")
        return "EQ", [checked_value(value)]
    if exists is not None:
        raise _refused(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
    given = [checked_value(one) for one in (several if several is not None else [] if value is None else [value])]
    if value is None and several is None and operator not in ("NULL", "NOT_NULL"):
        raise _refused(
            f"Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute: {name}"
        )
    least, most = _VALUE_COUNTS[operator]
    if not least <= len(given) <= most:
        raise _refused(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    return operator, given


# -- filters and key conditions ------------------------------------------------------------------------------------------


def _arguments(condition: Mapping[str, Any]) -> tuple[str, list[AttributeValue]]:
    operator = condition["ComparisonOperator"]
    values = [checked_value(value) for value in condition.get("AttributeValueList") or ()]
    least, most = _VALUE_COUNTS[operator]
    if not least <= len(values) <= most:
        raise _refused(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    _check_values(operator, values)
    return operator, values


def filter_condition(conditions: Mapping[str, Any], conditional_operator: str | None) -> Condition | None:
    """The condition of QueryFilter or ScanFilter. Raises RequestError."""
    builder = _Builder()
    for name, condition in conditions.items():
        builder.add(name, *_arguments(condition))
    return builder.condition(conditional_operator or "AND")


def key_conditions(conditions: Mapping[str, Any]) -> KeyCondition:
    """The condition of KeyConditions. Raises RequestError."""
    read = {name: _arguments(condition) for name, condition in conditions.items()}
    if not 1 <= len(read) <= 2:
        raise RequestError("Conditions can be of length 1 or 2 only")
    found = {}
    for name, (operator, values) in read.items():
        if operator not in _KEY_OPERATORS:
            raise RequestError("Attempted conditional constraint is not an indexable operation")
        found[name] = SortCondition(name, _KEY_OPERATORS[operator], tuple(values))
    return KeyCondition(found, legacy=True)


def _check_values(operator: str, values: list[AttributeValue]) -> None:
    allowed = _ALLOWED_TYPES.get(operator)
    for value in values:
        if allowed is not None and type_of(value) not in allowed:
            raise _refused(f"ComparisonOperator {operator} is not valid for {type_of(value)} AttributeValue type")
    if operator in ("IN", "BETWEEN") and len({type_of(value) for value in values}) > 1:
        raise _refused("AttributeValues inside AttributeValueList must be of same type")
    if operator == "BETWEEN" and sort_key(values[1]) < sort_key(values[0]):
        raise RequestError(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )


def _refused(message: str) -> RequestError:
    return RequestError(_INVALID + message)
