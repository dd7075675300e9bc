"""Amazon DynamoDB and its streams: tables in memory, whose reads and writes cost the same at any size.

`snapshot_of(state)` is everything as plain data, which `restored_state(account, data)` makes a state of again: dicts, lists, text, numbers,
and bytes for binaries. It can be pickled; to keep it as JSON, say what stands for bytes (`json.dumps(data, default=...)`, and back).
"""

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
