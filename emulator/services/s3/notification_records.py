"""What S3 tells its targets of an event.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

__all__ = ["Happening", "bridge_event", "event_record", "extended_id", "short_id", "test_event"]

_VERSIONS: Mapping[str, str] = {"ObjectTagging": "2.3", "ObjectAcl": "2.3", "LifecycleExpiration": "2.3"}
_WITHOUT_SEQUENCER = frozenset({"ObjectTagging", "ObjectAcl"})
_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
"""The ETag of a delete marker: that of no bytes."""
_DETAIL_TYPES: Mapping[str, tuple[str, str]] = {
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Post": ("Object Created", "POST Object"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "LifecycleExpiration:Delete": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleExpiration:DeleteMarkerCreated": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleTransition": ("Object Storage Class Changed", ""),
    "ObjectTagging:Put": ("Object Tags Added", ""),
    "ObjectTagging:Delete": ("Object Tags Deleted", ""),
    "ObjectAcl:Put": ("Object ACL Updated", ""),
    "ObjectRestore:Post": ("Object Restore Initiated", ""),
    "ObjectRestore:Completed": ("Object Restore Completed", ""),
    "ObjectRestore:Delete": ("Object Restore Expired", ""),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, with all that any target is told of it."""

    event: str
    now: float
    region: str
    bucket: str
    bucket_arn: str
    owner: str
    key: str
    size: int | None
    etag: str | None
    version_id: str | None
    sequencer: str
    request_id: str
    principal: str
    account_id: str
    source_ip: str
    storage_class: str = ""
    restore_expiry: float | None = None

    @property
    def by_itself(self) -> bool:
        """Whether S3 did it of its own accord, without a request."""
        done_later = self.event in ("LifecycleTransition", "ObjectRestore:Completed", "ObjectRestore:Delete")
        return done_later or self.group == "LifecycleExpiration"

    @property
    def shown_etag(self) -> str | None:
        """The ETag that targets are told."""
        return _NOTHING if self.event.endswith(":DeleteMarkerCreated") else self.etag

    @property
    def group(self) -> str:
        """`ObjectCreated` of `ObjectCreated:Put`."""
        return self.event.partition(":")[0]


def short_id(request_id: str) -> str:
    """A request's id in S3's shape."""
    return request_id.replace("-", "")[:16].upper()


def extended_id(request_id: str) -> str:
    """A request's extended id in S3's shape."""
    return (request_id.replace("-", "") * 3)[:76]


def event_record(happening: Happening, configuration_id: str) -> dict[str, Any]:
    """The record for queues, topics and functions."""
    described: dict[str, Any] = {"key": quote_plus(happening.key, safe="/")}
    if happening.size is not None:
        described["size"] = happening.size
    if happening.shown_etag is not None:
        described["eTag"] = happening.shown_etag
    if happening.version_id is not None:
        described["versionId"] = happening.version_id
    if happening.group not in _WITHOUT_SEQUENCER:
        described["sequencer"] = happening.sequencer
    record: dict[str, Any] = {
        "eventVersion": _VERSIONS.get(happening.group, "2.1"),
        "eventSource": "aws:s3",
        "awsRegion": happening.region,
        "eventTime": _time(happening.now),
        "eventName": happening.event,
        "userIdentity": {"principalId": f"AWS:{happening.principal}" if happening.principal else "Anonymous"},
        "requestParameters": {"sourceIPAddress": happening.source_ip},
        "responseElements": {
            "x-amz-request-id": short_id(happening.request_id),
            "x-amz-id-2": extended_id(happening.request_id),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": happening.bucket,
                "ownerIdentity": {"principalId": happening.owner},
                "arn": happening.bucket_arn,
            },
            "object": described,
        },
    }
    if happening.event == "ObjectRestore:Completed" and happening.restore_expiry is not None:
        record["glacierEventData"] = {
            "restoreEventData": {
                "lifecycleRestorationExpiryTime": _time(happening.restore_expiry),
                "lifecycleRestoreStorageClass": happening.storage_class,
            }
        }
        record["userIdentity"] = {"principalId": f"AmazonCustomer:{happening.owner}"}
    return record


def bridge_event(happening: Happening) -> dict[str, Any]:
    """PutEvents' entry for EventBridge, which gets every event and the key as it is."""
    detail_type, reason = _DETAIL_TYPES[happening.event]
    described: dict[str, Any] = {"key": happening.key}
    if happening.size is not None:
        described["size"] = happening.size
    if happening.shown_etag is not None:
        described["etag"] = happening.shown_etag
    if happening.version_id is not None:
        described["version-id"] = happening.version_id
    if happening.group in ("ObjectCreated", "ObjectRemoved", "LifecycleExpiration"):
        described["sequencer"] = happening.sequencer
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": happening.bucket},
        "object": described,
        "request-id": short_id(happening.request_id),
        "requester": "s3.amazonaws.com" if happening.by_itself else happening.account_id,
    }
    if not happening.by_itself:
        detail["source-ip-address"] = happening.source_ip
    if reason:
        detail["reason"] = reason
    if detail_type == "Object Deleted":
        marked = happening.event.endswith("DeleteMarkerCreated")
        detail["deletion-type"] = "Delete Marker Created" if marked else "Permanently Deleted"
    if happening.event in ("ObjectRestore:Post", "ObjectRestore:Completed"):
        detail["source-storage-class"] = happening.storage_class
    if happening.event == "ObjectRestore:Completed" and happening.restore_expiry is not None:
        detail["restore-expiry-time"] = datetime.fromtimestamp(happening.restore_expiry, UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    if happening.event == "LifecycleTransition":
        detail["destination-storage-class"] = happening.storage_class
    return {
        "Source": "aws.s3",
        "DetailType": detail_type,
        "Detail": detail,
        "Resources": [happening.bucket_arn],
        "Time": happening.now,
    }


def test_event(bucket: str, now: float, request_id: str) -> dict[str, str]:
    """What S3 sends a queue or a topic when it becomes a target."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _time(now),
        "Bucket": bucket,
        "RequestId": short_id(request_id),
        "HostId": extended_id(request_id),
    }


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment * 1000) % 1000:03d}Z"
