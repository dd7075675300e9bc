"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import hypothesis.strategies as st
import pytest
from hypothesis import given

from emulator.services.s3.tests.s3_driver import S3Driver

NAMES = st.text("ab/é\U0001f600", min_size=1, max_size=5)


def naive(keys: set[str], prefix: str, delimiter: str) -> list[tuple[str, bool]]:
    """Keys and common prefixes (True) in order."""
    found = set()
    for key in keys:
        if key.startswith(prefix):
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            found.add((key, False) if end < 0 else (key[: end + len(delimiter)], True))
    return sorted(found, key=lambda entry: entry[0].encode())


def shown(page: dict[str, Any]) -> list[tuple[str, bool]]:
    rows = [(row["Key"], False) for row in page.get("Contents", ())]
    rows += [(row["Prefix"], True) for row in page.get("CommonPrefixes", ())]
    return sorted(rows, key=lambda entry: entry[0].encode())


@given(
    st.sets(NAMES, max_size=12),
    st.text("ab/", max_size=2),
    st.sampled_from(["", "/", "a", "//", "é"]),
    st.integers(1, 4),
)
def test_pages_of_both_versions_are_the_whole(keys: set[str], prefix: str, delimiter: str, limit: int) -> None:
    s3 = S3Driver()
    s3.bucket()
    for key in keys:
        s3.put(key)
    expected = naive(keys, prefix, delimiter)
    params: dict[str, Any] = {"Bucket": "bucket", "Prefix": prefix, "Delimiter": delimiter, "MaxKeys": limit}
    seen: list[tuple[str, bool]] = []
    token: dict[str, str] = {}
    for number in range(len(expected) // limit + 1):
        page = s3.call("ListObjectsV2", **params, **token)
        seen += shown(page)
        assert page["KeyCount"] == len(shown(page)) <= limit
        assert page["IsTruncated"] == (len(expected) > limit * (number + 1))
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert seen == expected
    seen, marker = [], {}
    while True:
        page = s3.call("ListObjects", **params, **marker)
        seen += shown(page)
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page.get("NextMarker") or page["Contents"][-1]["Key"]}
    assert seen == expected


@given(st.sets(NAMES, max_size=8), NAMES)
def test_a_listing_starts_after_a_key_that_need_not_be_there(keys: set[str], start: str) -> None:
    s3 = S3Driver()
    s3.bucket()
    for key in keys:
        s3.put(key)
    after = sorted((key for key in keys if key.encode() > start.encode()), key=str.encode)
    assert s3.keys_of(StartAfter=start) == after
    assert [row["Key"] for row in s3.call("ListObjects", Bucket="bucket", Marker=start).get("Contents", ())] == after


def test_an_empty_bucket_has_an_empty_page(s3: S3Driver) -> None:
    expected = {"Name": "bucket", "Prefix": "", "MaxKeys": 1_000, "IsTruncated": False}
    assert s3.call("ListObjectsV2", Bucket="bucket") == {**expected, "KeyCount": 0}
    assert s3.call("ListObjects", Bucket="bucket") == {**expected, "Marker": ""}


def test_a_page_has_1000_keys_at_most_and_may_have_none(s3: S3Driver) -> None:
    for number in range(1_001):
        s3.put(f"{number:04}")
    page = s3.call("ListObjectsV2", Bucket="bucket", MaxKeys=5_000)
    assert (page["MaxKeys"], page["KeyCount"], page["IsTruncated"]) == (1_000, 1_000, True)
    none = s3.call("ListObjectsV2", Bucket="bucket", MaxKeys=0)
    assert (none["MaxKeys"], none["KeyCount"], none["IsTruncated"]) == (0, 0, False)


def test_keys_can_be_encoded(s3: S3Driver) -> None:
    key = "a b+c%/é&"
    s3.put(key)
    plain = s3.call("ListObjectsV2", Bucket="bucket", Prefix="a b")
    assert (plain["Contents"][0]["Key"], plain["Prefix"]) == (key, "a b")
    page = s3.call("ListObjectsV2", Bucket="bucket", Prefix="a b", EncodingType="url", StartAfter="a ", Delimiter="&&")
    assert page["Contents"][0]["Key"] == "a+b%2Bc%25/%C3%A9%26"
    assert unquote_plus(page["Contents"][0]["Key"]) == key
    assert (page["Prefix"], page["StartAfter"], page["Delimiter"]) == ("a+b", "a+", "%26%26")
    assert page["EncodingType"] == "url"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"EncodingType": "base64"}, "InvalidArgument"),
        ({"MaxKeys": -1}, "InvalidArgument"),
        ({"ContinuationToken": "nonsense"}, "InvalidArgument"),
        ({"ContinuationToken": ""}, "InvalidArgument"),
    ],
)
def test_parameters_that_make_no_sense(s3: S3Driver, params: dict[str, Any], code: str) -> None:
    assert s3.refused("ListObjectsV2", Bucket="bucket", **params).code == code


def test_owners_are_told_where_they_are_asked_for(s3: S3Driver) -> None:
    s3.put("key")
    [row] = s3.call("ListObjectsV2", Bucket="bucket")["Contents"]
    assert "Owner" not in row
    [row] = s3.call("ListObjectsV2", Bucket="bucket", FetchOwner=True)["Contents"]
    [first] = s3.call("ListObjects", Bucket="bucket")["Contents"]
    assert row["Owner"] == first["Owner"] == s3.call("ListBuckets")["Owner"]


def test_deleted_keys_are_not_listed(versioned: S3Driver) -> None:
    for key in "abc":
        versioned.put(key)
    versioned.call("DeleteObject", Bucket="bucket", Key="b")
    assert versioned.keys_of() == ["a", "c"]
    assert versioned.keys_of(StartAfter="a") == ["c"]
