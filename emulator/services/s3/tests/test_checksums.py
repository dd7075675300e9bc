"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html"""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from emulator.services.s3.tests.s3_driver import PART, S3Driver

CHECK = b"123456789"
KNOWN = {  # the check values that each algorithm publishes for "123456789"
    "CRC32": bytes.fromhex("cbf43926"),
    "CRC32C": bytes.fromhex("e3069283"),
    "CRC64NVME": bytes.fromhex("ae8b14860a799888"),
    "MD5": hashlib.md5(CHECK).digest(),
    "SHA1": hashlib.sha1(CHECK).digest(),
    "SHA256": hashlib.sha256(CHECK).digest(),
    "SHA512": hashlib.sha512(CHECK).digest(),
    "XXHASH64": bytes.fromhex("8cb841db40e6ae83"),
}


def text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("algorithm", KNOWN)
def test_a_true_checksum_is_kept_and_given_back_on_demand(s3: S3Driver, algorithm: str) -> None:
    member, value = f"Checksum{algorithm}", text(KNOWN[algorithm])
    put = s3.put("key", CHECK, **{member: value})
    assert (put[member], put["ChecksumType"]) == (value, "FULL_OBJECT")
    assert member not in s3.get("key")
    assert s3.get("key", ChecksumMode="ENABLED")[member] == value
    [row] = s3.call("ListObjectsV2", Bucket="bucket")["Contents"]
    assert (row["ChecksumAlgorithm"], row["ChecksumType"]) == ([algorithm], "FULL_OBJECT")


@pytest.mark.parametrize("algorithm", KNOWN)
def test_a_false_checksum_is_refused(s3: S3Driver, algorithm: str) -> None:
    member, digest = f"Checksum{algorithm}", KNOWN[algorithm]
    wrong = s3.refused("PutObject", Bucket="bucket", Key="key", Body=b"other", **{member: text(digest)})
    assert (wrong.code, wrong.message) == (
        "BadDigest",
        f"The {algorithm} you specified did not match the calculated checksum.",
    )
    for malformed in ("no base64", text(digest[:-1])):
        error = s3.refused("PutObject", Bucket="bucket", Key="key", Body=CHECK, **{member: malformed})
        assert error.message == f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."
    assert s3.keys_of() == []


def test_an_object_without_a_checksum_gets_crc64nvme(s3: S3Driver) -> None:
    assert s3.put("key", CHECK)["ChecksumCRC64NVME"] == text(KNOWN["CRC64NVME"])


def test_there_is_one_checksum_at_most(s3: S3Driver) -> None:
    both = {f"Checksum{name}": text(KNOWN[name]) for name in ("CRC32", "SHA1")}
    error = s3.refused("PutObject", Bucket="bucket", Key="key", Body=CHECK, **both)
    assert error.message.startswith("Expecting a single x-amz-checksum- header.")
    unknown = s3.refused("CreateMultipartUpload", Bucket="bucket", Key="key", ChecksumAlgorithm="CRC16")
    assert "[CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]" in unknown.message


def test_content_md5_is_compared(s3: S3Driver) -> None:
    s3.put("key", CHECK, ContentMD5=text(KNOWN["MD5"]))
    wrong = s3.refused("PutObject", Bucket="bucket", Key="key", Body=b"other", ContentMD5=text(KNOWN["MD5"]))
    assert wrong.code == "BadDigest"
    for malformed in ("__invalid__", "000", "MTIz"):
        error = s3.refused("PutObject", Bucket="bucket", Key="key", Body=CHECK, ContentMD5=malformed)
        assert (error.code, error.fields) == ("InvalidDigest", {"Content-MD5": malformed})


def parts_of(s3: S3Driver, upload_id: str, algorithm: str, bodies: list[bytes]) -> list[dict[str, Any]]:
    rows = []
    for number, body in enumerate(bodies, 1):
        digest = {"CRC32": zlib.crc32(body).to_bytes(4, "big"), "SHA256": hashlib.sha256(body).digest()}[algorithm]
        given = {f"Checksum{algorithm}": text(digest)}
        params = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "PartNumber": number, "Body": body}
        part = s3.call("UploadPart", **params, **given)
        assert part[f"Checksum{algorithm}"] == text(digest)
        rows.append({"PartNumber": number, "ETag": part["ETag"], **given})
    return rows


