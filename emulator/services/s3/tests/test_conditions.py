"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html"""

from __future__ import annotations

import pytest

from emulator.services.s3.tests.s3_driver import START, S3Driver

ETAG = "8d777f385d3dfec8815d20f7496026dc"  # of "data"
BEFORE, AFTER = START - 60, START + 60


@pytest.fixture
def stored(s3: S3Driver) -> S3Driver:
    s3.put("key", b"data")
    s3.advance(3_600)
    return s3


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject"])
@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"IfMatch": f'"{ETAG}"'}, 200),
        ({"IfMatch": ETAG}, 200),
        ({"IfMatch": "*"}, 200),
        ({"IfMatch": "other"}, 412),
        ({"IfUnmodifiedSince": BEFORE}, 412),
        ({"IfUnmodifiedSince": START}, 200),
        ({"IfMatch": ETAG, "IfUnmodifiedSince": BEFORE}, 200),
        ({"IfNoneMatch": ETAG}, 304),
        ({"IfNoneMatch": f'"x", "{ETAG}"'}, 304),
        ({"IfNoneMatch": "other"}, 200),
        ({"IfModifiedSince": START}, 304),
        ({"IfModifiedSince": BEFORE}, 200),
        ({"IfModifiedSince": START + 86_400}, 200),  # in the future: ignored
        ({"IfNoneMatch": ETAG, "IfModifiedSince": BEFORE}, 304),
        ({"IfNoneMatch": "other", "IfModifiedSince": START}, 200),
    ],
)
def test_reads(stored: S3Driver, operation: str, conditions: dict[str, object], status: int) -> None:
    params = {"Bucket": "bucket", "Key": "key", **conditions}
    if status == 200:
        assert stored.call(operation, **params)["ContentLength"] == 4
        return
    error = stored.refused(operation, **params)
    assert error.status == status
    if status == 304:
        assert error.headers == {"ETag": f'"{ETAG}"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("conditions", "failed"),
    [
        ({"CopySourceIfMatch": "other"}, "If-Match"),
        ({"CopySourceIfUnmodifiedSince": BEFORE}, "If-Unmodified-Since"),
        ({"CopySourceIfNoneMatch": ETAG}, "If-None-Match"),
        ({"CopySourceIfModifiedSince": START}, "If-Modified-Since"),
        ({"CopySourceIfModifiedSince": START + 86_400}, None),
        ({"CopySourceIfMatch": ETAG, "CopySourceIfUnmodifiedSince": BEFORE}, None),
        ({"CopySourceIfNoneMatch": "other", "CopySourceIfModifiedSince": START}, None),
    ],
)
def test_sources_of_copies(stored: S3Driver, conditions: dict[str, object], failed: str | None) -> None:
    params = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/key", **conditions}
    if failed is None:
        stored.call("CopyObject", **params)
    else:
        error = stored.refused("CopyObject", **params)
        assert (error.status, error.fields) == (412, {"Condition": f"x-amz-copy-source-{failed}"})


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"IfNoneMatch": "*"}, "PreconditionFailed"),
        ({"IfMatch": "other"}, "PreconditionFailed"),
        ({"IfNoneMatch": ETAG}, "NotImplemented"),
        ({"IfMatch": "*"}, "NotImplemented"),
        ({"IfMatch": ETAG, "IfNoneMatch": "*"}, "NotImplemented"),
    ],
)
def test_writes_that_do_not_happen(stored: S3Driver, conditions: dict[str, str], code: str) -> None:
    assert stored.refused("PutObject", Bucket="bucket", Key="key", Body=b"new", **conditions).code == code
    copy = {"Bucket": "bucket", "Key": "key", "CopySource": "bucket/key", "MetadataDirective": "REPLACE"}
    assert stored.refused("CopyObject", **copy, **conditions).code == code
    assert stored.get("key")["Body"] == b"data"


def test_writes_that_happen(stored: S3Driver) -> None:
    stored.put("new", IfNoneMatch="*")
    stored.put("key", b"next", IfMatch=f'"{ETAG}"')
    assert stored.get("key")["Body"] == b"next"
    error = stored.refused("PutObject", Bucket="bucket", Key="nope", IfMatch=ETAG)
    assert (error.code, error.status) == ("NoSuchKey", 404)


def test_a_delete_marker_is_nothing_to_match(versioned: S3Driver) -> None:
    versioned.put("key", b"data")
    versioned.call("DeleteObject", Bucket="bucket", Key="key")
    assert versioned.refused("PutObject", Bucket="bucket", Key="key", IfMatch=ETAG).code == "NoSuchKey"
    versioned.put("key", b"data", IfNoneMatch="*")


def test_a_completion_conflicts_with_what_happened_since_the_upload_began(stored: S3Driver) -> None:
    upload_id, rows = stored.upload("key", b"part")
    stored.put("key", b"data")
    wanted = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "MultipartUpload": {"Parts": rows}}
    complete = "CompleteMultipartUpload"
    error = stored.refused(complete, **wanted, IfMatch=ETAG)
    assert (error.code, error.status) == ("ConditionalRequestConflict", 409)
    assert stored.refused(complete, **wanted, IfNoneMatch="*").code == "PreconditionFailed"
    stored.call("DeleteObject", Bucket="bucket", Key="key")
    assert stored.refused(complete, **wanted, IfNoneMatch="*").code == "ConditionalRequestConflict"
    assert stored.refused(complete, **wanted, IfMatch=ETAG).code == "NoSuchKey"
    assert stored.call(complete, **wanted)["ETag"].endswith('-1"')


def test_deletes(stored: S3Driver) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html"""
    assert stored.refused("DeleteObject", Bucket="bucket", Key="key", IfMatch="other").status == 412
    assert stored.refused("DeleteObject", Bucket="bucket", Key="nope", IfMatch=ETAG).code == "NoSuchKey"
    assert stored.refused("DeleteObject", Bucket="bucket", Key="nope", IfMatch="*").status == 412
    answer = stored.call("DeleteObjects", Bucket="bucket", Delete={"Objects": [{"Key": "key", "ETag": "other"}]})
    assert [row["Code"] for row in answer["Errors"]] == ["PreconditionFailed"]
    stored.call("DeleteObject", Bucket="bucket", Key="key", IfMatch=ETAG)
    assert stored.keys_of() == []
    assert stored.refused("DeleteObject", Bucket="bucket", Key="key", IfMatchSize=1).code == "NotImplemented"
