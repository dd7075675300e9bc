"""What belongs to the account and not to a group: resource policies, destinations, and lists of groups.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.effects import Call
from emulator.errors import AwsError, EmulatorError, UnsupportedOperation
from emulator.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from emulator.services.logs.tests.logs_harness import Logs

STATEMENT = {
    "Action": "logs:*",
    "Effect": "Allow",
    "Principal": {"Service": ["route53.amazonaws.com"]},
    "Resource": "*",
}
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
ROLE = "arn:aws:iam::000000000000:role/r"


def policies(logs: Logs) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = logs.call("DescribeResourcePolicies")["resourcePolicies"]
    return found


def test_policy_is_answered_as_it_came_and_shown_in_its_normal_form() -> None:
    logs, document = Logs(), json.dumps({"Statement": [STATEMENT]})
    made = logs.call("PutResourcePolicy", policyName="p", policyDocument=document)["resourcePolicy"]
    assert (made["policyDocument"], made["policyScope"]) == (document, "ACCOUNT")
    (shown,) = policies(logs)
    assert shown["policyDocument"] == (
        '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},'
        '"Action":"logs:*","Resource":"*"}]}'
    )
    logs.call("PutResourcePolicy", policyName="p", policyDocument=document)
    assert policies(logs)[0]["lastUpdatedTime"] > shown["lastUpdatedTime"], "also within a millisecond"
    assert logs.call("DescribeResourcePolicies", policyScope="RESOURCE")["resourcePolicies"] == []


def test_ten_policies_and_no_more_but_changes_of_them() -> None:
    logs, document = Logs(), json.dumps({"Statement": STATEMENT})
    for number in range(10):
        logs.call("PutResourcePolicy", policyName=f"p{number}", policyDocument=document)
    with pytest.raises(LimitExceededException, match="Resource limit exceeded"):
        logs.call("PutResourcePolicy", policyName="more", policyDocument=document)
    logs.call("PutResourcePolicy", policyName="p1", policyDocument=document)
    logs.call("DeleteResourcePolicy", policyName="p1")
    assert len(policies(logs)) == 9
    with pytest.raises(ResourceNotFoundException, match=r"Policy with name \[p1\] does not exist\."):
        logs.call("DeleteResourcePolicy", policyName="p1")


@pytest.mark.parametrize("document", ["{", "[]", '{"Statement": 1}', '{"Statement": [1]}'])
def test_policy_must_be_one(document: str) -> None:
    with pytest.raises(InvalidParameterException, match="Malformed"):
        Logs().call("PutResourcePolicy", policyName="p", policyDocument=document)


def put_destination(logs: Logs, **more: Any) -> dict[str, Any]:
    params = {"destinationName": "d", "targetArn": STREAM, "roleArn": ROLE, **more}
    made: dict[str, Any] = logs.call("PutDestination", **params)["destination"]
    return made


def test_destination_is_made_changed_and_deleted() -> None:
    logs = Logs()
    made = put_destination(logs)
    assert made["arn"] == "arn:aws:logs:us-east-1:000000000000:destination:d"
    assert "accessPolicy" not in made
    assert [call.operation for call in logs.calls if isinstance(call, Call)] == ["DescribeStreamSummary"]
    logs.call("PutDestinationPolicy", destinationName="d", accessPolicy="{}")
    logs.now += 5
    put_destination(logs, roleArn=ROLE + "2")
    (shown,) = logs.call("DescribeDestinations", DestinationNamePrefix="d")["destinations"]
    assert shown == {**made, "accessPolicy": "{}", "roleArn": ROLE + "2"}
    assert logs.call("DescribeDestinations", DestinationNamePrefix="e")["destinations"] == []
    logs.call("DeleteDestination", destinationName="d")
    for operation, more in (("DeleteDestination", {}), ("PutDestinationPolicy", {"accessPolicy": "{}"})):
        with pytest.raises(ResourceNotFoundException, match="The specified destination does not exist"):
            logs.call(operation, destinationName="d", **more)


def test_destination_must_take_what_it_is_sent() -> None:
    logs = Logs()
    logs.refusal = AwsError("no such stream")
    with pytest.raises(InvalidParameterException, match="Could not deliver test message to specified destination"):
        put_destination(logs)
    logs.refusal = EmulatorError("there is no service firehose")
    with pytest.raises(UnsupportedOperation, match="a target of service firehose"):
        put_destination(logs, targetArn="arn:aws:firehose:us-east-1:000000000000:deliverystream/f")


def test_destination_has_tags() -> None:
    logs = Logs()
    arn = put_destination(logs, tags={"a": "1"})["arn"]
    logs.call("TagResource", resourceArn=arn, tags={"b": "2"})
    assert logs.call("ListTagsForResource", resourceArn=arn)["tags"] == {"a": "1", "b": "2"}
    logs.call("UntagResource", resourceArn=arn, tagKeys=["a"])
    assert logs.call("ListTagsForResource", resourceArn=arn)["tags"] == {"b": "2"}


def test_groups_are_listed_by_parts_of_their_names() -> None:
    logs = Logs()
    for name in ("/app/one", "/app/two", "other-app", "third"):
        logs.call("CreateLogGroup", logGroupName=name)

    def listed(**params: Any) -> list[str]:
        return [group["logGroupName"] for group in logs.call("ListLogGroups", **params)["logGroups"]]

    assert listed() == ["/app/one", "/app/two", "other-app", "third"]
    assert listed(logGroupNamePattern="app") == ["/app/one", "/app/two", "other-app"]
    assert listed(logGroupNamePattern="^/app|thi") == ["/app/one", "/app/two", "third"]
    assert listed(logGroupNamePattern="APP") == []
    assert listed(logGroupClass="INFREQUENT_ACCESS") == []


def test_key_of_a_group_is_shown_until_it_is_taken_away() -> None:
    logs = Logs()
    logs.call("CreateLogGroup", logGroupName="g")
    logs.call("AssociateKmsKey", logGroupName="g", kmsKeyId="arn:aws:kms:us-east-1:000000000000:key/k")
    (group,) = logs.call("DescribeLogGroups")["logGroups"]
    assert group["kmsKeyId"].endswith("key/k")
    logs.call("DisassociateKmsKey", logGroupName="g")
    assert "kmsKeyId" not in logs.call("DescribeLogGroups")["logGroups"][0]
