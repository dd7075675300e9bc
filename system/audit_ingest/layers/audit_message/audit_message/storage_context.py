"""Where a message is stored. A reference is filled exactly when its flag is true."""

from collections.abc import Mapping
from typing import Any

from audit_message.internal_message import archive_key_of, primary_key_of


def storage_context(
    message: Mapping[str, Any], bucket: str, table_name: str, *, archived: bool, recorded: bool
) -> dict[str, Any]:
    """Return the message's storage context for what is known to be stored: its payload in S3, its item in DynamoDB."""
    return {
        "redisReference": message["storageContext"]["redisReference"],
        "S3Reference": {
            "bucket": bucket if archived else None,
            "key": archive_key_of(message) if archived else None,
        },
        "metaDataReference": {
            "dynamoDbTableName": table_name if recorded else None,
            "primaryKey": primary_key_of(message) if recorded else None,
        },
        "persistence": {"S3": archived, "metaData": recorded},
    }
