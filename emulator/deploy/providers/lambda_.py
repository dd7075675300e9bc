"""AWS Lambda. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, FLOAT, INT, STR, TAGS, Each, Shape
from emulator.deploy.resource_type import (
    EVERY_PROPERTY,
    Made,
    Request,
    ResourceType,
    finished,
    pick,
    tags_of,
)
from emulator.effects import Call, Process, Sleep

__all__ = ["TYPES"]

CONFIGURATION = (
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
"""Properties that UpdateFunctionConfiguration can change, as it names them; `KmsKeyArn`, which it names `KMSKeyArn`, comes on top."""
RESET: Mapping[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""What a setting goes back to when a template no longer names it."""
LONGEST_ACTIVATION_SECONDS = 300.0


def _code(code: Mapping[str, Any], runtime: str) -> dict[str, Any]:
    """`Code` as the API takes it: inline source becomes a zip file with one `index` module, as CloudFormation packs it."""
    if "ZipFile" not in code:
        return dict(code)
    packed = io.BytesIO()
    name = "index.py" if runtime.startswith("python") else "index.js"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, code["ZipFile"])
    return {"ZipFile": packed.getvalue()}


def _settings(properties: Mapping[str, Any]) -> dict[str, Any]:
    settings = pick(properties, *CONFIGURATION, KmsKeyArn="KMSKeyArn")
    if "VpcConfig" in settings:
        settings["VpcConfig"] = pick(settings["VpcConfig"], "SubnetIds", "SecurityGroupIds", "Ipv6AllowedForDualStack")
    return settings


def _create_function(request: Request) -> Process:
    name = request.get("FunctionName") or request.generated_name(64)
    params = {
        "FunctionName": name,
        "Code": _code(request["Code"], request.get("Runtime", "")),
        **pick(request.properties, "Architectures", "PackageType"),
        **_settings(request.properties),
        "Tags": tags_of(request),
    }
    answer = yield Call("lambda", "CreateFunction", params)
    made = Made(name, {"Arn": answer["FunctionArn"]})
    yield from finished(made, _settle(request, name, answer))
    return made


def _settle(request: Request, name: str, configuration: Mapping[str, Any]) -> Process:
    yield from _until_active(name, configuration)
    if "ReservedConcurrentExecutions" in request.properties:
        yield from _reserve(name, request["ReservedConcurrentExecutions"])


def _until_active(name: str, configuration: Mapping[str, Any]) -> Process:
    """Wait as CloudFormation does, until the function can be invoked."""
    waited = 0.0
    while configuration.get("State", "Active") == "Pending" or configuration.get("LastUpdateStatus") == "InProgress":
        if waited > LONGEST_ACTIVATION_SECONDS:
            raise ProvisioningError(f"function {name} did not become active")
        yield Sleep(0.1)
        waited += 0.1
        configuration = yield Call("lambda", "GetFunctionConfiguration", {"FunctionName": name})
    if configuration.get("State") == "Failed":
        raise ProvisioningError(f"function {name} is Failed: {configuration.get('StateReason', '')}")


def _reserve(name: str, amount: int | None) -> Process:
    if amount is None:
        yield Call("lambda", "DeleteFunctionConcurrency", {"FunctionName": name})
    else:
        params = {"FunctionName": name, "ReservedConcurrentExecutions": amount}
        yield Call("lambda", "PutFunctionConcurrency", params)


