"""Object lock: its configuration on the bucket, retention and legal hold of objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidBucketState,
    InvalidRequest,
    MalformedXml,
    NoSuchObjectLockConfiguration,
    ObjectLockConfigurationNotFoundError,
)
from emulator.services.s3.object_lock import MODES
from emulator.services.s3.reading import Reading
from emulator.services.s3.state import Bucket, Retention

__all__ = ["LockOperations"]

_MOST_DAYS = 36_500
_MOST_YEARS = 100


class LockOperations(Reading):
    """What keeps versions from being deleted."""

    @operation("PutObjectLockConfiguration")
    def put_object_lock_configuration(self, params: Params, context: CallContext) -> Reply:
        """Turn object lock on, and set the default retention of new objects."""
        bucket = self.bucket_of(params)
        if bucket.versioning != "Enabled":
            raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
        configuration = params.get("ObjectLockConfiguration") or {}
        if configuration.get("ObjectLockEnabled") != "Enabled":
            raise MalformedXml
        stored: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
        rule = configuration.get("Rule")
        if rule is not None:
            stored["Rule"] = {"DefaultRetention": _default_retention(rule.get("DefaultRetention") or {})}
        bucket.object_lock = stored
        return Reply()

    @operation("GetObjectLockConfiguration")
    def get_object_lock_configuration(self, params: Params, context: CallContext) -> Reply:
        """The bucket's object lock."""
        bucket = self.bucket_of(params)
        if bucket.object_lock is None:
            raise ObjectLockConfigurationNotFoundError(fields={"BucketName": bucket.name})
        return Reply({"ObjectLockConfiguration": bucket.object_lock})

    @operation("PutObjectRetention")
    def put_object_retention(self, params: Params, context: CallContext) -> Reply:
        """Set, extend, or with a bypass shorten or remove the retention of a version."""
        bucket = self._locked(params)
        version = self.taggable(bucket, params, "PUT")
        wanted = params.get("Retention") or {}
        mode, until = wanted.get("Mode"), wanted.get("RetainUntilDate")
        if (mode is None) != (until is None) or mode not in (None, *MODES):
            raise MalformedXml
        if until is not None and until <= context.now:
            shown = datetime.fromtimestamp(until, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
            raise InvalidArgument.of("The retain until date must be in the future!", "RetainUntilDate", shown)
        new = None if until is None else Retention(str(mode), float(until))
        old = version.retention
        if old is not None and old.until > context.now and _weakens(old, new):
            if old.mode == "COMPLIANCE" or params.get("BypassGovernanceRetention") is not True:
                raise AccessDenied("Access Denied because object protected by object lock.")
        version.retention = new
        return Reply()

    @operation("GetObjectRetention")
    def get_object_retention(self, params: Params, context: CallContext) -> Reply:
        """The retention of a version."""
        bucket = self._locked(params)
        version = self.taggable(bucket, params, "GET")
        if version.retention is None:
            raise NoSuchObjectLockConfiguration
        return Reply({"Retention": {"Mode": version.retention.mode, "RetainUntilDate": version.retention.until}})

    @operation("PutObjectLegalHold")
    def put_object_legal_hold(self, params: Params, context: CallContext) -> Reply:
        """Set or lift the legal hold of a version."""
        bucket = self._locked(params)
        version = self.taggable(bucket, params, "PUT")
        status = (params.get("LegalHold") or {}).get("Status")
        if status not in ("ON", "OFF"):
            raise MalformedXml
        version.legal_hold = status
        return Reply()

    @operation("GetObjectLegalHold")
    def get_object_legal_hold(self, params: Params, context: CallContext) -> Reply:
        """The legal hold of a version."""
        bucket = self._locked(params)
        version = self.taggable(bucket, params, "GET")
        if version.legal_hold is None:
            raise NoSuchObjectLockConfiguration
        return Reply({"LegalHold": {"Status": version.legal_hold}})

    def _locked(self, params: Params) -> Bucket:
        bucket = self.bucket_of(params)
        if bucket.object_lock is None:
            raise InvalidRequest("Bucket is missing Object Lock Configuration")
        return bucket


def _default_retention(default: dict[str, object]) -> dict[str, object]:
    """A rule's default retention. Raises MalformedXml, InvalidArgument."""
    mode, days, years = default.get("Mode"), default.get("Days"), default.get("Years")
    if mode not in MODES or (days is None) == (years is None):
        raise MalformedXml
    for period in (days, years):
        if isinstance(period, int) and period <= 0:
            raise InvalidArgument("Default retention period must be a positive integer value.")
    if (isinstance(days, int) and days > _MOST_DAYS) or (isinstance(years, int) and years > _MOST_YEARS):
        raise InvalidArgument("Default retention period is too large.")
    return {"Mode": mode, "Days": days} if years is None else {"Mode": mode, "Years": years}


def _weakens(old: Retention, new: Retention | None) -> bool:
    """Whether a change is more than an extension: only a bypass allows it, and nothing in compliance mode."""
    return new is None or new.until < old.until or new.mode != old.mode
