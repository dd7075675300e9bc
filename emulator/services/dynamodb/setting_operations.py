"""Time to live, point-in-time recovery's switch, and what an account may have.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.errors import TableNotFoundException, ValidationException
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.time_to_live import TimeToLive

__all__ = ["SettingOperations"]

DEFAULT_RECOVERY_DAYS = 35
DAY_SECONDS = 86_400.0
ENDPOINT_MINUTES = 1_440


class SettingOperations(DynamodbStore):
    """Settings that have operations of their own."""

    @operation("UpdateTimeToLive")
    def update_time_to_live(self, params: Params, context: CallContext) -> Reply:
        """Let items expire by an attribute, or no more. Items that are there count too."""
        specification = params["TimeToLiveSpecification"]
        name, enabled = specification["AttributeName"], specification["Enabled"]
        table = self.state.described_table(params["TableName"], context.now)
        held = table.time_to_live
        if enabled and held is not None:
            if held.attribute == name:
                raise ValidationException("TimeToLive is already enabled")
            raise ValidationException(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {held.attribute}"
            )
        if not enabled and held is None:
            raise ValidationException("TimeToLive is already disabled")
        if not enabled and held is not None and held.attribute != name:
            raise ValidationException(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {held.attribute}"
            )
        if enabled:
            table.time_to_live = timer = TimeToLive(name, self.state.quotas.time_to_live_past_seconds)
            for place, record in table.records.read(None):
                timer.note(place, record.item)
        else:
            table.time_to_live = None
        return Reply({"TimeToLiveSpecification": {"AttributeName": name, "Enabled": enabled}}, self.state.sweep(table))

    @operation("DescribeTimeToLive")
    def describe_time_to_live(self, params: Params, context: CallContext) -> Reply:
        """Whether items expire, and by which attribute."""
        timer = self.state.described_table(params["TableName"], context.now).time_to_live
        if timer is None:
            return Reply({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}})
        return Reply({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": timer.attribute}})

    @operation("UpdateContinuousBackups")
    def update_continuous_backups(self, params: Params, context: CallContext) -> Reply:
        """Switch point-in-time recovery. The switch is kept and shown; a restore is refused by name."""
        table = self._backed_up(params["TableName"], context.now)
        specification = params["PointInTimeRecoverySpecification"]
        if not specification["PointInTimeRecoveryEnabled"]:
            table.recovery = {}
        else:
            days = specification.get("RecoveryPeriodInDays", DEFAULT_RECOVERY_DAYS)
            table.recovery = {"since": table.recovery.get("since", context.now), "days": days}
        return Reply({"ContinuousBackupsDescription": _recovery(table, context.now)})

    @operation("DescribeContinuousBackups")
    def describe_continuous_backups(self, params: Params, context: CallContext) -> Reply:
        """Whether point-in-time recovery is on."""
        table = self._backed_up(params["TableName"], context.now)
        return Reply({"ContinuousBackupsDescription": _recovery(table, context.now)})

    def _backed_up(self, name: str, now: float) -> Table:
        name = self.state.table_name(name)
        self.state.settle(now)
        table = self.state.tables.get(name)
        if table is None:
            raise TableNotFoundException(f"Table not found: {name}")
        return table

    @operation("DescribeLimits")
    def describe_limits(self, params: Params, context: CallContext) -> Reply:
        """The provisioned capacity that the account and a table may have."""
        quotas = self.state.quotas
        return Reply(
            {
                "AccountMaxReadCapacityUnits": quotas.account_read_capacity_units,
                "AccountMaxWriteCapacityUnits": quotas.account_write_capacity_units,
                "TableMaxReadCapacityUnits": quotas.table_read_capacity_units,
                "TableMaxWriteCapacityUnits": quotas.table_write_capacity_units,
            }
        )

    @operation("DescribeEndpoints")
    def describe_endpoints(self, params: Params, context: CallContext) -> Reply:
        """Where this service is reached: here."""
        address = urlsplit(self.account.endpoint_url).netloc
        return Reply({"Endpoints": [{"Address": address, "CachePeriodInMinutes": ENDPOINT_MINUTES}]})


def _recovery(table: Table, now: float) -> dict[str, Any]:
    recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED" if table.recovery else "DISABLED"}
    if table.recovery:
        since, days = table.recovery["since"], table.recovery["days"]
        recovery["RecoveryPeriodInDays"] = days
        recovery["EarliestRestorableDateTime"] = max(since, now - days * DAY_SECONDS)
        recovery["LatestRestorableDateTime"] = max(since, now - 300.0)
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
