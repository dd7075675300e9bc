"""Amazon API Gateway, REST APIs: the API itself, its deployments and stages.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, FLOAT, INT, JSON, STR, TAGS, Each
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, nothing, pick, tags_of
from emulator.effects import Call, Process

__all__ = ["TYPES", "patches"]


def patches(before: Mapping[str, Any], after: Mapping[str, Any], paths: Mapping[str, str]) -> list[dict[str, str]]:
    """Patch operations for the plain properties that changed; `paths` maps property to patch path."""
    operations = []
    for name, path in paths.items():
        if before.get(name) == after.get(name):
            continue
        value = after.get(name, "")
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        operations.append({"op": "replace", "path": path, "value": text})
    return operations


# -- RestApi ---------------------------------------------------------------------------------------------------------------------


def _body(request: Request) -> Process:
    """The OpenAPI document as bytes, or None where the template has none."""
    if "Body" in request.properties:
        return json.dumps(request["Body"]).encode()
    location = request.get("BodyS3Location")
    if location is None:
        return None
    params = pick(location, "Bucket", "Key", Version="VersionId")
    answer = yield Call("s3", "GetObject", params)
    return answer["Body"]


def _create_api(request: Request) -> Process:
    body = yield from _body(request)
    name = request.get("Name") or request.get("Body", {}).get("info", {}).get("title")
    if name is None:
        raise ProvisioningError("a RestApi needs a Name, or a Body with info.title")
    params: dict[str, Any] = {
        "name": str(name),
        **pick(
            request.properties,
            ApiKeySourceType="apiKeySource",
            BinaryMediaTypes="binaryMediaTypes",
            Description="description",
            DisableExecuteApiEndpoint="disableExecuteApiEndpoint",
            MinimumCompressionSize="minimumCompressionSize",
        ),
        "tags": tags_of(request),
    }
    if "Policy" in request.properties:
        params["policy"] = json.dumps(request["Policy"])
    if "EndpointConfiguration" in request.properties:
        endpoint = pick(request["EndpointConfiguration"], Types="types", VpcEndpointIds="vpcEndpointIds")
        params["endpointConfiguration"] = endpoint
    answer = yield Call("apigateway", "CreateRestApi", params)
    api_id = answer["id"]
    root_id = yield from finished(Made(api_id), _import_body(request, api_id, body))
    return Made(api_id, {"RestApiId": api_id, "RootResourceId": root_id})


def _import_body(request: Request, api_id: str, body: bytes | None) -> Process:
    if body is not None:
        params = {
            "restApiId": api_id,
            "mode": request.get("Mode", "overwrite"),
            "failOnWarnings": request.get("FailOnWarnings", False),
            "parameters": dict(request.get("Parameters", {})),
            "body": body,
        }
        yield Call("apigateway", "PutRestApi", params)
    resources = yield Call("apigateway", "GetResources", {"restApiId": api_id, "limit": 500})
    return next(item["id"] for item in resources["items"] if item["path"] == "/")


def _update_api(request: Request) -> Process:
    operations = patches(request.previous, request.properties, {"Description": "/description", "Name": "/name"})
    if operations:
        params = {"restApiId": request.physical_id, "patchOperations": operations}
        yield Call("apigateway", "UpdateRestApi", params)
    changed = any(request.get(name) != request.previous.get(name) for name in ("Body", "BodyS3Location"))
    if changed:
        body = yield from _body(request)
        root_id = yield from _import_body(request, request.physical_id, body)
        return Made(request.physical_id, {**request.attributes, "RootResourceId": root_id})
    return Made(request.physical_id, request.attributes)


def _delete_api(request: Request) -> Process:
    yield Call("apigateway", "DeleteRestApi", {"restApiId": request.physical_id})


# -- Deployment and Stage --------------------------------------------------------------------------------------------------------


def _create_deployment(request: Request) -> Process:
    params = pick(request.properties, Description="description", RestApiId="restApiId", StageName="stageName")
    answer = yield Call("apigateway", "CreateDeployment", params)
    return Made(answer["id"], {"DeploymentId": answer["id"]})


def _update_deployment(request: Request) -> Process:
    operations = patches(request.previous, request.properties, {"Description": "/description"})
    params = {"restApiId": request["RestApiId"], "deploymentId": request.physical_id, "patchOperations": operations}
    yield Call("apigateway", "UpdateDeployment", params)
    return Made(request.physical_id, request.attributes)


def _delete_deployment(request: Request) -> Process:
    api_id = request["RestApiId"]
    if "StageName" in request.properties:
        yield Call("apigateway", "DeleteStage", {"restApiId": api_id, "stageName": request["StageName"]})
    yield Call("apigateway", "DeleteDeployment", {"restApiId": api_id, "deploymentId": request.physical_id})


METHOD_SETTINGS: Mapping[str, str] = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
"""Where a stage's method settings live. https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch"""
STAGE_PATHS: Mapping[str, str] = {
    "DeploymentId": "/deploymentId",
    "Description": "/description",
    "TracingEnabled": "/tracingEnabled",
}


