"""Condition trees -> closures over items and values, compiled once per expression text and names."""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from emulator.services.dynamodb.expressions.ast import (
    And,
    Between,
    Call,
    Comparison,
    ConditionNode,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from emulator.services.dynamodb.expressions.scope import Fetch, Scope, Values, fetcher
from emulator.services.dynamodb.values import TYPES, AttributeValue, equal, sort_key, type_of

__all__ = ["Test", "check_bounds", "compile_condition", "compile_operand", "contains", "show_value"]

Test: TypeAlias = Callable[[Mapping[str, AttributeValue], Values], bool]

ORDERED_TYPES = frozenset({"S", "N", "B"})
SIZED_TYPES = frozenset(TYPES) - {"N", "BOOL", "NULL"}
_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": python_operator.lt,
    "<=": python_operator.le,
    ">": python_operator.gt,
    ">=": python_operator.ge,
}
_VALID_TYPES = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"


def compile_condition(node: ConditionNode, scope: Scope) -> Test:
    """The test of a condition. Raises RequestError for what is wrong whatever the values are."""
    if isinstance(node, And | Or):
        left, right = compile_condition(node.left, scope), compile_condition(node.right, scope)
        scope.count_operator()
        if isinstance(node, And):
            return lambda item, values: left(item, values) and right(item, values)
        return lambda item, values: left(item, values) or right(item, values)
    if isinstance(node, Not):
        inner = compile_condition(node.condition, scope)
        scope.count_operator()
        return lambda item, values: not inner(item, values)
    if isinstance(node, Comparison):
        return _comparison(node, scope)
    if isinstance(node, Between):
        return _between(node, scope)
    if isinstance(node, In):
        return _membership(node, scope)
    return _function(node, scope)


def compile_operand(operand: Operand, scope: Scope) -> Fetch:
    """What gives an operand's value."""
    if isinstance(operand, Path):
        return fetcher(scope.elements(operand))
    if isinstance(operand, Value):
        name = operand.name
        scope.value(name)
        return lambda _item, values: values[name]
    assert isinstance(operand, Call)
    measured = compile_operand(operand.arguments[0], scope)
    scope.require_type("size", operand.arguments[0], SIZED_TYPES)
    scope.count_operator()
    return lambda item, values: _size(measured(item, values))


