"""AWS Key Management Service. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html"""

from __future__ import annotations

import json
from typing import Any

from emulator.deploy.properties import BOOL, INT, JSON, STR, TAGS
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _create_key(request: Request) -> Process:
    params: dict[str, Any] = pick(request.properties, "Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
    if "KeyPolicy" in request.properties:
        params["Policy"] = json.dumps(request["KeyPolicy"])
    if "Tags" in request.properties:
        params["Tags"] = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in request["Tags"]]
    metadata = (yield Call("kms", "CreateKey", params))["KeyMetadata"]
    key_id = metadata["KeyId"]
    made = Made(key_id, {"Arn": metadata["Arn"], "KeyId": key_id})
    yield from finished(made, _switch(request, key_id))
    return made


def _switch(request: Request, key_id: str) -> Process:
    """Rotation and enablement, where they differ from before (a new key is enabled and does not rotate)."""
    for name, default, on, off in (
        ("EnableKeyRotation", False, "EnableKeyRotation", "DisableKeyRotation"),
        ("Enabled", True, "EnableKey", "DisableKey"),
    ):
        wanted = request.get(name, default)
        if wanted != request.previous.get(name, default):
            yield Call("kms", on if wanted else off, {"KeyId": key_id})


def _update_key(request: Request) -> Process:
    key_id = request.physical_id
    if request.get("KeyPolicy") != request.previous.get("KeyPolicy") and "KeyPolicy" in request.properties:
        policy = json.dumps(request["KeyPolicy"])
        yield Call("kms", "PutKeyPolicy", {"KeyId": key_id, "PolicyName": "default", "Policy": policy})
    if request.get("Description") != request.previous.get("Description"):
        yield Call("kms", "UpdateKeyDescription", {"KeyId": key_id, "Description": request.get("Description", "")})
    yield from _switch(request, key_id)
    return Made(key_id, request.attributes)


def _delete_key(request: Request) -> Process:
    params = {"KeyId": request.physical_id, "PendingWindowInDays": request.get("PendingWindowInDays", 30)}
    yield Call("kms", "ScheduleKeyDeletion", params)


def _create_alias(request: Request) -> Process:
    yield Call("kms", "CreateAlias", pick(request.properties, "AliasName", "TargetKeyId"))
    return Made(request["AliasName"])


def _update_alias(request: Request) -> Process:
    yield Call("kms", "UpdateAlias", pick(request.properties, "AliasName", "TargetKeyId"))
    return Made(request.physical_id)


def _delete_alias(request: Request) -> Process:
    yield Call("kms", "DeleteAlias", {"AliasName": request.physical_id})


TYPES = (
    ResourceType(
        "AWS::KMS::Key",
        {
            "Description": STR,
            "EnableKeyRotation": BOOL,
            "Enabled": BOOL,
            "KeyPolicy": JSON,
            "KeySpec": STR,
            "KeyUsage": STR,
            "MultiRegion": BOOL,
            "Origin": STR,
            "PendingWindowInDays": INT,
            "Tags": TAGS,
        },
        _create_key,
        _delete_key,
        attributes=("Arn", "KeyId"),
        update=_update_key,
        updatable=frozenset({"Description", "EnableKeyRotation", "Enabled", "KeyPolicy", "PendingWindowInDays"}),
        replacing=frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"}),
    ),
    ResourceType(
        "AWS::KMS::Alias",
        {"AliasName": STR, "TargetKeyId": STR},
        _create_alias,
        _delete_alias,
        update=_update_alias,
        updatable=frozenset({"TargetKeyId"}),
        replacing=frozenset({"AliasName"}),
        required=("AliasName", "TargetKeyId"),
    ),
)
