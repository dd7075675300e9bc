"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"""

from __future__ import annotations

import random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from emulator.services.s3.tests.s3_driver import S3Driver
from emulator.services.s3.version_ids import made_at, new_version_id


def test_a_bucket_without_versions_knows_the_null_version_alone(s3: S3Driver) -> None:
    assert "VersionId" not in s3.put("key", b"x")
    assert "VersionId" not in s3.get("key", VersionId="null")
    error = s3.refused("GetObject", Bucket="bucket", Key="key", VersionId="HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")
    assert (error.code, error.message) == ("InvalidArgument", "Invalid version id specified")
    assert error.fields == {"ArgumentName": "versionId", "ArgumentValue": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}
    [row] = s3.call("ListObjectVersions", Bucket="bucket")["Versions"]
    assert (row["VersionId"], row["IsLatest"]) == ("null", True)


def test_every_write_makes_a_version(versioned: S3Driver) -> None:
    ids = [versioned.put("key", body)["VersionId"] for body in (b"1", b"2", b"3")]
    assert len(set(ids)) == 3
    assert all(len(version_id) == 32 for version_id in ids)
    assert versioned.get("key")["Body"] == b"3"
    assert versioned.get("key", VersionId=ids[0])["Body"] == b"1"
    rows = versioned.call("ListObjectVersions", Bucket="bucket")["Versions"]
    assert [row["VersionId"] for row in rows] == ids[::-1]
    assert [row["IsLatest"] for row in rows] == [True, False, False]


def test_a_delete_puts_a_marker_that_can_be_taken_away(versioned: S3Driver) -> None:
    version = versioned.put("key", b"x")["VersionId"]
    marker = versioned.call("DeleteObject", Bucket="bucket", Key="key")
    assert marker["DeleteMarker"] is True
    error = versioned.refused("GetObject", Bucket="bucket", Key="key")
    assert (error.code, error.fields) == ("NoSuchKey", {"Key": "key"})
    assert error.headers["x-amz-delete-marker"] == "true"  # type: ignore[attr-defined]
    named = versioned.refused("GetObject", Bucket="bucket", Key="key", VersionId=marker["VersionId"])
    assert (named.code, named.status) == ("MethodNotAllowed", 405)
    assert named.fields == {"Method": "GET", "ResourceType": "DeleteMarker"}
    assert versioned.get("key", VersionId=version)["Body"] == b"x"
    assert versioned.call("DeleteObject", Bucket="bucket", Key="key", VersionId=marker["VersionId"]) == marker
    assert versioned.get("key")["VersionId"] == version


def test_a_version_that_is_gone_is_told_from_one_that_never_was(versioned: S3Driver) -> None:
    version = versioned.put("key")["VersionId"]
    assert versioned.call("DeleteObject", Bucket="bucket", Key="key", VersionId=version) == {"VersionId": version}
    gone = versioned.refused("GetObject", Bucket="bucket", Key="key", VersionId=version)
    assert (gone.code, gone.fields) == ("NoSuchVersion", {"Key": "key", "VersionId": version})
    assert versioned.call("DeleteObject", Bucket="bucket", Key="key", VersionId=version) == {"VersionId": version}
    for never in ("HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", "short", ""):
        for operation in ("GetObject", "DeleteObject"):
            assert versioned.refused(operation, Bucket="bucket", Key="key", VersionId=never).code == "InvalidArgument"


def test_a_suspended_bucket_writes_the_null_version_again_and_again(versioned: S3Driver) -> None:
    kept = versioned.put("key", b"kept")["VersionId"]
    versioned.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Suspended"})
    for body in (b"1", b"2"):
        assert "VersionId" not in versioned.put("key", body)
    assert versioned.get("key")["VersionId"] == "null"
    ids = [row["VersionId"] for row in versioned.call("ListObjectVersions", Bucket="bucket")["Versions"]]
    assert ids == ["null", kept]
    marker = versioned.call("DeleteObject", Bucket="bucket", Key="key")
    assert marker == {"DeleteMarker": True, "VersionId": "null"}
    listed = versioned.call("ListObjectVersions", Bucket="bucket")
    assert [row["VersionId"] for row in listed["DeleteMarkers"]] == ["null"]
    assert [row["VersionId"] for row in listed["Versions"]] == [kept]


def test_an_object_from_before_keeps_the_null_version(s3: S3Driver) -> None:
    s3.put("key", b"before")
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    assert s3.get("key")["VersionId"] == "null"
    s3.put("key", b"after")
    assert s3.get("key", VersionId="null")["Body"] == b"before"


