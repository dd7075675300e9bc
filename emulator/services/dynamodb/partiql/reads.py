"""SELECT: queries of the partitions that the WHERE clause names, or else a scan; the whole clause is the filter."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from emulator.services.dynamodb.capacity import Consumption
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import KeyRange, SortCondition
from emulator.services.dynamodb.expressions.scope import Elements, fetcher
from emulator.services.dynamodb.partiql.key_search import KeySearch
from emulator.services.dynamodb.partiql.prepared import Bound
from emulator.services.dynamodb.partiql.statement import Select
from emulator.services.dynamodb.query_operations import query_span
from emulator.services.dynamodb.reading import Reading, read_page, start_place
from emulator.services.dynamodb.secondary_index import SecondaryIndex
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.values import AttributeValue, Item, equal, type_of

__all__ = ["Selection", "check_single_attributes", "project", "select"]

INVALID = "One or more parameter values were invalid: "


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of a SELECT. `next_token` goes on where it stopped."""

    table: Table
    items: list[Item]
    last_key: Item | None
    next_token: str | None
    consumption: Consumption


def select(
    state: DynamodbState,
    bound: Bound,
    now: float,
    *,
    consistent: bool = False,
    limit: int | None = None,
    next_token: str | None = None,
) -> Selection:
    """Read a page. Raises ValidationException, ResourceNotFoundException."""
    statement = bound.statement
    assert isinstance(statement, Select)
    table = state.table(statement.table, now)
    index = _index(table, statement.index)
    schema = table.schema if index is None else index.schema
    search = KeySearch(statement.where, statement.terms.names, bound.values)
    fetches = _check_index(index, bound, search, consistent=consistent)
    ranges = _ranges(search, [part.name for part in schema.hash], [part.name for part in schema.range], schema)
    forward = _forward(statement, ranges, schema.names)
    at, after_key = (0, None) if next_token is None else _read_token(next_token, bound)
    items: list[Item] = []
    consumption = Consumption()
    left = limit
    while True:
        reading = Reading(
            table,
            index,
            None if ranges is None else query_span(ranges[at]),
            None if after_key is None else start_place(table, index, after_key),
            forward=forward,
            limit=left,
            consistent=consistent,
            filter=bound.condition,
            fetches=fetches,
        )
        page = read_page(reading, state.quotas, now)
        consumption.add(page.consumption)
        items.extend(project(item, bound.columns) for item in page.items)
        if page.last_key is not None:
            state.throttle.take(table, "read", consumption, now)
            return Selection(table, items, page.last_key, _token(bound, at, page.last_key), consumption)
        at, after_key = at + 1, None
        if left is not None:
            left -= page.scanned_count
        if ranges is None or at >= len(ranges):
            state.throttle.take(table, "read", consumption, now)
            return Selection(table, items, None, None, consumption)


def _index(table: Table, name: str | None) -> SecondaryIndex | None:
    if name is None:
        return None
    index = table.indexes.get(name)
    if index is None or index.deleting_until is not None:
        raise ValidationException("The table does not have the specified index")
    return index


def _check_index(index: SecondaryIndex | None, bound: Bound, search: KeySearch, *, consistent: bool) -> bool:
    """Whether the items must be fetched from the table. Raises where the index cannot give what is asked for."""
    if index is None:
        return False
    check_single_attributes(index)
    if index.is_global and consistent:
        raise ValidationException("Strongly consistent read is not supported on Global Secondary Indexes")
    projected = index.projected
    if projected is None:
        return False
    if bound.condition is not None and search.is_keyed(index.schema.names[0]):  # a scan just finds nothing
        unseen = sorted(bound.condition.attribute_names - projected)
        if unseen:
            raise ValidationException(
                f"{INVALID}Secondary index {index.name} does not project one or more filter attributes: "
                f"[{', '.join(unseen)}]"
            )
    missing = [str(column[0]) for column in bound.columns if column[0] not in projected]
    if missing and index.is_global:
        raise ValidationException(
            f"{INVALID}Global secondary index {index.name} does not project [{', '.join(missing)}]"
        )
    return bool(missing)


