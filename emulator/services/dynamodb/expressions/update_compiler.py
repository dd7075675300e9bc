"""Update trees -> actions on items, compiled once per expression text and names.

All values are computed from the item as it was; then SET, ADD, DELETE and REMOVE change it, REMOVE from the last list index to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions.ast import (
    Add,
    Arithmetic,
    Assignment,
    Call,
    Deletion,
    Operand,
    Path,
    UpdateTree,
    Value,
)
from emulator.services.dynamodb.expressions.scope import Elements, Scope, Values, fetcher
from emulator.services.dynamodb.numbers import number_add, number_subtract
from emulator.services.dynamodb.values import AttributeValue, canonical_set, type_of

__all__ = ["Action", "WrongDataType", "compile_update"]

Compute: TypeAlias = Callable[[Mapping[str, AttributeValue], Values], AttributeValue]
_TYPE_NAMES: Mapping[str, str] = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
    "M": "MAP",
    "L": "LIST",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
}
SET_TYPES = frozenset({"SS", "NS", "BS"})


class WrongDataType(ValidationException):
    """An item's value is not what the update needs."""

    code = "ValidationException"

    def __init__(self) -> None:
        super().__init__("An operand in the update expression has an incorrect data type")


@dataclass(frozen=True, slots=True)
class Action:
    """One action, in the order of its kind: `compute` gives the new value, None removes."""

    kind: str
    """`SET`, `ADD`, `DELETE` or `REMOVE`."""
    path: Elements
    compute: Callable[[Mapping[str, AttributeValue], Values], AttributeValue | None]


def compile_update(tree: UpdateTree, scope: Scope) -> list[Action]:
    """The actions of an update. Raises RequestError for what is wrong whatever the values are."""
    actions = []
    for action in tree.actions:
        path = scope.elements(action.path)
        if isinstance(action, Assignment):
            actions.append(Action("SET", path, _value(action.value, scope)))
        elif isinstance(action, Add):
            actions.append(Action("ADD", path, _added(action, path, scope)))
        elif isinstance(action, Deletion):
            actions.append(Action("DELETE", path, _deleted(action, path, scope)))
        else:
            actions.append(Action("REMOVE", path, lambda _item, _values: None))
    return actions


# -- SET -----------------------------------------------------------------------------------------------------------------


def _value(operand: Operand, scope: Scope) -> Compute:
    if isinstance(operand, Value):
        name = operand.name
        scope.value(name)
        return lambda _item, values: values[name]
    if isinstance(operand, Path):
        fetch = fetcher(scope.elements(operand))

        def present(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue:
            value = fetch(item, values)
            if value is None:
                raise ValidationException(
                    "The provided expression refers to an attribute that does not exist in the item"
                )
            return value

        return present
    if isinstance(operand, Arithmetic):
        return _sum(operand, scope)
    return _default(operand, scope) if operand.function == "if_not_exists" else _joined(operand, scope)


def _sum(operand: Arithmetic, scope: Scope) -> Compute:
    left, right = _value(operand.left, scope), _value(operand.right, scope)
    for side in (operand.left, operand.right):
        scope.require_type(operand.operator, side, frozenset({"N"}))
        if isinstance(side, Call) and side.function == "list_append":
            raise scope.error(
                "Incorrect operand type for operator or function; "
                f"operator or function: {operand.operator}, operand type: L"
            )
    scope.count_operator()
    compute = number_add if operand.operator == "+" else number_subtract

    def total(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue:
        one, two = left(item, values), right(item, values)
        if "N" not in one or "N" not in two:
            raise WrongDataType
        return {"N": compute(one["N"], two["N"])}

    return total


def _default(call: Call, scope: Scope) -> Compute:
    assert isinstance(call.arguments[0], Path)
    fetch = fetcher(scope.elements(call.arguments[0]))
    otherwise = _value(call.arguments[1], scope)
    scope.count_operator()

    def value(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue:
        found = fetch(item, values)
        return otherwise(item, values) if found is None else found

    return value


def _joined(call: Call, scope: Scope) -> Compute:
    first, second = _value(call.arguments[0], scope), _value(call.arguments[1], scope)
    for argument in call.arguments:
        scope.require_type("list_append", argument, frozenset({"L"}))
    scope.count_operator()

    def value(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue:
        one, two = first(item, values), second(item, values)
        if "L" not in one or "L" not in two:
            raise WrongDataType
        return {"L": [*one["L"], *two["L"]]}

    return value


# -- ADD and DELETE ------------------------------------------------------------------------------------------------------


def _require(section: str, name: str, allowed: frozenset[str], scope: Scope) -> None:
    scope.value(name)

    def check(values: Values) -> None:
        kind = type_of(values[name])
        if kind not in allowed:
            raise scope.error(
                f"Incorrect operand type for operator or function; operator: {section}, "
                f"operand type: {_TYPE_NAMES[kind]}, typeSet: ALLOWED_FOR_{section}_OPERAND"
            )

    scope.checks.append(check)


def _added(action: Add, path: Elements, scope: Scope) -> Compute:
    name, fetch = action.value.name, fetcher(path)
    _require("ADD", name, SET_TYPES | {"N"}, scope)
    scope.count_operator()

    def value(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue:
        found, addend = fetch(item, values), values[name]
        if found is None:
            return addend
        kind = type_of(addend)
        if kind != type_of(found):
            raise WrongDataType
        if kind == "N":
            return {"N": number_add(found["N"], addend["N"])}
        return canonical_set(kind, {*found[kind], *addend[kind]})

    return value


def _deleted(
    action: Deletion, path: Elements, scope: Scope
) -> Callable[[Mapping[str, AttributeValue], Values], AttributeValue | None]:
    name, fetch = action.value.name, fetcher(path)
    _require("DELETE", name, SET_TYPES, scope)
    scope.count_operator()

    def value(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue | None:
        found, removed = fetch(item, values), values[name]
        if found is None:
            return None
        kind = type_of(removed)
        if kind != type_of(found):
            raise WrongDataType
        gone = set(removed[kind])
        left = [member for member in found[kind] if member not in gone]
        return {kind: left} if left else None

    return value
