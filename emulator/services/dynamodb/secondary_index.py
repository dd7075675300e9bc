"""A secondary index: which items are in it, in which order, and what it shows of them.

An item that lacks one of the index's key attributes is not in it. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/SecondaryIndexes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from emulator.services.dynamodb.key_schema import KeySchema
from emulator.services.dynamodb.ordered_records import OrderedRecords
from emulator.services.dynamodb.ordering import Place, scalar, token
from emulator.services.dynamodb.sizes import size_of_item
from emulator.services.dynamodb.throughput import Throughput
from emulator.services.dynamodb.values import Item

__all__ = ["IndexEntry", "SecondaryIndex"]


@dataclass(slots=True)
class IndexEntry:
    """What an index shows of an item, with its size, and where the item is in the table."""

    item: Item
    size: int
    item_place: Place


@dataclass(slots=True)
class SecondaryIndex:
    """An index of one table. A local one is ordered within the table's partitions and may fetch what it does not project."""

    name: str
    kind: Literal["GLOBAL", "LOCAL"]
    schema: KeySchema
    table_schema: KeySchema
    projection_type: str
    non_key_attributes: tuple[str, ...] = ()
    throughput: Throughput = field(default_factory=Throughput)
    on_demand: Mapping[str, int] | None = None
    warm: Mapping[str, int] | None = None
    creating_until: float = 0.0
    backfilling: bool = False
    updating_until: float = 0.0
    deleting_until: float | None = None
    entries: OrderedRecords[IndexEntry] = field(default_factory=OrderedRecords)

    @property
    def is_global(self) -> bool:
        """Whether it is a global secondary index."""
        return self.kind == "GLOBAL"

    @property
    def projected(self) -> frozenset[str] | None:
        """The names that it shows, or None for all."""
        if self.projection_type == "ALL":
            return None
        return frozenset((*self.table_schema.names, *self.schema.names, *self.non_key_attributes))

    def place_of(self, item: Item, item_place: Place) -> Place | None:
        """Where the item is in the index, or None where it is not in it."""
        parts = []
        for attribute in self.schema.attributes:
            value = item.get(attribute.name)
            if value is None or attribute.type not in value:
                return None
            parts.append(scalar(value))
        return (token(parts[: len(self.schema.hash)]), *parts, *item_place)

    def entry_of(self, item: Item, size: int, item_place: Place) -> IndexEntry:
        """What the index shows of the item."""
        names = self.projected
        if names is None:
            return IndexEntry(item, size, item_place)
        view = {name: value for name, value in item.items() if name in names}
        return IndexEntry(view, size_of_item(view), item_place)

    def describe_projection(self) -> dict[str, Any]:
        """The wire's Projection."""
        projection: dict[str, Any] = {"ProjectionType": self.projection_type}
        if self.non_key_attributes:
            projection["NonKeyAttributes"] = list(self.non_key_attributes)
        return projection

    def status(self, now: float) -> str:
        """CREATING, UPDATING, DELETING or ACTIVE."""
        if self.deleting_until is not None:
            return "DELETING"
        if now < self.creating_until:
            return "CREATING"
        return "UPDATING" if now < self.updating_until else "ACTIVE"
