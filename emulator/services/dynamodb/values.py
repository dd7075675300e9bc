"""Attribute values as the wire has them: `{"S": "x"}`, `{"N": "1"}`, `{"M": {...}}`; blobs are `bytes`.

An item is a dict of attribute names to values. `checked_item` is the gate: behind it every number is in its one canonical text, so that
equal numbers have equal text, and every value is known to be well formed. Stored values are never changed in place; they may be shared.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.numbers import canonical_number, number_sort_key

__all__ = [
    "DEEPEST_NESTING",
    "TYPES",
    "AttributeValue",
    "Item",
    "checked_item",
    "checked_value",
    "equal",
    "identity",
    "sort_key",
    "type_of",
]

AttributeValue = Mapping[str, Any]
Item = dict[str, AttributeValue]

TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")
DEEPEST_NESTING = 32
"""Levels of documents in an item; a top-level attribute is the first."""

_EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_SEVERAL = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)
_NESTED = "Nesting Levels have exceeded supported limits"
_INVALID = "One or more parameter values were invalid: "
_SET_KINDS = {"SS": "string", "NS": "number", "BS": "binary"}


def checked_item(item: Mapping[str, AttributeValue]) -> Item:
    """The item with its numbers in canonical text. Raises ValidationException for a value that cannot be stored."""
    return {name: checked_value(value) for name, value in item.items()}


def checked_value(value: AttributeValue, depth: int = 0) -> AttributeValue:
    """One value, checked and canonical. `depth` counts the documents around it."""
    if value is None or len(value) != 1:
        raise _not_one_type(value)
    for kind, inner in value.items():
        if kind == "S" or kind == "B" or kind == "BOOL":
            return value
        if kind == "N":
            text = canonical_number(inner)
            return value if text is inner else {"N": text}
        if kind == "M" or kind == "L":
            if depth >= DEEPEST_NESTING:
                raise ValidationException(_NESTED)
            if kind == "M":
                return {"M": {name: checked_value(member, depth + 1) for name, member in inner.items()}}
            return {"L": [checked_value(member, depth + 1) for member in inner]}
        if kind == "NULL":
            return value if inner else {"NULL": True}
        if kind in _SET_KINDS:
            return _checked_set(kind, inner)
    raise ValidationException(_EMPTY)


def _checked_set(kind: str, members: list[Any]) -> AttributeValue:
    if not members:
        raise ValidationException(f"{_INVALID}An {_SET_KINDS[kind]} set  may not be empty")
    if kind == "NS":
        members = [canonical_number(member) for member in members]
    if len(set(members)) != len(members):
        if kind == "NS":
            raise ValidationException("Input collection contains duplicates")
        shown = ", ".join(members) if kind == "SS" else ", ".join(str(member) for member in members)
        raise ValidationException(f"{_INVALID}Input collection [{shown}] contains duplicates.")
    return {kind: members}


def _not_one_type(value: AttributeValue | None) -> ValidationException:
    if not value:
        return ValidationException(_EMPTY)
    # A number that is none is told first, whatever stands beside it.
    for number in (value.get("N"), *(value.get("NS") or ())):
        if number is not None:
            canonical_number(number)
    return ValidationException(_SEVERAL)


def type_of(value: AttributeValue) -> str:
    """`S`, `N`, ... of a well-formed value."""
    return next(iter(value))


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Equal in type and value: sets whatever their order, documents member by member. Both are canonical."""
    if left == right:
        return True
    kind = next(iter(left))
    if kind != next(iter(right)):
        return False
    mine, other = left[kind], right[kind]
    if kind in _SET_KINDS:
        return len(mine) == len(other) and set(mine) == set(other)
    if kind == "L":
        return len(mine) == len(other) and all(map(equal, mine, other))
    if kind == "M":
        return mine.keys() == other.keys() and all(equal(value, other[name]) for name, value in mine.items())
    return False


def identity(value: AttributeValue) -> tuple[str, str | bytes]:
    """A hashable key of a canonical S, N or B: equal keys, equal values."""
    kind = next(iter(value))
    return kind, value[kind]


def sort_key(value: AttributeValue) -> Any:
    """What orders key values of one type: numbers by value, strings by their UTF-8 bytes, binaries by unsigned bytes."""
    kind = next(iter(value))
    if kind == "S":
        return value["S"].encode("utf-8", "surrogatepass")
    return number_sort_key(value["N"]) if kind == "N" else value["B"]


def members_of(value: AttributeValue) -> Iterable[AttributeValue]:
    """The values inside a document or a set; none inside a scalar."""
    kind = next(iter(value))
    inner = value[kind]
    if kind == "M":
        return list(inner.values())
    if kind == "L":
        return list(inner)
    if kind in _SET_KINDS:
        return [{kind[0]: member} for member in inner]
    return ()
