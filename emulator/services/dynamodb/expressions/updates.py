"""Updates of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions.limits import CACHED_EXPRESSIONS
from emulator.services.dynamodb.expressions.parser import parse_update
from emulator.services.dynamodb.expressions.projections import Projection, check_paths
from emulator.services.dynamodb.expressions.scope import Elements, Scope, Values
from emulator.services.dynamodb.expressions.update_charge import UpdateCharge, charge_of
from emulator.services.dynamodb.expressions.update_compiler import Action, compile_update
from emulator.services.dynamodb.values import DEEPEST_NESTING, NESTED_TOO_DEEP, AttributeValue, Item, members_of

__all__ = ["Update", "in_order", "update_of"]

_ORDER = {"SET": 0, "ADD": 1, "DELETE": 2, "REMOVE": 3}


class Update:
    """An UpdateExpression or AttributeUpdates."""

    __slots__ = ("_actions", "_charge", "_touched", "_values", "attribute_names")

    def __init__(
        self, actions: Sequence[Action], values: Values, touched: Projection, charge: UpdateCharge | None = None
    ) -> None:
        self._actions, self._values, self._touched, self._charge = actions, values, touched, charge
        self.attribute_names = touched.attribute_names
        """The top-level attributes that it changes; none may be part of the primary key (see `check_keys`)."""

    @property
    def statement_bytes(self) -> int:
        """What an UpdateExpression counts for, whatever the item is; AttributeUpdates count for nothing."""
        return 0 if self._charge is None else self._charge.bytes_with(self._values)

    @property
    def creates(self) -> bool:
        """Whether it makes an item where there is none: one that only takes away does not."""
        return not self._actions or any(action.kind in ("SET", "ADD") for action in self._actions)

    def check_keys(self, key_names: frozenset[str]) -> None:
        """Raises ValidationException where it would change an attribute of the primary key."""
        for action in self._actions:
            if action.path[0] in key_names:
                raise ValidationException(
                    f"One or more parameter values were invalid: Cannot update attribute {action.path[0]}. "
                    "This attribute is part of the key"
                )

    def apply(self, item: Mapping[str, AttributeValue], key: Mapping[str, AttributeValue]) -> Item:
        """The item afterwards, a new dict; `item` is as it was (empty where there is none), `key` goes into a new one.

        Raises ValidationException for paths that the item does not have, types that do not fit, numbers out of range, ...
        """
        values = self._values
        changed: Item = {**key, **item}
        for action, value in [(action, action.compute(item, values)) for action in self._actions]:
            path = action.path
            _change(changed, path, value)
            if value is not None and ("M" in value or "L" in value):
                _check_depth(value, len(path))
        return changed

    def touched(self, item: Mapping[str, AttributeValue]) -> Item:
        """The parts of an item that the update names: Attributes of UPDATED_OLD and UPDATED_NEW. Empty where it has none of them."""
        return self._touched.of(item)


def _change(item: Item, path: Elements, value: AttributeValue | None) -> None:
    """Set or remove what a path names. The documents on the way are copied: others may hold them."""
    holder: Any = item
    place: str | int = path[0]
    for element in path[1:]:
        document = holder.get(place) if isinstance(holder, dict) else holder[place] if place < len(holder) else None  # type: ignore[operator]
        kind = "L" if isinstance(element, int) else "M"
        if document is None or kind not in document:
            raise ValidationException("The document path provided in the update expression is invalid for update")
        inner = document[kind].copy()
        holder[place] = {kind: inner}
        holder, place = inner, element
    if isinstance(holder, dict):
        if value is None:
            holder.pop(place, None)
        else:
            holder[place] = value
    elif isinstance(place, int):
        if value is None:
            del holder[place : place + 1]
        elif place < len(holder):
            holder[place] = value
        else:
            holder.append(value)


def _check_depth(value: AttributeValue, level: int) -> None:
    if level > DEEPEST_NESTING:
        raise ValidationException(NESTED_TOO_DEEP)
    for member in members_of(value):
        _check_depth(member, level + 1)


def in_order(actions: list[Action]) -> tuple[Action, ...]:
    """SET from the first list index to the last, so that appended members keep their order; REMOVE from the last to the first."""

    def place(action: Action) -> tuple[Any, ...]:
        sign = -1 if action.kind == "REMOVE" else 1
        return (
            _ORDER[action.kind],
            [(0, sign * element, "") if isinstance(element, int) else (1, 0, element) for element in action.path],
        )

    return tuple(sorted(actions, key=place))


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _compiled(
    text: str, names: tuple[tuple[str, str], ...]
) -> tuple[tuple[Action, ...], Projection, Scope, UpdateCharge]:
    scope = Scope("UpdateExpression", dict(names))
    tree = parse_update(text)
    actions = compile_update(tree, scope)
    paths = [action.path for action in actions]
    check_paths(paths, scope)
    return in_order(actions), Projection(paths), scope, charge_of(tree, scope)


def update_of(text: str, names: Mapping[str, str], values: Values) -> tuple[Update, Scope]:
    """An update with a request's names and values, and what it uses of them. Raises RequestError."""
    actions, touched, scope, charge = _compiled(text, tuple(names.items()))
    for check in scope.checks:
        check(values)
    return Update(actions, values, touched, charge), scope
