"""TransactWriteItems and TransactGetItems: all or nothing.

A request is done in one step of the engine, so no other request can come between: a TransactionConflict happens only where a fault
asks for it.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.capacity import Consumption, read_units
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import Projection, check_parameters, read_expressions
from emulator.services.dynamodb.key_checks import check_key, check_no_empty_key
from emulator.services.dynamodb.ordering import Place
from emulator.services.dynamodb.request_error import worded
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Record, Table
from emulator.services.dynamodb.transactions import (
    MULTIPLE_OPERATIONS,
    TRANSACTIONAL,
    TransactionOutcome,
    cancelled,
    reason_of,
    run_transaction,
)
from emulator.services.dynamodb.values import Item, checked_item
from emulator.services.dynamodb.writes import WriteRequest, check_put_size

__all__ = ["TransactionOperations"]

KINDS = ("ConditionCheck", "Put", "Delete", "Update")


class TransactionOperations(DynamodbStore):
    """Up to a hundred items at once."""

    @operation("TransactWriteItems")
    def transact_write_items(self, params: Params, context: CallContext) -> Reply:
        """Write all of the items, or none."""
        state, now = self.state, context.now
        requests = [self._write_request(row) for row in params["TransactItems"]]
        token = params.get("ClientRequestToken")
        asked = {name: value for name, value in params.items() if name == "TransactItems"}
        if token is not None:
            known = state.tokens.find(token, asked, now)
            if known is not None:
                repeated = known.again()
                return Reply(_shown(repeated, params), usage={"read_units": repeated.units})
        outcome = run_transaction(state, requests, now)
        if token is not None:
            state.tokens.remember(token, asked, outcome.without_effects(), now)
        return Reply(_shown(outcome, params), outcome.effects, {"write_units": outcome.units})

    def _write_request(self, row: Params) -> WriteRequest:
        given = [kind for kind in KINDS if row.get(kind) is not None]
        if not given:
            raise ValidationException(
                "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"
            )
        if len(given) > 1:
            raise ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
        kind = given[0]
        action = row[kind]
        self.state.check_name(action["TableName"])
        check_parameters(kind, action)
        item = key = None
        size = 0
        if kind == "Put":
            with worded(kind):
                item = checked_item(action["Item"])
            size = check_put_size(item, self.state.quotas)
        expressions = read_expressions(kind, action)
        if kind != "Put":  # AWS reads the expressions before it checks the key
            with worded(kind):
                key = checked_item(action["Key"])
        return WriteRequest(
            kind,
            action["TableName"],
            item=item,
            key=key,
            size=size,
            condition=expressions.condition,
            update=expressions.update,
            show_item_on_failure=action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
        )

    @operation("TransactGetItems")
    def transact_get_items(self, params: Params, context: CallContext) -> Reply:
        """Items as they all are at one moment."""
        state, now = self.state, context.now
        gets = [self._get_request(row) for row in params["TransactItems"]]
        tables = [state.table(name, now) for name, _, _ in gets]
        for table, (_, key, _) in zip(tables, gets, strict=True):
            check_no_empty_key(table, key)
        reasons: list[dict[str, Any]] = []
        places: list[Place | None] = []
        for table, (_, key, _) in zip(tables, gets, strict=True):
            place, reason = _place(self, table, key)
            places.append(place)
            reasons.append(reason)
        identities = [(table.name, place) for table, place in zip(tables, places, strict=True) if place is not None]
        if len(set(identities)) != len(identities):
            raise ValidationException(MULTIPLE_OPERATIONS)
        if any(place is None for place in places):
            raise cancelled(reasons)
        records = [table.records.get(place) for table, place in zip(tables, places, strict=True) if place is not None]
        if sum(record.size for record in records if record is not None) > state.quotas.transaction_bytes:
            raise ValidationException("Aggregated size of all items in the transaction exceeds the limit of 4 MB")
        totals: dict[str, tuple[Table, Consumption]] = {}
        for table, record in zip(tables, records, strict=True):
            size = 0 if record is None else record.size
            units = Consumption(read_units(size, state.quotas, consistent=True) * TRANSACTIONAL)
            totals.setdefault(table.name, (table, Consumption()))[1].add(units)
        for table, total in totals.values():
            state.throttle.take(table, "read", total, now)
        result: dict[str, Any] = {
            "Responses": [
                _response(record, projection) for record, (_, _, projection) in zip(records, gets, strict=True)
            ]
        }
        detail = params.get("ReturnConsumedCapacity")
        if detail is not None and detail != "NONE":
            result["ConsumedCapacity"] = [
                total.describe(table, detail, kind="Read") for table, total in totals.values()
            ]
        return Reply(result, usage={"read_units": sum(total.total for _, total in totals.values())})

    def _get_request(self, row: Params) -> tuple[str, Item, Projection | None]:
        get = row["Get"]
        self.state.check_name(get["TableName"])
        check_parameters("Get", get)
        with worded("Get"):
            key = checked_item(get["Key"])
        return get["TableName"], key, read_expressions("Get", get).projection


def _place(store: DynamodbStore, table: Table, key: Item) -> tuple[Place | None, dict[str, Any]]:
    """Where the item is, or why that cannot be said."""
    try:
        check_key(table, key, store.state.quotas)
    except ValidationException as error:
        return None, reason_of(error)
    return table.place_of(key), {"Code": "None"}


def _response(record: Record | None, projection: Projection | None) -> dict[str, Any]:
    if record is None:
        return {}
    return {"Item": record.item if projection is None else projection.of(record.item)}


def _shown(outcome: TransactionOutcome, params: Params) -> dict[str, Any]:
    result: dict[str, Any] = {}
    detail = params.get("ReturnConsumedCapacity")
    if detail is not None and detail != "NONE":
        result["ConsumedCapacity"] = [
            total.describe(table, detail, kind=outcome.kind) for table, total in outcome.consumption
        ]
    if params.get("ReturnItemCollectionMetrics") == "SIZE" and outcome.metrics:
        result["ItemCollectionMetrics"] = outcome.metrics
    return result
