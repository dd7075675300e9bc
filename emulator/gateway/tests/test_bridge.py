"""The bridge with a real worker: what the pipelines need from moto, and what happens when moto cannot do it."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from emulator.errors import AwsError, InternalFailure, UnsupportedOperation
from emulator.gateway.tests.bridge_harness import BridgeHarness
from emulator.http import HttpRequest

SIX_MEGABYTES = bytes(range(256)) * (6 * 1024 * 4)
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture(scope="module")
def bridge() -> Iterator[BridgeHarness]:
    harness = BridgeHarness()
    try:
        harness.preload("s3", "secretsmanager")
        location = {"LocationConstraint": "eu-west-1"}
        harness.call("s3", "CreateBucket", {"Bucket": "bucket", "CreateBucketConfiguration": location})
        yield harness
    finally:
        harness.close()


def sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def put(key: str, body: bytes, *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest(
        "PUT", f"/bucket/{key}", "", (("Host", "127.0.0.1:4566"), ("Authorization", AUTHORIZATION), *headers), body
    )


# -- calls from other services ---------------------------------------------------------------------------------------------------


def test_object_of_six_megabytes_comes_back_as_it_was_put(bridge: BridgeHarness) -> None:
    key = "folder/a b+ü.json"
    written = bridge.call(
        "s3",
        "PutObject",
        {
            "Bucket": "bucket",
            "Key": key,
            "Body": SIX_MEGABYTES,
            "ContentType": "application/json",
            "Metadata": {"trace": "1"},
            "ChecksumSHA256": sha256(SIX_MEGABYTES),
        },
    )
    assert written["ChecksumSHA256"] == sha256(SIX_MEGABYTES)
    read = bridge.call("s3", "GetObject", {"Bucket": "bucket", "Key": key})
    assert read["Body"] == SIX_MEGABYTES
    assert read["ContentLength"] == len(SIX_MEGABYTES)
    assert read["ContentType"] == "application/json"
    assert read["Metadata"] == {"trace": "1"}
    assert isinstance(read["LastModified"], float)
    assert written["ETag"] == read["ETag"] == f'"{hashlib.md5(SIX_MEGABYTES).hexdigest()}"'


def test_stores_of_the_control_plane_answer_in_botocores_shapes(bridge: BridgeHarness) -> None:
    role = bridge.call("iam", "CreateRole", {"RoleName": "role", "AssumeRolePolicyDocument": '{"Statement": []}'})[
        "Role"
    ]
    assert role["Arn"] == "arn:aws:iam::111122223333:role/role"
    assert isinstance(role["CreateDate"], float)
    assert bridge.call("sts", "GetCallerIdentity", {})["Account"] == "111122223333"
    vpc = bridge.call("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    password = bridge.call("secretsmanager", "GetRandomPassword", {"PasswordLength": 24})["RandomPassword"]
    assert len(password) == 24
    secret = bridge.call("secretsmanager", "CreateSecret", {"Name": "secret", "SecretString": password})
    assert ":eu-west-1:111122223333:" in secret["ARN"]
    assert bridge.call("secretsmanager", "GetSecretValue", {"SecretId": "secret"})["SecretString"] == password
    bridge.call("ssm", "PutParameter", {"Name": "/p", "Value": "v", "Type": "String"})
    assert bridge.call("ssm", "GetParameter", {"Name": "/p"})["Parameter"]["Value"] == "v"
    assert bridge.call("kms", "CreateKey", {})["KeyMetadata"]["Enabled"] is True
    datum = {"MetricName": "m", "Value": 1.0, "Timestamp": bridge.engine.clock.now()}
    bridge.call("cloudwatch", "PutMetricData", {"Namespace": "n", "MetricData": [datum]})
    assert [
        metric["MetricName"] for metric in bridge.call("cloudwatch", "ListMetrics", {"Namespace": "n"})["Metrics"]
    ] == ["m"]


def test_error_of_moto_is_an_aws_error_with_its_code_and_fields(bridge: BridgeHarness) -> None:
    with pytest.raises(AwsError) as refused:
        bridge.call("s3", "GetObject", {"Bucket": "bucket", "Key": "none"})
    assert (refused.value.code, refused.value.status) == ("NoSuchKey", 404)
    assert refused.value.fields["Key"] == "none"
    with pytest.raises(AwsError) as refused:
        bridge.call("secretsmanager", "GetSecretValue", {"SecretId": "none"})
    assert refused.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("kms", "DeriveSharedSecret", {"KeyId": "k", "KeyAgreementAlgorithm": "ECDH", "PublicKey": b"1"}),
        ("cloudwatch", "PutAnomalyDetector", {}),
        ("iam", "SetSecurityTokenServicePreferences", {"GlobalEndpointTokenVersion": "v2Token"}),
        ("s3", "DeleteBucketMetricsConfiguration", {"Bucket": "bucket", "Id": "1"}),
        ("s3", "PutBucketNotificationConfiguration", {"Bucket": "bucket", "NotificationConfiguration": {}}),
        ("secretsmanager", "RotateSecret", {"SecretId": "secret"}),
    ],
)
def test_operation_that_moto_does_not_play_is_refused_by_name(
    bridge: BridgeHarness, service: str, operation: str, params: dict[str, object]
) -> None:
    with pytest.raises(UnsupportedOperation, match=f"{service}:{operation} is not supported"):
        bridge.call(service, operation, params)
    assert bridge.call("s3", "HeadBucket", {"Bucket": "bucket"}) is not None


def test_parameter_that_the_model_does_not_know_is_refused_by_name(bridge: BridgeHarness) -> None:
    with pytest.raises(UnsupportedOperation, match="Buckets"):
        bridge.call("s3", "HeadBucket", {"Bucket": "bucket", "Buckets": "b"})


def test_requests_at_once_are_answered_each_with_its_own(bridge: BridgeHarness) -> None:
    names = [f"/many/{number}" for number in range(20)]
    bridge.together(*(("ssm", "PutParameter", {"Name": name, "Value": name, "Type": "String"}) for name in names))
    answers = bridge.together(*(("ssm", "GetParameter", {"Name": name}) for name in names))
    assert [answer["Parameter"]["Value"] for answer in answers] == names


# -- requests over HTTP ----------------------------------------------------------------------------------------------------------


def test_http_request_passes_through_verbatim(bridge: BridgeHarness) -> None:
    stored = bridge.send("s3", put("raw", b"raw", ("x-amz-meta-a", "b")))
    assert (stored.status, stored.body) == (200, b"")
    read = bridge.send("s3", HttpRequest("GET", "/bucket/raw", "", (("Authorization", AUTHORIZATION),)))
    assert (read.status, read.body) == (200, b"raw")
    assert dict(read.headers)["x-amz-meta-a"] == "b"
    head = bridge.send("s3", HttpRequest("HEAD", "/bucket/raw", "", (("Authorization", AUTHORIZATION),)))
    assert (head.status, head.body) == (200, b"")
    assert {name.lower(): value for name, value in head.headers}["content-length"] == "3"


def test_http_error_is_motos_own_and_journaled_with_its_code(bridge: BridgeHarness) -> None:
    response = bridge.send("s3", HttpRequest("GET", "/bucket/nothing", "", (("Authorization", AUTHORIZATION),)))
    assert response.status == 404
    assert b"<Code>NoSuchKey</Code>" in response.body
    entry = bridge.engine.journal.entries(kind="call", service="s3", operation="GetObject")[-1]
    assert (entry.resource, entry.outcome) == ("bucket", "NoSuchKey")


def test_journal_names_the_resource_of_a_json_request(bridge: BridgeHarness) -> None:
    headers = (("X-Amz-Target", "secretsmanager.DescribeSecret"), ("Content-Type", "application/x-amz-json-1.1"))
    response = bridge.send("secretsmanager", HttpRequest("POST", "/", "", headers, b'{"SecretId": "missing"}'))
    assert orjson.loads(response.body)["__type"].endswith("ResourceNotFoundException")
    assert bridge.engine.journal.entries(service="secretsmanager", operation="DescribeSecret")[-1].resource == "missing"


def test_cbor_request_is_refused_by_name(bridge: BridgeHarness) -> None:
    request = HttpRequest(
        "POST",
        "/service/GraniteServiceVersion20100801/operation/ListMetrics",
        "",
        (("smithy-protocol", "rpc-v2-cbor"),),
    )
    with pytest.raises(UnsupportedOperation, match="CBOR"):
        bridge.call("cloudwatch", "ListMetrics", {}, request)


@pytest.mark.parametrize(
    "headers",
    [
        (("x-amz-checksum-sha256", sha256(b"body")),),
        (("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(b"body").to_bytes(4, "big")).decode()),),
        (("Content-MD5", base64.b64encode(hashlib.md5(b"body").digest()).decode()),),
        (("x-amz-content-sha256", hashlib.sha256(b"body").hexdigest()),),
    ],
)
def test_checksum_is_verified_before_an_object_is_stored(
    bridge: BridgeHarness, headers: tuple[tuple[str, str], ...]
) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"""
    assert bridge.send("s3", put("checked", b"body", *headers)).status == 200
    refused = bridge.send("s3", put("wrong", b"other", *headers))
    assert refused.status == 400
    assert b"BadDigest" in refused.body or b"XAmzContentSHA256Mismatch" in refused.body
    missing = bridge.send("s3", HttpRequest("HEAD", "/bucket/wrong", "", (("Authorization", AUTHORIZATION),)))
    assert missing.status == 404


