"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.s3.tests.s3_driver import START, S3Driver

DAY = 86_400.0


@pytest.fixture
def locked() -> S3Driver:
    s3 = S3Driver()
    s3.bucket(ObjectLockEnabledForBucket=True)
    return s3


def retain(s3: S3Driver, until: float | None, mode: str | None = "GOVERNANCE", **more: Any) -> dict[str, Any]:
    wanted = {name: value for name, value in (("Mode", mode), ("RetainUntilDate", until)) if value is not None}
    return {"Bucket": "bucket", "Key": "key", "Retention": wanted, **more}


def test_a_locked_bucket_keeps_versions(locked: S3Driver) -> None:
    assert locked.call("GetBucketVersioning", Bucket="bucket") == {"Status": "Enabled"}
    suspended = {"Status": "Suspended"}
    error = locked.refused("PutBucketVersioning", Bucket="bucket", VersioningConfiguration=suspended)
    assert (error.code, error.status) == ("InvalidBucketState", 409)
    shown = locked.call("GetObjectLockConfiguration", Bucket="bucket")
    assert shown == {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}


def test_retention_keeps_a_version_until_its_time(locked: S3Driver) -> None:
    version = locked.put("key", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=START + DAY)["VersionId"]
    named = {"Bucket": "bucket", "Key": "key", "VersionId": version}
    error = locked.refused("DeleteObject", **named)
    assert (error.code, error.status) == ("AccessDenied", 403)
    locked.call("DeleteObject", Bucket="bucket", Key="key")  # a marker takes nothing away
    rows = {"Objects": [{"Key": "key", "VersionId": version}]}
    assert locked.call("DeleteObjects", Bucket="bucket", Delete=rows)["Errors"][0]["Code"] == "AccessDenied"
    locked.advance(DAY)
    locked.call("DeleteObject", **named)


def test_a_bypass_opens_governance_but_not_compliance(locked: S3Driver) -> None:
    for mode, opens in (("GOVERNANCE", True), ("COMPLIANCE", False)):
        lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": START + DAY}
        version = locked.put("key", **lock)["VersionId"]
        named = {"Bucket": "bucket", "Key": "key", "VersionId": version, "BypassGovernanceRetention": True}
        if opens:
            locked.call("DeleteObject", **named)
        else:
            assert locked.refused("DeleteObject", **named).code == "AccessDenied"


def test_a_legal_hold_has_no_end(locked: S3Driver) -> None:
    version = locked.put("key", ObjectLockLegalHoldStatus="ON")["VersionId"]
    named = {"Bucket": "bucket", "Key": "key", "VersionId": version}
    locked.advance(10_000 * DAY)
    assert locked.refused("DeleteObject", **named, BypassGovernanceRetention=True).code == "AccessDenied"
    locked.call("PutObjectLegalHold", Bucket="bucket", Key="key", LegalHold={"Status": "OFF"})
    assert locked.call("GetObjectLegalHold", Bucket="bucket", Key="key") == {"LegalHold": {"Status": "OFF"}}
    locked.call("DeleteObject", **named)


def test_retention_is_extended_freely_and_shortened_with_a_bypass(locked: S3Driver) -> None:
    locked.put("key")
    put = "PutObjectRetention"
    assert locked.refused("GetObjectRetention", Bucket="bucket", Key="key").code == "NoSuchObjectLockConfiguration"
    locked.call(put, **retain(locked, START + DAY))
    locked.call(put, **retain(locked, START + 3 * DAY))
    assert locked.refused(put, **retain(locked, START + 2 * DAY)).code == "AccessDenied"
    locked.call(put, **retain(locked, START + 2 * DAY, BypassGovernanceRetention=True))
    assert locked.refused(put, **retain(locked, START + 9 * DAY, "COMPLIANCE")).code == "AccessDenied"
    locked.call(put, **retain(locked, START + 2 * DAY, "COMPLIANCE", BypassGovernanceRetention=True))
    assert (
        locked.refused(put, **retain(locked, START + DAY, "COMPLIANCE", BypassGovernanceRetention=True)).status == 403
    )
    assert locked.refused(put, **retain(locked, START + 9 * DAY, BypassGovernanceRetention=True)).status == 403
    shown = locked.call("GetObjectRetention", Bucket="bucket", Key="key")["Retention"]
    assert shown == {"Mode": "COMPLIANCE", "RetainUntilDate": START + 2 * DAY}


