"""The expression parameters of each operation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.dynamodb.deep_requests import is_read_by_older_layer
from emulator.services.dynamodb.expressions.conditions import Condition, condition_of
from emulator.services.dynamodb.expressions.key_conditions import KeyCondition, key_condition_of
from emulator.services.dynamodb.expressions.legacy import expected_condition, filter_condition, key_conditions
from emulator.services.dynamodb.expressions.legacy_updates import legacy_update
from emulator.services.dynamodb.expressions.projections import Projection, projection_of
from emulator.services.dynamodb.expressions.scope import Scope
from emulator.services.dynamodb.expressions.updates import Update, update_of
from emulator.services.dynamodb.request_error import ENVELOPE, RequestError
from emulator.services.dynamodb.values import AttributeValue, checked_value

__all__ = ["Expressions", "check_parameters", "read_expressions"]

NAMES, VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"
_NAME = re.compile(r"#[A-Za-z0-9_]+").fullmatch
_VALUE = re.compile(r":[A-Za-z0-9_]+").fullmatch
_NO_NAMES: Mapping[str, str] = {}
_NO_VALUES: Mapping[str, AttributeValue] = {}


@dataclass(frozen=True, slots=True)
class Expressions:
    """What a request's expressions or legacy parameters say; None for what it does not have."""

    condition: Condition | None = None
    filter: Condition | None = None
    projection: Projection | None = None
    key_condition: KeyCondition | None = None
    update: Update | None = None


NOTHING = Expressions()


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The parameters of one operation, in the order in which AWS names them."""

    expressions: tuple[str, ...]
    legacy: tuple[str, ...] = ()

    @property
    def without_values(self) -> str:
        """The expressions that could have used values, as the error about values without an expression names them."""
        able = [name for name in self.expressions if name != "ProjectionExpression"]
        return f"{' and '.join(able)} {'is' if len(able) == 1 else 'are'} null"


_CONDITION = _Parameters(("ConditionExpression",))
_PROJECTION = _Parameters(("ProjectionExpression",), ("AttributesToGet",))
_PARAMETERS: Mapping[str, _Parameters] = {
    "GetItem": _PROJECTION,
    "KeysAndAttributes": _PROJECTION,
    "Get": _PROJECTION,
    "PutItem": _Parameters(("ConditionExpression",), ("Expected", "ConditionalOperator")),
    "DeleteItem": _Parameters(("ConditionExpression",), ("Expected", "ConditionalOperator")),
    "UpdateItem": _Parameters(
        ("UpdateExpression", "ConditionExpression"), ("AttributeUpdates", "Expected", "ConditionalOperator")
    ),
    "Query": _Parameters(
        ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
        ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"),
    ),
    "Scan": _Parameters(
        ("ProjectionExpression", "FilterExpression"), ("AttributesToGet", "ScanFilter", "ConditionalOperator")
    ),
    "Put": _CONDITION,
    "Delete": _CONDITION,
    "ConditionCheck": _CONDITION,
    "Update": _Parameters(("UpdateExpression", "ConditionExpression")),
}
_LANGUAGE: Mapping[str, frozenset[str]] = {
    operation: frozenset({*row.expressions, *row.legacy, NAMES, VALUES}) for operation, row in _PARAMETERS.items()
}


def check_parameters(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse legacy parameters beside expressions, names or values without an expression, and malformed values.

    `operation` is the API's name; the members of a TransactWriteItems are `Put`, `Update`, `Delete`, `ConditionCheck`, of a
    TransactGetItems `Get`, and a table of a BatchGetItem is `KeysAndAttributes`. Raises ValidationException.
    """
    if _LANGUAGE[operation].isdisjoint(params):
        return
    try:
        _check_parameters(_PARAMETERS[operation], params)
    except RequestError as error:
        raise error.worded(operation) from None


def _check_parameters(row: _Parameters, params: Mapping[str, Any]) -> None:
    expressions = [name for name in row.expressions if params.get(name) is not None]
    legacy = [name for name in row.legacy if params.get(name) is not None]
    if expressions:
        if "KeyConditions" in legacy and "KeyConditionExpression" not in expressions:
            legacy.remove("KeyConditions")
        if legacy:
            raise RequestError(
                "Can not use both expression and non-expression parameters in the same request: "
                f"Non-expression parameters: {{{', '.join(legacy)}}} Expression parameters: {{{', '.join(expressions)}}}"
            )
    elif "ConditionalOperator" in legacy:
        _check_joining(params)
    names, values = params.get(NAMES), params.get(VALUES)
    if names is not None:
        if not expressions:
            raise RequestError(f"{NAMES} can only be specified when using expressions")
        _check_substitutes(NAMES, names, _NAME)
    if values is not None:
        if not any(name != "ProjectionExpression" for name in expressions):
            message = f"{VALUES} can only be specified when using expressions"
            raise RequestError(message, older=f"{message}: {row.without_values}")
        _check_substitutes(VALUES, values, _VALUE)
        _checked_values(values)