def _method_settings(properties: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for setting in properties.get("MethodSettings", []):
        path = setting.get("ResourcePath", "/*").removeprefix("/").replace("/", "~1")
        if path != "*":
            path = f"~1{path}"
        yield from patches(
            {},
            setting,
            {
                name: f"/{path}/{setting.get('HttpMethod', '*')}/{place}"
                for name, place in METHOD_SETTINGS.items()
                if name in setting
            },
        )


def _create_stage(request: Request) -> Process:
    params = {
        **pick(
            request.properties,
            DeploymentId="deploymentId",
            Description="description",
            RestApiId="restApiId",
            StageName="stageName",
            TracingEnabled="tracingEnabled",
            Variables="variables",
        ),
        "tags": tags_of(request),
    }
    yield Call("apigateway", "CreateStage", params)
    made = Made(request["StageName"])
    yield from finished(made, _patch_stage(request, list(_method_settings(request.properties))))
    return made


def _patch_stage(request: Request, operations: list[dict[str, str]]) -> Process:
    if operations:
        params = pick(request.properties, RestApiId="restApiId", StageName="stageName")
        yield Call("apigateway", "UpdateStage", {**params, "patchOperations": operations})


def _update_stage(request: Request) -> Process:
    operations = patches(request.previous, request.properties, STAGE_PATHS)
    before, after = request.previous.get("Variables", {}), request.get("Variables", {})
    for name in sorted({*before, *after}):
        if name not in after:
            operations.append({"op": "remove", "path": f"/variables/{name}"})
        elif before.get(name) != after[name]:
            operations.append({"op": "replace", "path": f"/variables/{name}", "value": after[name]})
    if request.get("MethodSettings") != request.previous.get("MethodSettings"):
        operations.extend(_method_settings(request.properties))
    yield from _patch_stage(request, operations)
    return Made(request.physical_id, request.attributes)


def _delete_stage(request: Request) -> Process:
    yield Call("apigateway", "DeleteStage", {"restApiId": request["RestApiId"], "stageName": request.physical_id})


# -- Account ---------------------------------------------------------------------------------------------------------------------


def _set_account(request: Request) -> Process:
    value = request.get("CloudWatchRoleArn", "")
    operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": value}
    yield Call("apigateway", "UpdateAccount", {"patchOperations": [operation]})
    return Made(request.physical_id or request.generated_name(128))


TYPES = (
    ResourceType(
        "AWS::ApiGateway::RestApi",
        {
            "ApiKeySourceType": STR,
            "BinaryMediaTypes": STR,
            "Body": JSON,
            "BodyS3Location": {"Bucket": STR, "Key": STR, "Version": STR},
            "Description": STR,
            "DisableExecuteApiEndpoint": BOOL,
            "EndpointConfiguration": {"IpAddressType": STR, "Types": STR, "VpcEndpointIds": STR},
            "FailOnWarnings": BOOL,
            "MinimumCompressionSize": INT,
            "Mode": STR,
            "Name": STR,
            "Parameters": Each(STR),
            "Policy": JSON,
            "Tags": TAGS,
        },
        _create_api,
        _delete_api,
        attributes=("RestApiId", "RootResourceId"),
        update=_update_api,
        updatable=frozenset({"Body", "BodyS3Location", "Description", "FailOnWarnings", "Mode", "Name", "Parameters"}),
    ),
    ResourceType(
        "AWS::ApiGateway::Deployment",
        {"Description": STR, "RestApiId": STR, "StageName": STR},
        _create_deployment,
        _delete_deployment,
        attributes=("DeploymentId",),
        update=_update_deployment,
        updatable=frozenset({"Description"}),
        replacing=frozenset({"RestApiId", "StageName"}),
        required=("RestApiId",),
    ),
    ResourceType(
        "AWS::ApiGateway::Stage",
        {
            "DeploymentId": STR,
            "Description": STR,
            "MethodSettings": {
                "CacheDataEncrypted": BOOL,
                "CacheTtlInSeconds": INT,
                "CachingEnabled": BOOL,
                "DataTraceEnabled": BOOL,
                "HttpMethod": STR,
                "LoggingLevel": STR,
                "MetricsEnabled": BOOL,
                "ResourcePath": STR,
                "ThrottlingBurstLimit": INT,
                "ThrottlingRateLimit": FLOAT,
            },
            "RestApiId": STR,
            "StageName": STR,
            "Tags": TAGS,
            "TracingEnabled": BOOL,
            "Variables": Each(STR),
        },
        _create_stage,
        _delete_stage,
        update=_update_stage,
        updatable=frozenset({*STAGE_PATHS, "MethodSettings", "Variables"}),
        replacing=frozenset({"RestApiId", "StageName"}),
        required=("DeploymentId", "RestApiId", "StageName"),
    ),
    ResourceType(
        "AWS::ApiGateway::Account",
        {"CloudWatchRoleArn": STR},
        _set_account,
        nothing,
        update=_set_account,
        updatable=frozenset({"CloudWatchRoleArn"}),
    ),
)
