"""AWS Secrets Manager. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SecretsManager.html"""

from __future__ import annotations

import json
from typing import Any

from emulator.deploy.properties import BOOL, INT, JSON, STR, TAGS
from emulator.deploy.resource_type import Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

PASSWORD_OPTIONS = (
    "ExcludeCharacters",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "PasswordLength",
    "RequireEachIncludedType",
)


def _text(request: Request) -> Process:
    """The secret's text: as given, or generated, alone or under a key of a template."""
    if "SecretString" in request.properties:
        return request["SecretString"]
    generate: dict[str, Any] = request.get("GenerateSecretString", {})
    answer = yield Call("secretsmanager", "GetRandomPassword", pick(generate, *PASSWORD_OPTIONS))
    password = answer["RandomPassword"]
    if "GenerateStringKey" not in generate:
        return password
    template = json.loads(generate.get("SecretStringTemplate", "{}"))
    return json.dumps({**template, generate["GenerateStringKey"]: password})


def _create_secret(request: Request) -> Process:
    suffix = request.account.identifiers.letters(12)
    params = {
        "Name": request.get("Name") or f"{request.logical_id}-{suffix}",
        "SecretString": (yield from _text(request)),
        **pick(request.properties, "Description", "KmsKeyId", "Tags"),
    }
    answer = yield Call("secretsmanager", "CreateSecret", params)
    return Made(answer["ARN"], {"Id": answer["ARN"]})


def _update_secret(request: Request) -> Process:
    params: dict[str, Any] = {"SecretId": request.physical_id, **pick(request.properties, "Description", "KmsKeyId")}
    sources = ("SecretString", "GenerateSecretString")
    if any(request.get(name) != request.previous.get(name) for name in sources):
        params["SecretString"] = yield from _text(request)
    yield Call("secretsmanager", "UpdateSecret", params)
    return Made(request.physical_id, request.attributes)


def _delete_secret(request: Request) -> Process:
    params = {"SecretId": request.physical_id, "ForceDeleteWithoutRecovery": True}
    yield Call("secretsmanager", "DeleteSecret", params)


def _put_policy(request: Request) -> Process:
    params = {
        "SecretId": request["SecretId"],
        "ResourcePolicy": json.dumps(request["ResourcePolicy"]),
        **pick(request.properties, "BlockPublicPolicy"),
    }
    answer = yield Call("secretsmanager", "PutResourcePolicy", params)
    return Made(answer["ARN"], {"Id": answer["ARN"]})


def _delete_policy(request: Request) -> Process:
    yield Call("secretsmanager", "DeleteResourcePolicy", {"SecretId": request["SecretId"]})


TYPES = (
    ResourceType(
        "AWS::SecretsManager::Secret",
        {
            "Description": STR,
            "GenerateSecretString": {
                **dict.fromkeys(PASSWORD_OPTIONS, BOOL),
                "ExcludeCharacters": STR,
                "GenerateStringKey": STR,
                "PasswordLength": INT,
                "SecretStringTemplate": STR,
            },
            "KmsKeyId": STR,
            "Name": STR,
            "SecretString": STR,
            "Tags": TAGS,
        },
        _create_secret,
        _delete_secret,
        attributes=("Id",),
        update=_update_secret,
        updatable=frozenset({"Description", "GenerateSecretString", "KmsKeyId", "SecretString"}),
        replacing=frozenset({"Name"}),
    ),
    ResourceType(
        "AWS::SecretsManager::ResourcePolicy",
        {"BlockPublicPolicy": BOOL, "ResourcePolicy": JSON, "SecretId": STR},
        _put_policy,
        _delete_policy,
        attributes=("Id",),
        update=_put_policy,
        updatable=frozenset({"BlockPublicPolicy", "ResourcePolicy"}),
        replacing=frozenset({"SecretId"}),
        required=("ResourcePolicy", "SecretId"),
    ),
)
