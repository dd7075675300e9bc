"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html"""

from __future__ import annotations

import hashlib

import pytest

from emulator.services.s3.tests.s3_driver import PART, S3Driver

NO_UPLOAD = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."


def test_parts_become_an_object(s3: S3Driver) -> None:
    parts = (b"a" * PART, b"b" * PART, b"c")
    upload_id, rows = s3.upload("key", *parts, ContentType="text/plain", Metadata={"a": "b"}, Tagging="t=1")
    assert s3.refused("GetObject", Bucket="bucket", Key="key").code == "NoSuchKey"
    done = s3.complete("key", upload_id, rows)
    digest = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert done["ETag"] == f'"{digest}-3"'
    assert done["Location"].endswith("/bucket/key")
    got = s3.get("key")
    assert got["Body"] == b"".join(parts)
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("text/plain", {"a": "b"}, 1)
    assert s3.call("ListMultipartUploads", Bucket="bucket").get("Uploads") is None
    error = s3.refused("ListParts", Bucket="bucket", Key="key", UploadId=upload_id)
    assert (error.code, error.status, error.message) == ("NoSuchUpload", 404, NO_UPLOAD)


def test_parts_may_be_left_out_and_replaced(s3: S3Driver) -> None:
    upload_id, rows = s3.upload("key", b"a" * PART, b"left out", b"old")
    again = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "PartNumber": 3, "Body": b"new"}
    chosen = [rows[0], {"PartNumber": 3, "ETag": s3.call("UploadPart", **again)["ETag"]}]
    s3.complete("key", upload_id, chosen)
    assert s3.get("key")["Body"] == b"a" * PART + b"new"
    assert s3.get("key", PartNumber=2)["Body"] == b"new"


def test_a_completion_may_be_repeated_while_its_object_stands(s3: S3Driver) -> None:
    upload_id, rows = s3.upload("key", b"a")
    first = s3.complete("key", upload_id, rows)
    assert s3.complete("key", upload_id, rows) == first
    s3.put("key", b"other")
    assert s3.refused(*_completion("key", upload_id), **_rows(rows)).code == "NoSuchUpload"


def _completion(key: str, upload_id: str) -> tuple[str]:
    return ("CompleteMultipartUpload",)


def _rows(rows: list[dict[str, object]], upload_id: str = "", key: str = "key") -> dict[str, object]:
    return {"Bucket": "bucket", "Key": key, "UploadId": upload_id, "MultipartUpload": {"Parts": rows}}


def test_an_aborted_upload_is_gone(s3: S3Driver) -> None:
    upload_id, rows = s3.upload("key", b"a")
    s3.call("AbortMultipartUpload", Bucket="bucket", Key="key", UploadId=upload_id)
    assert s3.refused("CompleteMultipartUpload", **_rows(rows, upload_id)).code == "NoSuchUpload"
    again = s3.refused("AbortMultipartUpload", Bucket="bucket", Key="key", UploadId=upload_id)
    assert again.fields == {"UploadId": upload_id}


def test_an_upload_belongs_to_its_key(s3: S3Driver) -> None:
    upload_id, rows = s3.upload("key", b"a")
    assert s3.refused("CompleteMultipartUpload", **_rows(rows, upload_id, "other")).code == "NoSuchUpload"


def test_parts_are_checked_before_they_are_joined(s3: S3Driver) -> None:
    upload_id, rows = s3.upload("key", b"small", b"end")
    complete = "CompleteMultipartUpload"
    assert s3.refused(complete, **_rows([], upload_id)).code == "MalformedXML"
    none = s3.refused(complete, Bucket="bucket", Key="key", UploadId=upload_id)
    assert (none.code, none.message) == ("InvalidRequest", "You must specify at least one part")
    order = s3.refused(complete, **_rows(rows[::-1], upload_id))
    assert (order.code, order.fields) == ("InvalidPartOrder", {"UploadId": upload_id})
    assert s3.refused(complete, **_rows([rows[0], rows[0]], upload_id)).code == "InvalidPartOrder"
    small = s3.refused(complete, **_rows(rows, upload_id))
    etag = hashlib.md5(b"small").hexdigest()
    assert small.code == "EntityTooSmall"
    assert small.fields == {"ETag": etag, "MinSizeAllowed": PART, "PartNumber": 1, "ProposedSize": 5}
    wrong = s3.refused(complete, **_rows([{"PartNumber": 1, "ETag": '"no"'}], upload_id))
    assert (wrong.code, wrong.fields) == ("InvalidPart", {"ETag": "no", "PartNumber": 1, "UploadId": upload_id})
    missing = s3.refused(complete, **_rows([rows[0], {"PartNumber": 7, "ETag": rows[1]["ETag"]}], upload_id))
    assert missing.fields["PartNumber"] == 7
    size = s3.refused(complete, **_rows([rows[1]], upload_id), MpuObjectSize=4)
    assert size.message == "The provided 'x-amz-mp-object-size' header value 4 does not match what was computed: 3"
    s3.call(complete, **_rows([rows[1]], upload_id), MpuObjectSize=3)
    assert s3.get("key")["Body"] == b"end"


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers_have_bounds(s3: S3Driver, number: int) -> None:
    upload_id, _ = s3.upload("key")
    params = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "PartNumber": number}
    error = s3.refused("UploadPart", **params, Body=b"x")
    assert error.message == "Part number must be an integer between 1 and 10000, inclusive"
    assert error.fields == {"ArgumentName": "partNumber", "ArgumentValue": number}


