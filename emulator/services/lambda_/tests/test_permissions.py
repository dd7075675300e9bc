"""Resource policies of functions and layers: statements, revisions, refusals. Recorded words of AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.lambda_.tests.fake_sandbox import Lambda

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:l"
STATEMENT = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}


def with_versions() -> Lambda:
    aws = Lambda()
    aws.function(Publish=True)
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    return aws


def refused(aws: Lambda, operation: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(AwsError) as caught:
        aws.call(operation, **params)
    return caught.value.code, caught.value.message


REFUSALS = [
    (
        "AddPermission",
        {"Qualifier": "$LATEST", **STATEMENT},
        "We currently do not support adding policies for $LATEST.",
    ),
    ("AddPermission", {"Qualifier": "42", **STATEMENT}, f"Function not found: {ARN}:42"),
    ("AddPermission", {"Qualifier": "no-alias", **STATEMENT}, f"Cannot find alias arn: {ARN}:no-alias"),
    ("AddPermission", {"Qualifier": "with-$-sign", **STATEMENT}, f"Function not found: {ARN}:with-$-sign"),
    (
        "AddPermission",
        {**STATEMENT, "Principal": "invalid"},
        "The provided principal was invalid. Please check the principal and try again.",
    ),
    ("RemovePermission", {"StatementId": "s"}, "No policy is associated with the given resource."),
    ("RemovePermission", {"StatementId": "s", "Qualifier": "no-alias"}, f"Cannot find alias arn: {ARN}:no-alias"),
    ("GetPolicy", {"Qualifier": "9"}, "The resource you requested does not exist."),
]


@pytest.mark.parametrize(("operation", "params", "message"), REFUSALS)
def test_refusals_have_lambdas_words(operation: str, params: dict[str, Any], message: str) -> None:
    assert refused(with_versions(), operation, FunctionName="f", **params)[1] == message


def test_function_that_is_not_there_is_named_by_each_operation_in_its_own_way() -> None:
    aws, arn = Lambda(), ARN.replace(":f", ":no").replace(":nounction", ":function")
    assert refused(aws, "GetPolicy", FunctionName="no")[1] == f"Function not found: {arn}"
    assert refused(aws, "RemovePermission", FunctionName="no", StatementId="s")[1] == f"No policy found for: {arn}"


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ("*", "*"),
        ("lambda.amazonaws.com", {"Service": "lambda.amazonaws.com"}),
        ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:user/u", {"AWS": "arn:aws:iam::123456789012:user/u"}),
    ],
)
def test_principal_is_written_by_its_kind(principal: str, shown: Any) -> None:
    aws = with_versions()
    answer = aws.call("AddPermission", FunctionName="f", Qualifier="live", **{**STATEMENT, "Principal": principal})
    statement = json.loads(answer["Statement"])
    assert statement["Principal"] == shown
    assert statement["Resource"] == f"{ARN}:live"


def test_policies_of_function_version_and_alias_are_three_with_three_revisions() -> None:
    aws = with_versions()
    for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "live"}):
        aws.call("AddPermission", FunctionName="f", **qualifier, **STATEMENT)
    revisions = [
        aws.call("GetPolicy", FunctionName="f", **qualifier)["RevisionId"]
        for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "live"})
    ]
    assert len(set(revisions)) == 3
    assert revisions[2] == aws.call("GetAlias", FunctionName="f", Name="live")["RevisionId"]
    assert revisions[1] == aws.call("GetFunctionConfiguration", FunctionName="f", Qualifier="1")["RevisionId"]
    aws.call("DeleteAlias", FunctionName="f", Name="live")
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    assert refused(aws, "GetPolicy", FunctionName="f", Qualifier="live")[0] == "ResourceNotFoundException"


def layered() -> Lambda:
    aws = Lambda()
    aws.call("PublishLayerVersion", LayerName="l", Content={"S3Bucket": "hot-reload", "S3Key": "/layer"})
    return aws


GRANT = {"StatementId": "s1", "Action": "lambda:GetLayerVersion", "Principal": "*"}


def test_layer_version_has_a_policy_of_its_own() -> None:
    aws = layered()
    which = {"LayerName": "l", "VersionNumber": 1}
    added = aws.call("AddLayerVersionPermission", **which, **GRANT)
    policy = aws.call("GetLayerVersionPolicy", **which)
    (statement,) = json.loads(policy["Policy"])["Statement"]
    assert statement == json.loads(added["Statement"])
    assert (statement["Resource"], statement["Principal"]) == (f"{LAYER}:1", "*")
    assert policy["RevisionId"] == added["RevisionId"]
    assert refused(aws, "AddLayerVersionPermission", **which, **GRANT)[0] == "ResourceConflictException"
    code, message = refused(
        aws, "AddLayerVersionPermission", **which, **{**GRANT, "StatementId": "s2"}, RevisionId="another"
    )
    assert code == "PreconditionFailedException"
    assert "Call the GetLayerPolicy API" in message
    aws.call("RemoveLayerVersionPermission", **which, StatementId="s1", RevisionId=added["RevisionId"])
    assert refused(aws, "GetLayerVersionPolicy", **which)[1] == "No policy is associated with the given resource."


@pytest.mark.parametrize(
    "operation", ["AddLayerVersionPermission", "RemoveLayerVersionPermission", "GetLayerVersionPolicy"]
)
def test_layer_version_that_is_not_there_has_no_policy(operation: str) -> None:
    aws = layered()
    for name, number in (("l", 2), ("no", 1)):
        _, message = refused(aws, operation, LayerName=name, VersionNumber=number, **GRANT)
        assert message == f"Layer version arn:aws:lambda:us-east-1:000000000000:layer:{name}:{number} does not exist."
