"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""

from __future__ import annotations

import hashlib

import pytest

from emulator.operation import CallContext
from emulator.services.s3 import S3Quotas
from emulator.services.s3.tests.s3_driver import S3Driver


def copy(s3: S3Driver, source: str, key: str, **more: object) -> dict[str, object]:
    answer: dict[str, object] = s3.call("CopyObject", Bucket="bucket", Key=key, CopySource=source, **more)
    return answer


def test_a_copy_takes_metadata_and_tags_along_but_not_the_class(s3: S3Driver) -> None:
    given = {"Metadata": {"a": "b"}, "ContentType": "text/plain", "Tagging": "t=1"}
    s3.put("a b/é", b"x", **given, StorageClass="STANDARD_IA", WebsiteRedirectLocation="/there")
    copy(s3, "bucket/a%20b/%C3%A9", "copy")
    got = s3.get("copy")
    assert (got["Body"], got["Metadata"], got["ContentType"], got["TagCount"]) == (b"x", {"a": "b"}, "text/plain", 1)
    assert not {"StorageClass", "WebsiteRedirectLocation"} & set(got)


def test_a_copy_may_replace_metadata_and_tags(s3: S3Driver) -> None:
    s3.put("key", b"x", Metadata={"a": "b"}, ContentType="text/plain", Tagging="t=1")
    copy(s3, "/bucket/key", "copy", MetadataDirective="REPLACE", Metadata={"c": "d"}, TaggingDirective="REPLACE")
    got = s3.get("copy")
    assert (got["Metadata"], got["ContentType"]) == ({"c": "d"}, "binary/octet-stream")
    assert "TagCount" not in got


def test_an_object_in_parts_becomes_one_in_one_piece(s3: S3Driver) -> None:
    s3.complete("key", *s3.upload("key", b"content"))
    result = copy(s3, "bucket/key", "copy")["CopyObjectResult"]
    assert result["ETag"] == f'"{hashlib.md5(b"content").hexdigest()}"'  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, False),
        ({"ACL": "private"}, False),
        ({"Metadata": {"a": "b"}}, False),
        ({"MetadataDirective": "COPY"}, False),
        ({"MetadataDirective": "REPLACE"}, True),
        ({"StorageClass": "STANDARD"}, True),
        ({"ServerSideEncryption": "AES256"}, True),
        ({"WebsiteRedirectLocation": "/x"}, True),
    ],
)
def test_an_object_is_copied_to_itself_only_with_a_change(
    s3: S3Driver, change: dict[str, object], allowed: bool
) -> None:
    s3.put("key", b"x")
    params = {"Bucket": "bucket", "Key": "key", "CopySource": "bucket/key", **change}
    if allowed:
        s3.call("CopyObject", **params)
        assert s3.get("key")["Body"] == b"x"
    else:
        assert "trying to copy an object to itself" in s3.refused("CopyObject", **params).message


def test_a_version_can_be_copied_and_brought_back(versioned: S3Driver) -> None:
    first = versioned.put("key", b"1")["VersionId"]
    versioned.put("key", b"2")
    answer = copy(versioned, f"bucket/key?versionId={first}", "key")
    assert answer["CopySourceVersionId"] == first
    assert versioned.get("key")["Body"] == b"1"
    marker = versioned.call("DeleteObject", Bucket="bucket", Key="key")["VersionId"]
    gone = versioned.refused("CopyObject", Bucket="bucket", Key="new", CopySource="bucket/key")
    assert (gone.code, gone.fields) == ("NoSuchKey", {"Key": "key"})
    source = f"bucket/key?versionId={marker}"
    named = versioned.refused("CopyObject", Bucket="bucket", Key="new", CopySource=source)
    assert "delete marker by version id" in named.message


def test_a_suspended_bucket_names_the_null_version_of_a_copy(s3: S3Driver) -> None:
    s3.put("key", b"x")
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Suspended"})
    answer = copy(s3, "bucket/key", "copy")
    assert answer["VersionId"] == "null"
    assert "CopySourceVersionId" not in answer


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("bucket", "InvalidArgument"),
        ("bucket/", "InvalidArgument"),
        ("nowhere/key", "NoSuchBucket"),
        ("bucket/nope", "NoSuchKey"),
        ("bucket/key?versionId=wrong", "InvalidArgument"),
        ("arn:aws:s3:us-east-1:000000000000:accesspoint/a/object/key", "NotImplemented"),
    ],
)
def test_sources_that_are_not_there(s3: S3Driver, source: str, code: str) -> None:
    s3.put("key")
    assert s3.refused("CopyObject", Bucket="bucket", Key="copy", CopySource=source).code == code


@pytest.mark.parametrize("name", ["MetadataDirective", "TaggingDirective"])
def test_directives_are_copy_or_replace(s3: S3Driver, name: str) -> None:
    s3.put("key")
    error = s3.refused("CopyObject", Bucket="bucket", Key="copy", CopySource="bucket/key", **{name: "MERGE"})
    assert (error.code, error.fields["ArgumentValue"]) == ("InvalidArgument", "MERGE")


def test_a_source_may_not_be_larger_than_5_gb() -> None:
    s3 = S3Driver(S3Quotas(copy_bytes=3))
    s3.bucket()
    s3.put("key", b"four")
    error = s3.refused("CopyObject", Bucket="bucket", Key="copy", CopySource="bucket/key")
    assert error.message.endswith("maximum allowable size for a copy source: 3")


def test_an_archived_source_must_be_restored_first(s3: S3Driver) -> None:
    s3.put("key", StorageClass="DEEP_ARCHIVE")
    assert s3.refused("CopyObject", Bucket="bucket", Key="copy", CopySource="bucket/key").code == "InvalidObjectState"


def test_a_copy_keeps_the_algorithm_of_the_checksum(s3: S3Driver) -> None:
    s3.put("key", b"x", ChecksumAlgorithm="SHA1")
    assert "ChecksumSHA1" in copy(s3, "bucket/key", "copy")["CopyObjectResult"]  # type: ignore[operator]
    assert "ChecksumCRC32" in copy(s3, "bucket/key", "copy", ChecksumAlgorithm="CRC32")["CopyObjectResult"]  # type: ignore[operator]


def test_a_large_copy_lets_others_be_served_in_between() -> None:
    s3 = S3Driver(S3Quotas(smallest_part_bytes=1, hashed_at_once_bytes=3))
    s3.bucket()
    s3.complete("key", *s3.upload("key", b"abcd", b"efgh", b"i"))
    outcome: list[tuple[object, object]] = []
    context = CallContext(s3.clock.now(), "request", principal="arn:aws:iam::000000000000:root")
    params = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/key"}
    s3.engine.call("s3", "CopyObject", params, context, lambda *ended: outcome.append(ended))
    s3.engine.run_ready()
    assert outcome == []
    s3.put("other", b"x")
    while not outcome:
        s3.engine.fire_due()
        s3.engine.run_ready()
    assert s3.get("copy")["ETag"] == f'"{hashlib.md5(b"abcdefghi").hexdigest()}"'
    assert (
        s3.get("copy", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == s3.put("same", b"abcdefghi")["ChecksumCRC64NVME"]
    )