def _update_function(request: Request) -> Process:
    name = request.physical_id
    if request.get("Code") != request.previous.get("Code"):
        code = _code(request["Code"], request.get("Runtime", ""))
        answer = yield Call("lambda", "UpdateFunctionCode", {"FunctionName": name, **code})
        yield from _until_active(name, answer)
    before, after = _settings(request.previous), _settings(request.properties)
    changed = {setting: value for setting, value in after.items() if before.get(setting) != value}
    gone = sorted(setting for setting in before if setting not in after)
    stuck = [setting for setting in gone if setting not in RESET]
    if stuck:
        raise ProvisioningError(f"the removal of {', '.join(stuck)} is not supported by this emulator")
    changed.update({setting: RESET[setting] for setting in gone})
    if changed:
        answer = yield Call("lambda", "UpdateFunctionConfiguration", {"FunctionName": name, **changed})
        yield from _until_active(name, answer)
    reserved = request.get("ReservedConcurrentExecutions")
    if reserved != request.previous.get("ReservedConcurrentExecutions"):
        yield from _reserve(name, reserved)
    return Made(name, request.attributes)


def _delete_function(request: Request) -> Process:
    yield Call("lambda", "DeleteFunction", {"FunctionName": request.physical_id})


def _create_layer(request: Request) -> Process:
    content = dict(request["Content"])
    params = {
        "LayerName": request.get("LayerName") or request.logical_id,
        "Content": content,
        **pick(request.properties, "CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo"),
    }
    answer = yield Call("lambda", "PublishLayerVersion", params)
    arn = answer["LayerVersionArn"]
    return Made(arn, {"LayerVersionArn": arn})


def _delete_layer(request: Request) -> Process:
    name, version = request.physical_id.split(":")[-2:]
    yield Call("lambda", "DeleteLayerVersion", {"LayerName": name, "VersionNumber": int(version)})


def _create_permission(request: Request) -> Process:
    statement_id = request.generated_name(100)
    params = {
        "StatementId": statement_id,
        **pick(
            request.properties,
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        ),
    }
    yield Call("lambda", "AddPermission", params)
    return Made(statement_id, {"Id": statement_id})


def _delete_permission(request: Request) -> Process:
    params = {"FunctionName": request["FunctionName"], "StatementId": request.physical_id}
    yield Call("lambda", "RemovePermission", params)


def _create_version(request: Request) -> Process:
    params = pick(request.properties, "CodeSha256", "Description", "FunctionName")
    answer = yield Call("lambda", "PublishVersion", params)
    return Made(answer["FunctionArn"], {"FunctionArn": answer["FunctionArn"], "Version": answer["Version"]})


def _delete_version(request: Request) -> Process:
    function, _, version = request.physical_id.rpartition(":")
    yield Call("lambda", "DeleteFunction", {"FunctionName": function, "Qualifier": version})


def _alias(request: Request) -> dict[str, Any]:
    params = pick(request.properties, "Description", "FunctionName", "FunctionVersion", "Name")
    weights = request.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    if weights:
        table = {weight["FunctionVersion"]: weight["FunctionWeight"] for weight in weights}
        params["RoutingConfig"] = {"AdditionalVersionWeights": table}
    return params


def _create_alias(request: Request) -> Process:
    answer = yield Call("lambda", "CreateAlias", _alias(request))
    return Made(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})


def _update_alias(request: Request) -> Process:
    yield Call("lambda", "UpdateAlias", _alias(request))
    return Made(request.physical_id, request.attributes)


def _delete_alias(request: Request) -> Process:
    yield Call("lambda", "DeleteAlias", pick(request.properties, "FunctionName", "Name"))


def _put_invoke_config(request: Request) -> Process:
    names = ("DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier")
    yield Call("lambda", "PutFunctionEventInvokeConfig", pick(request.properties, *names))
    return Made(request.physical_id or request.generated_name(128))


def _delete_invoke_config(request: Request) -> Process:
    yield Call("lambda", "DeleteFunctionEventInvokeConfig", pick(request.properties, "FunctionName", "Qualifier"))


