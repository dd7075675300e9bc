"""One page of a Query or a Scan: at most 1 MB is read, before the filter and the projection.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.dynamodb.capacity import Consumption, read_units
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import Condition, Projection
from emulator.services.dynamodb.ordering import Place, Span
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.secondary_index import SecondaryIndex
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = ["Page", "Reading", "check_limit", "index_of", "read_page", "start_place"]

INVALID_START = "The provided starting key is invalid"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read: a span of a table, or of an index, from a place on.

    `fetches` takes the items from the table, where a local index does not show all that is wanted.
    """

    table: Table
    index: SecondaryIndex | None
    span: Span | None
    after: Place | None = None
    forward: bool = True
    limit: int | None = None
    consistent: bool = False
    filter: Condition | None = None
    projection: Projection | None = None
    fetches: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What came of it. `last_key` is where the next page begins, or None at the end."""

    items: list[Item]
    scanned_count: int
    last_key: Item | None
    consumption: Consumption


def index_of(table: Table, name: str | None) -> SecondaryIndex | None:
    """The index of that name; None where none is named. Raises ValidationException."""
    if name is None:
        return None
    index = table.indexes.get(name)
    if index is None or index.deleting_until is not None:
        raise ValidationException(f"The table does not have the specified index: {name}")
    return index


def check_limit(limit: int | None) -> None:
    """Raise ValidationException where `limit` is not positive."""
    if limit is not None and limit < 1:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )


def read_page(reading: Reading, quotas: DynamodbQuotas, now: float) -> Page:
    """Read a page. Raises ValidationException where the index is still being filled."""
    table, index = reading.table, reading.index
    check_limit(reading.limit)
    if index is not None and index.status(now) == "CREATING":
        raise ValidationException(f"Cannot read from backfilling global secondary index: {index.name}")
    items: list[Item] = []
    count = size = 0
    fetched = 0.0
    last: Item | None = None
    source: Any = table.records if index is None else index.entries
    keep, project = reading.filter, reading.projection
    for _, record in source.read(reading.span, reading.after, forward=reading.forward):
        count += 1
        size += record.size
        item: Item = record.item
        if reading.fetches:
            whole = table.records.get(record.item_place)
            assert whole is not None
            fetched += read_units(whole.size, quotas, consistent=reading.consistent)
            item = whole.item
        if keep is None or keep.holds(item):
            items.append(item if project is None else project.of(item))
        if count == reading.limit or size > quotas.page_bytes:
            last = _key_of(table, index, record.item)
            break
    units = read_units(size, quotas, consistent=reading.consistent)
    consumption = Consumption(units) if index is None else Consumption(fetched, {index.name: units})
    return Page(items, count, last, consumption)


def _key_of(table: Table, index: SecondaryIndex | None, item: Item) -> Item:
    """The key of a page's last item: of the table, and of the index."""
    key = table.key_of(item)
    if index is not None:
        key.update((name, item[name]) for name in index.schema.names)
    return key


def start_place(table: Table, index: SecondaryIndex | None, key: Mapping[str, AttributeValue]) -> Place:
    """The place after which a page begins. Raises ValidationException where `key` is none of the table and index."""
    attributes = {attribute.name: attribute for attribute in table.schema.attributes}
    if index is not None:
        attributes.update((attribute.name, attribute) for attribute in index.schema.attributes)
    if key.keys() != attributes.keys():
        raise ValidationException(
            INVALID_START
            if index is not None
            else f"{INVALID_START}: The provided key element does not match the schema"
        )
    for name, attribute in attributes.items():
        if attribute.type not in key[name]:
            raise ValidationException(f"{INVALID_START}: The provided key element does not match the schema")
    place = table.place_of(key)
    if index is None:
        return place
    index_place = index.place_of(dict(key), place)
    assert index_place is not None
    return index_place
