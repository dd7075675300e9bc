"""On-demand backups: a table's definition and items at one moment, kept until they are deleted, whatever becomes of the table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BackupRestore.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Backup"]


@dataclass(frozen=True, slots=True)
class Backup:
    """`table` is plain data (see `snapshot.table_data`): items in it are shared with the table, which never changes them."""

    arn: str
    name: str
    created: float
    size: int
    table: dict[str, Any]

    def details(self, status: str = "AVAILABLE") -> dict[str, Any]:
        """The wire's BackupDetails."""
        return {
            "BackupArn": self.arn,
            "BackupName": self.name,
            "BackupSizeBytes": self.size,
            "BackupStatus": status,
            "BackupType": "USER",
            "BackupCreationDateTime": self.created,
        }

    def summary(self) -> dict[str, Any]:
        """The wire's BackupSummary."""
        return {
            "TableName": self.table["name"],
            "TableId": self.table["table_id"],
            "TableArn": self.table["arn"],
            **self.details(),
        }

    def describe(self, status: str = "AVAILABLE") -> dict[str, Any]:
        """The wire's BackupDescription."""
        table = self.table
        source: dict[str, Any] = {
            "TableName": table["name"],
            "TableId": table["table_id"],
            "TableArn": table["arn"],
            "TableSizeBytes": self.size,
            "KeySchema": table["schema"],
            "TableCreationDateTime": table["created"],
            "ProvisionedThroughput": {
                "ReadCapacityUnits": table["throughput"]["read"],
                "WriteCapacityUnits": table["throughput"]["write"],
            },
            "ItemCount": len(table["items"]),
            "BillingMode": "PAY_PER_REQUEST" if table["on_demand"] else "PROVISIONED",
        }
        features: dict[str, Any] = {}
        for member, kind in (("LocalSecondaryIndexes", "LOCAL"), ("GlobalSecondaryIndexes", "GLOBAL")):
            rows = [_index(row) for row in table["indexes"] if row["kind"] == kind]
            if rows:
                features[member] = rows
        if table["time_to_live"] is not None:
            features["TimeToLiveDescription"] = {
                "TimeToLiveStatus": "ENABLED",
                "AttributeName": table["time_to_live"],
            }
        if table["encryption"] is not None:
            features["SSEDescription"] = dict(table["encryption"])
        return {
            "BackupDetails": self.details(status),
            "SourceTableDetails": source,
            "SourceTableFeatureDetails": features,
        }


def _index(row: dict[str, Any]) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": row["projection_type"]}
    if row["non_key_attributes"]:
        projection["NonKeyAttributes"] = list(row["non_key_attributes"])
    shown = {"IndexName": row["name"], "KeySchema": row["schema"], "Projection": projection}
    if row["kind"] == "GLOBAL":
        shown["ProvisionedThroughput"] = {
            "ReadCapacityUnits": row["throughput"]["read"],
            "WriteCapacityUnits": row["throughput"]["write"],
        }
    return shown
