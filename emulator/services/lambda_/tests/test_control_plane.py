"""Functions, versions, aliases, layers, permissions, limits: what is stored and what is refused."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from emulator.errors import AwsError, UnsupportedOperation
from emulator.services.lambda_ import LambdaService, errors
from emulator.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    PolicyLengthExceededException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.tests.fake_sandbox import ROLE, Lambda

MODEL = botocore.session.get_session().get_service_model("lambda")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def assert_shape(operation: str, result: Any) -> None:
    """The result is shaped as botocore's model says: no member that it does not know, no wrong type."""
    shape = MODEL.operation_model(operation).output_shape
    report = ParamValidator().validate(result, shape)
    assert not report.has_errors(), report.generate_report()
    assert set(result) <= set(shape.members), set(result) - set(shape.members)


COMMON_ERRORS = {"AccessDeniedException"}  # https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
MODELLED_ERRORS = sorted(set(errors.__all__) - {"LambdaError"} - COMMON_ERRORS)


@pytest.mark.parametrize("name", MODELLED_ERRORS)
def test_errors_are_named_as_botocores_shapes(name: str) -> None:
    shape = MODEL.shape_for(name)
    assert getattr(errors, name).status == shape.metadata["error"]["httpStatusCode"]


@pytest.mark.parametrize("name", sorted(LambdaService.operations))
def test_operations_are_botocores(name: str) -> None:
    assert name in MODEL.operation_names


def test_function_is_shown_as_it_was_created() -> None:
    aws = Lambda()
    aws.function(
        Timeout=30,
        MemorySize=1024,
        Environment={"Variables": {"A": "1"}},
        EphemeralStorage={"Size": 1024},
        TracingConfig={"Mode": "Active"},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        Tags={"team": "a"},
    )
    shown = aws.call("GetFunction", FunctionName="f")
    assert_shape("GetFunction", shown)
    configuration = shown["Configuration"]
    assert configuration["FunctionArn"] == ARN
    assert (configuration["Timeout"], configuration["MemorySize"], configuration["State"]) == (30, 1024, "Active")
    assert shown["Tags"] == {"team": "a"}
    assert configuration == aws.call("GetFunctionConfiguration", FunctionName=ARN)
    (in_list,) = aws.call("ListFunctions")["Functions"]
    assert {*configuration} - {*in_list} == {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
    assert in_list.items() <= configuration.items()


@pytest.mark.parametrize("name", ["f", ARN, f"{ARN}:$LATEST", "000000000000:function:f", "function:f"])
def test_function_may_be_named_in_many_ways(name: str) -> None:
    aws = Lambda()
    aws.function()
    assert aws.call("GetFunctionConfiguration", FunctionName=name)["FunctionName"] == "f"


def test_function_of_another_account_or_region_is_out_of_reach() -> None:
    aws = Lambda()
    aws.function()
    with pytest.raises(AccessDeniedException):
        aws.call("GetFunction", FunctionName=ARN.replace("000000000000", "999999999999"))
    words = "Functions from 'eu-west-1' are not reachable in this region \\('us-east-1'\\)"
    with pytest.raises(ResourceNotFoundException, match=words):
        aws.call("GetFunction", FunctionName=ARN.replace("us-east-1", "eu-west-1"))


REFUSED: list[tuple[dict[str, Any], type[AwsError], str]] = [
    ({"Runtime": "java21"}, UnsupportedOperation, "java21"),
    ({"PackageType": "Image"}, UnsupportedOperation, "Image"),
    ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, UnsupportedOperation, "SnapStart"),
    (
        {"FileSystemConfigs": [{"Arn": "arn:aws:s3:::b", "LocalMountPath": "/mnt/x"}]},
        UnsupportedOperation,
        "arn:aws:s3:::b",
    ),
    ({"Timeout": 901}, InvalidParameterValueException, "less than or equal to 900"),
    ({"MemorySize": 10_241}, InvalidParameterValueException, "less than or equal to 10240"),
    ({"EphemeralStorage": {"Size": 511}}, InvalidParameterValueException, "greater than or equal to 512"),
    (
        {"Environment": {"Variables": {"AWS_REGION": "x", "_HANDLER": "y"}}},
        InvalidParameterValueException,
        "AWS_REGION, _HANDLER",
    ),
    ({"Environment": {"Variables": {"BIG": "x" * 4090}}}, InvalidParameterValueException, "exceeded the 4KB limit"),
    (
        {"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:no:1"]},
        InvalidParameterValueException,
        "does not exist",
    ),
    ({"Layers": ["a", "b", "c", "d", "e", "f"]}, InvalidParameterValueException, "more than 5 layers"),
    ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::b"}}, InvalidParameterValueException, "s3"),
    ({"Code": {}}, InvalidParameterValueException, "provide a source"),
    ({"Code": {"ImageUri": "x"}}, UnsupportedOperation, "ImageUri"),
]


