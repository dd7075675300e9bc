"""What a run wrote to a deployed stack, found by the keys of its messages, and the deletion of exactly that.

A stored object is of a run when the last bytes of its payload name a key of the run, or when an item of the run says that it is its
payload. An item is of a run by its `sourceTransactionID`, and is deleted on that condition. A salvaged message holds the key in its
request. What cannot be deleted by anybody, or goes by itself, is told: see `STAYS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from loadtests.bodies import key_in_payload
from loadtests.plan import is_key
from loadtests.staging.readback import end_of_object
from loadtests.target import Target, output

__all__ = ["STAYS", "Item", "Leftovers", "StoredVersion", "delete", "find", "purge_queue"]

STAYS = (
    "executions of the state machine (Step Functions keeps them 90 days)",
    "log lines and traces, for as long as their log groups and X-Ray keep them",
    "payloads in the cache (they expire by themselves)",
    "messages in dead-letter queues (they are there to be looked at)",
)
_SLACK_SECONDS = 2.0
_THREADS = 4
_HOLD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """An object; `version` is "null" in a bucket that keeps no versions."""

    bucket: str
    key: str
    version: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the metadata table, by its primary key."""

    message_id: str
    timestamp_value: str
    object_key: str | None


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a run left behind."""

    objects: tuple[StoredVersion, ...]
    salvaged: tuple[StoredVersion, ...]
    items: tuple[Item, ...]

    @property
    def count(self) -> int:
        """How many things there are."""
        return len(self.objects) + len(self.salvaged) + len(self.items)

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return asdict(self)


def find(target: Target, prefix: str, since: float, until: float | None = None) -> Leftovers:
    """Return what is there of the run whose keys begin with `prefix`, sent between two moments in epoch seconds. Deletes nothing.

    The table is read whole, which alone finds an item that nobody heard of. Raises botocore's errors.
    """
    s3, dynamodb = target.client("s3"), target.client("dynamodb")
    items = tuple(_items(dynamodb, output(target, "MetadataTableName"), prefix))
    named = {item.object_key for item in items}
    bucket = output(target, "ArchiveBucketName")

    def is_own(stored: StoredVersion) -> bool:
        end = end_of_object(s3, bucket, stored.key, stored.version)
        key = key_in_payload(end)
        # Damaged payloads name nobody; what names another run is that one's, whatever an item says.
        return key.startswith(prefix) or (stored.key in named and not is_key(key))

    with ThreadPoolExecutor(_THREADS) as threads:
        candidates = list(_archived(s3, bucket, since, until))
        own = [stored for stored, mine in zip(candidates, threads.map(is_own, candidates), strict=True) if mine]
    failed = target.outputs.get("FailedMessagesBucketName")
    salvaged = () if failed is None else tuple(_salvaged(s3, failed, prefix, since))
    return Leftovers(tuple(own), salvaged, items)


def delete(target: Target, prefix: str, leftovers: Leftovers) -> None:
    """Delete what was found. Raises botocore's errors, a condition that does not hold any more included."""
    s3, dynamodb = target.client("s3"), target.client("dynamodb")
    table = output(target, "MetadataTableName")

    def drop_object(stored: StoredVersion) -> None:
        # By its version, "null" included: without one, a bucket that ever kept versions would get a marker instead.
        s3.delete_object(Bucket=stored.bucket, Key=stored.key, VersionId=stored.version)

    def drop_item(item: Item) -> None:
        dynamodb.delete_item(
            TableName=table,
            Key={"messageID": {"S": item.message_id}, "timestampValue": {"N": item.timestamp_value}},
            ConditionExpression="begins_with(messageMetaData.sourceTransactionID, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )

    with ThreadPoolExecutor(_THREADS) as threads:
        # Objects first: while its item is there, a damaged payload can still be told to be the run's.
        list(threads.map(drop_object, (*leftovers.objects, *leftovers.salvaged)))
        list(threads.map(drop_item, leftovers.items))


def purge_queue(target: Target, prefix: str) -> int:
    """Take the run's notices off the test subscriber's queue; return how many. Those of others are given back at once."""
    sqs, url = target.client("sqs"), output(target, "SubscriberQueueUrl")
    taken, others = 0, []
    while True:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HOLD_SECONDS)
        messages = answer.get("Messages", ())
        own = [message for message in messages if _key_of_notice(message["Body"]).startswith(prefix)]
        others += [message["ReceiptHandle"] for message in messages if message not in own]
        if own:
            entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(own)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            taken += len(own)
        if not messages:
            break
    for handle in others:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    return taken


def _items(dynamodb: Any, table: str, prefix: str) -> Iterator[Item]:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        ProjectionExpression="messageID, timestampValue, storageContext.S3Reference",
        FilterExpression="begins_with(messageMetaData.sourceTransactionID, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": prefix}},
    )
    for page in pages:
        for item in page["Items"]:
            reference = item.get("storageContext", {}).get("M", {}).get("S3Reference", {}).get("M", {})
            yield Item(item["messageID"]["S"], item["timestampValue"]["N"], reference.get("key", {}).get("S"))


def _archived(s3: Any, bucket: str, since: float, until: float | None) -> Iterator[StoredVersion]:
    """Objects by the moment in their keys, YYYY/MM/DD/HH/MM/SS/<messageID>, which is that of the sender."""
    first = _moment(since - _SLACK_SECONDS)
    last = None if until is None else _moment(until + _SLACK_SECONDS)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, KeyMarker=first):
        for entry in page.get("Versions", ()):
            if last is not None and entry["Key"] > f"{last}/~":
                return
            if entry["Size"] > 0:
                yield StoredVersion(bucket, entry["Key"], entry["VersionId"], entry["Size"])


def _salvaged(s3: Any, bucket: str, prefix: str, since: float) -> Iterator[StoredVersion]:
    """Messages that were kept for later: the request is in them as text, and the key in the request."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in page.get("Versions", ()):
            if entry["LastModified"].timestamp() < since - _SLACK_SECONDS:
                continue
            content = s3.get_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])["Body"].read()
            if prefix.encode() in content:
                yield StoredVersion(bucket, entry["Key"], entry["VersionId"], entry["Size"])


def _moment(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y/%m/%d/%H/%M/%S")


def _key_of_notice(body: str) -> str:
    try:
        return str(orjson.loads(orjson.loads(body)["Message"])["messageMetaData"]["sourceTransactionID"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
