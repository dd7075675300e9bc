"""Bytes of values and items, counted as AWS counts them for the 400 KB limit and for capacity.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emulator.services.dynamodb.numbers import number_size
from emulator.services.dynamodb.values import AttributeValue

__all__ = ["size_after_change", "size_of_item", "size_of_value"]

DOCUMENT_BYTES = 3
"""Of a list or map, whatever it holds."""
MEMBER_BYTES = 1
"""Of each member of a list or map."""


def size_of_item(item: Mapping[str, AttributeValue]) -> int:
    """Names and values of a well-formed item."""
    total = 0
    for name, value in item.items():
        total += len(name) if name.isascii() else len(name.encode("utf-8", "surrogatepass"))
        if "S" in value:
            inner = value["S"]
            total += len(inner) if inner.isascii() else len(inner.encode("utf-8", "surrogatepass"))
        else:
            total += size_of_value(value)
    return total


def size_after_change(
    size: int, before: Mapping[str, AttributeValue], after: Mapping[str, AttributeValue], names: Iterable[str]
) -> int:
    """The size of an item that was `size` bytes, after a change of no other attributes than `names`."""
    for name in names:
        old, new = before.get(name), after.get(name)
        if old is not None:
            size -= size_of_item({name: old})
        if new is not None:
            size += size_of_item({name: new})
    return size


def size_of_value(value: AttributeValue) -> int:
    """One well-formed value, without its name."""
    for kind, inner in value.items():
        if kind == "S":
            return len(inner) if inner.isascii() else len(inner.encode("utf-8", "surrogatepass"))
        if kind == "N":
            return number_size(inner)
        if kind == "B":
            return len(inner)
        if kind == "SS":
            return sum(len(member.encode("utf-8", "surrogatepass")) for member in inner)
        if kind == "NS":
            return sum(number_size(member) for member in inner)
        if kind == "BS":
            return sum(len(member) for member in inner)
        if kind == "M":
            return DOCUMENT_BYTES + size_of_item(inner) + MEMBER_BYTES * len(inner)
        if kind == "L":
            return DOCUMENT_BYTES + sum(size_of_value(member) + MEMBER_BYTES for member in inner)
    return 1  # NULL, BOOL