@pytest.mark.parametrize(("members", "kind", "words"), REFUSED, ids=[str(sorted(row[0])) for row in REFUSED])
def test_what_cannot_be_is_refused_by_name_and_creates_nothing(
    members: dict[str, Any], kind: type[AwsError], words: str
) -> None:
    aws = Lambda()
    with pytest.raises(kind, match=words):
        aws.function(**members)
    assert aws.call("ListFunctions")["Functions"] == []


def test_environment_variables_of_exactly_4_kb_fit() -> None:
    aws = Lambda()
    aws.function(Environment={"Variables": {"BIG": "x" * (4096 - len('{"BIG":""}'))}})


def test_second_function_of_a_name_is_a_conflict() -> None:
    aws = Lambda()
    aws.function()
    with pytest.raises(ResourceConflictException, match="Function already exist: f"):
        aws.function()


def test_versions_are_frozen_and_numbered_and_equal_ones_are_not_published_twice() -> None:
    aws = Lambda()
    aws.function()
    first = aws.call("PublishVersion", FunctionName="f")
    assert_shape("PublishVersion", first)
    assert first["Version"] == "1"
    assert aws.call("PublishVersion", FunctionName="f")["Version"] == "1"
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
    assert aws.call("PublishVersion", FunctionName="f")["Version"] == "2"
    assert aws.call("GetFunctionConfiguration", FunctionName="f", Qualifier="1")["MemorySize"] == 128
    listed = aws.call("ListVersionsByFunction", FunctionName="f")["Versions"]
    assert [version["Version"] for version in listed] == ["$LATEST", "1", "2"]
    assert aws.invoke("f", Qualifier="1")["ExecutedVersion"] == "1"
    assert aws.runs[0].function_arn == f"{ARN}:1"
    aws.call("DeleteFunction", FunctionName="f", Qualifier="1")
    with pytest.raises(ResourceNotFoundException, match=f"Function not found: {ARN}:1"):
        aws.invoke("f", Qualifier="1")


def test_stale_revision_is_refused() -> None:
    aws = Lambda()
    aws.function()
    old = aws.call("GetFunctionConfiguration", FunctionName="f")["RevisionId"]
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=256, RevisionId=old)
    with pytest.raises(PreconditionFailedException):
        aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=512, RevisionId=old)


def test_alias_points_to_its_version_and_moves() -> None:
    aws = Lambda()
    aws.function(Publish=True)
    created = aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    assert_shape("CreateAlias", created)
    assert created["AliasArn"] == f"{ARN}:live"
    assert aws.invoke("f", Qualifier="live")["ExecutedVersion"] == "1"
    aws.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="$LATEST")
    assert aws.invoke(f"{ARN}:live")["ExecutedVersion"] == "$LATEST"
    with pytest.raises(ResourceConflictException):
        aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    with pytest.raises(ResourceNotFoundException):
        aws.call("CreateAlias", FunctionName="f", Name="other", FunctionVersion="9")
    aws.call("DeleteAlias", FunctionName="f", Name="live")
    assert aws.call("ListAliases", FunctionName="f")["Aliases"] == []


def test_alias_with_weights_shares_its_traffic() -> None:
    aws = Lambda()
    aws.function(Publish=True)
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
    aws.call("PublishVersion", FunctionName="f")
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig=routing)
    versions = [aws.invoke("f", Qualifier="live")["ExecutedVersion"] for _ in range(400)]
    assert 60 < versions.count("2") < 140
    with pytest.raises(ResourceConflictException):
        aws.call("DeleteFunction", FunctionName="f", Qualifier="2")