def test_chunked_upload_with_a_trailing_checksum_is_decoded_and_verified(bridge: BridgeHarness) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html"""

    def upload(key: str, checksum: str) -> HttpRequest:
        body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-sha256:" + checksum.encode() + b"\r\n\r\n"
        return put(
            key,
            body,
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("x-amz-decoded-content-length", "11"),
            ("x-amz-trailer", "x-amz-checksum-sha256"),
            ("Content-Encoding", "aws-chunked"),
        )

    assert bridge.send("s3", upload("chunked", sha256(b"hello world"))).status == 200
    read = bridge.call("s3", "GetObject", {"Bucket": "bucket", "Key": "chunked", "ChecksumMode": "ENABLED"})
    assert read["Body"] == b"hello world"
    assert read["ChecksumSHA256"] == sha256(b"hello world")
    assert "ContentEncoding" not in read
    assert b"BadDigest" in bridge.send("s3", upload("chunked-wrong", sha256(b"other"))).body


# -- the worker ------------------------------------------------------------------------------------------------------------------


def test_killed_worker_is_an_error_and_not_a_hang_and_the_next_request_starts_another() -> None:
    harness = BridgeHarness()
    try:
        harness.call("s3", "ListBuckets", {})
        first = harness.bridge.process_id
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        # The request is on its way when the worker dies.
        harness.engine.set_timer(0.05, lambda: os.kill(first, signal.SIGKILL))
        with pytest.raises(InternalFailure, match="worker ended"):
            harness.call("s3", "ListBuckets", {})
        assert not Path(f"/proc/{first}").exists()
        assert harness.call("s3", "ListBuckets", {})["Buckets"] == []
        assert harness.bridge.process_id != first
    finally:
        harness.close()


def test_close_leaves_no_worker() -> None:
    harness = BridgeHarness()
    harness.call("s3", "ListBuckets", {})
    worker = harness.bridge.process_id
    harness.close()
    assert not Path(f"/proc/{worker}").exists()
    assert not harness.janitor.folder.exists()


def test_emulator_does_not_import_moto() -> None:
    script = (
        "import sys, emulator.gateway.bridge\n"
        "sys.exit(any(name == 'moto' or name.startswith(('moto.', 'boto3')) for name in sys.modules))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", script], check=False, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
        ).returncode
        == 0
    )
