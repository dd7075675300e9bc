"""UpdateTable: throughput, billing mode, indexes, stream, and the other settings.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.errors import (
    LimitExceededException,
    ResourceNotFoundException,
    ValidationException,
)
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.table_definition import INVALID, attribute_types_of, check_new_global_index
from emulator.services.dynamodb.table_description import describe_table
from emulator.services.dynamodb.table_operations import new_index
from emulator.services.dynamodb.table_settings import check_stream, encryption_of, open_stream
from emulator.services.dynamodb.throughput import Throughput, check_bounds, check_maxima, check_warm

__all__ = ["TableChanges"]

_NAMES = (
    "ProvisionedThroughput",
    "BillingMode",
    "StreamSpecification",
    "GlobalSecondaryIndexUpdates",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
)
_ACTIONS = ("Create", "Update", "Delete")


class TableChanges(DynamodbStore):
    """Changes of tables. Everything is checked before anything is changed."""

    @operation(
        "UpdateTable",
        unsupported=(
            "ReplicaUpdates",
            "MultiRegionConsistency",
            "GlobalTableWitnessUpdates",
            "GlobalTableSettingsReplicationMode",
            "VectorIndexUpdates",
        ),
    )
    def update_table(self, params: Params, context: CallContext) -> Reply:
        """Change a table. Its status is UPDATING in the reply."""
        state, now, quotas = self.state, context.now, self.state.quotas
        if not any(params.get(name) not in (None, []) for name in _NAMES):
            raise ValidationException(
                "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
                "SSESpecification or ReplicaUpdates is required"
            )
        updates = params.get("GlobalSecondaryIndexUpdates") or ()
        _check_updates(updates)
        check_stream(params.get("StreamSpecification"))
        if params.get("ProvisionedThroughput") is not None:
            check_bounds(params["ProvisionedThroughput"], quotas)
        table = state.described_table(params["TableName"], now)
        self.check_idle(table, now)
        on_demand = self._check_throughput(table, params, updates, now)
        self._check_indexes(table, params, updates, on_demand=on_demand)
        _check_stream_change(table, params.get("StreamSpecification"))
        encryption = encryption_of(self.account, params.get("SSESpecification"))
        self._change_throughput(table, params, updates, now, on_demand=on_demand)
        self._change_indexes(table, params, updates, now)
        self._change_stream(table, params.get("StreamSpecification"), now)
        if "SSESpecification" in params:
            table.encryption = encryption
        if params.get("TableClass") is not None and params["TableClass"] != (table.table_class or "STANDARD"):
            table.table_class, table.table_class_updated = params["TableClass"], now
        if params.get("DeletionProtectionEnabled") is not None:
            table.deletion_protected = params["DeletionProtectionEnabled"]
        table.updating_until = now + quotas.table_status_seconds
        shown = describe_table(table, now, quotas, status="UPDATING")
        table.settle(now)
        return Reply({"TableDescription": shown})

    # -- throughput --------------------------------------------------------------------------------------------------

    def _check_throughput(self, table: Table, params: Params, updates: Any, now: float) -> bool:
        """Whether the table is on demand afterwards. Raises where that and the throughputs do not fit."""
        quotas = self.state.quotas
        mode, wanted = params.get("BillingMode"), params.get("ProvisionedThroughput")
        on_demand = table.on_demand if mode is None else mode == "PAY_PER_REQUEST"
        if on_demand and wanted is not None:
            raise ValidationException(
                f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        changes = {row["Update"]["IndexName"]: row["Update"] for row in updates if row.get("Update") is not None}
        if table.on_demand and not on_demand:
            if wanted is None:
                raise ValidationException(
                    f"{INVALID}ProvisionedThroughput must be specified when changing BillingMode from PAY_PER_REQUEST to PROVISIONED"
                )
            for index in table.global_indexes:
                if changes.get(index.name, {}).get("ProvisionedThroughput") is None:
                    raise ValidationException(
                        f"{INVALID}ProvisionedThroughput must be specified for index: {index.name}"
                    )
        elif wanted is not None and not table.on_demand:
            if not changes or (wanted["ReadCapacityUnits"], wanted["WriteCapacityUnits"]) != (
                table.throughput.read,
                table.throughput.write,
            ):
                table.throughput.check_change(wanted, now, quotas)
        check_maxima(params.get("OnDemandThroughput"), on_demand=on_demand)
        check_warm(
            params.get("WarmThroughput"), None if on_demand else wanted or _provisioned(table.throughput), quotas
        )
        for name, change in changes.items():
            self._check_index_change(table, name, change, now, on_demand=on_demand)
        return on_demand

    def _check_index_change(
        self, table: Table, name: str, change: Mapping[str, Any], now: float, *, on_demand: bool
    ) -> None:
        index = table.indexes.get(name)
        if index is None or not index.is_global:
            raise ResourceNotFoundException(f"Requested resource not found: Index: {name} not found")
        wanted = change.get("ProvisionedThroughput")
        if wanted is not None:
            if on_demand:
                raise ValidationException(
                    f"{INVALID}ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
                )
            check_bounds(wanted, self.state.quotas)
            if not table.on_demand:
                index.throughput.check_change(wanted, now, self.state.quotas, name)
        check_maxima(change.get("OnDemandThroughput"), on_demand=on_demand, index=name)
        check_warm(
            change.get("WarmThroughput"),
            None if on_demand else wanted or _provisioned(index.throughput),
            self.state.quotas,
            name,
        )

    def _change_throughput(self, table: Table, params: Params, updates: Any, now: float, *, on_demand: bool) -> None:
        if on_demand and not table.on_demand:
            table.on_demand_since = now
            table.throughput = Throughput()
            for index in table.global_indexes:
                index.throughput = Throughput()
        if table.on_demand and not on_demand:
            table.maxima = None
        table.on_demand = on_demand
        if params.get("ProvisionedThroughput") is not None:
            table.throughput.change(params["ProvisionedThroughput"], now)
        if params.get("OnDemandThroughput") is not None:
            table.maxima = _merged(table.maxima, params["OnDemandThroughput"])
        if params.get("WarmThroughput") is not None:
            table.warm = _merged(table.warm, params["WarmThroughput"])
        for row in updates:
            change = row.get("Update")
            if change is None:
                continue
            index = table.indexes[change["IndexName"]]
            if change.get("ProvisionedThroughput") is not None:
                index.throughput.change(change["ProvisionedThroughput"], now)
            if change.get("OnDemandThroughput") is not None:
                index.on_demand = _merged(index.on_demand, change["OnDemandThroughput"])
            if change.get("WarmThroughput") is not None:
                index.warm = _merged(index.warm, change["WarmThroughput"])
            index.updating_until = now + self.state.quotas.table_status_seconds

    # -- indexes -----------------------------------------------------------------------------------------------------

    def _check_indexes(self, table: Table, params: Params, updates: Any, *, on_demand: bool) -> None:
        made_or_gone = [row for row in updates if row.get("Create") is not None or row.get("Delete") is not None]
        if len(made_or_gone) > 1:
            raise LimitExceededException(
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
            )
        for row in made_or_gone:
            if row.get("Delete") is not None:
                name = row["Delete"]["IndexName"]
                if name not in table.indexes or not table.indexes[name].is_global:
                    raise ResourceNotFoundException("Requested resource not found")
                continue
            quotas = self.state.quotas
            given = attribute_types_of(params)
            keys = {element["AttributeName"] for element in row["Create"]["KeySchema"]}
            # The request defines the keys itself, even those that the table knows.
            definitions = [name for name in {**table.attribute_types, **given} if name in given or name not in keys]
            for name, kind in given.items():
                if table.attribute_types.get(name, kind) != kind:
                    raise ValidationException(
                        f"{INVALID}Cannot change the type of attribute {name} from {table.attribute_types[name]} to {kind}"
                    )
            if row["Create"]["IndexName"] in table.indexes:
                raise ValidationException(
                    f"Attempting to create an index which already exists: {row['Create']['IndexName']}"
                )
            check_new_global_index(row["Create"], definitions, set(), quotas, on_demand=on_demand)
            if len(table.global_indexes) >= quotas.global_secondary_indexes:
                raise LimitExceededException(
                    "Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the per-table limit of "
                    f"{quotas.global_secondary_indexes}"
                )

    def _change_indexes(self, table: Table, params: Params, updates: Any, now: float) -> None:
        seconds = self.state.quotas.table_status_seconds
        for row in updates:
            if row.get("Delete") is not None:
                table.indexes[row["Delete"]["IndexName"]].deleting_until = now + seconds
            elif row.get("Create") is not None:
                definition = row["Create"]
                used = {element["AttributeName"] for element in definition["KeySchema"]}
                for name, kind in attribute_types_of(params).items():
                    if name in used:
                        table.attribute_types.setdefault(name, kind)
                index = new_index("GLOBAL", definition, table)
                index.creating_until, index.backfilling = now + seconds, True
                table.fill(index)
                table.indexes[index.name] = index

    # -- stream ------------------------------------------------------------------------------------------------------

    def _change_stream(self, table: Table, specification: Mapping[str, Any] | None, now: float) -> None:
        if specification is None:
            return
        if specification["StreamEnabled"]:
            stream = open_stream(self.account, self.state.quotas, table, specification, now)
            self.state.streams[stream.arn] = stream
        elif table.stream is not None:
            table.stream.disable(now)
            table.stream = None


def _check_updates(updates: Any) -> None:
    seen: set[str] = set()
    for row in updates:
        action = next((row[kind] for kind in _ACTIONS if row.get(kind) is not None), None)
        if action is None:
            raise ValidationException(
                f"{INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        name = action["IndexName"]
        if name in seen:
            raise ValidationException(
                f"{INVALID}Only one global secondary index update per index is allowed simultaneously. Index: {name}"
            )
        seen.add(name)


def _check_stream_change(table: Table, specification: Mapping[str, Any] | None) -> None:
    if specification is None:
        return
    if specification["StreamEnabled"] and table.stream is not None:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    if not specification["StreamEnabled"] and table.stream is None:
        raise ValidationException("Table has no stream to disable: TableName: " + table.name)


def _provisioned(throughput: Throughput) -> dict[str, int]:
    return {"ReadCapacityUnits": throughput.read, "WriteCapacityUnits": throughput.write}


def _merged(held: Mapping[str, int] | None, wanted: Mapping[str, int]) -> dict[str, int]:
    return {**(held or {}), **wanted}
