"""INSERT, UPDATE and DELETE, and EXISTS in a transaction, as the writes of one item that they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.effects import Effect
from emulator.services.dynamodb.capacity import write_consumption
from emulator.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    ValidationException,
)
from emulator.services.dynamodb.expressions import Condition
from emulator.services.dynamodb.expressions.conditions import condition_of
from emulator.services.dynamodb.partiql.key_search import KeySearch
from emulator.services.dynamodb.partiql.prepared import Bound
from emulator.services.dynamodb.partiql.statement import Delete, Insert, Select, Update
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.values import Item
from emulator.services.dynamodb.writes import WriteRequest, apply_write, change_of, check_put_size, evaluate, locate

__all__ = ["DUPLICATE", "Written", "item_key", "write", "write_request"]

DUPLICATE = "Duplicate primary key exists in table"
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to. `item` is what RETURNING shows; None without one, or where there is nothing to show."""

    table: Table
    item: Item | None
    capacity: dict[str, Any] | None
    effects: tuple[Effect, ...]


def item_key(state: DynamodbState, bound: Bound, now: float) -> tuple[Table, Item, bool] | None:
    """Table and key that a statement names by equalities, and whether it asks for more; None where it names no whole key."""
    statement = bound.statement
    assert not isinstance(statement, Insert)
    table = state.table(statement.table, now)
    found = KeySearch(statement.where, statement.terms.names, bound.values).item_key(table.schema.names)
    return None if found is None else (table, *found)


def write_request(state: DynamodbState, bound: Bound, now: float, *, show_item_on_failure: bool) -> WriteRequest:
    """The write of a statement. Raises ValidationException, ResourceNotFoundException."""
    statement = bound.statement
    if isinstance(statement, Insert):
        table = state.table(statement.table, now)
        item = bound.item()
        check_put_size(item, state.quotas)
        return WriteRequest(
            "Put",
            table.name,
            item=item,
            condition=_absent(table),
            show_item_on_failure=show_item_on_failure,
        )
    found = item_key(state, bound, now)
    if found is None:
        raise ValidationException(NO_KEY)
    table, key, more = found
    if isinstance(statement, Select):
        if not more:
            raise ValidationException("EXISTS() must contain a single item read with additional condition")
        kind, condition = "ConditionCheck", bound.condition
    elif isinstance(statement, Delete):
        kind, condition = "Delete", bound.condition if more else None
    else:
        assert isinstance(statement, Update)
        kind, condition = "Update", bound.condition
    return WriteRequest(
        kind,
        table.name,
        key=key,
        condition=condition,
        update=bound.update,
        show_item_on_failure=show_item_on_failure,
    )


def _absent(table: Table) -> Condition:
    """The condition that there is no item yet."""
    condition, _ = condition_of("attribute_not_exists(#k)", "ConditionExpression", {"#k": table.schema.names[0]}, {})
    return condition


def write(state: DynamodbState, bound: Bound, now: float, *, detail: str | None, show_item_on_failure: bool) -> Written:
    """Do a write by itself. Raises ConditionalCheckFailedException, DuplicateItemException, ValidationException."""
    request = write_request(state, bound, now, show_item_on_failure=show_item_on_failure)
    try:
        outcome = evaluate(state, locate(state, request, now))
    except ConditionalCheckFailedException:
        if isinstance(bound.statement, Insert):
            raise DuplicateItemException(DUPLICATE) from None
        raise
    change = change_of(outcome)
    table = outcome.located.table
    state.charge(table, change, now)
    effects = apply_write(state, outcome, change, now)
    before = None if change.before is None else change.before.item
    after = None if change.after is None else change.after.item
    capacity = write_consumption(change, state.quotas).describe(table, detail)
    return Written(table, _returned(bound, before, after), capacity, effects)


def _returned(bound: Bound, before: Item | None, after: Item | None) -> Item | None:
    statement = bound.statement
    if isinstance(statement, Delete):
        return before if statement.returning is not None else None
    if not isinstance(statement, Update) or statement.returning is None:
        return None
    which, when = statement.returning.split()
    item = before if when == "OLD" else after
    if item is None or which == "ALL":
        return item
    assert bound.update is not None
    touched = bound.update.touched(item)
    return touched if touched else None
