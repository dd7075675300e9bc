"""Settings that are kept and told, over HTTP as clients put and get them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from emulator.services.s3.tests.wire_driver import WireDriver, code_of, header, text_of

ENCRYPTION = "<ServerSideEncryptionConfiguration><Rule>{}</Rule></ServerSideEncryptionConfiguration>"
BY_DEFAULT = (
    "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{}</SSEAlgorithm>{}</ApplyServerSideEncryptionByDefault>"
)
INVENTORY = (
    "<InventoryConfiguration><Id>{id}</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions>"
    "<Schedule><Frequency>{frequency}</Frequency></Schedule><Destination><S3BucketDestination><Bucket>{bucket}</Bucket>"
    "<Format>CSV</Format></S3BucketDestination></Destination></InventoryConfiguration>"
)


@pytest.fixture
def s3() -> WireDriver:
    driver = WireDriver()
    driver.call("CreateBucket", Bucket="bucket")
    return driver


def put(s3: WireDriver, target: str, document: str) -> tuple[int, str]:
    answer = s3.request("PUT", target, document.encode())
    return answer.status, code_of(answer)


def test_encryption_is_s3s_own_until_something_else_is_said(s3: WireDriver) -> None:
    assert "<SSEAlgorithm>AES256</SSEAlgorithm>" in text_of(s3.request("GET", "/bucket?encryption"))
    key = "<KMSMasterKeyID>key</KMSMasterKeyID>"
    assert put(s3, "/bucket?encryption", ENCRYPTION.format(BY_DEFAULT.format("AES256", key))) == (
        400,
        "InvalidArgument",
    )
    assert put(s3, "/bucket?encryption", ENCRYPTION.format(BY_DEFAULT.format("ROT13", ""))) == (400, "MalformedXML")
    assert put(s3, "/bucket?encryption", ENCRYPTION.format("")) == (400, "MalformedXML")
    assert put(s3, "/bucket?encryption", ENCRYPTION.format(BY_DEFAULT.format("aws:kms", "")))[0] == 200
    assert "<SSEAlgorithm>aws:kms</SSEAlgorithm>" in text_of(s3.request("GET", "/bucket?encryption"))
    assert s3.request("DELETE", "/bucket?encryption").status == 204
    assert "<SSEAlgorithm>AES256</SSEAlgorithm>" in text_of(s3.request("GET", "/bucket?encryption"))


def test_logging_needs_a_bucket_of_the_same_region(s3: WireDriver) -> None:
    document = (
        "<BucketLoggingStatus><LoggingEnabled><TargetBucket>{}</TargetBucket><TargetPrefix>l</TargetPrefix>"
        "</LoggingEnabled></BucketLoggingStatus>"
    )
    assert put(s3, "/bucket?logging", document.format("none")) == (400, "InvalidTargetBucketForLogging")
    s3.call("CreateBucket", Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    assert put(s3, "/bucket?logging", document.format("far")) == (403, "CrossLocationLoggingProhibitted")
    assert put(s3, "/bucket?logging", document.format("bucket"))[0] == 200
    assert "<TargetPrefix>l</TargetPrefix>" in text_of(s3.request("GET", "/bucket?logging"))
    assert put(s3, "/bucket?logging", "<BucketLoggingStatus/>")[0] == 200
    assert "LoggingEnabled" not in text_of(s3.request("GET", "/bucket?logging"))


def test_acceleration_is_not_for_names_with_dots(s3: WireDriver) -> None:
    document = "<AccelerateConfiguration><Status>{}</Status></AccelerateConfiguration>"
    s3.call("CreateBucket", Bucket="with.dots")
    assert put(s3, "/with.dots?accelerate", document.format("Enabled")) == (400, "InvalidRequest")
    assert put(s3, "/bucket?accelerate", document.format("enabled")) == (400, "MalformedXML")
    assert put(s3, "/bucket?accelerate", document.format("Enabled"))[0] == 200
    assert "<Status>Enabled</Status>" in text_of(s3.request("GET", "/bucket?accelerate"))


def test_inventories_are_kept_by_id(s3: WireDriver) -> None:
    good = {"id": "b", "frequency": "Daily", "bucket": "arn:aws:s3:::bucket"}
    assert put(s3, "/bucket?inventory&id=other", INVENTORY.format(**good)) == (400, "IdMismatch")
    assert put(s3, "/bucket?inventory&id=b", INVENTORY.format(**{**good, "frequency": "Hourly"})) == (
        400,
        "MalformedXML",
    )
    assert put(s3, "/bucket?inventory&id=b", INVENTORY.format(**{**good, "bucket": "b"})) == (
        400,
        "InvalidS3DestinationBucket",
    )
    for name in ("b", "a"):
        assert put(s3, f"/bucket?inventory&id={name}", INVENTORY.format(**{**good, "id": name}))[0] == 204
    listed = text_of(s3.request("GET", "/bucket?inventory"))
    assert listed.index("<Id>a</Id>") < listed.index("<Id>b</Id>")
    assert s3.request("DELETE", "/bucket?inventory&id=a").status == 204
    missing = s3.request("GET", "/bucket?inventory&id=a")
    assert (missing.status, code_of(missing)) == (404, "NoSuchConfiguration")


def test_what_is_not_supported_is_refused_by_name(s3: WireDriver) -> None:
    none = s3.request("GET", "/bucket?replication")
    assert (none.status, code_of(none)) == (404, "ReplicationConfigurationNotFoundError")
    refused = s3.request("GET", "/bucket/k?torrent")
    assert (refused.status, "GetObjectTorrent" in text_of(refused)) == (501, True)


def test_every_answer_has_s3s_ids(s3: WireDriver) -> None:
    for answer in (s3.request("GET", "/bucket"), s3.request("GET", "/none"), s3.request("OPTIONS", "/bucket/k")):
        assert len(str(header(answer, "x-amz-request-id"))) == 16
        assert len(str(header(answer, "x-amz-id-2"))) == 76
        assert header(answer, "Server") == "AmazonS3"


@pytest.mark.parametrize(
    "key", ["a//b", "..", "a/../b", "trailing/", "/leading", "a+b", "a b", "%", "ü世界😀", "a?b#c&d=e", "x" * 1024]
)
def test_keys_are_taken_as_they_are(s3: WireDriver, key: str) -> None:
    target = f"/bucket/{quote(key)}"
    assert s3.request("PUT", target, key.encode()).status == 200
    assert text_of(s3.request("GET", target)) == key
    assert s3.call("ListObjectsV2", Bucket="bucket")["Contents"][0]["Key"] == key


def test_metadata_that_is_not_ascii_comes_back_as_an_encoded_word(s3: WireDriver) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata"""
    s3.request("PUT", "/bucket/k", headers={"x-amz-meta-Plain": "a", "X-Amz-Meta-Word": "=?UTF-8?Q?gr=C3=BC=C3=9Fe?="})
    answer = s3.request("HEAD", "/bucket/k")
    assert (header(answer, "x-amz-meta-plain"), header(answer, "x-amz-meta-word")) == ("a", "=?UTF-8?B?Z3LDvMOfZQ==?=")
    assert s3.call("HeadObject", Bucket="bucket", Key="k")["Metadata"] == {"plain": "a", "word": "grüße"}


def test_a_path_that_is_no_text_is_refused(s3: WireDriver) -> None:
    answer = s3.request("GET", "/bucket/%FF")
    assert (answer.status, code_of(answer)) == (400, "InvalidURI")
