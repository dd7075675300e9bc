"""A table as DescribeTable shows it."""

from __future__ import annotations

from typing import Any

from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.secondary_index import SecondaryIndex
from emulator.services.dynamodb.table import Table

__all__ = ["describe_table"]


def describe_table(table: Table, now: float, quotas: DynamodbQuotas, *, status: str | None = None) -> dict[str, Any]:
    """The wire's TableDescription. `status` is that of the table and of its new indexes where it is not that of `now`."""
    shown: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.attribute_types.items()
        ],
        "TableName": table.name,
        "KeySchema": table.schema.describe(),
        "TableStatus": table.status(now) if status is None else status,
        "CreationDateTime": table.created,
        "ProvisionedThroughput": table.throughput.describe(now),
        "TableSizeBytes": table.records.total_bytes,
        "ItemCount": len(table.records),
        "TableArn": table.arn,
        "TableId": table.table_id,
        "DeletionProtectionEnabled": table.deletion_protected,
        "WarmThroughput": _warm(table, None, quotas),
    }
    if table.on_demand_since is not None:
        shown["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED",
            "LastUpdateToPayPerRequestDateTime": table.on_demand_since,
        }
    if table.maxima is not None:
        shown["OnDemandThroughput"] = dict(table.maxima)
    if table.local_indexes:
        shown["LocalSecondaryIndexes"] = [_describe_index(index, table) for index in table.local_indexes]
    if table.global_indexes:
        shown["GlobalSecondaryIndexes"] = [
            _describe_global_index(index, table, now, quotas, status) for index in table.global_indexes
        ]
    if table.stream is not None:
        shown["StreamSpecification"] = dict(table.stream.specification())
    if table.latest_stream is not None:
        shown["LatestStreamLabel"] = table.latest_stream.label
        shown["LatestStreamArn"] = table.latest_stream.arn
    if table.encryption is not None:
        shown["SSEDescription"] = dict(table.encryption)
    if table.restored is not None:
        shown["RestoreSummary"] = {**table.restored, "RestoreInProgress": shown["TableStatus"] == "CREATING"}
    if table.table_class is not None:
        shown["TableClassSummary"] = {"TableClass": table.table_class}
        if table.table_class_updated is not None:
            shown["TableClassSummary"]["LastUpdateDateTime"] = table.table_class_updated
    return shown


def _describe_index(index: SecondaryIndex, table: Table) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": index.schema.describe(),
        "Projection": index.describe_projection(),
        "IndexSizeBytes": index.entries.total_bytes,
        "ItemCount": len(index.entries),
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _describe_global_index(
    index: SecondaryIndex, table: Table, now: float, quotas: DynamodbQuotas, status: str | None
) -> dict[str, Any]:
    shown = _describe_index(index, table)
    made_now = status is not None and index.creating_until >= now
    shown["IndexStatus"] = "CREATING" if made_now and index.deleting_until is None else index.status(now)
    if shown["IndexStatus"] == "CREATING" and index.backfilling:
        shown["Backfilling"] = True
    shown["ProvisionedThroughput"] = index.throughput.describe(now)
    shown["WarmThroughput"] = _warm(table, index, quotas)
    if index.on_demand is not None:
        shown["OnDemandThroughput"] = dict(index.on_demand)
    return shown


def _warm(table: Table, index: SecondaryIndex | None, quotas: DynamodbQuotas) -> dict[str, Any]:
    asked = (table.warm if index is None else index.warm) or {}
    throughput = table.throughput if index is None else index.throughput
    read, write = (
        (quotas.warm_read_units, quotas.warm_write_units) if table.on_demand else (throughput.read, throughput.write)
    )
    return {
        "ReadUnitsPerSecond": max(read, asked.get("ReadUnitsPerSecond", 0)),
        "WriteUnitsPerSecond": max(write, asked.get("WriteUnitsPerSecond", 0)),
        "Status": "ACTIVE",
    }
