"""Who may use functions and layers, and their HTTP endpoints.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

from typing import Any

from emulator.deploy.properties import BOOL, INT, STR, Shape
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

_PERMISSION: dict[str, Shape] = {
    "Action": STR,
    "EventSourceToken": STR,
    "FunctionName": STR,
    "FunctionUrlAuthType": STR,
    "InvokedViaFunctionUrl": BOOL,
    "Principal": STR,
    "PrincipalOrgID": STR,
    "SourceAccount": STR,
    "SourceArn": STR,
}
_CORS: dict[str, Shape] = {
    "AllowCredentials": BOOL,
    "AllowHeaders": STR,
    "AllowMethods": STR,
    "AllowOrigins": STR,
    "ExposeHeaders": STR,
    "MaxAge": INT,
}


def _create_permission(request: Request) -> Process:
    statement_id = request.generated_name(100)
    params = {"StatementId": statement_id, **pick(request.properties, *_PERMISSION)}
    yield Call("lambda", "AddPermission", params)
    return Made(statement_id, {"Id": statement_id})


def _delete_permission(request: Request) -> Process:
    params = {"FunctionName": request["FunctionName"], "StatementId": request.physical_id}
    yield Call("lambda", "RemovePermission", params)


def _layer_version(arn: str) -> dict[str, Any]:
    name, version = arn.split(":")[-2:]
    return {"LayerName": name, "VersionNumber": int(version)}


def _create_layer_permission(request: Request) -> Process:
    statement_id = request.generated_name(100)
    arn = request["LayerVersionArn"]
    params = {
        **_layer_version(arn),
        "StatementId": statement_id,
        **pick(request.properties, "Action", "OrganizationId", "Principal"),
    }
    yield Call("lambda", "AddLayerVersionPermission", params)
    return Made(f"{arn}#{statement_id}", {"Id": f"{arn}#{statement_id}"})


def _delete_layer_permission(request: Request) -> Process:
    arn, _, statement_id = request.physical_id.partition("#")
    yield Call("lambda", "RemoveLayerVersionPermission", {**_layer_version(arn), "StatementId": statement_id})


def _url(request: Request) -> dict[str, Any]:
    return {**_target(request), **pick(request.properties, "AuthType", "Cors", "InvokeMode")}


def _target(request: Request) -> dict[str, Any]:
    return pick(request.properties, "Qualifier", TargetFunctionArn="FunctionName")


def _create_url(request: Request) -> Process:
    answer = yield Call("lambda", "CreateFunctionUrlConfig", _url(request))
    arn = answer["FunctionArn"]
    return Made(arn, {"FunctionArn": arn, "FunctionUrl": answer["FunctionUrl"]})


def _update_url(request: Request) -> Process:
    params = {"InvokeMode": "BUFFERED", "Cors": {}, **_url(request)}
    yield Call("lambda", "UpdateFunctionUrlConfig", params)
    return Made(request.physical_id, request.attributes)


def _delete_url(request: Request) -> Process:
    yield Call("lambda", "DeleteFunctionUrlConfig", _target(request))


TYPES = (
    ResourceType(
        "AWS::Lambda::Permission",
        _PERMISSION,
        _create_permission,
        _delete_permission,
        attributes=("Id",),
        replacing=EVERY_PROPERTY,
        required=("Action", "FunctionName", "Principal"),
    ),
    ResourceType(
        "AWS::Lambda::LayerVersionPermission",
        {"Action": STR, "LayerVersionArn": STR, "OrganizationId": STR, "Principal": STR},
        _create_layer_permission,
        _delete_layer_permission,
        attributes=("Id",),
        replacing=EVERY_PROPERTY,
        required=("Action", "LayerVersionArn", "Principal"),
    ),
    ResourceType(
        "AWS::Lambda::Url",
        {"AuthType": STR, "Cors": _CORS, "InvokeMode": STR, "Qualifier": STR, "TargetFunctionArn": STR},
        _create_url,
        _delete_url,
        attributes=("FunctionArn", "FunctionUrl"),
        update=_update_url,
        updatable=frozenset({"AuthType", "Cors", "InvokeMode"}),
        replacing=frozenset({"Qualifier", "TargetFunctionArn"}),
        required=("AuthType", "TargetFunctionArn"),
    ),
)
