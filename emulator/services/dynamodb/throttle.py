"""Throttling: provisioned capacity and on-demand maxima as token buckets, with AWS's burst of five minutes' unused capacity.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""

from __future__ import annotations

from emulator.services.dynamodb.capacity import Consumption
from emulator.services.dynamodb.errors import ProvisionedThroughputExceededException, ThrottlingException
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.table import Table

__all__ = ["Throttle"]

EXCEEDED = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the "
    "UpdateTable API."
)
INDEX_EXCEEDED = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider "
    "increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
)
MAXIMUM_EXCEEDED = (
    "Throughput exceeds the maximum OnDemandThroughput configured on table or index. Consider increasing the "
    "maxOnDemandThroughput of your table or index"
)


class Throttle:
    """The buckets of all tables and indexes of an account. Off unless the quotas say otherwise."""

    def __init__(self, quotas: DynamodbQuotas) -> None:
        self._quotas = quotas
        self._levels: dict[tuple[str, str, str], tuple[float, float]] = {}

    def take(self, table: Table, kind: str, consumption: Consumption, now: float) -> None:
        """Take units of `kind` (`read`, `write`) from the buckets, all or none. Raises where one has not enough."""
        if not self._quotas.throttled:
            return
        levels: dict[tuple[str, str, str], tuple[float, float]] = {}
        for index, units in (("", consumption.table), *consumption.indexes.items()):
            rate = self._rate(table, index, kind)
            if rate is None or units == 0.0:
                continue
            most = rate * self._quotas.burst_seconds
            bucket = (table.table_id, index, kind)
            level, since = self._levels.get(bucket, (most, now))
            level = min(most, level + (now - since) * rate)
            if level < min(units, most):
                raise self._refusal(table, index)
            levels[bucket] = (level - units, now)
        self._levels.update(levels)

    def _rate(self, table: Table, index: str, kind: str) -> float | None:
        """Units per second, or None where nothing bounds them. A local index uses the table's capacity."""
        owner = table.indexes.get(index) if index else None
        if owner is not None and not owner.is_global:
            return None
        throughput, maxima = (table.throughput, table.maxima) if owner is None else (owner.throughput, owner.on_demand)
        if not table.on_demand:
            return float(throughput.read if kind == "read" else throughput.write)
        name = "MaxReadRequestUnits" if kind == "read" else "MaxWriteRequestUnits"
        most = None if maxima is None else maxima.get(name)
        return None if most is None or most < 0 else float(most)

    def _refusal(self, table: Table, index: str) -> ProvisionedThroughputExceededException | ThrottlingException:
        if table.on_demand:
            return ThrottlingException(MAXIMUM_EXCEEDED)
        return ProvisionedThroughputExceededException(INDEX_EXCEEDED if index else EXCEEDED)
