"""Key conditions of a Query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.services.dynamodb.values import AttributeValue

__all__ = ["KeyCondition", "KeyRange", "SortCondition"]


@dataclass(frozen=True, slots=True)
class SortCondition:
    """What a sort key must be."""

    attribute: str
    operator: str
    """`=`, `<`, `<=`, `>`, `>=`, `BETWEEN` (two operands, both inclusive) or `begins_with`."""
    operands: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The partition and the range of sort keys that a Query reads."""

    partition: tuple[AttributeValue, ...]
    """Values of the partition key attributes, in the order of the schema (an index may have several)."""
    sort: tuple[SortCondition, ...]
    """In the order of the schema, all but the last with `=`; empty for the whole partition."""


class KeyCondition:
    """A KeyConditionExpression or KeyConditions, not yet held against a key schema."""

    def resolve(self, partition_keys: Sequence[str], sort_keys: Sequence[str], types: Mapping[str, str]) -> KeyRange:
        """The range of a table's or index's key schema; `types` gives `S`, `N` or `B` of each key attribute.

        Raises ValidationException where it misses a key, names another attribute, compares as a Query cannot, or has a value of another type
        or an empty one.
        """
        raise NotImplementedError