def check_single_attributes(index: SecondaryIndex) -> None:
    """Refuse an index whose partition or sort key has several attributes: PartiQL does not know them."""
    if len(index.schema.hash) > 1 or len(index.schema.range) > 1:
        raise ValidationException(
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."
        )


def _ranges(search: KeySearch, partition_keys: list[str], sort_keys: list[str], schema: Any) -> list[KeyRange] | None:
    """The ranges to read one after the other, or None for a scan."""
    types = {part.name: part.type for part in schema.attributes}
    if sort_keys:
        _check_branches(search, partition_keys[0], sort_keys[0], types)
    partitions: list[tuple[AttributeValue, ...]] = [()]
    for name in partition_keys:
        values = search.partitions(name)
        if values is None:
            return None
        if any(type_of(value) != types[name] for value in values):
            raise ValidationException(f"{INVALID}Condition parameter type does not match schema type")
        partitions = [(*known, value) for known in partitions for value in values]
    sort = []
    for name in sort_keys:
        condition = search.sort_condition(name)
        if condition is None or any(type_of(value) != types[name] for value in condition.operands):
            break
        sort.append(condition)
        if condition.operator != "=":
            break
    return [KeyRange(partition, tuple(sort)) for partition in partitions]


def _check_branches(search: KeySearch, partition_key: str, sort_key: str, types: Mapping[str, str]) -> None:
    """Refuse branches of an OR that read the same items of one partition; one that negates its sort key is let be."""
    branches = [branch for branch in search.branches(partition_key, sort_key) if not branch.excludes]
    for number, one in enumerate(branches):
        for other in branches[:number]:
            if one.sort is None and other.sort is None:
                continue
            if any(equal(left, right) for left in one.partitions for right in other.partitions) and _overlap(
                one.sort, other.sort, types[sort_key]
            ):
                raise ValidationException("Overlapping conditions with range keys are not supported in where clause")


def _overlap(one: SortCondition | None, other: SortCondition | None, kind: str) -> bool:
    if one is None or other is None:
        return True
    if any(type_of(value) != kind for value in (*one.operands, *other.operands)):
        return False
    partition = ({"S": "any"},)
    left, right = (query_span(KeyRange(partition, (condition,))) for condition in (one, other))
    return left.low < right.high and right.low < left.high


def _forward(statement: Select, ranges: list[KeyRange] | None, key_names: tuple[str, ...]) -> bool:
    if not statement.order:
        return True
    if statement.where is None or ranges is None:
        raise ValidationException("Must have WHERE clause in the statement when using ORDER BY clause.")
    for name, _ in statement.order:
        if name not in key_names:
            raise ValidationException(f"Variable reference {name} in ORDER BY clause must be part of the primary key")
    return not statement.order[-1][1]


def project(item: Mapping[str, AttributeValue], columns: tuple[Elements, ...]) -> Item:
    """What a SELECT shows of an item: each path under its last name."""
    if not columns:
        return dict(item)
    shown: Item = {}
    for column in columns:
        value = fetcher(column)(item, {})
        if value is not None:
            shown[_column_name(column)] = value
    return shown


def _column_name(column: Elements) -> str:
    last = max(number for number, element in enumerate(column) if isinstance(element, str))
    return str(column[last]) + "".join(f"[{element}]" for element in column[last + 1 :])


# -- the token -----------------------------------------------------------------------------------------------------------


def _token(bound: Bound, at: int, key: Item) -> str:
    shown = {
        name: {"B": binascii.b2a_base64(value["B"], newline=False).decode()} if "B" in value else value
        for name, value in key.items()
    }
    return binascii.b2a_base64(orjson.dumps([bound.text, at, shown]), newline=False).decode()


def _read_token(token: str, bound: Bound) -> tuple[int, Item]:
    try:
        text, at, key = orjson.loads(binascii.a2b_base64(token))
    except ValueError:
        raise ValidationException("Invalid NextToken") from None
    if text != bound.text:
        raise ValidationException("NextToken does not match request")
    return at, {name: {"B": binascii.a2b_base64(value["B"])} if "B" in value else value for name, value in key.items()}
