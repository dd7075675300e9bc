"""ExecuteStatement, BatchExecuteStatement, ExecuteTransaction.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.effects import Effect
from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.capacity import Consumption, read_units
from emulator.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    ItemCollectionSizeLimitExceededException,
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ResourceNotFoundException,
    ThrottlingException,
    TransactionCanceledException,
    ValidationException,
)
from emulator.services.dynamodb.partiql.prepared import Bound, bind
from emulator.services.dynamodb.partiql.reads import check_single_attributes, project, select
from emulator.services.dynamodb.partiql.statement import Insert, Select
from emulator.services.dynamodb.partiql.writes import DUPLICATE, item_key, write, write_request
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.transactions import TRANSACTIONAL, TransactionOutcome, cancelled, run_transaction
from emulator.services.dynamodb.values import Item

__all__ = ["PartiqlOperations"]

_CODES: Mapping[type[AwsError], str] = {
    ConditionalCheckFailedException: "ConditionalCheckFailed",
    ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
    RequestLimitExceeded: "RequestLimitExceeded",
    ValidationException: "ValidationError",
    ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
    ThrottlingException: "ThrottlingError",
    ResourceNotFoundException: "ResourceNotFound",
    DuplicateItemException: "DuplicateItem",
}
"""What BatchStatementError calls the errors of single statements."""
_NEEDS_KEY = "Select statements within {operation} must specify the primary key in the where clause."


class PartiqlOperations(DynamodbStore):
    """Statements instead of requests."""

    @operation("ExecuteStatement")
    def execute_statement(self, params: Params, context: CallContext) -> Reply:
        """Run one statement; a SELECT by pages."""
        bound = bind(params["Statement"], params.get("Parameters") or ())
        detail = params.get("ReturnConsumedCapacity")
        if not bound.is_read:
            if isinstance(bound.statement, Select):
                raise ValidationException("EXISTS() is only supported within ExecuteTransaction")
            written = write(self.state, bound, context.now, detail=detail, show_item_on_failure=_shows_item(params))
            result: dict[str, Any] = {"Items": [] if written.item is None else [written.item]}
            if written.capacity is not None:
                result["ConsumedCapacity"] = written.capacity
            return Reply(result, written.effects)
        page = select(
            self.state,
            bound,
            context.now,
            consistent=params.get("ConsistentRead", False),
            limit=params.get("Limit"),
            next_token=params.get("NextToken"),
        )
        result = {"Items": page.items}
        if page.last_key is not None:
            result["LastEvaluatedKey"] = page.last_key
            result["NextToken"] = page.next_token
        capacity = page.consumption.describe(page.table, detail)
        if capacity is not None:
            result["ConsumedCapacity"] = capacity
        return Reply(result)

    # -- batches ---------------------------------------------------------------------------------------------------------

    @operation("BatchExecuteStatement")
    def batch_execute_statement(self, params: Params, context: CallContext) -> Reply:
        """Run up to 25 statements, each for itself: one that fails is an error in its place."""
        detail = params.get("ReturnConsumedCapacity")
        responses: list[dict[str, Any]] = []
        effects: list[Effect] = []
        capacities: list[Any] = []
        for row in params["Statements"]:
            response: dict[str, Any] = {}
            try:
                bound = bind(row["Statement"], row.get("Parameters") or ())
                response["TableName"] = bound.statement.table
                self._run_member(bound, row, response, effects, capacities, detail, context.now)
            except tuple(_CODES) as error:
                response["Error"] = _member_error(error)
            responses.append(response)
        result: dict[str, Any] = {"Responses": responses}
        if detail is not None and detail != "NONE":
            result["ConsumedCapacity"] = capacities
        return Reply(result, tuple(dict.fromkeys(effects)))

    def _run_member(
        self,
        bound: Bound,
        row: Mapping[str, Any],
        response: dict[str, Any],
        effects: list[Effect],
        capacities: list[Any],
        detail: str | None,
        now: float,
    ) -> None:
        if bound.is_read:
            consistent = row.get("ConsistentRead", False)
            table, item, size = self._one_item(bound, "BatchExecuteStatement", now)
            consumption = Consumption(read_units(size, self.state.quotas, consistent=consistent))
            self.state.throttle.take(table, "read", consumption, now)
            capacity = consumption.describe(table, detail)
        else:
            written = write(self.state, bound, now, detail=detail, show_item_on_failure=_shows_item(row))
            item, capacity = written.item, written.capacity
            effects.extend(written.effects)
        if item is not None:
            response["Item"] = item
        if capacity is not None:
            capacities.append(capacity)

    def _one_item(self, bound: Bound, operation_name: str, now: float) -> tuple[Table, Item | None, int]:
        """The item that a SELECT names by its whole key. Raises ValidationException."""
        statement = bound.statement
        assert isinstance(statement, Select)
        found = item_key(self.state, bound, now)
        index = None if statement.index is None else self.state.table(statement.table, now).indexes.get(statement.index)
        if index is not None:
            check_single_attributes(index)
        if found is None or found[2] or statement.index is not None:
            raise ValidationException(_NEEDS_KEY.format(operation=operation_name))
        table, key, _ = found
        record = table.records.get(table.place_of(key))
        if record is None:
            return table, None, 0
        return table, project(record.item, bound.columns), record.size

    # -- transactions ----------------------------------------------------------------------------------------------------

    @operation("ExecuteTransaction")
    def execute_transaction(self, params: Params, context: CallContext) -> Reply:
        """Run up to a hundred statements together, all reads or all writes."""
        state, now = self.state, context.now
        rows = params["TransactStatements"]
        detail = params.get("ReturnConsumedCapacity")
        bounds = [bind(row["Statement"], row.get("Parameters") or ()) for row in rows]
        for number, bound in enumerate(bounds):
            _check_member(number, bound)
        reads = [bound for bound in bounds if bound.is_read]
        if len(reads) == len(bounds):
            return self._transact_reads(bounds, detail, now)
        if reads:
            raise ValidationException("Transaction statements must be either all reads or all writes")
        token, asked = params.get("ClientRequestToken"), {"TransactStatements": rows}
        known = None if token is None else state.tokens.find(token, asked, now)
        if known is not None:
            return Reply(_transaction_result(known.again(), detail))
        requests = []
        for number, (bound, row) in enumerate(zip(bounds, rows, strict=True)):
            with _member(number):
                requests.append(write_request(state, bound, now, show_item_on_failure=_shows_item(row)))
        try:
            outcome = run_transaction(state, requests, now)
        except TransactionCanceledException as error:
            raise cancelled(_reasons(bounds, error.fields["CancellationReasons"])) from None
        if token is not None:
            state.tokens.remember(token, asked, outcome.without_effects(), now)
        return Reply(_transaction_result(outcome, detail), outcome.effects)

    def _transact_reads(self, bounds: Sequence[Bound], detail: str | None, now: float) -> Reply:
        responses = []
        totals: dict[str, tuple[Table, Consumption]] = {}
        for number, bound in enumerate(bounds):
            with _member(number):
                table, item, size = self._one_item(bound, "ExecuteTransaction", now)
            units = Consumption(read_units(size, self.state.quotas, consistent=True) * TRANSACTIONAL)
            totals.setdefault(table.name, (table, Consumption()))[1].add(units)
            responses.append({} if item is None else {"Item": item})
        for table, total in totals.values():
            self.state.throttle.take(table, "read", total, now)
        result: dict[str, Any] = {"Responses": responses}
        if detail is not None and detail != "NONE":
            result["ConsumedCapacity"] = [
                total.describe(table, detail, kind="Read") for table, total in totals.values()
            ]
        return Reply(result)


class _member:  # noqa: N801 - reads as a word: `with _member(3):`
    """A block whose ValidationException tells which statement of the transaction it is about."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, ValidationException):
            raise ValidationException(
                f"Validation failed in TransactStatements[{self._number}]: {error.message}"
            ) from None


