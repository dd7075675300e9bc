"""Query and Scan.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import KeyRange, check_parameters, read_expressions
from emulator.services.dynamodb.key_schema import KeySchema
from emulator.services.dynamodb.ordering import Span, scalar, segment_span, span_of, token
from emulator.services.dynamodb.read_checks import check_filter, check_index_read, check_select
from emulator.services.dynamodb.reading import (
    INVALID_START,
    Page,
    Reading,
    check_limit,
    index_of,
    read_page,
    start_place,
)
from emulator.services.dynamodb.request_error import ENVELOPE, worded
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.values import Item, checked_item, equal

__all__ = ["QueryOperations", "query_span"]


class QueryOperations(DynamodbStore):
    """Reads of many items, by pages."""

    @operation("Query")
    def query(self, params: Params, context: CallContext) -> Reply:
        """A page of the items of one partition, in the order of the sort key."""
        state = self.state
        state.check_name(params["TableName"])
        check_parameters("Query", params)
        check_select(params, ENVELOPE)
        if params.get("Limit", 1) < 1:
            raise ValidationException(
                f"{ENVELOPE}Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
            )
        start = _start_key("Query", params)
        expressions = read_expressions("Query", params)
        if expressions.key_condition is None:
            raise ValidationException(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        table = state.table(params["TableName"], context.now)
        index = index_of(table, params.get("IndexName"))
        fetches = check_index_read(index, params, expressions.projection)
        schema = table.schema if index is None else index.schema
        key_range = expressions.key_condition.resolve(
            [attribute.name for attribute in schema.hash],
            [attribute.name for attribute in schema.range],
            {attribute.name: attribute.type for attribute in schema.attributes},
        )
        check_filter(expressions.filter, index, schema.names, params)
        span = query_span(key_range)
        after = None
        if start is not None:
            after = start_place(table, index, start)
            _check_start(start, schema, key_range)
            if after not in span:
                raise ValidationException("The provided starting key does not match the range key predicate")
        reading = Reading(
            table,
            index,
            span,
            after,
            forward=params.get("ScanIndexForward", True),
            limit=params.get("Limit"),
            consistent=params.get("ConsistentRead", False),
            filter=expressions.filter,
            projection=expressions.projection,
            fetches=fetches,
        )
        return self._page(reading, params, context)

    @operation("Scan")
    def scan(self, params: Params, context: CallContext) -> Reply:
        """A page of all items, or of those of one segment, in an order that does not change."""
        state = self.state
        segment, total = params.get("Segment"), params.get("TotalSegments")
        check_limit(params.get("Limit"))
        _check_segment(segment, total)
        state.check_name(params["TableName"])
        check_parameters("Scan", params)
        check_select(params, "")
        start = _start_key("Scan", params)
        expressions = read_expressions("Scan", params)
        table = state.table(params["TableName"], context.now)
        index = index_of(table, params.get("IndexName"))
        fetches = check_index_read(index, params, expressions.projection)
        check_filter(expressions.filter, index, (), params)
        span = None if segment is None or total is None else segment_span(segment, total)
        after = None
        if start is not None:
            after = start_place(table, index, start)
            if span is not None and after not in span:
                raise ValidationException(
                    f"{INVALID_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                    f"TotalSegments: {total} Segment: {segment}"
                )
        reading = Reading(
            table,
            index,
            span,
            after,
            limit=params.get("Limit"),
            consistent=params.get("ConsistentRead", False),
            filter=expressions.filter,
            projection=expressions.projection,
            fetches=fetches,
        )
        return self._page(reading, params, context)

    def _page(self, reading: Reading, params: Params, context: CallContext) -> Reply:
        page = read_page(reading, self.state.quotas, context.now)
        self.state.throttle.take(reading.table, "read", page.consumption, context.now)
        return Reply(_shown(page, reading.table, params), usage={"read_units": page.consumption.total})


def _shown(page: Page, table: Table, params: Params) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if params.get("Select") != "COUNT":
        result["Items"] = page.items
    result["Count"] = len(page.items)
    result["ScannedCount"] = page.scanned_count
    if page.last_key is not None:
        result["LastEvaluatedKey"] = page.last_key
    capacity = page.consumption.describe(table, params.get("ReturnConsumedCapacity"))
    if capacity is not None:
        result["ConsumedCapacity"] = capacity
    return result


def query_span(key_range: KeyRange) -> Span:
    """The places that a key condition means."""
    partition = tuple(map(scalar, key_range.partition))
    prefix: tuple[Any, ...] = (token(partition), *partition)
    if not key_range.sort:
        return span_of(prefix, None, ())
    for condition in key_range.sort[:-1]:
        prefix = (*prefix, scalar(condition.operands[0]))
    last = key_range.sort[-1]
    return span_of(prefix, last.operator, tuple(map(scalar, last.operands)))


def _start_key(operation_name: str, params: Params) -> Item | None:
    start = params.get("ExclusiveStartKey")
    if start is None:
        return None
    with worded(operation_name):
        return checked_item(start)


def _check_start(start: Mapping[str, Any], schema: KeySchema, key_range: KeyRange) -> None:
    for attribute, value in zip(schema.hash, key_range.partition, strict=True):
        if not equal(start[attribute.name], value):
            raise ValidationException(
                "The provided starting key is outside query boundaries based on provided conditions"
            )


def _check_segment(segment: int | None, total: int | None) -> None:
    if segment is None and total is not None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"
        )
    if segment is not None and total is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"
        )
    if segment is not None and total is not None and segment >= total:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
