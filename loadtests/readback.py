"""What the pipeline really stored, read back from the services and not from what anybody says.

Every object that was archived since the run began is read whole and hashed; every item of the metadata table that names a
message of the run is read. Listing instead of asking for what is expected is what finds duplicates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, BinaryIO

from loadtests.bodies import KEY_SLOT_BYTES, key_in_payload
from loadtests.ledger import append_row

__all__ = ["ITEM_ATTRIBUTES", "item_row", "object_keys", "object_row", "read_items", "read_objects"]

ITEM_ATTRIBUTES = "messageID, messageMetaData, storageContext"

_CHUNK_BYTES = 1024 * 1024
_READERS = 2
# Keys are as old as the `dateTime` that the sender wrote, cut to the second.
_SLACK_SECONDS = 1


def read_objects(s3: Any, bucket: str, since: float, log: BinaryIO) -> None:
    """Append a row for each object whose key is of a time since `since` (epoch seconds). Raises botocore's errors.

    A row has the object's key, size, SHA-256, the id in its key and the message key at the end of its payload.
    """
    with ThreadPoolExecutor(_READERS, thread_name_prefix="objects") as threads:
        for row in threads.map(lambda key: object_row(s3, bucket, key), object_keys(s3, bucket, since)):
            log.write(append_row(row))
            log.flush()


def object_keys(s3: Any, bucket: str, since: float) -> Iterator[str]:
    """Yield the keys of objects of a time since `since`."""
    # Keys are YYYY/MM/DD/HH/MM/SS/<messageID>, so their order is the order of time.
    start = datetime.fromtimestamp(since - _SLACK_SECONDS, UTC).strftime("%Y/%m/%d/%H/%M/%S")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, StartAfter=start):
        for entry in page.get("Contents", ()):
            yield entry["Key"]


def object_row(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    """Read an object whole, and return its row."""
    digest = hashlib.sha256()
    size = 0
    end = b""
    with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
        while chunk := body.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            end = (end + chunk[-KEY_SLOT_BYTES:])[-KEY_SLOT_BYTES:]
    return {
        "object_key": key,
        "message_id": key.rpartition("/")[2],
        "key": key_in_payload(end),
        "size_bytes": size,
        "sha256": digest.hexdigest(),
    }


def read_items(dynamodb: Any, table: str, prefix: str, log: BinaryIO) -> None:
    """Append a row for each item whose `sourceTransactionID` begins with `prefix`. Scans the table. Raises botocore's errors."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        ProjectionExpression=ITEM_ATTRIBUTES,
        FilterExpression="begins_with(messageMetaData.sourceTransactionID, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": prefix}},
    )
    for page in pages:
        log.write(b"".join(append_row(item_row(item)) for item in page["Items"]))
        log.flush()


def item_row(item: dict[str, Any]) -> dict[str, Any]:
    """Return the row of an item."""
    storage = item.get("storageContext", {}).get("M", {})
    flags = storage.get("persistence", {}).get("M", {})
    return {
        "message_id": item["messageID"]["S"],
        "key": item["messageMetaData"]["M"]["sourceTransactionID"]["S"],
        "object_key": storage.get("S3Reference", {}).get("M", {}).get("key", {}).get("S"),
        "s3": flags.get("S3", {}).get("BOOL"),
        "metadata": flags.get("metaData", {}).get("BOOL"),
    }
