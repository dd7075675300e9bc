"""A table: its items, its indexes, and what it was told about itself.

A write is `replace`: one item, or nothing, takes the place of another, in the table and in every index. All checks come before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.services.dynamodb.key_schema import KeySchema
from emulator.services.dynamodb.ordered_records import OrderedRecords
from emulator.services.dynamodb.ordering import Place, Scalar, scalar, token
from emulator.services.dynamodb.secondary_index import IndexEntry, SecondaryIndex
from emulator.services.dynamodb.stream import Stream
from emulator.services.dynamodb.throughput import Throughput
from emulator.services.dynamodb.time_to_live import TimeToLive
from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = ["Change", "IndexChange", "Record", "Table"]


@dataclass(slots=True)
class Record:
    """An item and its size in bytes. Neither is ever changed: a write makes another record."""

    item: Item
    size: int


@dataclass(frozen=True, slots=True)
class IndexChange:
    """What a write does to one index: the entries before and after, and where they are."""

    index: SecondaryIndex
    before: IndexEntry | None
    after: IndexEntry | None
    old_place: Place | None
    new_place: Place | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a write does to a table."""

    place: Place
    before: Record | None
    after: Record | None
    indexes: tuple[IndexChange, ...] = ()

    @property
    def growth(self) -> int:
        """By how many bytes the table grows."""
        return (0 if self.after is None else self.after.size) - (0 if self.before is None else self.before.size)


@dataclass(slots=True)
class Table:
    """One table. Times are epoch seconds."""

    name: str
    arn: str
    table_id: str
    created: float
    attribute_types: dict[str, str]
    """Every key attribute of the table and its indexes, in the order of the definitions."""
    schema: KeySchema
    indexes: dict[str, SecondaryIndex] = field(default_factory=dict)
    on_demand: bool = False
    on_demand_since: float | None = None
    throughput: Throughput = field(default_factory=Throughput)
    maxima: Mapping[str, int] | None = None
    """On-demand maxima: MaxReadRequestUnits, MaxWriteRequestUnits."""
    warm: Mapping[str, int] | None = None
    table_class: str | None = None
    table_class_updated: float | None = None
    encryption: Mapping[str, Any] | None = None
    """The wire's SSEDescription."""
    deletion_protected: bool = False
    stream: Stream | None = None
    """The stream of now; older ones are in the account's state."""
    latest_stream: Stream | None = None
    tags: dict[str, str] = field(default_factory=dict)
    time_to_live: TimeToLive | None = None
    recovery: dict[str, Any] = field(default_factory=dict)
    """Point-in-time recovery: `since`, `days`; empty where it is off."""
    restored: Mapping[str, Any] | None = None
    """Of a restored table: where from, as the wire's RestoreSummary has it."""
    policy: tuple[str, str] | None = None
    """Resource policy and its revision id."""
    creating_until: float = 0.0
    updating_until: float = 0.0
    deleting_until: float | None = None
    records: OrderedRecords[Record] = field(default_factory=OrderedRecords)
    collections: dict[Scalar, int] = field(default_factory=dict)
    """Bytes by partition key, with the entries of local indexes; kept where there are local indexes."""

    # -- status ------------------------------------------------------------------------------------------------------

    def status(self, now: float) -> str:
        """CREATING, UPDATING, DELETING or ACTIVE."""
        if self.deleting_until is not None:
            return "DELETING"
        if now < self.creating_until:
            return "CREATING"
        if now < self.updating_until or any(
            index.status(now) in ("CREATING", "DELETING") for index in self.indexes.values()
        ):
            return "UPDATING"
        return "ACTIVE"

    def settle(self, now: float) -> None:
        """Let happen what was due by `now`: indexes that are gone."""
        for index in [index for index in self.indexes.values() if index.deleting_until is not None]:
            if index.deleting_until is not None and index.deleting_until <= now:
                del self.indexes[index.name]
                self.forget_unused_attributes()

    def forget_unused_attributes(self) -> None:
        """Drop the definitions of attributes that no key has any more."""
        used = {name for index in self.indexes.values() for name in index.schema.names} | set(self.schema.names)
        self.attribute_types = {name: kind for name, kind in self.attribute_types.items() if name in used}

    @property
    def local_indexes(self) -> list[SecondaryIndex]:
        """In the order of their definition."""
        return [index for index in self.indexes.values() if not index.is_global]

    @property
    def has_local_indexes(self) -> bool:
        """Whether there are any. They are made with the table, before all global ones."""
        for index in self.indexes.values():
            return not index.is_global
        return False

    @property
    def global_indexes(self) -> list[SecondaryIndex]:
        """In the order of their definition."""
        return [index for index in self.indexes.values() if index.is_global]

    # -- items -------------------------------------------------------------------------------------------------------

    def place_of(self, item: Mapping[str, AttributeValue]) -> Place:
        """Where an item, or a key, is; its key attributes were checked."""
        partition = scalar(item[self.schema.hash[0].name])
        if self.schema.range:
            return (token((partition,)), partition, scalar(item[self.schema.range[0].name]))
        return (token((partition,)), partition)

    def key_of(self, item: Item) -> Item:
        """The primary key of an item."""
        return {name: item[name] for name in self.schema.names}

    def change_to(self, place: Place, after: Record | None) -> Change:
        """What it means to put a record at a place, or to take away the one that is there. Changes nothing."""
        before = self.records.get(place)
        if not self.indexes or (before is None and after is None):
            return Change(place, before, after)
        return Change(place, before, after, tuple(self._index_changes(place, before, after)))

    def commit(self, change: Change) -> None:
        """Do it."""
        place, after = change.place, change.after
        if after is not None:
            self.records.put(place, after)
        elif change.before is not None:
            self.records.remove(place)
        for part in change.indexes:
            if part.old_place is not None and part.old_place != part.new_place:
                part.index.entries.remove(part.old_place)
            if part.new_place is not None and part.after is not None:
                part.index.entries.put(part.new_place, part.after)
        if self.has_local_indexes:
            self._count(change)
        if self.time_to_live is not None:
            self.time_to_live.note(place, None if after is None else after.item)

    def _index_changes(self, place: Place, before: Record | None, after: Record | None) -> Iterator[IndexChange]:
        for index in self.indexes.values():
            old_place = None if before is None else index.place_of(before.item, place)
            new_place = None if after is None else index.place_of(after.item, place)
            old = None if old_place is None else index.entries.get(old_place)
            new = None if new_place is None or after is None else index.entry_of(after.item, after.size, place)
            if old is not None or new is not None:
                yield IndexChange(index, old, new, old_place, new_place)

    def _count(self, change: Change) -> None:
        grown = (0 if change.after is None else change.after.size) - (
            0 if change.before is None else change.before.size
        )
        for part in change.indexes:
            if not part.index.is_global:
                grown += 0 if part.after is None else part.after.size
                grown -= 0 if part.before is None else part.before.size
        partition = change.place[1]
        total = self.collections.get(partition, 0) + grown
        if total:
            self.collections[partition] = total
        else:
            self.collections.pop(partition, None)

    def fill(self, index: SecondaryIndex) -> None:
        """Put the items that are there into a new index; one whose attribute has another type than the index's key is left out."""
        for place, record in self.records.read(None):
            index_place = index.place_of(record.item, place)
            if index_place is not None:
                index.entries.put(index_place, index.entry_of(record.item, record.size, place))
