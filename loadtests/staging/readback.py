"""Reading back among strangers: what a run stored where others store too, without reading what is theirs.

Of an object that may be ours only its last bytes are read, which name the message; it is read whole once they do, or once its id is
known to be one of the run's. Items are asked for by id. A run on an emulator of its own reads everything instead, which finds more:
an item under an id that nobody ever heard of.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from loadtests.bodies import KEY_SLOT_BYTES, key_in_payload
from loadtests.ledger import append_row, read_rows
from loadtests.readback import ITEM_ATTRIBUTES, item_row, object_keys, object_row
from loadtests.run_folder import RunFolder

__all__ = ["end_of_object", "known_ids", "read_own_items", "read_own_objects"]

_READERS = 4


def known_ids(folder: RunFolder) -> set[str]:
    """Return the ids that anybody told a run of its messages: the API, notices, and what was archived."""
    rows = (row for log in (folder.sent, folder.notices, folder.objects) for row in read_rows(log))
    return {row["message_id"] for row in rows if row["message_id"] is not None}


def read_own_objects(s3: Any, bucket: str, since: float, prefix: str, ids: Collection[str], log: BinaryIO) -> None:
    """Append a row for each object since `since` whose payload names a key that begins with `prefix`, or whose id is one of `ids`."""

    def row(key: str) -> dict[str, Any] | None:
        own = key.rpartition("/")[2] in ids or key_in_payload(end_of_object(s3, bucket, key)).startswith(prefix)
        return object_row(s3, bucket, key) if own else None

    with ThreadPoolExecutor(_READERS, thread_name_prefix="objects") as threads:
        for found in threads.map(row, object_keys(s3, bucket, since)):
            if found is not None:
                log.write(append_row(found))


def end_of_object(s3: Any, bucket: str, key: str, version: str | None = None) -> bytes:
    """Return the last bytes of an object, which name the message if it is one of ours; none for one that is gone or empty."""
    from botocore.exceptions import ClientError

    wanted: dict[str, Any] = {} if version is None else {"VersionId": version}
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{KEY_SLOT_BYTES}", **wanted)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion", "InvalidRange"):
            return b""
        raise
    content: bytes = answer["Body"].read()
    return content


def read_own_items(dynamodb: Any, table: str, ids: Collection[str], log: BinaryIO) -> None:
    """Append a row for each item of a message id. Raises botocore's errors."""

    def rows(message_id: str) -> list[dict[str, Any]]:
        pages = dynamodb.get_paginator("query").paginate(
            TableName=table,
            ConsistentRead=True,
            ProjectionExpression=ITEM_ATTRIBUTES,
            KeyConditionExpression="messageID = :id",
            ExpressionAttributeValues={":id": {"S": message_id}},
        )
        return [item_row(item) for page in pages for item in page["Items"]]

    with ThreadPoolExecutor(_READERS, thread_name_prefix="items") as threads:
        for found in threads.map(rows, sorted(ids)):
            log.write(b"".join(map(append_row, found)))
