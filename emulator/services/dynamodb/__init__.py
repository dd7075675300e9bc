"""Amazon DynamoDB and its streams: tables in memory, whose reads and writes cost the same at any size."""

from emulator.services.dynamodb.api import DynamodbService, DynamodbStreamsService
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.snapshot import restored_state, snapshot_of
from emulator.services.dynamodb.state import DynamodbState

__all__ = [
    "DynamodbQuotas",
    "DynamodbService",
    "DynamodbState",
    "DynamodbStreamsService",
    "restored_state",
    "snapshot_of",
]
