"""A transaction of writes: every member is held against its item, then all are done, or none and each says why.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.effects import Effect
from emulator.errors import AwsError
from emulator.services.dynamodb.capacity import Consumption, read_units, write_consumption
from emulator.services.dynamodb.collection_metrics import collection_metrics
from emulator.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ItemCollectionSizeLimitExceededException,
    ProvisionedThroughputExceededException,
    ThrottlingException,
    TransactionCanceledException,
    ValidationException,
)
from emulator.services.dynamodb.key_checks import check_no_empty_key
from emulator.services.dynamodb.sizes import size_of_item
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.table import Change, Table
from emulator.services.dynamodb.writes import (
    Located,
    Outcome,
    WriteRequest,
    apply_write,
    change_of,
    evaluate,
    place_of,
)

__all__ = [
    "MULTIPLE_OPERATIONS",
    "TRANSACTIONAL",
    "TransactionOutcome",
    "cancelled",
    "reason_of",
    "run_transaction",
]

MULTIPLE_OPERATIONS = "Transaction request cannot include multiple operations on one item"
TRANSACTIONAL = 2.0
"""Every unit counts twice: to prepare, and to commit."""

_REASONS: Mapping[type[AwsError], str] = {
    ConditionalCheckFailedException: "ConditionalCheckFailed",
    ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
    ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
    ThrottlingException: "ThrottlingError",
    ValidationException: "ValidationError",
}


@dataclass(frozen=True, slots=True)
class TransactionOutcome:
    """A transaction that was done."""

    consumption: tuple[tuple[Table, Consumption], ...]
    metrics: Mapping[str, list[Any]] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    kind: str = "Write"
    read: tuple[tuple[Table, Consumption], ...] = ()
    """What it costs to be asked for again under its token."""

    @property
    def units(self) -> float:
        """Capacity units in all, over its tables and their indexes."""
        return sum(total.total for _, total in self.consumption)

    def without_effects(self) -> TransactionOutcome:
        """What is remembered under a token."""
        return replace(self, effects=())

    def again(self) -> TransactionOutcome:
        """What a repetition under the same token says: it reads the items, and writes none."""
        return TransactionOutcome(self.read, self.metrics, kind="Read")

    def data(self) -> dict[str, Any]:
        """What is remembered under a token, as plain data."""
        return {
            "read": [(table.name, total.table, total.indexes) for table, total in self.read],
            "metrics": self.metrics,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any], tables: Mapping[str, Table]) -> TransactionOutcome:
        """The outcome of a snapshot, as far as its tables are there yet."""
        read = tuple(
            (tables[name], Consumption(units, indexes)) for name, units, indexes in data["read"] if name in tables
        )
        return cls((), data["metrics"], read=read)


def run_transaction(state: DynamodbState, requests: Sequence[WriteRequest], now: float) -> TransactionOutcome:
    """Do all of the writes. Raises TransactionCanceledException with the reasons, or what is wrong with the request as a whole."""
    tables = [state.table(request.table_name, now) for request in requests]
    for table, request in zip(tables, requests, strict=True):
        check_no_empty_key(table, _identity(request))
    reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in requests]
    located: list[Located | None] = []
    for number, (table, request) in enumerate(zip(tables, requests, strict=True)):
        try:
            located.append(Located(request, table, place_of(state, table, request)))
        except ValidationException as error:
            located.append(None)
            reasons[number] = reason_of(error)
    identities = [(one.table.name, one.place) for one in located if one is not None]
    if len(set(identities)) != len(identities):
        raise ValidationException(MULTIPLE_OPERATIONS)
    total = sum(request.size or size_of_item(_identity(request)) for request in requests)
    if total > state.quotas.transaction_bytes:
        raise ValidationException("Aggregated size of all items in the transaction exceeds the limit of 4 MB")
    outcomes: list[Outcome] = []
    for number, one in enumerate(located):
        if one is None:
            continue
        try:
            outcomes.append(evaluate(state, one))
        except tuple(_REASONS) as error:
            reasons[number] = reason_of(error)
    if len(outcomes) != len(requests):
        raise cancelled(reasons)
    return _done(state, outcomes, now)


def _done(state: DynamodbState, outcomes: Sequence[Outcome], now: float) -> TransactionOutcome:
    changes: list[Change] = []
    totals: dict[str, tuple[Table, Consumption]] = {}
    reads: dict[str, tuple[Table, Consumption]] = {}
    for outcome in outcomes:
        table, change = outcome.located.table, change_of(outcome)
        changes.append(change)
        units = write_consumption(change, state.quotas).times(TRANSACTIONAL)
        totals.setdefault(table.name, (table, Consumption()))[1].add(units)
        size = 0 if change.after is None else change.after.size
        reread = Consumption(read_units(size, state.quotas, consistent=True) * TRANSACTIONAL)
        reads.setdefault(table.name, (table, Consumption()))[1].add(reread)
    try:
        for table, units in totals.values():
            state.throttle.take(table, "write", units, now)
    except (ProvisionedThroughputExceededException, ThrottlingException) as error:
        raise cancelled([reason_of(error) for _ in outcomes]) from error
    effects: list[Effect] = []
    metrics: dict[str, list[Any]] = {}
    for outcome, change in zip(outcomes, changes, strict=True):
        effects.extend(apply_write(state, outcome, change, now))
        located = outcome.located
        if located.table.has_local_indexes and outcome.changes:
            metrics.setdefault(located.table.name, []).append(
                collection_metrics(located.table, located.place, located.request)
            )
    return TransactionOutcome(
        tuple(totals.values()), metrics, tuple(dict.fromkeys(effects)), read=tuple(reads.values())
    )


def _identity(request: WriteRequest) -> Any:
    return request.item if request.item is not None else request.key


def reason_of(error: AwsError) -> dict[str, Any]:
    """The CancellationReason that an error of one member is."""
    code = next(code for kind, code in _REASONS.items() if isinstance(error, kind))
    reason: dict[str, Any] = {"Code": code, "Message": error.message}
    if "Item" in error.fields:
        reason["Item"] = error.fields["Item"]
    return reason


def cancelled(reasons: Sequence[Mapping[str, Any]]) -> TransactionCanceledException:
    """The error that carries the reasons, one for each member."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    return TransactionCanceledException(
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": list(reasons)},
    )