@pytest.mark.parametrize(
    ("until", "mode", "code"),
    [
        (START - 1, "GOVERNANCE", "InvalidArgument"),
        (None, "GOVERNANCE", "MalformedXML"),
        (START + 1, None, "MalformedXML"),
        (START + 1, "FOREVER", "MalformedXML"),
    ],
)
def test_retentions_that_are_none(locked: S3Driver, until: float | None, mode: str | None, code: str) -> None:
    locked.put("key")
    assert locked.refused("PutObjectRetention", **retain(locked, until, mode)).code == code


def test_new_objects_get_the_default_retention(locked: S3Driver) -> None:
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 2}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    locked.call("PutObjectLockConfiguration", Bucket="bucket", ObjectLockConfiguration=configuration)
    locked.put("key")
    head = locked.call("HeadObject", Bucket="bucket", Key="key")
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", START + 730 * DAY)


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}},
        {"ObjectLockEnabled": "Enabled", "Rule": {}},
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE"}}},
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1, "Years": 1}}},
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Days": 1}}},
    ],
)
def test_configurations_that_are_none(locked: S3Driver, configuration: dict[str, Any]) -> None:
    params = {"Bucket": "bucket", "ObjectLockConfiguration": configuration}
    assert locked.refused("PutObjectLockConfiguration", **params).code == "MalformedXML"


@pytest.mark.parametrize("period", [{"Days": 0}, {"Years": -1}, {"Days": 36_501}, {"Years": 101}])
def test_a_default_retention_lasts_from_a_day_to_a_century(locked: S3Driver, period: dict[str, int]) -> None:
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", **period}}}
    params = {"Bucket": "bucket", "ObjectLockConfiguration": configuration}
    assert locked.refused("PutObjectLockConfiguration", **params).code == "InvalidArgument"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ObjectLockMode": "GOVERNANCE"}, "InvalidArgument"),
        ({"ObjectLockRetainUntilDate": START + 1}, "InvalidArgument"),
        ({"ObjectLockMode": "FOREVER", "ObjectLockRetainUntilDate": START + 1}, "InvalidArgument"),
        ({"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": START}, "InvalidArgument"),
        ({"ObjectLockLegalHoldStatus": "MAYBE"}, "InvalidArgument"),
    ],
)
def test_locks_of_new_objects_that_are_none(locked: S3Driver, params: dict[str, Any], code: str) -> None:
    assert locked.refused("PutObject", Bucket="bucket", Key="key", **params).code == code


def test_a_bucket_without_lock_says_so(s3: S3Driver) -> None:
    s3.put("key")
    for operation, more in (
        ("GetObjectRetention", {}),
        ("GetObjectLegalHold", {}),
        ("PutObjectLegalHold", {"LegalHold": {"Status": "ON"}}),
        ("PutObject", {"ObjectLockLegalHoldStatus": "ON"}),
    ):
        error = s3.refused(operation, Bucket="bucket", Key="key", **more)
        assert (error.code, error.message) == ("InvalidRequest", "Bucket is missing Object Lock Configuration")
    assert s3.refused("GetObjectLockConfiguration", Bucket="bucket").code == "ObjectLockConfigurationNotFoundError"
    wanted = {"ObjectLockEnabled": "Enabled"}
    error = s3.refused("PutObjectLockConfiguration", Bucket="bucket", ObjectLockConfiguration=wanted)
    assert error.code == "InvalidBucketState"
    for value in (True, False):
        error = s3.refused("DeleteObject", Bucket="bucket", Key="key", BypassGovernanceRetention=value)
        assert error.fields == {"ArgumentName": "x-amz-bypass-governance-retention"}
