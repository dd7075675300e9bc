"""BatchGetItem and BatchWriteItem.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from emulator.effects import Effect
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.capacity import Consumption, read_units, write_consumption
from emulator.services.dynamodb.collection_metrics import collection_metrics
from emulator.services.dynamodb.errors import (
    ProvisionedThroughputExceededException,
    ThrottlingException,
    ValidationException,
)
from emulator.services.dynamodb.expressions import Projection, check_parameters, read_expressions
from emulator.services.dynamodb.key_checks import NO_MATCH, check_key, check_no_empty_key
from emulator.services.dynamodb.ordering import Place
from emulator.services.dynamodb.request_error import ENVELOPE, worded
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.values import Item, checked_item
from emulator.services.dynamodb.writes import (
    Located,
    WriteRequest,
    apply_write,
    change_of,
    check_put_size,
    evaluate,
    locate,
)

__all__ = ["BatchOperations"]

DUPLICATES = "Provided list of item keys contains duplicates"


class BatchOperations(DynamodbStore):
    """Several items in one request; each for itself."""

    @operation("BatchGetItem")
    def batch_get_item(self, params: Params, context: CallContext) -> Reply:
        """Items by their keys, at most 16 MB of them; the other keys come back unprocessed."""
        requests = params["RequestItems"]
        if not requests:
            raise ValidationException(
                f"{ENVELOPE}Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"
            )
        _check_names(requests, self.state, _echo_json)
        _check_keys(requests, self.state.quotas.batch_get_keys)
        _check_one_language(requests)
        parsed = [(name, *self._parse_read(request)) for name, request in requests.items()]
        reads = [(name, *self._locate_read(name, keys, context.now), projection) for name, keys, projection in parsed]
        responses: dict[str, list[Item]] = {name: [] for name in requests}
        unprocessed: dict[str, Any] = {}
        capacities: list[dict[str, Any]] = []
        units = 0.0
        left = self.state.quotas.batch_get_bytes
        for name, table, places, projection in reads:
            request = requests[name]
            consistent = request.get("ConsistentRead", False)
            total = Consumption()
            for number, place in enumerate(places):
                record = table.records.get(place)
                size = 0 if record is None else record.size
                consumption = Consumption(read_units(size, self.state.quotas, consistent=consistent))
                if size > left or not self._affords(table, "read", consumption, context.now):
                    unprocessed[name] = {**request, "Keys": list(request["Keys"][number:])}
                    left = 0
                    break
                left -= size
                total.add(consumption)
                if record is not None:
                    responses[name].append(record.item if projection is None else projection.of(record.item))
            units += total.total
            capacity = total.describe(table, params.get("ReturnConsumedCapacity"))
            if capacity is not None:
                capacities.append(capacity)
        result: dict[str, Any] = {"Responses": responses, "UnprocessedKeys": unprocessed}
        if capacities:
            result["ConsumedCapacity"] = capacities
        return Reply(result, usage={"read_units": units})

    def _parse_read(self, request: Params) -> tuple[list[Item], Projection | None]:
        check_parameters("KeysAndAttributes", request)
        with worded("BatchGetItem"):
            keys = [checked_item(key) for key in request["Keys"]]
        return keys, read_expressions("KeysAndAttributes", request).projection

    def _locate_read(self, name: str, keys: list[Item], now: float) -> tuple[Table, list[Place]]:
        table = self.state.table(name, now)
        for key in keys:
            check_no_empty_key(table, key)
            check_key(table, key, self.state.quotas)
        places = [table.place_of(key) for key in keys]
        if len(set(places)) != len(places):
            raise ValidationException(DUPLICATES)
        return table, places

    def _affords(self, table: Table, kind: str, consumption: Consumption, now: float) -> bool:
        """Whether the capacity is there; it is taken then."""
        try:
            self.state.throttle.take(table, kind, consumption, now)
        except (ProvisionedThroughputExceededException, ThrottlingException):
            return False
        return True

    @operation("BatchWriteItem")
    def batch_write_item(self, params: Params, context: CallContext) -> Reply:
        """Put and delete items. Everything is checked before anything is written."""
        requests, state, now = params["RequestItems"], self.state, context.now
        if not requests:
            raise ValidationException("The requestItems parameter is required for BatchWriteItem")
        _check_counts(requests, state)
        writes = [(name, row, self._batch_write(name, row)) for name, rows in requests.items() for row in rows]
        located = [(name, row, self._locate(write, now)) for name, row, write in writes]
        seen: set[tuple[str, Place]] = set()
        for _, _, one in located:
            identity = (one.table.name, one.place)
            if identity in seen:
                raise ValidationException(DUPLICATES)
            seen.add(identity)
        unprocessed: dict[str, list[Any]] = {}
        metrics: dict[str, list[Any]] = {}
        totals: dict[str, tuple[Table, Consumption]] = {}
        effects: list[Effect] = []
        grown = 0
        for name, row, one in located:
            outcome = evaluate(state, one)
            change = change_of(outcome)
            consumption = write_consumption(change, state.quotas)
            if not self._affords(one.table, "write", consumption, now):
                unprocessed.setdefault(name, []).append(row)
                continue
            effects.extend(apply_write(state, outcome, change, now))
            totals.setdefault(name, (one.table, Consumption()))[1].add(consumption)
            grown += change.growth
            if params.get("ReturnItemCollectionMetrics") == "SIZE" and one.table.has_local_indexes:
                metrics.setdefault(name, []).append(collection_metrics(one.table, one.place, one.request))
        result: dict[str, Any] = {"UnprocessedItems": unprocessed}
        if metrics:
            result["ItemCollectionMetrics"] = metrics
        detail = params.get("ReturnConsumedCapacity")
        if detail is not None and detail != "NONE":
            result["ConsumedCapacity"] = [total.describe(table, detail) for table, total in totals.values()]
        units = sum(total.total for _, total in totals.values())
        return Reply(result, tuple(dict.fromkeys(effects)), {"write_units": units, "stored_bytes": grown})

    def _batch_write(self, name: str, row: Mapping[str, Any]) -> WriteRequest:
        if len([member for member in row.values() if member is not None]) != 1:
            raise ValidationException(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
            )
        if row.get("PutRequest") is not None:
            with worded("BatchWriteItem"):
                item = checked_item(row["PutRequest"]["Item"])
            size = check_put_size(item, self.state.quotas)
            return WriteRequest("Put", name, item=item, size=size)
        with worded("BatchWriteItem"):
            key = checked_item(row["DeleteRequest"]["Key"])
        return WriteRequest("Delete", name, key=key)

    def _locate(self, write: WriteRequest, now: float) -> Located:
        """As `locate`, but an item without the key that the schema wants gets the words of a key."""
        table = self.state.table(write.table_name, now)
        if write.item is not None:
            check_no_empty_key(table, write.item)
            for attribute in table.schema.attributes:
                if attribute.type not in (write.item.get(attribute.name) or ()):
                    raise ValidationException(NO_MATCH)
        return locate(self.state, write, now)


def _check_keys(requests: Mapping[str, Any], most: int) -> None:
    total = 0
    for name, request in requests.items():
        count = len(request["Keys"])
        bound = "greater than or equal to 1" if count == 0 else f"less than or equal to {most}" if count > most else ""
        if bound:
            raise ValidationException(
                f"{ENVELOPE}Value at 'RequestItems.{name}.member.Keys' failed to satisfy constraint: "
                f"Member must have length {bound}"
            )
        total += count
    if total > most:
        raise ValidationException("Too many items requested for the BatchGetItem call")


def _check_one_language(requests: Mapping[str, Any]) -> None:
    """Tables of one request may not be asked some with expressions and some without."""
    asked = {
        name for request in requests.values() for name in ("AttributesToGet", "ProjectionExpression") if name in request
    }
    if len(asked) > 1:
        raise ValidationException(
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
        )


def _check_names(requests: Mapping[str, Any], state: DynamodbState, echo: Callable[[Mapping[str, Any]], str]) -> None:
    if not all(state.could_be_name(name) for name in requests):
        raise ValidationException(
            f"{ENVELOPE}Value '{echo(requests)}' at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: "
            f"[Member must have length less than or equal to {state.quotas.longest_table_name}, Member must have length greater than or "
            f"equal to {state.quotas.shortest_table_name}, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"
        )


def _check_counts(requests: Mapping[str, Any], state: DynamodbState) -> None:
    _check_names(requests, state, _echo_java)
    most = state.quotas.batch_write_requests
    if any(not 1 <= len(rows) <= most for rows in requests.values()):
        raise ValidationException(
            f"{ENVELOPE}Value '{_echo_java(requests)}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: "
            f"[Member must have length less than or equal to {most}, Member must have length greater than or equal to 1]"
        )
    if sum(len(rows) for rows in requests.values()) > most:
        raise ValidationException("Too many items requested for the BatchWriteItem call")


def _echo_json(requests: Mapping[str, Any]) -> str:
    return orjson.dumps(requests, default=lambda blob: b64encode(blob).decode()).decode()


def _echo_java(requests: Mapping[str, Any]) -> str:
    shown = (f"{name}=[{', '.join(map(_echo, rows))}]" for name, rows in requests.items())
    return f"{{{', '.join(shown)}}}"


def _echo(row: Mapping[str, Any]) -> str:
    """A request in the manner of Java's toString."""
    put, delete = row.get("PutRequest"), row.get("DeleteRequest")
    shown_put = "null" if put is None else f"PutRequest(item={_echo_item(put.get('Item', {}))})"
    shown_delete = "null" if delete is None else f"DeleteRequest(key={_echo_item(delete.get('Key', {}))})"
    return f"WriteRequest(putRequest={shown_put}, deleteRequest={shown_delete})"


def _echo_item(item: Mapping[str, Any]) -> str:
    values = (
        f"{name}=AttributeValue({', '.join(f'{kind[0].lower()}{kind[1:]}={inner}' for kind, inner in value.items())})"
        for name, value in item.items()
    )
    return f"{{{', '.join(values)}}}"
