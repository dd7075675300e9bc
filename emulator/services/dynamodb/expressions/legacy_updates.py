"""AttributeUpdates, as the same actions that update expressions have.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.AttributeUpdates.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions.projections import Projection
from emulator.services.dynamodb.expressions.scope import Values
from emulator.services.dynamodb.expressions.update_compiler import SET_TYPES, Action
from emulator.services.dynamodb.expressions.updates import Update
from emulator.services.dynamodb.numbers import number_add
from emulator.services.dynamodb.request_error import RequestError
from emulator.services.dynamodb.values import AttributeValue, canonical_set, checked_value, type_of

__all__ = ["legacy_update"]

_INVALID = "One or more parameter values were invalid: "
_ADDABLE = SET_TYPES | {"N", "L"}


def legacy_update(updates: Mapping[str, Any]) -> Update:
    """The update of AttributeUpdates. Raises RequestError."""
    actions = [_action(name, update) for name, update in updates.items()]
    return Update(actions, {}, Projection([action.path for action in actions]))


def _action(name: str, update: Mapping[str, Any]) -> Action:
    action, given = update.get("Action") or "PUT", update.get("Value")
    if given is None:
        if action != "DELETE":
            raise RequestError(f"{_INVALID}Only DELETE action is allowed when no attribute value is specified")
        return Action("REMOVE", (name,), lambda _item, _values: None)
    value = checked_value(given)
    kind = type_of(value)
    if action == "PUT":
        return Action("SET", (name,), lambda _item, _values: value)
    if action == "DELETE":
        if kind not in SET_TYPES:
            raise RequestError(f"{_INVALID}DELETE action with value is not supported for the type {kind}")
        return Action("DELETE", (name,), lambda item, _values: _without(item.get(name), value))
    if kind not in _ADDABLE:
        raise RequestError(f"{_INVALID}ADD action is not supported for the type {kind}")

    def added(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue:
        return _with(item.get(name), value)

    return Action("ADD", (name,), added)


def _mismatch() -> ValidationException:
    return ValidationException("Type mismatch for attribute to update")


def _with(found: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    if found is None:
        return value
    kind = type_of(value)
    if kind != type_of(found):
        raise _mismatch()
    if kind == "N":
        return {"N": number_add(found["N"], value["N"])}
    if kind == "L":
        return {"L": [*found["L"], *value["L"]]}
    return canonical_set(kind, {*found[kind], *value[kind]})


def _without(found: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    if found is None:
        return None
    kind = type_of(value)
    if kind != type_of(found):
        raise _mismatch()
    left = [member for member in found[kind] if member not in value[kind]]
    return {kind: left} if left else None
