"""Lifecycle rules on the clock. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.s3.tests.wire_driver import START, WireDriver

DAY = 86_400.0


@pytest.fixture
def s3() -> WireDriver:
    driver = WireDriver()
    driver.call("CreateBucket", Bucket="bucket")
    return driver


def configure(s3: WireDriver, *rules: dict[str, Any], **more: Any) -> None:
    filled = [{"ID": f"rule-{number}", "Status": "Enabled", "Filter": {}, **rule} for number, rule in enumerate(rules)]
    s3.call("PutBucketLifecycleConfiguration", Bucket="bucket", LifecycleConfiguration={"Rules": filled}, **more)
    s3.engine.release_background(0.0)
    s3.settle()


def keys(s3: WireDriver) -> list[str]:
    return [row["Key"] for row in s3.call("ListObjectsV2", Bucket="bucket").get("Contents", [])]


def versions(s3: WireDriver) -> list[tuple[str, bool]]:
    listed = s3.call("ListObjectVersions", Bucket="bucket")
    return [(row["Key"], False) for row in listed.get("Versions", [])] + [
        (row["Key"], True) for row in listed.get("DeleteMarkers", [])
    ]


@pytest.mark.parametrize(("of_expiration", "of_transition"), [("Days", "Date"), ("Date", "Days")])
def test_a_rule_counts_days_or_names_dates(s3: WireDriver, of_expiration: str, of_transition: str) -> None:
    when = {"Days": 400, "Date": START + 400 * DAY}
    transition = {"StorageClass": "GLACIER", of_transition: when[of_transition]}
    rule = {
        "ID": "a",
        "Status": "Enabled",
        "Filter": {"Prefix": "x"},
        "Expiration": {of_expiration: when[of_expiration]},
        "Transitions": [transition],
    }
    error = s3.refused("PutBucketLifecycleConfiguration", Bucket="bucket", LifecycleConfiguration={"Rules": [rule]})
    assert (error.code, error.message.startswith("Found mixed 'Date' and 'Days'")) == ("InvalidRequest", True)


def test_objects_expire_at_the_midnight_after_their_days(s3: WireDriver) -> None:
    s3.advance(36_000.0)
    s3.call("PutObject", Bucket="bucket", Key="tmp/before", Body=b"")
    configure(s3, {"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}})
    put = s3.call("PutObject", Bucket="bucket", Key="tmp/a", Body=b"")
    assert put["Expiration"] == 'expiry-date="Sat, 03 Jan 2026 00:00:00 GMT", rule-id="rule-0"'
    assert "Expiration" not in s3.call("PutObject", Bucket="bucket", Key="keep", Body=b"")
    s3.advance(2 * DAY - 36_001.0)
    assert keys(s3) == ["keep", "tmp/a", "tmp/before"]
    s3.advance(1.0)
    assert keys(s3) == ["keep"]
    s3.call("PutObject", Bucket="bucket", Key="tmp/late", Body=b"")
    s3.advance(3 * DAY)
    assert keys(s3) == ["keep"]
    assert s3.engine.timers.next_deadline() is None  # nothing is due, so nobody wakes


def test_a_rule_chooses_by_tags_and_size(s3: WireDriver) -> None:
    both = {"And": {"Prefix": "a", "Tags": [{"Key": "x", "Value": "1"}], "ObjectSizeGreaterThan": 2}}
    configure(
        s3,
        {"Filter": both, "Expiration": {"Days": 1}},
        {"Filter": {"ObjectSizeLessThan": 1}, "Expiration": {"Days": 1}},
    )
    for key, body, tags in (
        ("a1", b"123", "x=1"),
        ("a2", b"12", "x=1"),
        ("a3", b"123", "x=2"),
        ("b", b"123", "x=1"),
        ("c", b"", ""),
    ):
        s3.call("PutObject", Bucket="bucket", Key=key, Body=body, Tagging=tags)
    s3.advance(3 * DAY)
    assert keys(s3) == ["a2", "a3", "b"]


def test_versions_get_a_marker_then_go_then_the_marker_goes(s3: WireDriver) -> None:
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    configure(s3, {"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 2}})
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"")
    s3.advance(DAY)
    assert versions(s3) == [("k", False), ("k", True)]
    s3.advance(2 * DAY)
    assert versions(s3) == []


def test_the_newest_noncurrent_versions_may_stay_and_held_ones_do(s3: WireDriver) -> None:
    s3.call("CreateBucket", Bucket="locked", ObjectLockEnabledForBucket=True)
    rule = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}}
    rules = {"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {}, **rule}]}
    s3.call("PutBucketLifecycleConfiguration", Bucket="locked", LifecycleConfiguration=rules)
    ids = [s3.call("PutObject", Bucket="locked", Key="k", Body=b"")["VersionId"] for _ in range(5)]
    s3.call("PutObjectLegalHold", Bucket="locked", Key="k", VersionId=ids[0], LegalHold={"Status": "ON"})
    s3.advance(5 * DAY)
    left = [row["VersionId"] for row in s3.call("ListObjectVersions", Bucket="locked")["Versions"]]
    assert left == [ids[4], ids[3], ids[0]]


def test_objects_move_down_the_storage_classes_once(s3: WireDriver) -> None:
    steps = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]
    configure(s3, {"Transitions": steps})
    s3.call("PutObject", Bucket="bucket", Key="large", Body=bytes(131_072))
    s3.call("PutObject", Bucket="bucket", Key="small", Body=b"")
    found = []
    for _ in range(3):
        s3.advance(30 * DAY)
        found.append([row["StorageClass"] for row in s3.call("ListObjectsV2", Bucket="bucket")["Contents"]])
    assert found == [["STANDARD_IA", "STANDARD"], ["GLACIER", "STANDARD"], ["GLACIER", "STANDARD"]]


def test_uploads_that_are_never_completed_are_given_up(s3: WireDriver) -> None:
    s3.call("CreateMultipartUpload", Bucket="bucket", Key="k")
    configure(s3, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    s3.advance(2 * DAY - 1)
    assert len(s3.call("ListMultipartUploads", Bucket="bucket")["Uploads"]) == 1
    s3.advance(1)
    assert "Uploads" not in s3.call("ListMultipartUploads", Bucket="bucket")


def test_a_disabled_or_deleted_rule_does_nothing(s3: WireDriver) -> None:
    configure(s3, {"Expiration": {"Days": 1}, "Status": "Disabled"})
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"")
    s3.advance(5 * DAY)
    configure(s3, {"Expiration": {"Days": 10}})
    s3.call("DeleteBucketLifecycle", Bucket="bucket")
    s3.advance(30 * DAY)
    assert keys(s3) == ["k"]
    assert s3.refused("GetBucketLifecycleConfiguration", Bucket="bucket").code == "NoSuchLifecycleConfiguration"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"Filter": {}}, "InvalidRequest"),
        ({"Expiration": {"Days": 1}}, "MalformedXML"),
        ({"Filter": {}, "Prefix": "", "Expiration": {"Days": 1}}, "MalformedXML"),
        ({"Filter": {"Prefix": "a", "ObjectSizeLessThan": 2}, "Expiration": {"Days": 1}}, "MalformedXML"),
        ({"Filter": {}, "Status": "On", "Expiration": {"Days": 1}}, "MalformedXML"),
        ({"Filter": {}, "Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"Filter": {}, "Expiration": {"Date": START + 1}}, "InvalidArgument"),
        ({"Filter": {}, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
        ({"Filter": {}, "NoncurrentVersionExpiration": {}}, "InvalidRequest"),
        ({"Filter": {}, "Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument"),
        (
            {"Filter": {}, "Transitions": [{"Days": 5, "StorageClass": "GLACIER"}], "Expiration": {"Days": 5}},
            "InvalidArgument",
        ),
        ({"Filter": {"And": {"Tags": [{"Key": "a", "Value": "1"}] * 2}}, "Expiration": {"Days": 1}}, "InvalidRequest"),
        (
            {
                "Filter": {"Tag": {"Key": "a", "Value": "1"}},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            "InvalidRequest",
        ),
    ],
)
def test_a_rule_that_cannot_be_understood_is_refused(s3: WireDriver, rule: dict[str, Any], code: str) -> None:
    rules = {"Rules": [{"ID": "r", "Status": "Enabled", **rule}]}
    assert s3.refused("PutBucketLifecycleConfiguration", Bucket="bucket", LifecycleConfiguration=rules).code == code


def test_rules_have_ids_of_their_own(s3: WireDriver) -> None:
    rule = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    twice = {"Rules": [{"ID": "r", **rule}, {"ID": "r", **rule}]}
    error = s3.refused("PutBucketLifecycleConfiguration", Bucket="bucket", LifecycleConfiguration=twice)
    assert error.message == "Rule ID must be unique. Found same ID for more than one rule"
    s3.call("PutBucketLifecycleConfiguration", Bucket="bucket", LifecycleConfiguration={"Rules": [rule, rule]})
    told = s3.call("GetBucketLifecycleConfiguration", Bucket="bucket")
    assert len({each["ID"] for each in told["Rules"]}) == 2
    assert told["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
