"""Policies that AWS takes and moto alone would refuse, and EFS, which is bridged whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from emulator.errors import AwsError
from emulator.gateway.tests.bridge_harness import BridgeHarness


@pytest.fixture(scope="module")
def bridge() -> Iterator[BridgeHarness]:
    harness = BridgeHarness()
    trust = {"Version": "2012-10-17", "Statement": []}
    harness.call("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(trust)})
    yield harness
    harness.close()


STATEMENT = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}, {"Version": "2012-10-17"}])
def test_policy_may_be_of_either_version_or_name_none(bridge: BridgeHarness, version: dict[str, str]) -> None:
    document = json.dumps({**version, "Statement": [STATEMENT]})
    bridge.call("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document})


def test_policy_of_another_version_is_refused(bridge: BridgeHarness) -> None:
    document = json.dumps({"Version": "2020-01-01", "Statement": [STATEMENT]})
    with pytest.raises(AwsError, match="policy") as caught:
        bridge.call("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document})
    assert caught.value.code == "MalformedPolicyDocument"


def test_file_system_has_access_points(bridge: BridgeHarness) -> None:
    file_system = bridge.call("efs", "CreateFileSystem", {"CreationToken": "one"})
    point = bridge.call("efs", "CreateAccessPoint", {"ClientToken": "t", "FileSystemId": file_system["FileSystemId"]})
    assert point["AccessPointArn"].startswith("arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-")
