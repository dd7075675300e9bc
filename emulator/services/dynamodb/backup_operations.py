"""CreateBackup, DescribeBackup, ListBackups, DeleteBackup, and tables restored from backups or from the table as it is now.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateBackup.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.backups import Backup
from emulator.services.dynamodb.errors import (
    BackupNotFoundException,
    PointInTimeRecoveryUnavailableException,
    TableAlreadyExistsException,
    TableNotFoundException,
    ValidationException,
)
from emulator.services.dynamodb.snapshot import table_data, table_of
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.table_description import describe_table
from emulator.services.dynamodb.throughput import Throughput

__all__ = ["BackupOperations"]

BACKUPS_PAGE = 100
_OVERRIDES = (
    "GlobalSecondaryIndexOverride",
    "LocalSecondaryIndexOverride",
    "OnDemandThroughputOverride",
    "SSESpecificationOverride",
)


class BackupOperations(DynamodbStore):
    """Backups of tables."""

    @operation("CreateBackup")
    def create_backup(self, params: Params, context: CallContext) -> Reply:
        """Keep a table as it is now."""
        table = self._source(params["TableName"], context.now)
        now = context.now
        arn = f"{table.arn}/backup/{int(now * 1000):014d}-{self.account.identifiers.hex(8)}"
        backup = Backup(arn, params["BackupName"], now, table.records.total_bytes, table_data(table))
        self.state.backups[arn] = backup
        return Reply({"BackupDetails": backup.details()})

    @operation("DescribeBackup")
    def describe_backup(self, params: Params, context: CallContext) -> Reply:
        """A backup and the table that it is of."""
        return Reply({"BackupDescription": self._backup(params["BackupArn"]).describe()})

    @operation("DeleteBackup")
    def delete_backup(self, params: Params, context: CallContext) -> Reply:
        """Forget a backup."""
        backup = self._backup(params["BackupArn"])
        del self.state.backups[backup.arn]
        return Reply({"BackupDescription": backup.describe("DELETED")})

    @operation("ListBackups")
    def list_backups(self, params: Params, context: CallContext) -> Reply:
        """Backups of one table or of all, oldest first."""
        name = params.get("TableName")
        name = None if name is None else self.state.table_name(name)
        low, high = params.get("TimeRangeLowerBound", 0.0), params.get("TimeRangeUpperBound", float("inf"))
        wanted = params.get("BackupType", "ALL") in ("ALL", "USER")
        found = [
            backup
            for backup in sorted(self.state.backups.values(), key=lambda backup: (backup.created, backup.arn))
            if wanted and low <= backup.created < high and name in (None, backup.table["name"])
        ]
        after = params.get("ExclusiveStartBackupArn")
        arns = [backup.arn for backup in found]
        start = arns.index(after) + 1 if after in arns else 0
        limit = params.get("Limit", BACKUPS_PAGE)
        page = found[start : start + limit]
        result: dict[str, Any] = {"BackupSummaries": [backup.summary() for backup in page]}
        if start + limit < len(found):
            result["LastEvaluatedBackupArn"] = page[-1].arn
        return Reply(result)

    @operation("RestoreTableFromBackup", unsupported=_OVERRIDES)
    def restore_table_from_backup(self, params: Params, context: CallContext) -> Reply:
        """A new table with the items and indexes of a backup; without its stream, tags, policy and time to live, as AWS does."""
        backup = self._backup(params["BackupArn"])
        summary = {
            "SourceBackupArn": backup.arn,
            "SourceTableArn": backup.table["arn"],
            "RestoreDateTime": backup.created,
        }
        return self._restore(params, backup.table, summary, context.now)

    @operation("RestoreTableToPointInTime", unsupported=_OVERRIDES)
    def restore_table_to_point_in_time(self, params: Params, context: CallContext) -> Reply:
        """A new table with the items of another as they are now; earlier times are refused by name."""
        name = params.get("SourceTableName") or params.get("SourceTableArn")
        if name is None:
            raise ValidationException("One of SourceTableName or SourceTableArn is required")
        table = self._source(name, context.now)
        if not table.recovery:
            raise PointInTimeRecoveryUnavailableException(
                f"Point in time recovery is not enabled for table '{table.name}'"
            )
        if params.get("RestoreDateTime") is not None:
            raise UnsupportedOperation(
                "dynamodb:RestoreTableToPointInTime: parameter RestoreDateTime is not supported by this emulator; "
                "UseLatestRestorableTime is"
            )
        summary = {"SourceTableArn": table.arn, "RestoreDateTime": context.now}
        return self._restore(params, table_data(table), summary, context.now)

    def _restore(self, params: Params, source: Mapping[str, Any], summary: dict[str, Any], now: float) -> Reply:
        state = self.state
        name = state.table_name(params["TargetTableName"])
        state.settle(now)
        if name in state.tables:
            raise TableAlreadyExistsException(f"Table already exists: {name}")
        until = now + state.quotas.table_status_seconds
        indexes = [{**row, "creating_until": until, "updating_until": 0.0} for row in source["indexes"]]
        table = table_of(
            {
                **source,
                "name": name,
                "arn": self.account.arn("dynamodb", f"table/{name}"),
                "table_id": self.account.identifiers.uuid(),
                "created": now,
                "creating_until": until,
                "updating_until": 0.0,
                "deleting_until": None,
                "deletion_protected": False,
                "indexes": indexes,
                "stream": None,
                "latest_stream": None,
                "time_to_live": None,
                "tags": {},
                "policy": None,
                "recovery": {},
            },
            {},
            state.quotas,
        )
        self._override(table, params, now)
        table.restored = summary
        state.tables[name] = table
        shown = describe_table(table, now, state.quotas, status="CREATING")
        return Reply({"TableDescription": shown})

    def _override(self, table: Table, params: Params, now: float) -> None:
        throughput = params.get("ProvisionedThroughputOverride")
        mode = params.get("BillingModeOverride")
        if mode == "PAY_PER_REQUEST":
            table.on_demand, table.on_demand_since, table.throughput = True, now, Throughput()
        elif mode == "PROVISIONED" or throughput is not None:
            if throughput is None:
                raise ValidationException(
                    "ProvisionedThroughputOverride must be specified when BillingModeOverride is PROVISIONED"
                )
            table.on_demand, table.throughput = False, Throughput.of(throughput)

    def _source(self, name: str, now: float) -> Table:
        name = self.state.table_name(name)
        self.state.settle(now)
        table = self.state.tables.get(name)
        if table is None:
            raise TableNotFoundException(f"Table not found: {name}")
        self.check_idle(table, now)
        return table

    def _backup(self, arn: str) -> Backup:
        backup = self.state.backups.get(arn)
        if backup is None:
            raise BackupNotFoundException(f"Backup not found: {arn}")
        return backup