def test_the_checksum_of_parts_is_composite_unless_told_otherwise(s3: S3Driver) -> None:
    bodies = [b"a" * PART, b"b"]
    begun = s3.call("CreateMultipartUpload", Bucket="bucket", Key="key", ChecksumAlgorithm="SHA256")
    assert (begun["ChecksumAlgorithm"], begun["ChecksumType"]) == ("SHA256", "COMPOSITE")
    rows = parts_of(s3, begun["UploadId"], "SHA256", bodies)
    whole = hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in bodies)).digest()
    done = s3.complete("key", begun["UploadId"], rows)
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (f"{text(whole)}-2", "COMPOSITE")
    assert s3.get("key", ChecksumMode="ENABLED")["ChecksumSHA256"] == f"{text(whole)}-2"
    assert s3.get("key", ChecksumMode="ENABLED", PartNumber=2)["ChecksumSHA256"] == rows[1]["ChecksumSHA256"]
    wanted = ["Checksum", "ObjectParts"]
    shown = s3.call("GetObjectAttributes", Bucket="bucket", Key="key", ObjectAttributes=wanted, MaxParts=1)
    assert shown["Checksum"] == {"ChecksumSHA256": text(whole), "ChecksumType": "COMPOSITE"}
    assert shown["ObjectParts"]["Parts"] == [
        {"PartNumber": 1, "Size": PART, "ChecksumSHA256": rows[0]["ChecksumSHA256"]}
    ]
    assert (shown["ObjectParts"]["IsTruncated"], shown["ObjectParts"]["NextPartNumberMarker"]) == (True, 1)


def test_a_crc_of_the_whole_object_follows_from_the_parts(s3: S3Driver) -> None:
    bodies = [b"a" * PART, b"bc"]
    more = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    upload_id = s3.call("CreateMultipartUpload", Bucket="bucket", Key="key", **more)["UploadId"]
    rows = parts_of(s3, upload_id, "CRC32", bodies)
    whole = text(zlib.crc32(b"".join(bodies)).to_bytes(4, "big"))
    wanted = {"Bucket": "bucket", "Key": "key", "UploadId": upload_id, "MultipartUpload": {"Parts": rows}}
    wrong = s3.refused("CompleteMultipartUpload", **wanted, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT")
    assert (wrong.code, wrong.message) == (
        "BadDigest",
        "The crc32 you specified did not match the calculated checksum.",
    )
    mode = s3.refused("CompleteMultipartUpload", **wanted, ChecksumType="COMPOSITE")
    assert "FULL_OBJECT checksum mode" in mode.message
    done = s3.call("CompleteMultipartUpload", **wanted, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (whole, "FULL_OBJECT")


def test_an_upload_without_an_algorithm_ends_with_crc64nvme(s3: S3Driver) -> None:
    upload_id, rows = s3.upload("key", CHECK)
    done = s3.complete("key", upload_id, rows)
    assert (done["ChecksumCRC64NVME"], done["ChecksumType"]) == (text(KNOWN["CRC64NVME"]), "FULL_OBJECT")


def test_a_parts_own_checksum_is_not_shown_as_one_of_the_objects_algorithm(s3: S3Driver) -> None:
    upload_id, _ = s3.upload("key")
    rows = parts_of(s3, upload_id, "CRC32", [b"a" * PART, b"b"])
    s3.complete("key", upload_id, rows)
    part = s3.get("key", PartNumber=2, ChecksumMode="ENABLED")
    assert not any(name.startswith("Checksum") for name in part)
    shown = s3.call("GetObjectAttributes", Bucket="bucket", Key="key", ObjectAttributes=["ObjectParts"])
    assert shown["ObjectParts"] == {"TotalPartsCount": 2}


def test_parts_and_completions_must_keep_to_the_algorithm(s3: S3Driver) -> None:
    begun = s3.call("CreateMultipartUpload", Bucket="bucket", Key="key", ChecksumAlgorithm="SHA256")
    params = {"Bucket": "bucket", "Key": "key", "UploadId": begun["UploadId"], "PartNumber": 1, "Body": CHECK}
    mismatch = "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: "
    assert s3.refused("UploadPart", **params).message == f"{mismatch}null"
    assert s3.refused("UploadPart", **params, ChecksumSHA1=text(KNOWN["SHA1"])).message == f"{mismatch}sha1"
    [row] = parts_of(s3, begun["UploadId"], "SHA256", [CHECK])
    bare = {"PartNumber": 1, "ETag": row["ETag"]}
    wanted = {"Bucket": "bucket", "Key": "key", "UploadId": begun["UploadId"]}
    missing = s3.refused("CompleteMultipartUpload", **wanted, MultipartUpload={"Parts": [bare]})
    assert missing.message.endswith("It was missing for part 1 in the request.")
    false = {**bare, "ChecksumSHA256": text(hashlib.sha256(b"x").digest())}
    assert s3.refused("CompleteMultipartUpload", **wanted, MultipartUpload={"Parts": [false]}).code == "InvalidPart"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"ChecksumType": "COMPOSITE"}, "can only be used with the x-amz-checksum-algorithm header"),
        ({"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"}, "The COMPOSITE checksum type cannot be used"),
        ({"ChecksumAlgorithm": "SHA1", "ChecksumType": "FULL_OBJECT"}, "The FULL_OBJECT checksum type cannot be used"),
        ({"ChecksumAlgorithm": "SHA1", "ChecksumType": "HALF"}, "Value for x-amz-checksum-type header is invalid."),
    ],
)
def test_kinds_of_checksum_that_there_are_not(s3: S3Driver, params: dict[str, str], message: str) -> None:
    assert message in s3.refused("CreateMultipartUpload", Bucket="bucket", Key="key", **params).message
