"""Attribute values as the wire has them: `{"S": "x"}`, `{"N": "1"}`, `{"M": {...}}`; blobs are `bytes`.

An item is a dict of attribute names to values. `checked_item` is the gate: behind it every number is in its one canonical text, so that
equal numbers have equal text, and every value is known to be well formed. Stored values are never changed in place; they may be shared.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.services.dynamodb.numbers import canonical_number, number_sort_key
from emulator.services.dynamodb.request_error import RequestError

__all__ = [
    "DEEPEST_NESTING",
    "NESTED_TOO_DEEP",
    "TYPES",
    "AttributeValue",
    "Item",
    "canonical_set",
    "checked_item",
    "checked_value",
    "equal",
    "identity",
    "members_of",
    "sort_key",
    "type_of",
]

AttributeValue = Mapping[str, Any]
Item = dict[str, AttributeValue]

TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")
DEEPEST_NESTING = 32
"""Levels of documents in an item; a top-level attribute is the first."""

_EMPTY_NAME = "Empty attribute name"
_EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_SEVERAL = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)
NESTED_TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
_INVALID = "One or more parameter values were invalid: "
_SET_KINDS = {"SS": "string", "NS": "number", "BS": "binary"}


def checked_item(item: Mapping[str, AttributeValue]) -> Item:
    """The item with its numbers in canonical text. Raises RequestError for a value that cannot be stored."""
    if "" in item:
        raise RequestError(_EMPTY_NAME)
    checked: Item = {}
    try:
        for name, value in item.items():
            if value is not None and "S" in value and len(value) == 1:
                checked[name] = value  # most of all values: nothing to check
            else:
                checked[name] = checked_value(value)
    except RequestError as error:
        if error.message == _EMPTY_NAME:  # inside a document: told after the depth of all values
            for value in item.values():
                _check_depth(value, 1)
        raise
    return checked


def _check_depth(value: AttributeValue | None, level: int) -> None:
    if level > DEEPEST_NESTING:
        raise RequestError(NESTED_TOO_DEEP)
    if value is not None:
        for member in (*(value.get("M") or {}).values(), *(value.get("L") or ())):
            _check_depth(member, level + 1)


def checked_value(value: AttributeValue, level: int = 1) -> AttributeValue:
    """One value, checked and canonical. `level` is 1 for an attribute of the item, and one more inside each document."""
    if value is None or len(value) != 1:
        raise _not_one_type(value)
    if level > DEEPEST_NESTING:
        raise RequestError(NESTED_TOO_DEEP)
    for kind, inner in value.items():
        if kind == "S" or kind == "B" or kind == "BOOL":
            return value
        if kind == "N":
            text = canonical_number(inner)
            return value if text is inner else {"N": text}
        if kind == "M" or kind == "L":
            if kind == "M":
                members = {name: checked_value(member, level + 1) for name, member in inner.items()}
                if "" in members:
                    raise RequestError(_EMPTY_NAME)
                return {"M": members}
            return {"L": [checked_value(member, level + 1) for member in inner]}
        if kind == "NULL":
            if inner is not True:
                raise RequestError(f"{_INVALID}Null attribute value types must have the value of true")
            return value
        if kind in _SET_KINDS:
            return _checked_set(kind, inner)
    raise RequestError(_EMPTY)


def _checked_set(kind: str, members: list[Any]) -> AttributeValue:
    if not members:
        what = "Binary sets should not be empty" if kind == "BS" else f"An {_SET_KINDS[kind]} set  may not be empty"
        raise RequestError(f"{_INVALID}{what}")
    if kind == "NS":
        members = [canonical_number(member) for member in members]
    if len(set(members)) != len(members):
        raise _duplicates(kind, members)
    return canonical_set(kind, members)


def canonical_set(kind: str, members: Iterable[Any]) -> AttributeValue:
    """A set in DynamoDB's own order: strings and binaries by their bytes, numbers by value."""
    return {kind: sorted(members, key=number_sort_key if kind == "NS" else None)}


def _duplicates(kind: str, members: list[Any]) -> RequestError:
    """The newer text shows the members in order up to the first repeat, then the repeat and the rest as they were sent."""
    if kind == "NS":
        text = "Input collection contains duplicates"
        return RequestError(f"{_INVALID}{text}.", older=text)
    seen: list[Any] = []
    while members[len(seen)] not in seen:
        seen.append(members[len(seen)])
    shown = [*sorted(seen), *members[len(seen) :]]
    if kind == "SS":
        quoted = ", ".join(f'"{member}"' for member in shown)
        plain = ", ".join(members)
        tail = " contains duplicates."
    else:
        quoted = ",".join(f'"{b64encode(member).decode()}"' for member in shown)
        plain = ", ".join(b64encode(member).decode() for member in members)
        tail = "of type BS contains duplicates."
    return RequestError(
        f"{_INVALID}Input collection [{quoted}]{tail}", older=f"{_INVALID}Input collection [{plain}]{tail}"
    )


def _not_one_type(value: AttributeValue | None) -> RequestError:
    if not value:
        return RequestError(_EMPTY)
    # A number that is none is told first, whatever stands beside it.
    for number in (value.get("N"), *(value.get("NS") or ())):
        if number is not None:
            canonical_number(number)
    return RequestError(_SEVERAL)


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
