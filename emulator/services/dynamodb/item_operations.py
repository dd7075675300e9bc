"""PutItem, GetItem, UpdateItem, DeleteItem.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.capacity import Consumption, read_units, write_consumption, write_usage
from emulator.services.dynamodb.collection_metrics import collection_metrics
from emulator.services.dynamodb.deep_requests import is_read_by_older_layer
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import check_parameters, read_expressions
from emulator.services.dynamodb.key_checks import check_key, check_no_empty_key
from emulator.services.dynamodb.request_error import ENVELOPE, worded
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Change
from emulator.services.dynamodb.values import AttributeValue, Item, checked_item
from emulator.services.dynamodb.writes import (
    Outcome,
    WriteRequest,
    apply_write,
    change_of,
    check_put_size,
    check_statement_size,
    evaluate,
    locate,
)

__all__ = ["ItemOperations"]

ONLY_OLD_VALUES = "ReturnValues can only be ALL_OLD or NONE"


class ItemOperations(DynamodbStore):
    """Reads and writes of one item."""

    @operation("PutItem")
    def put_item(self, params: Params, context: CallContext) -> Reply:
        """Put an item instead of the one with its key."""
        self.state.check_name(params["TableName"])
        _check_return_values_of_deep(params)
        check_parameters("PutItem", params)
        with worded("PutItem"):
            item = checked_item(params["Item"])
        expressions = read_expressions("PutItem", params)
        _check_return_values(params)
        size = check_put_size(item, self.state.quotas)
        request = WriteRequest(
            "Put",
            params["TableName"],
            item=item,
            size=size,
            condition=expressions.condition,
            show_item_on_failure=_shows_item(params),
        )
        outcome, change, effects = self._write(request, context)
        return self._reply(_old_item(params, change), params, outcome, change, effects)

    @operation("DeleteItem")
    def delete_item(self, params: Params, context: CallContext) -> Reply:
        """Delete an item; no error where there is none."""
        self.state.check_name(params["TableName"])
        _check_return_values_of_deep(params)
        check_parameters("DeleteItem", params)
        with worded("DeleteItem"):
            key = checked_item(params["Key"])
        expressions = read_expressions("DeleteItem", params)
        _check_return_values(params)
        request = WriteRequest(
            "Delete",
            params["TableName"],
            key=key,
            condition=expressions.condition,
            show_item_on_failure=_shows_item(params),
        )
        outcome, change, effects = self._write(request, context)
        return self._reply(_old_item(params, change), params, outcome, change, effects)

    @operation("UpdateItem")
    def update_item(self, params: Params, context: CallContext) -> Reply:
        """Change parts of an item, or make it."""
        self.state.check_name(params["TableName"])
        check_parameters("UpdateItem", params)
        with worded("UpdateItem"):
            key = checked_item(params["Key"])
        expressions = read_expressions("UpdateItem", params)
        request = WriteRequest(
            "Update",
            params["TableName"],
            key=key,
            condition=expressions.condition,
            update=expressions.update,
            show_item_on_failure=_shows_item(params),
        )
        outcome, change, effects = self._write(request, context)
        result: dict[str, Any] = {}
        attributes = _returned(params.get("ReturnValues", "NONE"), request, outcome)
        if attributes is not None:
            result["Attributes"] = attributes
        return self._reply(result, params, outcome, change, effects)

    @operation("GetItem")
    def get_item(self, params: Params, context: CallContext) -> Reply:
        """An item, or the parts of it that the projection names."""
        state = self.state
        self.state.check_name(params["TableName"])
        check_parameters("GetItem", params)
        with worded("GetItem"):
            key = checked_item(params["Key"])
        projection = read_expressions("GetItem", params).projection
        table = state.table(params["TableName"], context.now)
        check_no_empty_key(table, key)
        check_key(table, key, state.quotas)
        record = table.records.get(table.place_of(key))
        consistent = params.get("ConsistentRead", False)
        size = 0 if record is None else record.size
        consumption = Consumption(read_units(size, state.quotas, consistent=consistent))
        state.throttle.take(table, "read", consumption, context.now)
        result: dict[str, Any] = {}
        if record is not None:
            result["Item"] = record.item if projection is None else projection.of(record.item)
        capacity = consumption.describe(table, params.get("ReturnConsumedCapacity"))
        if capacity is not None:
            result["ConsumedCapacity"] = capacity
        return Reply(result, usage={"read_units": consumption.table})

    def _write(self, request: WriteRequest, context: CallContext) -> tuple[Outcome, Change, tuple[Any, ...]]:
        state, now = self.state, context.now
        located = locate(state, request, now)
        check_statement_size(request, state.quotas)
        outcome = evaluate(state, located)
        change = change_of(outcome)
        state.charge(outcome.located.table, change, now)
        return outcome, change, apply_write(state, outcome, change, now)

    def _reply(
        self, result: dict[str, Any], params: Params, outcome: Outcome, change: Change, effects: tuple[Any, ...]
    ) -> Reply:
        table = outcome.located.table
        detail = params.get("ReturnConsumedCapacity")
        if detail is not None and detail != "NONE":
            consumption = write_consumption(change, self.state.quotas)
            result["ConsumedCapacity"] = consumption.describe(table, detail)
        if params.get("ReturnItemCollectionMetrics") == "SIZE" and table.local_indexes:
            result["ItemCollectionMetrics"] = collection_metrics(table, outcome.located.place, outcome.located.request)
        return Reply(result, effects, write_usage(change, self.state.quotas))


def _shows_item(params: Params) -> bool:
    return params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


def _check_return_values(params: Params) -> None:
    if params.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise ValidationException(f"{ENVELOPE}{ONLY_OLD_VALUES}")


def _check_return_values_of_deep(params: Params) -> None:
    if params.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD") and is_read_by_older_layer(params):
        raise ValidationException(ONLY_OLD_VALUES)


def _returned(wanted: str, request: WriteRequest, outcome: Outcome) -> Mapping[str, AttributeValue] | None:
    """The Attributes of an UpdateItem's reply."""
    before: Item | None = None if outcome.before is None else outcome.before.item
    after: Item | None = None if outcome.after is None else outcome.after.item
    if wanted == "ALL_OLD":
        return before
    if wanted == "ALL_NEW":
        return after
    if wanted in ("UPDATED_OLD", "UPDATED_NEW") and request.update is not None:
        touched = request.update.touched((before if wanted == "UPDATED_OLD" else after) or {})
        return touched if touched else None
    return None


def _old_item(params: Params, change: Change) -> dict[str, Any]:
    """The item as it was, where there was one and the caller wants it."""
    if params.get("ReturnValues") == "ALL_OLD" and change.before is not None:
        return {"Attributes": change.before.item}
    return {}
