"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from emulator.services.s3.tests.s3_driver import OWNED_KEY, PART, S3Driver


def customer(secret: bytes = b"k" * 32, prefix: str = "") -> dict[str, str]:
    digest = base64.b64encode(hashlib.md5(secret).digest()).decode()
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(secret).decode(),
        f"{prefix}SSECustomerKeyMD5": digest,
    }


def test_a_customers_key_must_come_with_every_read(s3: S3Driver) -> None:
    put = s3.put("key", b"x", **customer())
    assert put["SSECustomerAlgorithm"] == "AES256"
    assert "ServerSideEncryption" not in put
    assert put["ETag"] != f'"{hashlib.md5(b"x").hexdigest()}"'
    assert s3.get("key", **customer())["Body"] == b"x"
    assert (
        "stored using a form of Server Side Encryption" in s3.refused("HeadObject", Bucket="bucket", Key="key").message
    )
    wrong = s3.refused("GetObject", Bucket="bucket", Key="key", **customer(b"o" * 32))
    assert (wrong.code, wrong.status) == ("AccessDenied", 403)
    s3.put("plain")
    error = s3.refused("GetObject", Bucket="bucket", Key="plain", **customer())
    assert error.message == "The encryption parameters are not applicable to this object."


def test_a_customers_key_of_the_source_is_asked_for(s3: S3Driver) -> None:
    s3.put("key", b"x", **customer())
    params = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/key"}
    assert s3.refused("CopyObject", **params).code == "InvalidRequest"
    s3.call("CopyObject", **params, **customer(prefix="CopySource"))
    assert s3.get("copy")["Body"] == b"x"


def test_parts_bring_the_key_of_their_upload(s3: S3Driver) -> None:
    begun = s3.call("CreateMultipartUpload", Bucket="bucket", Key="key", **customer())
    params = {"Bucket": "bucket", "Key": "key", "UploadId": begun["UploadId"], "PartNumber": 1, "Body": b"x"}
    assert "initiate requested encryption" in s3.refused("UploadPart", **params).message
    assert "did not match the ones used originally" in s3.refused("UploadPart", **params, **customer(b"o" * 32)).message
    s3.call("UploadPart", **params, **customer())
    upload_id, _ = s3.upload("plain")
    plain = {**params, "Key": "plain", "UploadId": upload_id}
    assert "did not request encryption" in s3.refused("UploadPart", **plain, **customer()).message


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"SSECustomerAlgorithm": "DES"}, "InvalidEncryptionAlgorithmError", "Supported value: AES256"),
        ({"SSECustomerAlgorithm": None}, "InvalidArgument", "a valid encryption algorithm"),
        ({"SSECustomerKey": None}, "InvalidArgument", "an appropriate secret key"),
        ({"SSECustomerKeyMD5": None}, "InvalidArgument", "the client calculated MD5 of the secret key"),
        ({"SSECustomerKey": "c2hvcnQ="}, "InvalidArgument", "The secret key was invalid"),
        ({"SSECustomerKeyMD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "InvalidArgument", "The calculated MD5 hash of the key"),
        ({"ServerSideEncryption": "AES256"}, "InvalidArgument", "is incompatible with the encryption method"),
    ],
)
def test_customers_keys_that_are_none(s3: S3Driver, change: dict[str, Any], code: str, message: str) -> None:
    params = {name: value for name, value in (customer() | change).items() if value is not None}
    error = s3.refused("PutObject", Bucket="bucket", Key="key", **params)
    assert error.code == code
    assert message in error.message


@pytest.mark.parametrize("named", [OWNED_KEY, OWNED_KEY.rpartition("/")[2]])
def test_a_kms_key_is_found_and_shown_by_its_arn(s3: S3Driver, named: str) -> None:
    put = s3.put("key", b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=named, BucketKeyEnabled=True)
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == ("aws:kms", OWNED_KEY, True)
    assert put["ETag"] != f'"{hashlib.md5(b"x").hexdigest()}"'
    assert s3.get("key")["SSEKMSKeyId"] == OWNED_KEY


def test_a_key_that_is_disabled_keeps_its_objects_closed(s3: S3Driver) -> None:
    s3.put("key", b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=OWNED_KEY)
    s3.keys.state = "Disabled"
    error = s3.refused("GetObject", Bucket="bucket", Key="key")
    assert (error.code, error.message) == ("KMS.DisabledException", f"{OWNED_KEY} is disabled.")
    s3.keys.state = "PendingDeletion"
    assert s3.refused("GetObject", Bucket="bucket", Key="key").code == "KMS.KMSInvalidStateException"
    s3.call("HeadObject", Bucket="bucket", Key="key")


@pytest.mark.parametrize(
    ("key_id", "message"),
    [
        ("fake-key-id", "Invalid keyId 'fake-key-id'"),
        (
            "134f2428-cec1-4b25-a1ae-9048164dba47",
            "Key 'arn:aws:kms:us-east-1:000000000000:key/134f2428-cec1-4b25-a1ae-9048164dba47' does not exist",
        ),
        ("arn:aws:kms:eu-west-1:000000000000:key/x", "Invalid arn eu-west-1"),
    ],
)
def test_a_key_that_is_not_there(s3: S3Driver, key_id: str, message: str) -> None:
    params = {"Bucket": "bucket", "Key": "key", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id}
    for operation in ("PutObject", "CreateMultipartUpload"):
        error = s3.refused(operation, **params)
        assert (error.code, error.message) == ("KMS.NotFoundException", message)


@pytest.mark.parametrize(
    "params",
    [
        {"ServerSideEncryption": "rot13"},
        {"SSEKMSKeyId": OWNED_KEY},
        {"ServerSideEncryption": "AES256", "SSEKMSKeyId": OWNED_KEY},
        {"ServerSideEncryption": "aws:kms", "SSEKMSEncryptionContext": "{no base64}"},
    ],
)
def test_encryptions_that_are_none(s3: S3Driver, params: dict[str, str]) -> None:
    assert s3.refused("PutObject", Bucket="bucket", Key="key", **params).code == "InvalidArgument"


def test_the_buckets_default_is_taken_where_nothing_is_said(s3: S3Driver) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.service.buckets["bucket"].configurations["encryption"] = {"Rules": [rule]}
    put = s3.put("key", b"x")
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == (
        "aws:kms",
        f"{OWNED_KEY[:-1]}0",
        True,
    )
    assert s3.put("other", b"x", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    done = s3.complete("parts", *s3.upload("parts", b"a" * PART, b"b"))
    assert done["ServerSideEncryption"] == "aws:kms"
    assert done["ETag"].endswith('-2"')
