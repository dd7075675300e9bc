"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"""

from __future__ import annotations

import pytest

from emulator.services.s3 import S3Quotas
from emulator.services.s3.tests.s3_driver import S3Driver


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "A-bucket",
        "-abc",
        "abc-",
        "a..b",
        "192.168.5.4",
        "xn--abc",
        "abc-s3alias",
        "a_b",
        "a" * 64,
        "a.-b",
        "a-.b",
        "a.",
    ],
)
def test_names_against_the_rules_are_refused(s3: S3Driver, name: str) -> None:
    error = s3.refused("CreateBucket", Bucket=name)
    assert (error.code, error.status, error.fields) == ("InvalidBucketName", 400, {"BucketName": name})


def test_a_bucket_of_us_east_1_may_be_made_again(s3: S3Driver) -> None:
    s3.put("kept", b"x")
    assert s3.call("CreateBucket", Bucket="bucket")["Location"] == "/bucket"
    assert s3.keys_of() == ["kept"]


def test_other_regions_say_that_the_bucket_is_there(s3: S3Driver) -> None:
    wish = {"LocationConstraint": "eu-west-1"}
    assert s3.call("CreateBucket", Bucket="far", CreateBucketConfiguration=wish)["Location"].startswith("http://far.")
    error = s3.refused("CreateBucket", Bucket="far", CreateBucketConfiguration=wish)
    assert (error.code, error.status) == ("BucketAlreadyOwnedByYou", 409)
    assert s3.call("GetBucketLocation", Bucket="far") == {"LocationConstraint": "eu-west-1"}
    assert s3.call("HeadBucket", Bucket="far")["BucketRegion"] == "eu-west-1"


@pytest.mark.parametrize(
    ("region", "configuration", "code"),
    [
        ("us-east-1", {"LocationConstraint": "us-east-1"}, "InvalidLocationConstraint"),
        ("us-east-1", {"LocationConstraint": "nowhere"}, "InvalidLocationConstraint"),
        ("us-east-1", {}, "MalformedXML"),
        ("eu-west-1", None, "IllegalLocationConstraintException"),
        ("eu-west-1", {"LocationConstraint": "us-west-2"}, "IllegalLocationConstraintException"),
    ],
)
def test_constraints_that_do_not_fit_the_endpoint(region: str, configuration: dict[str, str] | None, code: str) -> None:
    params = {} if configuration is None else {"CreateBucketConfiguration": configuration}
    assert S3Driver(region=region).refused("CreateBucket", Bucket="some-bucket", **params).code == code


def test_the_location_of_us_east_1_is_null(s3: S3Driver) -> None:
    assert s3.call("GetBucketLocation", Bucket="bucket") == {"LocationConstraint": None}


def test_only_an_empty_bucket_is_deleted(s3: S3Driver) -> None:
    s3.put("key")
    assert s3.refused("DeleteBucket", Bucket="bucket").message == "The bucket you tried to delete is not empty"
    s3.call("DeleteObject", Bucket="bucket", Key="key")
    s3.call("CreateMultipartUpload", Bucket="bucket", Key="under-way")
    s3.call("DeleteBucket", Bucket="bucket")
    error = s3.refused("HeadBucket", Bucket="bucket")
    assert (error.code, error.status, error.fields) == ("NoSuchBucket", 404, {"BucketName": "bucket"})


def test_a_delete_marker_keeps_a_bucket_from_being_deleted(versioned: S3Driver) -> None:
    marker = versioned.call("DeleteObject", Bucket="bucket", Key="never-was")
    assert "You must delete all versions" in versioned.refused("DeleteBucket", Bucket="bucket").message
    versioned.call("DeleteObject", Bucket="bucket", Key="never-was", VersionId=marker["VersionId"])
    versioned.call("DeleteBucket", Bucket="bucket")


def test_buckets_are_listed_by_name_and_page() -> None:
    s3 = S3Driver()
    for name in ("bbb", "aaa", "abc", "zzz"):
        s3.bucket(name)
    assert [row["Name"] for row in s3.call("ListBuckets")["Buckets"]] == ["aaa", "abc", "bbb", "zzz"]
    page = s3.call("ListBuckets", MaxBuckets=1, Prefix="a")
    assert [row["Name"] for row in page["Buckets"]] == ["aaa"]
    rest = s3.call("ListBuckets", MaxBuckets=1, Prefix="a", ContinuationToken=page["ContinuationToken"])
    assert [row["Name"] for row in rest["Buckets"]] == ["abc"]
    assert "ContinuationToken" not in rest
    assert s3.call("ListBuckets", BucketRegion="eu-west-1")["Buckets"] == []
    wrong = s3.refused("ListBuckets", BucketRegion="eu-east-1")
    assert wrong.message == "Argument value eu-east-1 is not a valid AWS Region"


def test_there_are_so_many_buckets_and_no_more() -> None:
    s3 = S3Driver(S3Quotas(buckets=1))
    s3.bucket("one")
    assert s3.refused("CreateBucket", Bucket="two").code == "TooManyBuckets"


def test_the_expected_owner_is_checked(s3: S3Driver) -> None:
    s3.call("HeadBucket", Bucket="bucket", ExpectedBucketOwner="000000000000")
    assert s3.refused("HeadBucket", Bucket="bucket", ExpectedBucketOwner="111111111111").code == "AccessDenied"
    wrong = s3.refused("HeadBucket", Bucket="bucket", ExpectedBucketOwner="me")
    assert wrong.code == "InvalidBucketOwnerAWSAccountID"


def test_versioning_says_what_it_was_told(s3: S3Driver) -> None:
    assert s3.call("GetBucketVersioning", Bucket="bucket") == {}
    for status in ("Suspended", "Enabled"):
        s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": status})
        assert s3.call("GetBucketVersioning", Bucket="bucket") == {"Status": status}
    put = "PutBucketVersioning"
    assert s3.refused(put, Bucket="bucket", VersioningConfiguration={"Status": "on"}).code == "MalformedXML"
    assert (
        s3.refused(put, Bucket="bucket", VersioningConfiguration={}).code == "IllegalVersioningConfigurationException"
    )
    mfa = {"Status": "Enabled", "MFADelete": "Enabled"}
    assert "MFADelete" in s3.refused(put, Bucket="bucket", VersioningConfiguration=mfa).message


def test_bucket_tags_are_replaced_as_a_whole(s3: S3Driver) -> None:
    assert s3.refused("GetBucketTagging", Bucket="bucket").code == "NoSuchTagSet"
    for tags in ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}], [{"Key": "c", "Value": "3"}]):
        s3.call("PutBucketTagging", Bucket="bucket", Tagging={"TagSet": tags})
        assert s3.call("GetBucketTagging", Bucket="bucket") == {"TagSet": tags}
    s3.call("DeleteBucketTagging", Bucket="bucket")
    assert s3.refused("GetBucketTagging", Bucket="bucket").code == "NoSuchTagSet"


def test_an_operation_that_is_not_there_is_refused_by_name(s3: S3Driver) -> None:
    error = s3.refused("RenameObject", Bucket="bucket", Key="new", RenameSource="old")
    assert (error.code, error.status) == ("NotImplemented", 501)
    assert "RenameObject" in error.message
