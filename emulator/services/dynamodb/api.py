"""The DynamoDB service, and the one of its streams."""

from __future__ import annotations

from emulator.services.dynamodb.backup_operations import BackupOperations
from emulator.services.dynamodb.batch_operations import BatchOperations
from emulator.services.dynamodb.item_operations import ItemOperations
from emulator.services.dynamodb.partiql import PartiqlOperations
from emulator.services.dynamodb.query_operations import QueryOperations
from emulator.services.dynamodb.setting_operations import SettingOperations
from emulator.services.dynamodb.stream_operations import StreamOperations
from emulator.services.dynamodb.table_changes import TableChanges
from emulator.services.dynamodb.table_operations import TableOperations
from emulator.services.dynamodb.tag_operations import TagOperations
from emulator.services.dynamodb.transaction_operations import TransactionOperations

__all__ = ["DynamodbService", "DynamodbStreamsService"]


class DynamodbService(
    TableOperations,
    TableChanges,
    TagOperations,
    SettingOperations,
    BackupOperations,
    ItemOperations,
    BatchOperations,
    QueryOperations,
    TransactionOperations,
    PartiqlOperations,
):
    """DynamoDB for one account and region."""

    service_id = "dynamodb"
    resource_members = ("TableName", "ResourceArn", "BackupArn")


class DynamodbStreamsService(StreamOperations):
    """DynamoDB Streams; `state` is the one of the tables' service."""

    service_id = "dynamodbstreams"
    resource_members = ("StreamArn", "TableName")
