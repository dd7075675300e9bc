"""Object lock: retention and legal hold, as rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.operation import Params
from emulator.services.s3.errors import AccessDenied, InvalidArgument, InvalidRequest
from emulator.services.s3.state import Bucket, ObjectVersion, Retention, Version

__all__ = ["MODES", "check_bypass", "check_removable", "default_retention", "is_protected", "lock_of", "requested_lock"]

MODES = ("GOVERNANCE", "COMPLIANCE")
_MODE = "x-amz-object-lock-mode"
_UNTIL = "x-amz-object-lock-retain-until-date"
_HOLD = "x-amz-object-lock-legal-hold"
_DAY = 86_400.0


def requested_lock(params: Params, bucket: Bucket, now: float) -> tuple[Retention | None, str | None]:
    """Retention and legal hold of a new object: what the call says, or the bucket's default. Raises InvalidArgument, InvalidRequest."""
    mode, until, hold = (
        params.get("ObjectLockMode"),
        params.get("ObjectLockRetainUntilDate"),
        params.get("ObjectLockLegalHoldStatus"),
    )
    if mode is None and until is None and hold is None:
        return default_retention(bucket, now), None
    if bucket.object_lock is None:
        raise InvalidRequest("Bucket is missing Object Lock Configuration")
    if hold not in (None, "ON", "OFF"):
        raise InvalidArgument.of("Legal Hold must be either of 'ON' or 'OFF'", _HOLD, hold)
    if mode is None and until is None:
        return default_retention(bucket, now), hold
    if mode is None or until is None:
        missing = _MODE if mode is None else _UNTIL
        message = f"{_UNTIL} and {_MODE} must both be supplied"
        raise InvalidArgument(message, fields={"ArgumentName": missing})
    if mode not in MODES:
        raise InvalidArgument.of("Unknown wormMode directive.", _MODE, mode)
    if until <= now:
        shown = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise InvalidArgument.of("The retain until date must be in the future!", _UNTIL, shown)
    return Retention(mode, until), hold


def default_retention(bucket: Bucket, now: float) -> Retention | None:
    """The retention that the bucket gives to every new object."""
    rule: Mapping[str, Any] = (bucket.object_lock or {}).get("Rule") or {}
    default = rule.get("DefaultRetention")
    if not default:
        return None
    days = default.get("Days") or 0
    if days:
        return Retention(default["Mode"], now + days * _DAY)
    moment = datetime.fromtimestamp(now, UTC)
    year = moment.year + default["Years"]
    leap_day = (moment.month, moment.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    until = moment.replace(year=year, day=28) if leap_day else moment.replace(year=year)
    return Retention(default["Mode"], until.timestamp())


def lock_of(version: Any) -> dict[str, Any]:
    """Retention and legal hold as members of a response."""
    shown: dict[str, Any] = {}
    if version.retention is not None:
        shown["ObjectLockMode"] = version.retention.mode
        shown["ObjectLockRetainUntilDate"] = version.retention.until
    if version.legal_hold is not None:
        shown["ObjectLockLegalHoldStatus"] = version.legal_hold
    return shown


def check_bypass(params: Params, bucket: Bucket) -> None:
    """Raises InvalidArgument where a bypass is asked for in a bucket without object lock."""
    if params.get("BypassGovernanceRetention") is not None and bucket.object_lock is None:
        name = "x-amz-bypass-governance-retention"
        message = f"{name} is only applicable to Object Lock enabled buckets."
        raise InvalidArgument(message, fields={"ArgumentName": name})


def is_protected(version: Version, now: float, *, bypass: bool = False) -> bool:
    """Whether retention or a legal hold keeps a version from being deleted. A bypass opens governance mode."""
    if not isinstance(version, ObjectVersion):
        return False
    retention = version.retention
    retained = retention is not None and retention.until > now and not (bypass and retention.mode == "GOVERNANCE")
    return retained or version.legal_hold == "ON"


def check_removable(version: Version, now: float, *, bypass: bool) -> None:
    """Raises AccessDenied for a version that retention or a legal hold protects."""
    if is_protected(version, now, bypass=bypass):
        raise AccessDenied("Access Denied because object protected by object lock.")
