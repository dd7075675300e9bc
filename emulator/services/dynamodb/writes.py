"""One write of one item: what a Put, Update, Delete or ConditionCheck asks, how it is held against the tables, and how it is done.

Four steps, so that a transaction can take each for all of its members before the next:

    read      the request alone: values, expressions            (a transaction fails as a whole)
    locate    the table and the place of the item               (from here on, a member of a transaction cancels it, with a reason)
    evaluate  the condition, and the item as it will be
    apply     nothing can fail any more
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.effects import Effect
from emulator.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ItemCollectionSizeLimitExceededException,
    ValidationException,
)
from emulator.services.dynamodb.expressions import Condition, Update
from emulator.services.dynamodb.key_checks import (
    check_index_keys,
    check_item_key,
    check_key,
    check_no_empty_key,
    check_updated_index_keys,
)
from emulator.services.dynamodb.ordering import Place
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.sizes import size_after_change, size_of_item
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.table import Change, Record, Table
from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = [
    "Located",
    "Outcome",
    "WriteRequest",
    "apply_write",
    "change_of",
    "check_put_size",
    "check_statement_size",
    "evaluate",
    "locate",
]

CONDITION_FAILED = "The conditional request failed"
PUT_TOO_LARGE = "Item size has exceeded the maximum allowed size"
UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """What is asked. `item` and `key` are canonical (see `values.checked_item`); a Put has an item, the others have a key."""

    kind: str
    """`Put`, `Update`, `Delete` or `ConditionCheck`."""
    table_name: str
    item: Item | None = None
    key: Item | None = None
    size: int = 0
    """Bytes of the item of a Put, where they are known."""
    condition: Condition | None = None
    update: Update | None = None
    show_item_on_failure: bool = False
    """ReturnValuesOnConditionCheckFailure=ALL_OLD."""


@dataclass(frozen=True, slots=True)
class Located:
    """A write whose table and place are known."""

    request: WriteRequest
    table: Table
    place: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """A write that holds: the record before and the one after; `changes` is false for a ConditionCheck."""

    located: Located
    before: Record | None
    after: Record | None
    changes: bool = True


def check_statement_size(request: WriteRequest, quotas: DynamodbQuotas) -> None:
    """Raise ValidationException where the statement of an UpdateItem counts for more than an item may, whatever the item is."""
    if request.update is not None and request.update.statement_bytes > quotas.item_bytes:
        raise ValidationException(UPDATE_TOO_LARGE)


def check_put_size(item: Item, quotas: DynamodbQuotas) -> int:
    """The size of an item that is put. Raises ValidationException where it is too large."""
    size = size_of_item(item)
    if size > quotas.item_bytes:
        raise ValidationException(PUT_TOO_LARGE)
    return size


def locate(state: DynamodbState, request: WriteRequest, now: float) -> Located:
    """Find the table and the item's place in it. Raises ResourceNotFoundException, or ValidationException for a key that does not fit."""
    table = state.table(request.table_name, now)
    identity = request.item if request.item is not None else request.key
    assert identity is not None
    check_no_empty_key(table, identity)
    return Located(request, table, place_of(state, table, request))


def place_of(state: DynamodbState, table: Table, request: WriteRequest) -> Place:
    """The place of the item of a write in its table, after all checks of its key."""
    if request.item is not None:
        check_item_key(table, request.item, state.quotas)
        check_index_keys(table, request.item, state.quotas)
        return table.place_of(request.item)
    assert request.key is not None
    check_key(table, request.key, state.quotas)
    if request.update is not None:
        request.update.check_keys(frozenset(table.schema.names))
    return table.place_of(request.key)


def evaluate(state: DynamodbState, located: Located) -> Outcome:
    """Hold a write against the item that is there.

    Raises ConditionalCheckFailedException, or ValidationException for an update that cannot be done.
    """
    request, table = located.request, located.table
    before = table.records.get(located.place)
    old: Mapping[str, AttributeValue] | None = None if before is None else before.item
    if request.condition is not None and not request.condition.holds(old):
        raise ConditionalCheckFailedException(
            CONDITION_FAILED, fields={"Item": old} if request.show_item_on_failure and old is not None else None
        )
    if request.kind == "ConditionCheck":
        return Outcome(located, before, before, changes=False)
    if request.kind == "Delete":
        return Outcome(located, before, None)
    if before is None and request.update is not None and not request.update.creates:
        return Outcome(located, None, None)
    if request.kind == "Put":
        assert request.item is not None
        after = Record(request.item, request.size or size_of_item(request.item))
    else:
        after = _updated(state, located, before)
    _check_collection(state, located, before, after)
    return Outcome(located, before, after)


def _updated(state: DynamodbState, located: Located, before: Record | None) -> Record:
    request, quotas = located.request, state.quotas
    assert request.key is not None
    if request.update is None:
        # An update that says nothing makes the item where there is none.
        return Record(dict(request.key), size_of_item(request.key)) if before is None else before
    item = request.update.apply({} if before is None else before.item, request.key)
    if located.table.indexes:
        check_updated_index_keys(located.table, item, request.update.attribute_names, quotas)
    # What an update costs goes by what it changes, not by how large the item is.
    names = request.update.attribute_names
    size = size_of_item(item) if before is None else size_after_change(before.size, before.item, item, names)
    if size > quotas.item_bytes:
        raise ValidationException(UPDATE_TOO_LARGE)
    return Record(item, size)


def _check_collection(state: DynamodbState, located: Located, before: Record | None, after: Record) -> None:
    """Items with one partition key may not grow beyond 10 GB where there are local indexes."""
    held = located.table.collections.get(located.place[1], 0)
    grown = after.size - (0 if before is None else before.size)
    if held and grown > 0 and held + grown > state.quotas.item_collection_bytes:
        raise ItemCollectionSizeLimitExceededException("Collection size exceeded.")


def change_of(outcome: Outcome) -> Change:
    """What a write does to its table."""
    located = outcome.located
    if not outcome.changes:
        return Change(located.place, outcome.before, outcome.after)
    return located.table.change_to(located.place, outcome.after)


def apply_write(state: DynamodbState, outcome: Outcome, change: Change, now: float) -> tuple[Effect, ...]:
    """Do it: whom to tell."""
    if not outcome.changes:
        return ()
    table = outcome.located.table
    return (*state.commit(table, change, now), *state.sweep(table))