def test_many_versions_are_deleted_at_once(versioned: S3Driver) -> None:
    version = versioned.put("a")["VersionId"]
    marker = versioned.call("DeleteObject", Bucket="bucket", Key="a")["VersionId"]
    rows = [{"Key": "a", "VersionId": marker}, {"Key": "a", "VersionId": version}, {"Key": "b"}]
    deleted = versioned.call("DeleteObjects", Bucket="bucket", Delete={"Objects": rows})["Deleted"]
    assert deleted[0] == {"Key": "a", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    assert deleted[1] == {"Key": "a", "VersionId": version}
    assert deleted[2]["DeleteMarker"] is True


def test_tags_belong_to_a_version(versioned: S3Driver) -> None:
    first = versioned.put("key", Tagging="a=1")["VersionId"]
    second = versioned.put("key", Tagging="a=2")["VersionId"]
    tags = {"TagSet": [{"Key": "b", "Value": "3"}]}
    answer = versioned.call("PutObjectTagging", Bucket="bucket", Key="key", Tagging=tags, VersionId=first)
    assert answer == {"VersionId": first}
    get = "GetObjectTagging"
    assert versioned.call(get, Bucket="bucket", Key="key", VersionId=first)["TagSet"] == tags["TagSet"]
    latest = versioned.call(get, Bucket="bucket", Key="key")
    assert latest == {"VersionId": second, "TagSet": [{"Key": "a", "Value": "2"}]}
    versioned.call("DeleteObject", Bucket="bucket", Key="key")
    for operation, method in ((get, "GET"), ("DeleteObjectTagging", "DELETE")):
        error = versioned.refused(operation, Bucket="bucket", Key="key")
        assert (error.status, error.fields["Method"]) == (405, method)


@pytest.mark.parametrize(("limit", "pages"), [(1, 6), (2, 3), (5, 2), (6, 1)])
def test_versions_are_listed_page_by_page(versioned: S3Driver, limit: int, pages: int) -> None:
    for key in ("a", "b/1", "b/2", "c"):
        versioned.put(key)
    versioned.put("a")
    versioned.call("DeleteObject", Bucket="bucket", Key="c")
    params: dict[str, object] = {"Bucket": "bucket", "MaxKeys": limit}
    seen = []
    for number in range(1, pages + 1):
        page = versioned.call("ListObjectVersions", **params)
        seen += [(row["Key"], row["VersionId"]) for kind in ("Versions", "DeleteMarkers") for row in page.get(kind, ())]
        assert page["IsTruncated"] == (number < pages)
        if number < pages:
            params |= {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    whole = versioned.call("ListObjectVersions", Bucket="bucket")
    everything = [(row["Key"], row["VersionId"]) for kind in ("Versions", "DeleteMarkers") for row in whole[kind]]
    assert sorted(seen) == sorted(everything)
    assert len(seen) == 6


def test_a_common_prefix_of_versions_stands_once(versioned: S3Driver) -> None:
    for key in ("a/1", "a/1", "a/2", "b"):
        versioned.put(key)
    page = versioned.call("ListObjectVersions", Bucket="bucket", Delimiter="/", MaxKeys=1)
    assert (page["CommonPrefixes"], page["NextKeyMarker"]) == ([{"Prefix": "a/"}], "a/")
    rest = versioned.call("ListObjectVersions", Bucket="bucket", Delimiter="/", KeyMarker="a/")
    assert ([row["Key"] for row in rest["Versions"]], rest["IsTruncated"]) == (["b"], False)


def test_a_version_marker_needs_its_key(versioned: S3Driver) -> None:
    version = versioned.put("key")["VersionId"]
    error = versioned.refused("ListObjectVersions", Bucket="bucket", VersionIdMarker=version)
    assert error.message == "A version-id marker cannot be specified without a key marker."
    error = versioned.refused("ListObjectVersions", Bucket="bucket", KeyMarker="key", VersionIdMarker="")
    assert error.message == "A version-id marker cannot be empty."


def test_a_listing_goes_on_behind_a_version_that_was_deleted_meanwhile(versioned: S3Driver) -> None:
    ids = [versioned.put("key")["VersionId"] for _ in range(5)]
    marker = {"KeyMarker": "key", "VersionIdMarker": ids[2]}
    versioned.call("DeleteObject", Bucket="bucket", Key="key", VersionId=ids[2])
    rows = versioned.call("ListObjectVersions", Bucket="bucket", **marker)["Versions"]
    assert [row["VersionId"] for row in rows] == [ids[1], ids[0]]


@given(st.integers(1, 1 << 40), st.integers(0, 1 << 30))
def test_a_version_id_keeps_its_place_in_time(sequence: int, seed: int) -> None:
    version_id = new_version_id(random.Random(seed), sequence)
    assert made_at(version_id) == sequence
    assert made_at(version_id[::-1]) is None
    assert made_at(f"{version_id[:-1]}-") is None
