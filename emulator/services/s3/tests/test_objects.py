"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""

from __future__ import annotations

import hashlib

import pytest

from emulator.services.s3.tests.s3_driver import START, S3Driver


def test_an_object_comes_back_as_it_was_put(s3: S3Driver) -> None:
    put = s3.put(
        "a/b",
        b"hello",
        Metadata={"Name": "Wert"},
        ContentType="text/plain",
        CacheControl="no-cache",
        ContentEncoding="gzip",
        WebsiteRedirectLocation="/elsewhere",
        StorageClass="STANDARD_IA",
        Tagging="a=1&b=%20",
    )
    etag = f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert put["ETag"] == etag
    got = s3.get("a/b")
    assert got["Body"] == b"hello"
    expected = {
        "AcceptRanges": "bytes",
        "CacheControl": "no-cache",
        "ContentEncoding": "gzip",
        "ContentLength": 5,
        "ContentType": "text/plain",
        "ETag": etag,
        "Metadata": {"name": "Wert"},
        "ServerSideEncryption": "AES256",
        "StorageClass": "STANDARD_IA",
        "TagCount": 2,
        "WebsiteRedirectLocation": "/elsewhere",
    }
    assert {name: got[name] for name in expected} == expected
    head = s3.call("HeadObject", Bucket="bucket", Key="a/b")
    assert head == {name: value for name, value in got.items() if name != "Body"}


def test_what_was_not_said_has_its_default(s3: S3Driver) -> None:
    s3.put("key")
    got = s3.get("key")
    assert (got["ContentType"], got["ContentLength"], got["Body"]) == ("binary/octet-stream", 0, b"")
    assert not {"StorageClass", "Metadata", "TagCount", "VersionId", "Restore"} & set(got)


def test_a_write_replaces_all_of_an_object(s3: S3Driver) -> None:
    s3.put("key", b"old", Metadata={"a": "b"}, Tagging="t=1")
    s3.put("key", b"new")
    got = s3.get("key")
    assert got["Body"] == b"new"
    assert "Metadata" not in got
    assert "TagCount" not in got


def test_a_missing_key_is_named(s3: S3Driver) -> None:
    error = s3.refused("GetObject", Bucket="bucket", Key="nope")
    assert (error.code, error.status, error.fields) == ("NoSuchKey", 404, {"Key": "nope"})


@pytest.mark.parametrize("key", ["k" * 1_024, "é" * 512, "\U0001f600" * 256])
def test_a_key_has_up_to_1024_bytes(s3: S3Driver, key: str) -> None:
    s3.put(key)
    error = s3.refused("PutObject", Bucket="bucket", Key=f"{key}x")
    assert (error.code, error.message) == ("KeyTooLongError", "Your key is too long")
    assert error.fields == {"Size": 1_025, "MaxSizeAllowed": 1_024}
    assert s3.keys_of() == [key]


def test_user_metadata_has_up_to_2_kb(s3: S3Driver) -> None:
    s3.put("key", Metadata={"a": "x" * 2_047})
    error = s3.refused("PutObject", Bucket="bucket", Key="key", Metadata={"ab": "x" * 2_047})
    assert (error.code, error.fields) == ("MetadataTooLarge", {"Size": 2_049, "MaxSizeAllowed": 2_048})


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"StorageClass": "OUTPOSTS"}, "InvalidStorageClass"),
        ({"StorageClass": "standard"}, "InvalidStorageClass"),
        ({"WebsiteRedirectLocation": "elsewhere"}, "InvalidRedirectLocation"),
        ({"WriteOffsetBytes": 1}, "NotImplemented"),
        ({"ObjectLockEventHold": "ON"}, "NotImplemented"),
    ],
)
def test_values_that_s3_does_not_take(s3: S3Driver, params: dict[str, object], code: str) -> None:
    assert s3.refused("PutObject", Bucket="bucket", Key="key", **params).code == code
    assert s3.keys_of() == []


def test_response_headers_can_be_asked_for(s3: S3Driver) -> None:
    s3.put("key", b"x", ContentType="text/plain")
    got = s3.get("key", ResponseContentType="image/png", ResponseCacheControl="private")
    assert (got["ContentType"], got["CacheControl"]) == ("image/png", "private")
    assert s3.get("key")["ContentType"] == "text/plain"