def _check_member(number: int, bound: Bound) -> None:
    statement = bound.statement
    with _member(number):
        if isinstance(statement, Select) and statement.index is not None:
            raise ValidationException("Reads on indices are not supported within transactions.")
        if not isinstance(statement, Select | Insert) and statement.returning is not None:
            raise ValidationException("RETURNING clause is not supported in ExecuteTransaction.")


def _shows_item(row: Mapping[str, Any]) -> bool:
    return row.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


def _member_error(error: AwsError) -> dict[str, Any]:
    shown = {"Code": next(code for kind, code in _CODES.items() if isinstance(error, kind)), "Message": error.message}
    return shown if "Item" not in error.fields else {**shown, "Item": error.fields["Item"]}


def _reasons(bounds: Sequence[Bound], reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The reasons of a cancelled transaction: the condition of an INSERT is that there is no such item."""
    return [
        {**reason, "Code": "DuplicateItem", "Message": DUPLICATE}
        if isinstance(bound.statement, Insert) and reason["Code"] == "ConditionalCheckFailed"
        else dict(reason)
        for bound, reason in zip(bounds, reasons, strict=True)
    ]


def _transaction_result(outcome: TransactionOutcome, detail: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {"Responses": []}
    if detail is not None and detail != "NONE":
        result["ConsumedCapacity"] = [
            total.describe(table, detail, kind=outcome.kind) for table, total in outcome.consumption
        ]
    return result
