"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""

from __future__ import annotations

import pytest

from emulator.services.s3.tests.s3_driver import S3Driver


def rows(**tags: str) -> dict[str, list[dict[str, str]]]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a", {"a": ""}),
        ("a&b", {"a": "", "b": ""}),
        ("a%26=%C3%A9+x", {"a&": "é x"}),
        ("", {}),
    ],
)
def test_tags_come_with_a_header(s3: S3Driver, header: str, tags: dict[str, str]) -> None:
    if "a&" in tags:
        assert s3.refused("PutObject", Bucket="bucket", Key="key", Tagging=header).code == "InvalidTag"
        return
    s3.put("key", Tagging=header)
    assert s3.call("GetObjectTagging", Bucket="bucket", Key="key") == rows(**tags)


@pytest.mark.parametrize("header", ["a=1&a=2", "a=1,b=2", "a=%FF"])
def test_a_header_that_is_no_set_of_tags(s3: S3Driver, header: str) -> None:
    error = s3.refused("PutObject", Bucket="bucket", Key="key", Tagging=header)
    assert (error.code, error.fields) == ("InvalidArgument", {"ArgumentName": "x-amz-tagging", "ArgumentValue": header})


def test_tags_are_put_and_taken_away(s3: S3Driver) -> None:
    s3.put("key", Tagging="a=1")
    s3.call("PutObjectTagging", Bucket="bucket", Key="key", Tagging=rows(b="2", c=""))
    assert s3.call("GetObjectTagging", Bucket="bucket", Key="key") == rows(b="2", c="")
    s3.call("DeleteObjectTagging", Bucket="bucket", Key="key")
    assert s3.call("GetObjectTagging", Bucket="bucket", Key="key") == rows()
    assert s3.refused("GetObjectTagging", Bucket="bucket", Key="nope").code == "NoSuchKey"


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("a,b", "1")], "The TagKey you have provided is invalid"),
        ([("", "1")], "The TagKey you have provided is invalid"),
        ([("k" * 129, "1")], "The TagKey you have provided is invalid"),
        ([("a", "1,2")], "The TagValue you have provided is invalid"),
        ([("a", "v" * 257)], "The TagValue you have provided is invalid"),
        ([("aws:a", "1")], "Your TagKey cannot be prefixed with aws:"),
    ],
)
def test_tags_against_the_rules(s3: S3Driver, tags: list[tuple[str, str]], message: str) -> None:
    s3.put("key")
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in tags]}
    error = s3.refused("PutObjectTagging", Bucket="bucket", Key="key", Tagging=tagging)
    assert (error.code, error.message) == ("InvalidTag", message)


def test_an_object_has_10_tags_and_a_bucket_50(s3: S3Driver) -> None:
    s3.put("key")
    many = rows(**{f"k{number}": "" for number in range(11)})
    error = s3.refused("PutObjectTagging", Bucket="bucket", Key="key", Tagging=many)
    assert (error.code, error.message) == ("BadRequest", "Object tags cannot be greater than 10")
    s3.call("PutBucketTagging", Bucket="bucket", Tagging=many)
    more = rows(**{f"k{number}": "" for number in range(51)})
    assert s3.refused("PutBucketTagging", Bucket="bucket", Tagging=more).code == "BadRequest"
    reserved = s3.refused("PutBucketTagging", Bucket="bucket", Tagging={"TagSet": [{"Key": "aws:x", "Value": ""}]})
    assert reserved.message == "System tags cannot be added/updated by requester"
