"""CreateTable, DescribeTable, DeleteTable, ListTables.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.errors import (
    LimitExceededException,
    ResourceInUseException,
    ValidationException,
)
from emulator.services.dynamodb.key_schema import KeySchema
from emulator.services.dynamodb.secondary_index import SecondaryIndex
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.table_definition import attribute_types_of, check_definition
from emulator.services.dynamodb.table_description import describe_table
from emulator.services.dynamodb.table_settings import check_billing, check_stream, encryption_of, open_stream
from emulator.services.dynamodb.throughput import Throughput, check_bounds, check_maxima, check_warm

__all__ = ["TableOperations", "new_index"]

TABLES_PAGE = 100


class TableOperations(DynamodbStore):
    """The life of tables."""

    @operation(
        "CreateTable", unsupported=("GlobalTableSourceArn", "GlobalTableSettingsReplicationMode", "VectorIndexes")
    )
    def create_table(self, params: Params, context: CallContext) -> Reply:
        """A new table. Its status is CREATING in the reply, ACTIVE after the quota's seconds."""
        state, now, quotas = self.state, context.now, self.state.quotas
        name = state.table_name(params["TableName"])
        on_demand = check_billing(params, quotas)
        check_definition(params, quotas, on_demand=on_demand)
        for index in params.get("GlobalSecondaryIndexes") or ():
            if index.get("ProvisionedThroughput") is not None:
                check_bounds(index["ProvisionedThroughput"], quotas)
            check_maxima(index.get("OnDemandThroughput"), on_demand=on_demand, index=index["IndexName"])
            check_warm(index.get("WarmThroughput"), index.get("ProvisionedThroughput"), quotas, index["IndexName"])
        check_maxima(params.get("OnDemandThroughput"), on_demand=on_demand)
        check_warm(params.get("WarmThroughput"), params.get("ProvisionedThroughput"), quotas)
        check_stream(params.get("StreamSpecification"))
        encryption = encryption_of(self.account, params.get("SSESpecification"))
        state.settle(now)
        if name in state.tables:
            raise ResourceInUseException(f"Table already exists: {name}")
        if len(state.tables) >= quotas.tables:
            raise LimitExceededException(
                f"Subscriber limit exceeded: There is a limit of {quotas.tables} tables per subscriber"
            )
        types = attribute_types_of(params)
        table = Table(
            name,
            self.account.arn("dynamodb", f"table/{name}"),
            self.account.identifiers.uuid(),
            now,
            types,
            KeySchema.of(params["KeySchema"], types),
            on_demand=on_demand,
            on_demand_since=now if on_demand else None,
            throughput=Throughput.of(params.get("ProvisionedThroughput")),
            maxima=params.get("OnDemandThroughput"),
            warm=params.get("WarmThroughput"),
            table_class=params.get("TableClass"),
            encryption=encryption,
            deletion_protected=params.get("DeletionProtectionEnabled", False),
            creating_until=now + quotas.table_status_seconds,
        )
        for kind, member in (("LOCAL", "LocalSecondaryIndexes"), ("GLOBAL", "GlobalSecondaryIndexes")):
            for row in params.get(member) or ():
                index_made = new_index(kind, row, table)
                index_made.creating_until = table.creating_until
                table.indexes[index_made.name] = index_made
        table.tags.update(self.checked_tags(params.get("Tags") or ()))
        if params.get("ResourcePolicy") is not None:
            table.policy = (params["ResourcePolicy"], str(int(now * 1000)))
        specification = params.get("StreamSpecification")
        if specification is not None and specification["StreamEnabled"]:
            stream = open_stream(self.account, quotas, table, specification, now)
            state.streams[stream.arn] = stream
        state.tables[name] = table
        return Reply({"TableDescription": describe_table(table, now, quotas, status="CREATING")})

    @operation("DescribeTable")
    def describe_table(self, params: Params, context: CallContext) -> Reply:
        """A table as it is now."""
        table = self.state.described_table(params["TableName"], context.now)
        return Reply({"Table": describe_table(table, context.now, self.state.quotas)})

    @operation("DeleteTable")
    def delete_table(self, params: Params, context: CallContext) -> Reply:
        """Delete a table with its items. Its stream can be read for a day."""
        state, now = self.state, context.now
        table = state.described_table(params["TableName"], now)
        self.check_idle(table, now)
        if table.deletion_protected:
            raise ValidationException(
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
            )
        table.deleting_until = now + state.quotas.table_status_seconds
        if table.stream is not None:
            table.stream.disable(now)
            table.stream = None
        shown = describe_table(table, now, state.quotas)
        for gone in ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
            shown.pop(gone, None)
        state.settle(now)
        return Reply({"TableDescription": shown})

    @operation("ListTables")
    def list_tables(self, params: Params, context: CallContext) -> Reply:
        """Names of tables, in alphabetical order."""
        self.state.settle(context.now)
        after, limit = params.get("ExclusiveStartTableName"), params.get("Limit", TABLES_PAGE)
        if after is not None:
            self.state.table_name(after)
        names = sorted(name for name in self.state.tables if after is None or name > after)
        result: dict[str, Any] = {"TableNames": names[:limit]}
        if len(names) > limit:
            result["LastEvaluatedTableName"] = names[limit - 1]
        return Reply(result)


def new_index(kind: Any, row: Params, table: Table) -> SecondaryIndex:
    """A secondary index as CreateTable or UpdateTable defines it, empty."""
    projection = row["Projection"]
    return SecondaryIndex(
        row["IndexName"],
        kind,
        KeySchema.of(row["KeySchema"], table.attribute_types),
        table.schema,
        projection["ProjectionType"],
        tuple(projection.get("NonKeyAttributes") or ()),
        throughput=Throughput.of(row.get("ProvisionedThroughput")),
        on_demand=row.get("OnDemandThroughput"),
        warm=row.get("WarmThroughput"),
    )
