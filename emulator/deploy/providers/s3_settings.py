"""The settings of a bucket, each of which has an API call of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.deploy.providers import s3_configurations as api
from emulator.deploy.resource_type import pick
from emulator.effects import Call, Process

__all__ = ["SETTINGS", "configure"]

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Setting:
    """A property that one call sets, and one takes away: `remove` is an operation, or what the first one is told instead."""

    property: str
    put: str
    params: Callable[[Any], Mapping[str, Any]]
    remove: str | Mapping[str, Any]

    def change(self, bucket: str, before: Properties, after: Properties) -> Process:
        """Bring the bucket from the property before to the one after."""
        old, new = before.get(self.property), after.get(self.property)
        if new == old:
            return
        if new is not None:
            yield Call("s3", self.put, {"Bucket": bucket, **self.params(new)})
        elif isinstance(self.remove, str):
            yield Call("s3", self.remove, {"Bucket": bucket})
        else:
            yield Call("s3", self.put, {"Bucket": bucket, **self.remove})


@dataclass(frozen=True, slots=True)
class _Configurations:
    """A property that lists configurations with ids."""

    property: str
    kind: str
    translate: Callable[[Any], dict[str, Any]]

    def change(self, bucket: str, before: Properties, after: Properties) -> Process:
        """Bring the bucket's configurations from those before to those after."""
        old, new = ({api.required(row, "Id"): row for row in rows.get(self.property) or ()} for rows in (before, after))
        for name in old:
            if name not in new:
                yield Call("s3", f"DeleteBucket{self.kind}Configuration", {"Bucket": bucket, "Id": name})
        for name, row in new.items():
            if old.get(name) != row:
                params = {"Bucket": bucket, "Id": name, f"{self.kind}Configuration": self.translate(row)}
                yield Call("s3", f"PutBucket{self.kind}Configuration", params)


def _under(member: str, translate: Callable[[Any], Any] = lambda given: given) -> Callable[[Any], Mapping[str, Any]]:
    return lambda given: {member: translate(given)}


_SUSPENDED = {"Status": "Suspended"}
_IN_ORDER: tuple[_Setting | _Configurations, ...] = (
    _Setting(
        "OwnershipControls",
        "PutBucketOwnershipControls",
        _under("OwnershipControls"),
        "DeleteBucketOwnershipControls",
    ),
    _Setting(
        "PublicAccessBlockConfiguration",
        "PutPublicAccessBlock",
        _under("PublicAccessBlockConfiguration"),
        "DeletePublicAccessBlock",
    ),
    _Setting("AccessControl", "PutBucketAcl", _under("ACL", api.acl), {"ACL": "private"}),
    _Setting(
        "VersioningConfiguration",
        "PutBucketVersioning",
        _under("VersioningConfiguration"),
        {"VersioningConfiguration": _SUSPENDED},
    ),
    _Setting(
        "ObjectLockConfiguration",
        "PutObjectLockConfiguration",
        _under("ObjectLockConfiguration"),
        {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    ),
    _Setting(
        "BucketEncryption",
        "PutBucketEncryption",
        _under("ServerSideEncryptionConfiguration", api.encryption),
        "DeleteBucketEncryption",
    ),
    _Setting(
        "LifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        api.lifecycle,
        "DeleteBucketLifecycle",
    ),
    _Setting("CorsConfiguration", "PutBucketCors", _under("CORSConfiguration", api.cors), "DeleteBucketCors"),
    _Setting(
        "WebsiteConfiguration", "PutBucketWebsite", _under("WebsiteConfiguration", api.website), "DeleteBucketWebsite"
    ),
    _Setting(
        "AccelerateConfiguration",
        "PutBucketAccelerateConfiguration",
        _under("AccelerateConfiguration", lambda given: pick(given, AccelerationStatus="Status")),
        {"AccelerateConfiguration": _SUSPENDED},
    ),
    _Configurations("AnalyticsConfigurations", "Analytics", api.analytics),
    _Configurations("IntelligentTieringConfigurations", "IntelligentTiering", api.tiering),
    _Configurations("InventoryConfigurations", "Inventory", api.inventory),
    _Configurations("MetricsConfigurations", "Metrics", api.metrics),
    _Setting("Tags", "PutBucketTagging", _under("Tagging", lambda given: {"TagSet": given}), "DeleteBucketTagging"),
)
"""Ownership before the ACL that it allows, versioning before object lock."""
_NOTIFICATIONS = _Setting(
    "NotificationConfiguration",
    "PutBucketNotificationConfiguration",
    _under("NotificationConfiguration", api.notifications),
    {"NotificationConfiguration": {}},
)

SETTINGS = frozenset({*(setting.property for setting in _IN_ORDER), _NOTIFICATIONS.property, "LoggingConfiguration"})


def configure(bucket: str, before: Properties, after: Properties) -> Process:
    """Bring the settings of a bucket from the properties before to those after.

    Notifications come last: targets get their test event from a bucket that is otherwise as it will be.
    """
    for setting in _IN_ORDER:
        yield from setting.change(bucket, before, after)
    logging = _Setting(
        "LoggingConfiguration",
        "PutBucketLogging",
        _under("BucketLoggingStatus", lambda given: api.logging(given, bucket)),
        {"BucketLoggingStatus": {}},
    )
    yield from logging.change(bucket, before, after)
    yield from _NOTIFICATIONS.change(bucket, before, after)
