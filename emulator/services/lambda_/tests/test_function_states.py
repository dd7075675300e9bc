"""State and LastUpdateStatus over time, and the revisions that come with them.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.lambda_ import LambdaQuotas
from emulator.services.lambda_.errors import PreconditionFailedException, ResourceConflictException
from emulator.services.lambda_.tests.fake_sandbox import ROLE, Lambda

CODE = {"S3Bucket": "hot-reload", "S3Key": "/code"}


def created(aws: Lambda, **members: Any) -> Any:
    settings = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Code": CODE, **members}
    return aws.call("CreateFunction", FunctionName="f", **settings)


def configuration(aws: Lambda, **members: Any) -> Any:
    return aws.call("GetFunctionConfiguration", FunctionName="f", **members)


def slow() -> Lambda:
    return Lambda(quotas=LambdaQuotas(creation_seconds=5.0, update_seconds=2.0))


def test_creation_is_pending_in_its_answer_and_active_with_another_revision_afterwards() -> None:
    aws = Lambda()
    answer = created(aws)
    assert (answer["State"], answer["StateReasonCode"]) == ("Pending", "Creating")
    assert answer["StateReason"] == "The function is being created."
    assert "LastUpdateStatus" not in answer
    now = configuration(aws)
    assert (now["State"], now["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in now
    assert now["RevisionId"] != answer["RevisionId"]


def test_update_is_in_progress_in_its_answer_and_successful_afterwards() -> None:
    aws = Lambda()
    created(aws)
    for operation, members in (("UpdateFunctionConfiguration", {"MemorySize": 256}), ("UpdateFunctionCode", CODE)):
        answer = aws.call(operation, FunctionName="f", **members)
        assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
        assert answer["LastUpdateStatusReasonCode"] == "Creating"
        assert configuration(aws)["LastUpdateStatus"] == "Successful"
        assert configuration(aws)["RevisionId"] != answer["RevisionId"]


def test_pending_function_can_neither_be_invoked_nor_changed_until_its_time_has_come() -> None:
    aws = slow()
    created(aws)
    aws.advance(4.9)
    assert configuration(aws)["State"] == "Pending"
    state = "The function is currently in the following state: Pending"
    for operation in ("Invoke", "PublishVersion", "UpdateFunctionConfiguration"):
        with pytest.raises(ResourceConflictException, match=state):
            aws.call(operation, FunctionName="f")
    aws.advance(0.2)
    assert configuration(aws)["State"] == "Active"
    assert aws.invoke()["StatusCode"] == 200


def test_function_that_is_updated_takes_invocations_but_no_further_change() -> None:
    aws = slow()
    created(aws)
    aws.advance(5.0)
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    for operation, members in (("UpdateFunctionConfiguration", {"Timeout": 4}), ("UpdateFunctionCode", CODE)):
        with pytest.raises(ResourceConflictException, match=f"An update is in progress for resource: {arn}"):
            aws.call(operation, FunctionName="f", **members)
    assert aws.invoke()["StatusCode"] == 200
    aws.advance(2.0)
    assert aws.call("PublishVersion", FunctionName="f")["State"] == "Active"


def test_version_published_by_a_change_is_pending_as_long_as_the_change() -> None:
    aws = slow()
    answer = created(aws, Publish=True)
    assert (answer["Version"], answer["State"]) == ("1", "Pending")
    assert answer["FunctionArn"].endswith(":function:f")
    assert configuration(aws, Qualifier="1")["State"] == "Pending"
    aws.advance(5.0)
    assert configuration(aws, Qualifier="1")["State"] == "Active"
    answer = aws.call("UpdateFunctionCode", FunctionName="f", Publish=True, **CODE)
    assert (answer["Version"], answer["State"]) == ("2", "Pending")
    assert answer["FunctionArn"].endswith(":function:f:2")


@pytest.mark.parametrize("publish", [False, True])
def test_answer_tells_the_transition_also_where_it_takes_no_time(publish: bool) -> None:
    aws = Lambda()
    assert created(aws, Publish=publish)["State"] == "Pending"
    answer = aws.call("UpdateFunctionCode", FunctionName="f", Publish=publish, **CODE)
    assert answer["State"] == ("Pending" if publish else "Active")


def test_tags_permissions_and_versions_move_the_revision_but_keep_environments_warm() -> None:
    aws = Lambda()
    created(aws)
    aws.invoke()
    arn = configuration(aws)["FunctionArn"]
    seen = {configuration(aws)["RevisionId"]}
    statement = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    for operation, members in (
        ("TagResource", {"Resource": arn, "Tags": {"a": "b"}}),
        ("AddPermission", {"FunctionName": "f", **statement}),
        ("PublishVersion", {"FunctionName": "f"}),
    ):
        aws.call(operation, **members)
        revision_id = configuration(aws)["RevisionId"]
        assert revision_id not in seen
        seen.add(revision_id)
    assert aws.call("GetPolicy", FunctionName="f")["RevisionId"] == revision_id
    with pytest.raises(PreconditionFailedException, match="Call the GetFunction/GetAlias API"):
        aws.call("RemovePermission", FunctionName="f", StatementId="s", RevisionId=sorted(seen - {revision_id})[0])
    aws.call("RemovePermission", FunctionName="f", StatementId="s", RevisionId=revision_id)
    aws.invoke()
    assert len(aws.started) == 1


def test_name_in_the_answer_has_the_qualifier_that_was_asked_for() -> None:
    aws = Lambda()
    created(aws, Publish=True)
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ("$LATEST", "1", "live"):
        assert configuration(aws, Qualifier=qualifier)["FunctionArn"].endswith(f":function:f:{qualifier}")
    listed = aws.call("ListFunctions", FunctionVersion="ALL")["Functions"]
    assert [version["FunctionArn"].rsplit(":", 1)[1] for version in listed] == ["$LATEST", "1"]
    assert all("State" not in version for version in listed)


def test_vpc_of_the_subnets_is_looked_up() -> None:
    aws = Lambda()
    answer = created(aws, VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    assert answer["VpcConfig"]["VpcId"] == "vpc-1"
    assert answer["VpcConfig"]["Ipv6AllowedForDualStack"] is False
    with pytest.raises(Exception, match=r"EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID"):
        vpc = {"SubnetIds": ["subnet-9"], "SecurityGroupIds": ["sg-1"]}
        aws.call("UpdateFunctionConfiguration", FunctionName="f", VpcConfig=vpc)
