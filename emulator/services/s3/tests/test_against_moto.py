"""The same calls to moto and to S3, where moto is right: contents, entity tags, versions, listings, codes of errors.

Not compared, because moto differs from AWS: texts and fields of errors, checksums that nobody asked for, page sizes, owners.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from emulator.errors import AwsError
from emulator.services.s3.tests.s3_driver import PART, S3Driver

KEYS = ["a", "a/b", "a/b/c", "b c+%", "é/\U0001f600", "z"]
STEPS = 120
COMPARED = ("ContentLength", "ContentType", "ETag", "Metadata", "StorageClass", "TagCount", "ContentRange")


class Both:
    """Calls moto and S3 with the same parameters. Version ids differ, so they are told by the order in which they were given."""

    def __init__(self) -> None:
        self.ours = S3Driver()
        config = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
        secrets = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.moto: Any = boto3.client("s3", region_name="us-east-1", config=config, **secrets)
        self.versions: list[tuple[str, str]] = []
        """Ids of the same version, ours and moto's."""
        self.versioned = False

    def __call__(self, name: str, **params: Any) -> dict[str, Any] | None:
        """What both answered, ours; None where both refused with one code."""
        theirs, code = self._ask_moto(name, self._translated(params, 1))
        try:
            ours = self.ours.call(name, Bucket="bucket", **self._translated(params, 0))
        except AwsError as error:
            assert code == error.code, (name, params, theirs)
            return None
        assert code == "", (name, params, ours)
        assert theirs is not None
        if "Body" in theirs:
            assert ours["Body"] == theirs["Body"].read()
        for member in COMPARED:
            if member in theirs and not (member == "Metadata" and not theirs[member]):
                assert ours.get(member) == theirs[member], (name, params, member)
        assert bool(ours.get("DeleteMarker")) == bool(theirs.get("DeleteMarker")), (name, params)
        if name != "DeleteObject" or "VersionId" not in params:
            found = ours.get("VersionId"), theirs.get("VersionId")
            if None not in found and found not in self.versions:
                self.versions.append(found)  # type: ignore[arg-type]
        return dict(ours)

    def _ask_moto(self, name: str, params: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
        method = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")
        try:
            return getattr(self.moto, method.replace("v2", "_v2"))(Bucket="bucket", **params), ""
        except ClientError as error:
            return None, {"404": "NoSuchKey"}.get(error.response["Error"]["Code"], error.response["Error"]["Code"])

    def _translated(self, params: dict[str, Any], side: int) -> dict[str, Any]:
        if "VersionId" not in params:
            return params
        return {**params, "VersionId": self.versions[params["VersionId"]][side]}

    def listings(self, **params: Any) -> None:
        """Both listings are the same."""
        ours = self.ours.call("ListObjectsV2", Bucket="bucket", **params)
        theirs = self.moto.list_objects_v2(Bucket="bucket", **params)
        for member in ("KeyCount", "IsTruncated"):
            assert ours[member] == theirs[member], params
        for member, name in (("Contents", "Key"), ("CommonPrefixes", "Prefix")):
            rows = [row[name] for row in ours.get(member, ())], [row[name] for row in theirs.get(member, ())]
            assert rows[0] == rows[1], params
        assert [(row["Size"], row["ETag"]) for row in ours.get("Contents", ())] == [
            (row["Size"], row["ETag"]) for row in theirs.get("Contents", ())
        ]

    def histories(self) -> None:
        """Both know the same versions, in the same order."""
        ours = self.ours.call("ListObjectVersions", Bucket="bucket")
        theirs = self.moto.list_object_versions(Bucket="bucket")
        for member in ("Versions", "DeleteMarkers"):
            rows = [
                [(row["Key"], row["IsLatest"], row.get("ETag"), row.get("Size")) for row in answer.get(member, ())]
                for answer in (ours, theirs)
            ]
            assert rows[0] == rows[1]


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        pair = Both()
        pair("CreateBucket")
        yield pair


def step(both: Both, chance: random.Random) -> None:
    key = chance.choice(KEYS)
    kind = chance.choice(
        ["put", "put", "get", "range", "delete", "copy", "tag", "version", "gone", "many", "if", "list"]
    )
    if kind == "put":
        more = chance.choice([{}, {"Metadata": {"m": "1"}}, {"ContentType": "text/x"}, {"Tagging": "a=1&b=2"}])
        both("PutObject", Key=key, Body=chance.randbytes(chance.randrange(20)), **more)
    elif kind == "get":
        both(chance.choice(["GetObject", "HeadObject"]), Key=key)
    elif kind == "range":
        low = chance.randrange(12)
        if both("HeadObject", Key=key) is not None:
            both("GetObject", Key=key, Range=f"bytes={low}-{low + chance.randrange(8)}")
    elif kind == "delete":
        if not both.versioned or both("HeadObject", Key=key) is not None:  # moto puts no marker where there was no key
            both("DeleteObject", Key=key)
    elif kind == "copy":
        source = chance.choice([name for name in KEYS if name != key])
        both("CopyObject", Key=key, CopySource={"Bucket": "bucket", "Key": source})
    elif kind == "tag":
        if both("HeadObject", Key=key) is not None:
            both("PutObjectTagging", Key=key, Tagging={"TagSet": [{"Key": "t", "Value": str(chance.random())}]})
            tags = both.ours.call("GetObjectTagging", Bucket="bucket", Key=key)["TagSet"]
            assert both.moto.get_object_tagging(Bucket="bucket", Key=key)["TagSet"] == tags
    elif kind == "if":
        more = chance.choice([{"IfNoneMatch": "*"}, {"IfMatch": '"0"'}])
        if both("HeadObject", Key=key) is not None or "IfNoneMatch" in more:
            both("PutObject", Key=key, Body=b"if", **more)
    elif kind == "many":
        rows = {"Objects": [{"Key": name} for name in chance.sample(KEYS, 2)]}
        if not both.versioned:
            ours = both.ours.call("DeleteObjects", Bucket="bucket", Delete=rows)["Deleted"]
            theirs = both.moto.delete_objects(Bucket="bucket", Delete=rows)["Deleted"]
            assert [row["Key"] for row in ours] == [row["Key"] for row in theirs]
    elif kind == "list":
        more = chance.choice([{}, {"Delimiter": "/"}, {"Prefix": "a"}, {"Prefix": "a/", "Delimiter": "/"}])
        if both.versioned:
            more.pop("Delimiter", None)  # moto makes common prefixes of deleted keys, too
        both.listings(**more, **chance.choice([{}, {"StartAfter": key}] if "Delimiter" not in more else [{}]))
    elif both.versions:
        number = chance.randrange(len(both.versions))
        rows = both.ours.call("ListObjectVersions", Bucket="bucket")
        found = [row for row in rows.get("Versions", ()) if row["VersionId"] == both.versions[number][0]]
        if found:
            both("GetObject" if kind == "version" else "DeleteObject", Key=found[0]["Key"], VersionId=number)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("versioning", ["", "Enabled"])
def test_random_calls_have_the_same_answers(both: Both, seed: int, versioning: str) -> None:
    if versioning:
        both.versioned = True
        both("PutBucketVersioning", VersioningConfiguration={"Status": versioning})
    chance = random.Random(seed)
    for _ in range(STEPS):
        step(both, chance)
    both.listings()
    both.histories()


def test_an_upload_in_parts_has_the_same_entity_tag(both: Both) -> None:
    bodies = [b"a" * PART, b"b" * PART, b"end"]
    ids = (
        both.ours.call("CreateMultipartUpload", Bucket="bucket", Key="k")["UploadId"],
        both.moto.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"],
    )
    rows = []
    for number, body in enumerate(bodies, 1):
        params = {"Bucket": "bucket", "Key": "k", "PartNumber": number, "Body": body}
        ours = both.ours.call("UploadPart", **params, UploadId=ids[0])["ETag"]
        assert ours == both.moto.upload_part(**params, UploadId=ids[1])["ETag"]
        rows.append({"PartNumber": number, "ETag": ours})
    wanted = {"Bucket": "bucket", "Key": "k", "MultipartUpload": {"Parts": rows}}
    done = both.moto.complete_multipart_upload(**wanted, UploadId=ids[1])
    assert both.ours.call("CompleteMultipartUpload", **wanted, UploadId=ids[0])["ETag"] == done["ETag"]
    both("GetObject", Key="k", Range=f"bytes={PART - 2}-{PART + 1}")
