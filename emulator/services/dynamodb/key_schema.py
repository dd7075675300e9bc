"""What identifies an item, and what an index is ordered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["KeyAttribute", "KeySchema"]


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """A key attribute and its type: `S`, `N` or `B`."""

    name: str
    type: str


@dataclass(frozen=True)
class KeySchema:
    """Partition key and sort key. A table has one attribute for either; a global secondary index up to four.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
    """

    hash: tuple[KeyAttribute, ...]
    range: tuple[KeyAttribute, ...] = ()

    @classmethod
    def of(cls, elements: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> KeySchema:
        """From the wire's KeySchema, which was checked before, and the attribute definitions."""

        def part(key_type: str) -> tuple[KeyAttribute, ...]:
            return tuple(
                KeyAttribute(element["AttributeName"], types[element["AttributeName"]])
                for element in elements
                if element["KeyType"] == key_type
            )

        return cls(part("HASH"), part("RANGE"))

    @cached_property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """All of them, the partition key's first."""
        return (*self.hash, *self.range)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names, in that order."""
        return tuple(attribute.name for attribute in self.attributes)

    def describe(self) -> list[dict[str, Any]]:
        """The wire's KeySchema."""
        return [
            *({"AttributeName": attribute.name, "KeyType": "HASH"} for attribute in self.hash),
            *({"AttributeName": attribute.name, "KeyType": "RANGE"} for attribute in self.range),
        ]
