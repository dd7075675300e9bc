"""AWS Lambda. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, INT, STR, TAGS, Each, Shape
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

__all__ = ["TYPES", "until_active"]

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
    "SnapStart",
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
    "FileSystemConfigs": [],
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": ""},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
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
    yield from until_active(name, configuration)
    if "ReservedConcurrentExecutions" in request.properties:
        yield from _reserve(name, request["ReservedConcurrentExecutions"])
    yield from _manage(request, name)


def until_active(name: str, configuration: Mapping[str, Any]) -> Process:
    """Wait as CloudFormation does, until the function can be invoked."""
    waited = 0.0
    while configuration.get("State", "Active") == "Pending" or configuration.get("LastUpdateStatus") == "InProgress":
        if waited > LONGEST_ACTIVATION_SECONDS:
            raise ProvisioningError(f"function {name} did not become active")
        if waited > 0.0:
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


def _manage(request: Request, name: str) -> Process:
    """Settings that have operations of their own."""
    loop, before = request.get("RecursiveLoop", "Terminate"), request.previous.get("RecursiveLoop", "Terminate")
    if loop != before:
        yield Call("lambda", "PutFunctionRecursionConfig", {"FunctionName": name, "RecursiveLoop": loop})
    automatic = {"UpdateRuntimeOn": "Auto"}
    runtime = request.get("RuntimeManagementConfig", automatic)
    if runtime != request.previous.get("RuntimeManagementConfig", automatic):
        yield Call("lambda", "PutRuntimeManagementConfig", {"FunctionName": name, **runtime})


def _retag(request: Request) -> Process:
    before = {tag["Key"]: tag["Value"] for tag in request.previous.get("Tags", [])}
    after = tags_of(request)
    arn = request.attributes.get("Arn", "")
    if set(before) - set(after):
        yield Call("lambda", "UntagResource", {"Resource": arn, "TagKeys": sorted(set(before) - set(after))})
    if after and after != before:
        yield Call("lambda", "TagResource", {"Resource": arn, "Tags": after})


def _update_function(request: Request) -> Process:
    name = request.physical_id
    built_for = request.get("Architectures", ["x86_64"])
    other_architecture = built_for != request.previous.get("Architectures", ["x86_64"])
    if other_architecture or request.get("Code") != request.previous.get("Code"):
        code = _code(request["Code"], request.get("Runtime", ""))
        if other_architecture:
            code["Architectures"] = built_for
        answer = yield Call("lambda", "UpdateFunctionCode", {"FunctionName": name, **code})
        yield from until_active(name, answer)
    before, after = _settings(request.previous), _settings(request.properties)
    changed = {setting: value for setting, value in after.items() if before.get(setting) != value}
    gone = sorted(setting for setting in before if setting not in after)
    stuck = [setting for setting in gone if setting not in RESET]
    if stuck:
        raise ProvisioningError(f"the removal of {', '.join(stuck)} is not supported by this emulator")
    changed.update({setting: RESET[setting] for setting in gone})
    if changed:
        answer = yield Call("lambda", "UpdateFunctionConfiguration", {"FunctionName": name, **changed})
        yield from until_active(name, answer)
    reserved = request.get("ReservedConcurrentExecutions")
    if reserved != request.previous.get("ReservedConcurrentExecutions"):
        yield from _reserve(name, reserved)
    yield from _manage(request, name)
    yield from _retag(request)
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
    "RecursiveLoop": STR,
    "ReservedConcurrentExecutions": INT,
    "Role": STR,
    "Runtime": STR,
    "RuntimeManagementConfig": {"RuntimeVersionArn": STR, "UpdateRuntimeOn": STR},
    "SnapStart": {"ApplyOn": STR},
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
        updatable=frozenset(
            {
                *CONFIGURATION,
                "Architectures",
                "Code",
                "KmsKeyArn",
                "RecursiveLoop",
                "ReservedConcurrentExecutions",
                "RuntimeManagementConfig",
                "Tags",
            }
        ),
        replacing=frozenset({"FunctionName", "PackageType"}),
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
)