_LOCATION = {"S3Bucket": STR, "S3Key": STR, "S3ObjectVersion": STR}
_FUNCTION: dict[str, Shape] = {
    "Architectures": STR,
    "Code": {**_LOCATION, "ZipFile": STR},
    "DeadLetterConfig": {"TargetArn": STR},
    "Description": STR,
    "Environment": {"Variables": Each(STR)},
    "EphemeralStorage": {"Size": INT},
    "FileSystemConfigs": {"Arn": STR, "LocalMountPath": STR},
    "FunctionName": STR,
    "Handler": STR,
    "KmsKeyArn": STR,
    "Layers": STR,
    "LoggingConfig": {"ApplicationLogLevel": STR, "LogFormat": STR, "LogGroup": STR, "SystemLogLevel": STR},
    "MemorySize": INT,
    "PackageType": STR,
    "ReservedConcurrentExecutions": INT,
    "Role": STR,
    "Runtime": STR,
    "Tags": TAGS,
    "Timeout": INT,
    "TracingConfig": {"Mode": STR},
    "VpcConfig": {"Ipv6AllowedForDualStack": BOOL, "SecurityGroupIds": STR, "SubnetIds": STR},
}

TYPES = (
    ResourceType(
        "AWS::Lambda::Function",
        _FUNCTION,
        _create_function,
        _delete_function,
        attributes=("Arn",),
        update=_update_function,
        updatable=frozenset({*CONFIGURATION, "Code", "KmsKeyArn", "ReservedConcurrentExecutions"}),
        replacing=frozenset({"FunctionName", "PackageType"}),
        accepted={
            "RuntimeManagementConfig": "runtimes do not change by themselves on this machine",
        },
        required=("Code", "Role"),
    ),
    ResourceType(
        "AWS::Lambda::LayerVersion",
        {
            "CompatibleArchitectures": STR,
            "CompatibleRuntimes": STR,
            "Content": _LOCATION,
            "Description": STR,
            "LayerName": STR,
            "LicenseInfo": STR,
        },
        _create_layer,
        _delete_layer,
        attributes=("LayerVersionArn",),
        replacing=EVERY_PROPERTY,
        required=("Content",),
    ),
    ResourceType(
        "AWS::Lambda::Permission",
        dict.fromkeys(
            (
                "Action",
                "EventSourceToken",
                "FunctionName",
                "FunctionUrlAuthType",
                "Principal",
                "PrincipalOrgID",
                "SourceAccount",
                "SourceArn",
            ),
            STR,
        ),
        _create_permission,
        _delete_permission,
        attributes=("Id",),
        replacing=EVERY_PROPERTY,
        required=("Action", "FunctionName", "Principal"),
    ),
    ResourceType(
        "AWS::Lambda::Version",
        {"CodeSha256": STR, "Description": STR, "FunctionName": STR},
        _create_version,
        _delete_version,
        attributes=("FunctionArn", "Version"),
        replacing=EVERY_PROPERTY,
        required=("FunctionName",),
    ),
    ResourceType(
        "AWS::Lambda::Alias",
        {
            "Description": STR,
            "FunctionName": STR,
            "FunctionVersion": STR,
            "Name": STR,
            "RoutingConfig": {"AdditionalVersionWeights": {"FunctionVersion": STR, "FunctionWeight": FLOAT}},
        },
        _create_alias,
        _delete_alias,
        attributes=("AliasArn",),
        update=_update_alias,
        updatable=frozenset({"Description", "FunctionVersion", "RoutingConfig"}),
        replacing=frozenset({"FunctionName", "Name"}),
        required=("FunctionName", "FunctionVersion", "Name"),
    ),
    ResourceType(
        "AWS::Lambda::EventInvokeConfig",
        {
            "DestinationConfig": {"OnFailure": {"Destination": STR}, "OnSuccess": {"Destination": STR}},
            "FunctionName": STR,
            "MaximumEventAgeInSeconds": INT,
            "MaximumRetryAttempts": INT,
            "Qualifier": STR,
        },
        _put_invoke_config,
        _delete_invoke_config,
        update=_put_invoke_config,
        updatable=frozenset({"DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"}),
        replacing=frozenset({"FunctionName", "Qualifier"}),
        required=("FunctionName", "Qualifier"),
    ),
)