def test_parts_are_listed_by_number_and_page(s3: S3Driver) -> None:
    upload_id, _ = s3.upload("key", b"1", b"22", b"333")
    params = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id}
    whole = s3.call("ListParts", **params)
    assert [(row["PartNumber"], row["Size"]) for row in whole["Parts"]] == [(1, 1), (2, 2), (3, 3)]
    assert (whole["PartNumberMarker"], whole["NextPartNumberMarker"], whole["IsTruncated"]) == (0, 3, False)
    assert s3.refused("ListParts", **params, PartNumberMarker=-1).fields["ArgumentName"] == "part-number-marker"
    page = s3.call("ListParts", **params, MaxParts=2)
    assert (page["NextPartNumberMarker"], page["IsTruncated"]) == (2, True)
    rest = s3.call("ListParts", **params, PartNumberMarker=2)
    assert [row["PartNumber"] for row in rest["Parts"]] == [3]


def test_uploads_are_listed_by_key_and_age(s3: S3Driver) -> None:
    made = [(key, s3.upload(key)[0]) for key in ("b", "a/2", "a/1", "b")]
    order = [made[2], made[1], made[0], made[3]]
    whole = s3.call("ListMultipartUploads", Bucket="bucket")
    assert [(row["Key"], row["UploadId"]) for row in whole["Uploads"]] == order
    page = s3.call("ListMultipartUploads", Bucket="bucket", MaxUploads=3)
    assert (page["NextKeyMarker"], page["NextUploadIdMarker"], page["IsTruncated"]) == (*order[2], True)
    after = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    rest = s3.call("ListMultipartUploads", Bucket="bucket", **after)
    assert [(row["Key"], row["UploadId"]) for row in rest["Uploads"]] == order[3:]
    wrong = {"KeyMarker": "a/1", "UploadIdMarker": made[0][1]}
    assert s3.refused("ListMultipartUploads", Bucket="bucket", **wrong).message == "Invalid uploadId marker"
    keyed = s3.call("ListMultipartUploads", Bucket="bucket", KeyMarker="b")
    assert "Uploads" not in keyed
    shared = s3.call("ListMultipartUploads", Bucket="bucket", Delimiter="/")
    assert shared["CommonPrefixes"] == [{"Prefix": "a/"}]
    assert [row["Key"] for row in shared["Uploads"]] == ["b", "b"]
    prefixed = s3.call("ListMultipartUploads", Bucket="bucket", Prefix="a/")
    assert [row["Key"] for row in prefixed["Uploads"]] == ["a/1", "a/2"]


def test_a_part_can_be_copied_from_an_object(s3: S3Driver) -> None:
    s3.put("source", b"0123456789")
    upload_id, _ = s3.upload("key")
    params = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "CopySource": "bucket/source"}
    whole = s3.call("UploadPartCopy", **params, PartNumber=1)["CopyPartResult"]
    assert whole["ETag"] == f'"{hashlib.md5(b"0123456789").hexdigest()}"'
    part = s3.call("UploadPartCopy", **params, PartNumber=2, CopySourceRange="bytes=2-4")["CopyPartResult"]
    s3.complete("key", upload_id, [{"PartNumber": 2, "ETag": part["ETag"]}])
    assert s3.get("key")["Body"] == b"234"


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        *((form, "InvalidArgument", "must be of the form") for form in ("0-8", "bytes=1-0", "bytes=1-", "bytes=-2")),
        ("bytes=0-100", "InvalidArgument", "Range specified is not valid for source object of size: 10"),
        ("bytes=100-200", "InvalidRequest", "The specified copy range is invalid for the source object size"),
    ],
)
def test_a_part_copy_needs_a_range_within_its_source(s3: S3Driver, asked: str, code: str, message: str) -> None:
    s3.put("source", b"0123456789")
    upload_id, _ = s3.upload("key")
    params = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "PartNumber": 1, "CopySource": "bucket/source"}
    error = s3.refused("UploadPartCopy", **params, CopySourceRange=asked)
    assert error.code == code
    assert message in error.message