def test_layer_versions_count_on_and_stay_with_their_functions() -> None:
    aws = Lambda()
    content = {"S3Bucket": "hot-reload", "S3Key": "/layer"}
    first = aws.call("PublishLayerVersion", LayerName="l", Content=content, CompatibleRuntimes=["python3.12"])
    assert_shape("PublishLayerVersion", first)
    second = aws.call("PublishLayerVersion", LayerName="l", Content=content)
    assert (first["Version"], second["Version"]) == (1, 2)
    aws.function(Layers=[first["LayerVersionArn"]])
    aws.call("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    with pytest.raises(ResourceNotFoundException):
        aws.call("GetLayerVersion", LayerName="l", VersionNumber=1)
    aws.invoke()
    assert aws.started[0].spec.layers == ("/code",)
    assert_shape("ListLayers", aws.call("ListLayers"))
    assert [item["Version"] for item in aws.call("ListLayerVersions", LayerName="l")["LayerVersions"]] == [2]
    assert aws.call("GetLayerVersionByArn", Arn=second["LayerVersionArn"])["Version"] == 2
    assert aws.call("PublishLayerVersion", LayerName="l", Content=content)["Version"] == 3


def test_permission_becomes_a_policy_statement() -> None:
    aws = Lambda()
    aws.function()
    source = "arn:aws:sns:us-east-1:000000000000:topic"
    params = {
        "FunctionName": "f",
        "StatementId": "sns",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
    }
    aws.call("AddPermission", **params, SourceArn=source)
    (statement,) = json.loads(aws.call("GetPolicy", FunctionName="f")["Policy"])["Statement"]
    assert statement == {
        "Sid": "sns",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }
    with pytest.raises(ResourceConflictException):
        aws.call("AddPermission", **params)
    aws.call("RemovePermission", FunctionName="f", StatementId="sns")
    with pytest.raises(ResourceNotFoundException):
        aws.call("GetPolicy", FunctionName="f")


def test_policy_has_a_limit() -> None:
    aws = Lambda()
    aws.function()
    with pytest.raises(PolicyLengthExceededException):
        for number in range(1000):
            aws.call("AddPermission", FunctionName="f", StatementId=f"s{number}", Action="lambda:*", Principal="*")


def test_reserved_concurrency_leaves_a_hundred() -> None:
    aws = Lambda()
    aws.function()
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=900)
    with pytest.raises(InvalidParameterValueException, match=r"below its minimum value of \[100\]"):
        aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=901)
    limits = aws.call("GetAccountSettings")
    assert_shape("GetAccountSettings", limits)
    assert limits["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    aws.call("DeleteFunctionConcurrency", FunctionName="f")
    assert aws.call("GetFunctionConcurrency", FunctionName="f") == {}


def test_event_invoke_config_is_put_whole_and_updated_in_part() -> None:
    aws = Lambda()
    aws.function()
    aws.call("PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    updated = aws.call("UpdateFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=0)
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 60)
    put = aws.call("PutFunctionEventInvokeConfig", FunctionName="f", MaximumEventAgeInSeconds=90)
    assert "MaximumRetryAttempts" not in put
    with pytest.raises(InvalidParameterValueException, match="at least one of error handling or destination"):
        aws.call("PutFunctionEventInvokeConfig", FunctionName="f")
    assert len(aws.call("ListFunctionEventInvokeConfigs", FunctionName="f")["FunctionEventInvokeConfigs"]) == 1
    aws.call("DeleteFunctionEventInvokeConfig", FunctionName="f")
    with pytest.raises(ResourceNotFoundException):
        aws.call("GetFunctionEventInvokeConfig", FunctionName="f")


def test_listing_has_pages() -> None:
    aws = Lambda()
    for number in range(5):
        aws.function(f"f{number}")
    names: list[str] = []
    marker: dict[str, str] = {}
    while True:
        page = aws.call("ListFunctions", MaxItems=2, **marker)
        names += [function["FunctionName"] for function in page["Functions"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert names == ["f0", "f1", "f2", "f3", "f4"]


def test_tags_are_set_and_removed() -> None:
    aws = Lambda()
    aws.function(Tags={"a": "1"})
    aws.call("TagResource", Resource=ARN, Tags={"b": "2"})
    aws.call("UntagResource", Resource=ARN, TagKeys=["a"])
    assert aws.call("ListTags", Resource=ARN)["Tags"] == {"b": "2"}


def test_deleted_function_is_gone_with_its_environments_and_credentials() -> None:
    aws = Lambda()
    aws.function()
    aws.invoke()
    aws.call("DeleteFunction", FunctionName="f")
    assert len(aws.stopped) == 1
    assert aws.account.principals == {}
    with pytest.raises(ResourceNotFoundException):
        aws.call("GetFunction", FunctionName="f")
    aws.function()
    assert aws.call("GetFunctionConfiguration", FunctionName="f")["Role"] == ROLE