def _size(value: AttributeValue | None) -> AttributeValue | None:
    """UTF-16 units of a string, bytes or members; None for what has no size."""
    if value is None:
        return None
    kind = type_of(value)
    if kind not in SIZED_TYPES:
        return None
    if kind == "S" and not value["S"].isascii():
        return {"N": str(len(value["S"].encode("utf-16-le", "surrogatepass")) // 2)}
    return {"N": str(len(value[kind]))}


def _comparison(node: Comparison, scope: Scope) -> Test:
    left, right = compile_operand(node.left, scope), compile_operand(node.right, scope)
    if node.operator in _ORDERINGS:
        scope.require_type(node.operator, node.left, ORDERED_TYPES)
        scope.require_type(node.operator, node.right, ORDERED_TYPES)
    scope.require_distinct(node.operator, node.left, (node.right,))
    scope.count_operator()
    if node.operator in _ORDERINGS:
        holds = _ORDERINGS[node.operator]

        def ordered(item: Mapping[str, AttributeValue], values: Values) -> bool:
            return _ordered(holds, left(item, values), right(item, values))

        return ordered
    wanted = node.operator == "="

    def same(item: Mapping[str, AttributeValue], values: Values) -> bool:
        mine, other = left(item, values), right(item, values)
        return (mine is not None and other is not None and equal(mine, other)) is wanted

    return same


def _ordered(holds: Callable[[Any, Any], bool], left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """False where the types differ or have no order, or a value is missing."""
    if left is None or right is None:
        return False
    kind = type_of(left)
    return kind in ORDERED_TYPES and kind == type_of(right) and holds(sort_key(left), sort_key(right))


def _between(node: Between, scope: Scope) -> Test:
    operand, low, high = (compile_operand(part, scope) for part in (node.operand, node.low, node.high))
    for part in (node.operand, node.low, node.high):
        scope.require_type("BETWEEN", part, ORDERED_TYPES)
    check_bounds(node, scope)
    scope.require_distinct("BETWEEN", node.operand, (node.low, node.high))
    scope.count_operator()

    def test(item: Mapping[str, AttributeValue], values: Values) -> bool:
        value = operand(item, values)
        return _ordered(python_operator.ge, value, low(item, values)) and _ordered(
            python_operator.le, value, high(item, values)
        )

    return test


def check_bounds(node: Between, scope: Scope) -> None:
    """Bounds that the request gives must be of one type and in order."""
    if not (isinstance(node.low, Value) and isinstance(node.high, Value)):
        return
    low_name, high_name = node.low.name, node.high.name

    def check(values: Values) -> None:
        low, high = values[low_name], values[high_name]
        shown = f"lower bound operand: {show_value(low)}, upper bound operand: {show_value(high)}"
        if type_of(low) != type_of(high):
            raise scope.error(f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}")
        if sort_key(high) < sort_key(low):
            raise scope.error(
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " + shown
            )

    scope.checks.append(check)


def show_value(value: AttributeValue) -> str:
    """A scalar as AWS prints it: `AttributeValue: {S:a}`."""
    kind = type_of(value)
    return f"AttributeValue: {{{kind}:{value[kind]}}}"


def _membership(node: In, scope: Scope) -> Test:
    operand = compile_operand(node.operand, scope)
    choices = [compile_operand(choice, scope) for choice in node.choices]
    scope.require_distinct("IN", node.operand, node.choices)
    scope.count_operator()

    def test(item: Mapping[str, AttributeValue], values: Values) -> bool:
        value = operand(item, values)
        if value is None:
            return False
        for choice in choices:
            other = choice(item, values)
            if other is not None and equal(value, other):
                return True
        return False

    return test


def _function(node: Call, scope: Scope) -> Test:
    name, arguments = node.function, node.arguments
    if name in ("attribute_exists", "attribute_not_exists"):
        scope.require_path(name, arguments[0])
        fetch = compile_operand(arguments[0], scope)
        scope.count_operator()
        wanted = name == "attribute_exists"
        return lambda item, values: (fetch(item, values) is not None) is wanted
    first, second = compile_operand(arguments[0], scope), compile_operand(arguments[1], scope)
    if name == "attribute_type":
        _check_type_name(arguments[1], scope)
    elif name == "begins_with":
        scope.require_type(name, arguments[0], frozenset({"S", "B"}))
        scope.require_type(name, arguments[1], frozenset({"S", "B"}))
    scope.require_distinct(name, arguments[0], arguments[1:])
    scope.count_operator()
    decide = {"attribute_type": _has_type, "begins_with": _begins_with, "contains": contains}[name]

    def test(item: Mapping[str, AttributeValue], values: Values) -> bool:
        mine, other = first(item, values), second(item, values)
        return mine is not None and other is not None and decide(mine, other)

    return test


def _check_type_name(operand: Operand, scope: Scope) -> None:
    if not isinstance(operand, Value):
        raise scope.error(
            "Incorrect operand type for operator or function; operator or function: attribute_type, "
            "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
        )
    scope.require_type("attribute_type", operand, frozenset({"S"}))
    name = operand.name

    def check(values: Values) -> None:
        found = values[name]["S"]
        if found not in TYPES:
            raise scope.error(f"Invalid attribute type name found; type: {found}, valid types: {_VALID_TYPES}")

    scope.checks.append(check)


def _has_type(value: AttributeValue, name: AttributeValue) -> bool:
    return type_of(value) == name.get("S")


def _begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    kind = type_of(value)
    if kind not in ("S", "B") or kind != type_of(prefix):
        return False
    return bool(value[kind].startswith(prefix[kind]))


def contains(value: AttributeValue, part: AttributeValue) -> bool:
    """Whether a string or binary has a part, or a set or list a member."""
    kind, part_kind = type_of(value), type_of(part)
    if kind in ("S", "B"):
        return kind == part_kind and part[kind] in value[kind]
    if kind in ("SS", "NS", "BS"):
        return kind[0] == part_kind and part[part_kind] in value[kind]
    return kind == "L" and any(equal(member, part) for member in value["L"])
