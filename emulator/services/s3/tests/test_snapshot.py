"""A snapshot is plain data: whoever keeps it may write it as JSON or pickle it."""

from __future__ import annotations

import json
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

from emulator.services.s3.tests.s3_driver import S3Driver


def through_json(snapshot: Any) -> Any:
    """JSON has no bytes: whoever keeps a snapshot as JSON says what stands for them."""
    text = json.dumps(snapshot, default=lambda blob: {"bytes": b64encode(blob).decode()})
    return json.loads(text, object_hook=lambda row: b64decode(row["bytes"]) if row.keys() == {"bytes"} else row)


def filled(s3: S3Driver) -> None:
    s3.call(
        "PutObject",
        Bucket="bucket",
        Key="ü",
        Body=b"one",
        Metadata={"a": "b"},
        Tagging="x=1",
        ChecksumAlgorithm="SHA256",
    )
    s3.call("PutObject", Bucket="bucket", Key="ü", Body=b"two")
    s3.call("PutObject", Bucket="bucket", Key="gone", Body=b"")
    s3.call("DeleteObject", Bucket="bucket", Key="gone")
    s3.call("PutBucketTagging", Bucket="bucket", Tagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    for key in ("done", "open"):
        upload = s3.call("CreateMultipartUpload", Bucket="bucket", Key=key)["UploadId"]
        etag = s3.call("UploadPart", Bucket="bucket", Key=key, UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
        if key == "done":
            parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
            s3.call("CompleteMultipartUpload", Bucket="bucket", Key=key, UploadId=upload, MultipartUpload=parts)


def told(s3: S3Driver) -> list[Any]:
    """What a client can learn of everything."""
    [upload] = s3.call("ListMultipartUploads", Bucket="bucket")["Uploads"]
    head = s3.call("HeadObject", Bucket="bucket", Key="done", PartNumber=1)
    return [
        s3.call("ListObjectVersions", Bucket="bucket"),
        s3.call("ListParts", Bucket="bucket", Key="open", UploadId=upload["UploadId"]),
        {name: value for name, value in head.items() if name != "Body"},
        s3.call("GetBucketTagging", Bucket="bucket"),
        upload,
    ]


@pytest.mark.parametrize("carried", [through_json, lambda snapshot: pickle.loads(pickle.dumps(snapshot))])
def test_snapshot_may_be_kept_as_json_or_pickled(versioned: S3Driver, carried: Callable[[Any], Any]) -> None:
    filled(versioned)
    data = versioned.service.snapshot()
    again = S3Driver()
    again.service.restore_snapshot(carried(data))
    assert again.service.snapshot() == data
    assert told(again) == told(versioned)
