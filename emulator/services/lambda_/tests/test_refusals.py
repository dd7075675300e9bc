"""What Lambda's control plane refuses, in the words that AWS was recorded with."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.lambda_.tests.fake_sandbox import Lambda

ARN = "arn:aws:lambda:us-east-1:000000000000:function"
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer"
UNQUALIFIED = "This operation is permitted on Lambda functions only."
MISMATCH = "The derived qualifier from the function name does not match the specified qualifier."
NOT_THERE = "The resource you requested does not exist."


def account() -> Lambda:
    """Function `f` with two versions and an alias, a second function `g`, a layer with two versions."""
    aws = Lambda()
    aws.function(Publish=True)
    aws.function("g")
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
    aws.call("PublishVersion", FunctionName="f")
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    for _ in range(2):
        aws.call("PublishLayerVersion", LayerName="l", Content={"S3Bucket": "hot-reload", "S3Key": "/layer"})
    return aws


def alias(**members: Any) -> dict[str, Any]:
    return {"FunctionName": "f", "Name": "a", "FunctionVersion": "1", **members}


def weights(**shares: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {name.lstrip("v"): share for name, share in shares.items()}}


PROVISION = {"ProvisionedConcurrentExecutions": 1}
ROWS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "GetFunction",
        {"FunctionName": "f", "Qualifier": "9"},
        "ResourceNotFoundException",
        f"Function not found: {ARN}:f:9",
    ),
    ("GetFunction", {"FunctionName": "f:1", "Qualifier": "2"}, "InvalidParameterValueException", MISMATCH),
    (
        "DeleteFunction",
        {"FunctionName": "no", "Qualifier": "3"},
        "ResourceNotFoundException",
        f"Function not found: {ARN}:no",
    ),
    (
        "DeleteFunction",
        {"FunctionName": "f", "Qualifier": "$LATEST"},
        "InvalidParameterValueException",
        "$LATEST version cannot",
    ),
    ("DeleteFunction", {"FunctionName": "f", "Qualifier": "1"}, "ResourceConflictException", "reference it: [live]"),
    (
        "UpdateFunctionCode",
        {"FunctionName": "f", "ImageUri": "i"},
        "InvalidParameterValueException",
        "Please don't provide ImageUri",
    ),
    (
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "Runtime": "cobol"},
        "InvalidParameterValueException",
        "Value cobol at 'runtime'",
    ),
    ("UpdateFunctionConfiguration", {"FunctionName": "f", "Runtime": "java21"}, "NotImplemented", "java21"),
    (
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "Layers": [f"{LAYER}:l:1", f"{LAYER}:l:2"]},
        "InvalidParameterValueException",
        f"{LAYER}:l:1 and {LAYER}:l:2 are versions of the same layer.",
    ),
    (
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "Layers": [f"{LAYER}:l:1".replace("us-east-1", "eu-west-1")]},
        "InvalidParameterValueException",
        "expected to be in region us-east-1.",
    ),
    (
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "Runtime": "python3.9", "SnapStart": {"ApplyOn": "PublishedVersions"}},
        "InvalidParameterValueException",
        "python3.9 is not supported for SnapStart enabled functions.",
    ),
    (
        "PublishVersion",
        {"FunctionName": "f", "CodeSha256": "other"},
        "InvalidParameterValueException",
        "CodeSHA256 (other) is different",
    ),
    (
        "PublishVersion",
        {"FunctionName": "f", "RevisionId": "other"},
        "PreconditionFailedException",
        "The Revision Id provided does not match",
    ),
    ("CreateAlias", alias(FunctionVersion="10"), "ResourceNotFoundException", f"Function not found: {ARN}:f:10"),
    ("CreateAlias", alias(FunctionName="no"), "ResourceNotFoundException", f"Function not found: {ARN}:no:1"),
    ("CreateAlias", alias(Name="live"), "ResourceConflictException", f"Alias already exists: {ARN}:f:live"),
    (
        "CreateAlias",
        alias(RoutingConfig=weights(v1=0.5)),
        "InvalidParameterValueException",
        "Function version 1 is already included",
    ),
    (
        "CreateAlias",
        alias(RoutingConfig=weights(v2=0.5, v3=0.1)),
        "InvalidParameterValueException",
        "cannot be greater than 1",
    ),
    (
        "CreateAlias",
        alias(RoutingConfig=weights(v10=0.5)),
        "ResourceNotFoundException",
        f"Function not found: {ARN}:f:10",
    ),
    (
        "CreateAlias",
        alias(FunctionVersion="$LATEST", RoutingConfig=weights(v1=0.5)),
        "InvalidParameterValueException",
        "$LATEST is not supported",
    ),
    (
        "UpdateAlias",
        {"FunctionName": "f", "Name": "no"},
        "ResourceNotFoundException",
        f"Cannot find alias arn: {ARN}:f:no",
    ),
    (
        "PutFunctionConcurrency",
        {"FunctionName": "no", "ReservedConcurrentExecutions": 1},
        "ResourceNotFoundException",
        f"Function not found: {ARN}:no:$LATEST",
    ),
    (
        "PutFunctionConcurrency",
        {"FunctionName": "f:live", "ReservedConcurrentExecutions": 1},
        "InvalidParameterValueException",
        UNQUALIFIED,
    ),
    (
        "PutProvisionedConcurrencyConfig",
        {"FunctionName": "f", "Qualifier": "$LATEST", **PROVISION},
        "InvalidParameterValueException",
        "cannot be applied to unpublished function versions.",
    ),
    (
        "GetProvisionedConcurrencyConfig",
        {"FunctionName": "f", "Qualifier": "$LATEST"},
        "InvalidParameterValueException",
        "must be an alias or a published version.",
    ),
    (
        "GetProvisionedConcurrencyConfig",
        {"FunctionName": "f", "Qualifier": "no"},
        "ResourceNotFoundException",
        f"Cannot find alias arn: {ARN}:f:no",
    ),
    (
        "PutProvisionedConcurrencyConfig",
        {"FunctionName": "no", "Qualifier": "1", **PROVISION},
        "ResourceNotFoundException",
        f"Function not found: {ARN}:no:1",
    ),
    (
        "PutProvisionedConcurrencyConfig",
        {"FunctionName": "f", "Qualifier": "1", "ProvisionedConcurrentExecutions": 1001},
        "InvalidParameterValueException",
        "greater than account's unreserved concurrency [1000].",
    ),
    (
        "PutProvisionedConcurrencyConfig",
        {"FunctionName": "f", "Qualifier": "1", "ProvisionedConcurrentExecutions": 901},
        "InvalidParameterValueException",
        "below its minimum value of [100].",
    ),
    (
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "f", "Qualifier": "no", "MaximumRetryAttempts": 1},
        "ResourceNotFoundException",
        "The function doesn't exist.",
    ),
    (
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "no"},
        "InvalidParameterValueException",
        "You must specify at least one of error handling or destination setting.",
    ),
    ("Invoke", {"FunctionName": "no"}, "ResourceNotFoundException", f"Function not found: {ARN}:no:$LATEST"),
    (
        "GetFunctionEventInvokeConfig",
        {"FunctionName": "no"},
        "ResourceNotFoundException",
        f"The function {ARN}:no:$LATEST doesn't have an EventInvokeConfig",
    ),
    (
        "UpdateFunctionEventInvokeConfig",
        {"FunctionName": "f", "MaximumRetryAttempts": 1},
        "ResourceNotFoundException",
        f"The function {ARN}:f:$LATEST doesn't have",
    ),
    (
        "CreateFunctionUrlConfig",
        {"FunctionName": "no", "AuthType": "NONE"},
        "ResourceNotFoundException",
        "Function does not exist",
    ),
    (
        "CreateFunctionUrlConfig",
        {"FunctionName": "f", "Qualifier": "no", "AuthType": "NONE"},
        "ResourceNotFoundException",
        "Function does not exist",
    ),
    ("GetFunctionUrlConfig", {"FunctionName": "no"}, "ResourceNotFoundException", NOT_THERE),
    ("UpdateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "NONE"}, "ResourceNotFoundException", NOT_THERE),
    ("ListFunctionUrlConfigs", {"FunctionName": "no"}, "ResourceNotFoundException", "Function does not exist"),
    (
        "TagResource",
        {"Resource": f"{ARN}:f:live", "Tags": {"a": "b"}},
        "InvalidParameterValueException",
        "Tags on function aliases and versions are not supported.",
    ),
    (
        "TagResource",
        {"Resource": f"{ARN}:f", "Tags": {str(n): "" for n in range(51)}},
        "InvalidParameterValueException",
        "Number of tags exceeds resource tag limit.",
    ),
    (
        "GetLayerVersion",
        {"LayerName": "l", "VersionNumber": 0},
        "InvalidParameterValueException",
        "Layer Version Cannot be less than 1",
    ),
    (
        "DeleteLayerVersion",
        {"LayerName": "no", "VersionNumber": -1},
        "InvalidParameterValueException",
        "Layer Version Cannot be less than 1",
    ),
    ("GetLayerVersion", {"LayerName": "l", "VersionNumber": 3}, "ResourceNotFoundException", NOT_THERE),
    (
        "ListLayers",
        {"CompatibleRuntime": "cobol"},
        "ValidationException",
        "Value 'cobol' at 'compatibleRuntime' failed",
    ),
    (
        "GetFunctionCodeSigningConfig",
        {"FunctionName": "no"},
        "ResourceNotFoundException",
        f"Function not found: {ARN}:no",
    ),
    (
        "PutRuntimeManagementConfig",
        {"FunctionName": "f", "UpdateRuntimeOn": "Manual"},
        "InvalidParameterValueException",
        "RuntimeVersionArn",
    ),
]


@pytest.mark.parametrize(("operation", "params", "code", "words"), ROWS)
def test_refusal(operation: str, params: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(AwsError) as caught:
        account().call(operation, **params)
    assert caught.value.code == code
    assert words in caught.value.message


NOT_HERE = [
    "CreateEventSourceMapping",
    "ListEventSourceMappings",
    "CreateCodeSigningConfig",
    "PutFunctionScalingConfig",
]


@pytest.mark.parametrize("operation", NOT_HERE)
def test_what_is_not_played_is_refused_by_name(operation: str) -> None:
    with pytest.raises(AwsError, match=f"lambda:{operation} is not supported"):
        account().call(operation)


def test_version_and_alias_do_not_both_have_provisioned_concurrency() -> None:
    aws = account()
    put = "PutProvisionedConcurrencyConfig"
    aws.call(put, FunctionName="f", Qualifier="1", **PROVISION)
    with pytest.raises(AwsError, match="Alias can't be used for Provisioned Concurrency configuration"):
        aws.call(put, FunctionName="f", Qualifier="live", **PROVISION)
    aws.call("DeleteProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    aws.call(put, FunctionName="f", Qualifier="live", **PROVISION)
    with pytest.raises(AwsError, match="Version is pointed by a Provisioned Concurrency alias"):
        aws.call(put, FunctionName="f", Qualifier="1", **PROVISION)
    with pytest.raises(AwsError, match="total provisioned concurrency \\[1\\]"):
        aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    aws.call("DeleteAlias", FunctionName="f", Name="live")
    assert len(aws.stopped) == 2
    assert aws.call("ListProvisionedConcurrencyConfigs", FunctionName="f")["ProvisionedConcurrencyConfigs"] == []


LOGGING: list[tuple[list[dict[str, str]], dict[str, str]]] = [
    ([{"LogFormat": "JSON"}], {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}),
    (
        [{"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}, {"ApplicationLogLevel": "WARN"}],
        {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "DEBUG"},
    ),
    ([{"LogFormat": "JSON"}, {"LogFormat": "Text"}], {"LogFormat": "Text"}),
    ([{"LogGroup": "mine"}, {"LogFormat": "Text"}], {"LogFormat": "Text", "LogGroup": "mine"}),
]


@pytest.mark.parametrize(("updates", "expected"), LOGGING)
def test_logging_is_updated_in_part(updates: list[dict[str, str]], expected: dict[str, str]) -> None:
    aws = account()
    for update in updates:
        aws.call("UpdateFunctionConfiguration", FunctionName="f", LoggingConfig=update)
    shown = aws.call("GetFunctionConfiguration", FunctionName="f")["LoggingConfig"]
    assert shown == {"LogGroup": "/aws/lambda/f", **expected}


def test_settings_without_effect_are_kept_and_shown() -> None:
    aws = account()
    management = aws.call("GetRuntimeManagementConfig", FunctionName="f")
    assert management == {"UpdateRuntimeOn": "Auto", "FunctionArn": f"{ARN}:f:$LATEST"}
    aws.call("PutRuntimeManagementConfig", FunctionName="f", Qualifier="1", UpdateRuntimeOn="FunctionUpdate")
    assert aws.call("GetRuntimeManagementConfig", FunctionName="f", Qualifier="1") == {
        "UpdateRuntimeOn": "FunctionUpdate",
        "FunctionArn": f"{ARN}:f:1",
    }
    assert aws.call("GetFunctionRecursionConfig", FunctionName="f") == {"RecursiveLoop": "Terminate"}
    aws.call("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Allow")
    assert aws.call("GetFunctionRecursionConfig", FunctionName="f") == {"RecursiveLoop": "Allow"}
    assert aws.call("GetFunctionCodeSigningConfig", FunctionName="f") == {}


def test_url_config_tells_what_each_operation_tells() -> None:
    aws = account()
    created = aws.call("CreateFunctionUrlConfig", FunctionName="f", AuthType="NONE")
    assert set(created) == {"FunctionUrl", "FunctionArn", "AuthType", "CreationTime"}
    shown = aws.call("GetFunctionUrlConfig", FunctionName="f")
    assert (shown["InvokeMode"], shown["LastModifiedTime"]) == ("BUFFERED", shown["CreationTime"])
    updated = aws.call("UpdateFunctionUrlConfig", FunctionName="f", InvokeMode="RESPONSE_STREAM")
    assert updated["InvokeMode"] == "RESPONSE_STREAM"


def test_invocations_a_second_are_ten_for_each_unit_of_concurrency() -> None:
    aws = account()
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)
    for _ in range(10):
        aws.invoke("f")
    with pytest.raises(AwsError) as caught:
        aws.invoke("f")
    assert caught.value.fields["Reason"] == "ReservedFunctionInvocationRateLimitExceeded"
    aws.invoke("g")
    aws.advance(1.0)
    aws.invoke("f")


def test_provisioned_concurrency_is_taken_from_what_others_may_use() -> None:
    aws = account()
    aws.call("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live", **PROVISION)
    assert aws.call("GetAccountSettings")["AccountLimit"]["UnreservedConcurrentExecutions"] == 999


def test_deprecated_asynchronous_invocation_still_runs() -> None:
    aws = account()
    assert aws.call("InvokeAsync", FunctionName="f", InvokeArgs=b'{"a":1}') == {"Status": 202}
    assert aws.runs[0].payload == b'{"a":1}'
    with pytest.raises(AwsError) as caught:
        aws.call("InvokeAsync", FunctionName="f", InvokeArgs=b" " * 262_145)
    assert caught.value.code == "RequestEntityTooLargeException"