def _check_joining(params: Mapping[str, Any]) -> None:
    most = max(len(params.get(name) or ()) for name in ("Expected", "QueryFilter", "ScanFilter"))
    if not most:
        raise RequestError("ConditionalOperator cannot be used without Filter or Expected")
    if most == 1:
        raise RequestError("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    operator = params["ConditionalOperator"]
    if operator not in ("AND", "OR"):
        failed = "ailed to satisfy constraint: Member must satisfy enum value set:"
        older = f"Value '{operator}' at 'conditionalOperator' f{failed} [OR, AND]"
        # The newer layer does say ALL.
        newer = older if is_read_by_older_layer(params) else f"F{failed} [ALL, OR]"
        raise RequestError(newer, older=f"{ENVELOPE}{older}")


def _check_substitutes(parameter: str, given: Mapping[str, Any], form: Any) -> None:
    if not given:
        raise RequestError(f"{parameter} must not be empty")
    for key in given:
        if form(key) is None:
            raise RequestError(f'{parameter} contains invalid key: Syntax error; key: "{key}"')


def _checked_values(values: Mapping[str, AttributeValue]) -> Mapping[str, AttributeValue]:
    checked = {}
    for name, value in values.items():
        try:
            checked[name] = checked_value(value)
        except RequestError as error:
            raise error.of_value(name) from None
    return checked


def read_expressions(operation: str, params: Mapping[str, Any]) -> Expressions:
    """Parse and check a request's expressions, with its names and values. `params` have passed `check_parameters`."""
    if _LANGUAGE[operation].isdisjoint(params):
        return NOTHING
    try:
        return _read(_PARAMETERS[operation], params)
    except RequestError as error:
        raise error.worded(operation) from None


def _read(row: _Parameters, params: Mapping[str, Any]) -> Expressions:
    if not any(params.get(name) is not None for name in row.expressions):
        return _read_legacy(params)
    names = params.get(NAMES) or _NO_NAMES
    values = _checked_values(params.get(VALUES) or _NO_VALUES)
    scopes: list[Scope] = []
    found: dict[str, Any] = {}

    def keep(member: str, compiled: tuple[Any, Scope]) -> None:
        found[member] = compiled[0]
        scopes.append(compiled[1])

    if (text := params.get("UpdateExpression")) is not None:
        keep("update", update_of(text, names, values))
    if (text := params.get("ConditionExpression")) is not None:
        keep("condition", condition_of(text, "ConditionExpression", names, values))
    if (text := params.get("FilterExpression")) is not None:
        keep("filter", condition_of(text, "FilterExpression", names, values))
    if (text := params.get("KeyConditionExpression")) is not None:
        keep("key_condition", key_condition_of(text, names, values))
    if (text := params.get("ProjectionExpression")) is not None:
        keep("projection", projection_of(text, names))
    _check_used(NAMES, names, (scope.used_names for scope in scopes))
    _check_used(VALUES, values, (scope.used_values for scope in scopes))
    if params.get("KeyConditions") is not None:
        found["key_condition"] = key_conditions(params["KeyConditions"])
    return Expressions(**found)


def _check_used(parameter: str, given: Mapping[str, Any], used: Iterable[set[str]]) -> None:
    if not given:
        return
    unused = given.keys() - set().union(*used)
    if unused:
        listed = ", ".join(name for name in given if name in unused)
        raise RequestError(f"Value provided in {parameter} unused in expressions: keys: {{{listed}}}")


def _read_legacy(params: Mapping[str, Any]) -> Expressions:
    operator = params.get("ConditionalOperator")
    expected, updates = params.get("Expected"), params.get("AttributeUpdates")
    filtered = params.get("QueryFilter") if "QueryFilter" in params else params.get("ScanFilter")
    keys, wanted = params.get("KeyConditions"), params.get("AttributesToGet")
    if wanted is not None and len(set(wanted)) < len(wanted):
        twice = next(name for index, name in enumerate(wanted) if name in wanted[:index])
        raise RequestError(f"One or more parameter values were invalid: Duplicate value in attribute name: {twice}")
    return Expressions(
        condition=None if expected is None else expected_condition(expected, operator),
        filter=None if filtered is None else filter_condition(filtered, operator),
        projection=None if wanted is None else Projection([(name,) for name in wanted]),
        key_condition=None if keys is None else key_conditions(keys),
        update=None if updates is None else legacy_update(updates),
    )
