"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, as S3 answers it."""

from __future__ import annotations

import pytest

from emulator.services.s3.tests.s3_driver import PART, S3Driver

DIGITS = b"0123456789"


@pytest.mark.parametrize(
    ("asked", "body", "shown"),
    [
        ("bytes=0-8", b"012345678", "bytes 0-8/10"),
        ("bytes=1-1", b"1", "bytes 1-1/10"),
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=1-", b"123456789", "bytes 1-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=-15", DIGITS, "bytes 0-9/10"),
        ("bytes=0-100", DIGITS, "bytes 0-9/10"),
        ("bytes=1-0", DIGITS, None),
        ("bytes=-1-", DIGITS, None),
        ("bytes=0--1", DIGITS, None),
        ("bytes=0-1,3-4,7-9", DIGITS, None),
        ("0-8", DIGITS, None),
        ("bytes=-", DIGITS, None),
    ],
)
def test_a_range_selects_bytes_and_a_malformed_one_is_ignored(
    s3: S3Driver, asked: str, body: bytes, shown: str | None
) -> None:
    s3.put("key", DIGITS)
    got = s3.get("key", Range=asked, ChecksumMode="ENABLED")
    assert (got["Body"], got.get("ContentRange"), got["ContentLength"]) == (body, shown, len(body))
    assert ("ChecksumCRC64NVME" in got) == (body == DIGITS)


@pytest.mark.parametrize("asked", ["bytes=-0", "bytes=10-", "bytes=100-200"])
def test_a_range_behind_the_end_is_refused(s3: S3Driver, asked: str) -> None:
    s3.put("key", DIGITS)
    error = s3.refused("GetObject", Bucket="bucket", Key="key", Range=asked)
    assert (error.code, error.status) == ("InvalidRange", 416)
    assert error.fields == {"RangeRequested": asked, "ActualObjectSize": 10}


def test_ranges_and_parts_of_an_object_in_parts(s3: S3Driver) -> None:
    first, second = b"a" * PART, b"end"
    s3.complete("key", *s3.upload("key", first, second))
    size = PART + 3
    assert s3.get("key", Range=f"bytes={PART - 1}-{PART}")["Body"] == b"ae"
    part = s3.get("key", PartNumber=2)
    assert (part["Body"], part["PartsCount"]) == (b"end", 2)
    assert part["ContentRange"] == f"bytes {PART}-{size - 1}/{size}"
    head = s3.call("HeadObject", Bucket="bucket", Key="key", PartNumber=1)
    assert head["ContentLength"] == PART
    error = s3.refused("GetObject", Bucket="bucket", Key="key", PartNumber=3)
    assert (error.code, error.status) == ("InvalidPartNumber", 416)
    assert error.fields == {"PartNumberRequested": 3, "ActualPartCount": 2}
    both = s3.refused("GetObject", Bucket="bucket", Key="key", PartNumber=1, Range="bytes=0-1")
    assert both.message == "Cannot specify both Range header and partNumber query parameter"


def test_an_object_in_one_piece_is_its_own_first_part(s3: S3Driver) -> None:
    s3.put("key", DIGITS)
    got = s3.get("key", PartNumber=1)
    assert (got["Body"], got["ContentRange"]) == (DIGITS, "bytes 0-9/10")
    assert "PartsCount" not in got
    assert s3.refused("GetObject", Bucket="bucket", Key="key", PartNumber=2).code == "InvalidPartNumber"