def test_deleting_what_is_not_there_succeeds(s3: S3Driver) -> None:
    assert s3.call("DeleteObject", Bucket="bucket", Key="nope") == {}


def test_many_keys_are_deleted_at_once(s3: S3Driver) -> None:
    for key in "abc":
        s3.put(key)
    rows = [{"Key": "a"}, {"Key": "nope"}, {"Key": "b", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}]
    answer = s3.call("DeleteObjects", Bucket="bucket", Delete={"Objects": rows})
    assert answer["Deleted"] == [{"Key": "a"}, {"Key": "nope"}]
    [error] = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("b", "NoSuchVersion")
    assert s3.call("DeleteObjects", Bucket="bucket", Delete={"Objects": [{"Key": "b"}], "Quiet": True}) == {}
    assert s3.keys_of() == ["c"]


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_list_of_keys_has_1_to_1000(s3: S3Driver, count: int) -> None:
    rows = [{"Key": str(number)} for number in range(count)]
    assert s3.refused("DeleteObjects", Bucket="bucket", Delete={"Objects": rows}).code == "MalformedXML"


def test_objects_are_archived_until_they_are_restored(s3: S3Driver) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html"""
    s3.put("cold", b"ice", StorageClass="GLACIER")
    error = s3.refused("GetObject", Bucket="bucket", Key="cold")
    assert (error.code, error.status, error.fields) == ("InvalidObjectState", 403, {"StorageClass": "GLACIER"})
    wish = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    answer = s3.call("RestoreObject", Bucket="bucket", Key="cold", RestoreRequest=wish)
    assert getattr(answer, "status", 202) == 202
    head = s3.call("HeadObject", Bucket="bucket", Key="cold")
    assert head["Restore"] == 'ongoing-request="true"'
    again = s3.refused("RestoreObject", Bucket="bucket", Key="cold", RestoreRequest=wish)
    assert (again.code, again.status) == ("RestoreAlreadyInProgress", 409)
    listed = {"Bucket": "bucket", "OptionalObjectAttributes": ["RestoreStatus"]}
    [row] = s3.call("ListObjectsV2", **listed)["Contents"]
    assert row["RestoreStatus"] == {"IsRestoreInProgress": True}
    s3.advance(300)
    [row] = s3.call("ListObjectsV2", **listed)["Contents"]
    assert row["RestoreStatus"] == {"IsRestoreInProgress": False, "RestoreExpiryDate": START + 2 * 86_400}
    assert s3.get("cold")["Body"] == b"ice"
    assert s3.get("cold")["Restore"] == 'ongoing-request="false", expiry-date="Sat, 03 Jan 2026 00:00:00 GMT"'
    longer = s3.call("RestoreObject", Bucket="bucket", Key="cold", RestoreRequest={"Days": 5})
    assert longer.status == 200
    s3.advance(86_400 * 6)
    assert s3.refused("GetObject", Bucket="bucket", Key="cold").code == "InvalidObjectState"
    assert "Restore" not in s3.call("HeadObject", Bucket="bucket", Key="cold")


def test_what_is_not_archived_is_not_restored(s3: S3Driver) -> None:
    s3.put("warm")
    error = s3.refused("RestoreObject", Bucket="bucket", Key="warm", RestoreRequest={"Days": 1})
    assert (error.code, error.fields) == ("InvalidObjectState", {"StorageClass": "STANDARD"})


def test_attributes_are_those_asked_for(s3: S3Driver) -> None:
    s3.put("key", b"four", ChecksumAlgorithm="SHA1")
    ask = "GetObjectAttributes"
    wanted = ["ETag", "Checksum", "StorageClass", "ObjectSize", "ObjectParts"]
    got = s3.call(ask, Bucket="bucket", Key="key", ObjectAttributes=wanted)
    assert got["ETag"] == hashlib.md5(b"four").hexdigest()
    assert got["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert (got["StorageClass"], got["ObjectSize"]) == ("STANDARD", 4)
    assert "ObjectParts" not in got
    assert set(s3.call(ask, Bucket="bucket", Key="key", ObjectAttributes=["ETag"])) == {"ETag", "LastModified"}
    assert s3.refused(ask, Bucket="bucket", Key="key", ObjectAttributes=["Owner"]).code == "InvalidArgument"
    assert s3.refused(ask, Bucket="bucket", Key="key", ObjectAttributes=[]).code == "InvalidRequest"
