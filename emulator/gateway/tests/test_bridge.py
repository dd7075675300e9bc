"""The bridge with a real worker: what the pipelines need from moto, and what happens when moto cannot do it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from emulator.errors import AwsError, InternalFailure, UnsupportedOperation
from emulator.gateway.tests.bridge_harness import BridgeHarness
from emulator.http import HttpRequest


@pytest.fixture(scope="module")
def bridge() -> Iterator[BridgeHarness]:
    harness = BridgeHarness()
    try:
        harness.preload("ssm", "secretsmanager")
        yield harness
    finally:
        harness.close()


def parameter(operation: str, body: bytes) -> HttpRequest:
    """A client's request to SSM."""
    headers = (("X-Amz-Target", f"AmazonSSM.{operation}"), ("Content-Type", "application/x-amz-json-1.1"))
    return HttpRequest("POST", "/", "", headers, body)


# -- calls from other services ---------------------------------------------------------------------------------------------------


def test_bytes_and_times_come_back_in_our_shape(bridge: BridgeHarness) -> None:
    key = bridge.call("kms", "CreateKey", {})["KeyMetadata"]
    assert isinstance(key["CreationDate"], float)
    secret = bytes(range(256)) * 16
    sealed = bridge.call("kms", "Encrypt", {"KeyId": key["KeyId"], "Plaintext": secret})["CiphertextBlob"]
    assert bridge.call("kms", "Decrypt", {"CiphertextBlob": sealed})["Plaintext"] == secret


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
        bridge.call("ssm", "GetParameter", {"Name": "/none"})
    assert (refused.value.code, refused.value.status) == ("ParameterNotFound", 400)
    with pytest.raises(AwsError) as refused:
        bridge.call("secretsmanager", "GetSecretValue", {"SecretId": "none"})
    assert refused.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("kms", "DeriveSharedSecret", {"KeyId": "k", "KeyAgreementAlgorithm": "ECDH", "PublicKey": b"1"}),
        ("cloudwatch", "PutAnomalyDetector", {}),
        ("iam", "SetSecurityTokenServicePreferences", {"GlobalEndpointTokenVersion": "v2Token"}),
        ("secretsmanager", "RotateSecret", {"SecretId": "secret"}),
    ],
)
def test_operation_that_moto_does_not_play_is_refused_by_name(
    bridge: BridgeHarness, service: str, operation: str, params: dict[str, object]
) -> None:
    with pytest.raises(UnsupportedOperation, match=f"{service}:{operation} is not supported"):
        bridge.call(service, operation, params)
    assert bridge.call("ssm", "DescribeParameters", {}) is not None


def test_parameter_that_the_model_does_not_know_is_refused_by_name(bridge: BridgeHarness) -> None:
    with pytest.raises(UnsupportedOperation, match="Nickname"):
        bridge.call("ssm", "GetParameter", {"Name": "/p", "Nickname": "b"})


def test_requests_at_once_are_answered_each_with_its_own(bridge: BridgeHarness) -> None:
    names = [f"/many/{number}" for number in range(20)]
    bridge.together(*(("ssm", "PutParameter", {"Name": name, "Value": name, "Type": "String"}) for name in names))
    answers = bridge.together(*(("ssm", "GetParameter", {"Name": name}) for name in names))
    assert [answer["Parameter"]["Value"] for answer in answers] == names


# -- requests over HTTP ----------------------------------------------------------------------------------------------------------


def test_http_request_passes_through_verbatim(bridge: BridgeHarness) -> None:
    stored = bridge.send("ssm", parameter("PutParameter", b'{"Name": "/raw", "Value": "\\u00e9", "Type": "String"}'))
    assert (stored.status, orjson.loads(stored.body)["Version"]) == (200, 1)
    read = bridge.send("ssm", parameter("GetParameter", b'{"Name": "/raw"}'))
    assert orjson.loads(read.body)["Parameter"]["Value"] == "\u00e9"


def test_http_error_is_motos_own_and_journaled_with_its_code(bridge: BridgeHarness) -> None:
    response = bridge.send("ssm", parameter("GetParameter", b'{"Name": "/nothing"}'))
    assert response.status == 400
    assert orjson.loads(response.body)["__type"].endswith("ParameterNotFound")
    entry = bridge.engine.journal.entries(kind="call", service="ssm", operation="GetParameter")[-1]
    assert (entry.resource, entry.outcome) == ("/nothing", "ParameterNotFound")


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


# -- the worker ------------------------------------------------------------------------------------------------------------------


def test_killed_worker_is_an_error_and_not_a_hang_and_the_next_request_starts_another() -> None:
    harness = BridgeHarness()
    try:
        harness.call("sts", "GetCallerIdentity", {})
        first = harness.bridge.process_id
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        # The request is on its way when the worker dies.
        harness.engine.set_timer(0.05, lambda: os.kill(first, signal.SIGKILL))
        with pytest.raises(InternalFailure, match="worker ended"):
            harness.call("sts", "GetCallerIdentity", {})
        assert not Path(f"/proc/{first}").exists()
        assert harness.call("sts", "GetCallerIdentity", {})["Account"] == "111122223333"
        assert harness.bridge.process_id != first
    finally:
        harness.close()


def test_close_leaves_no_worker() -> None:
    harness = BridgeHarness()
    harness.call("sts", "GetCallerIdentity", {})
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
