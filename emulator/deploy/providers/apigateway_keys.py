"""Amazon API Gateway: API keys and usage plans.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from typing import Any

from emulator.deploy.properties import BOOL, FLOAT, INT, STR, TAGS
from emulator.deploy.providers.apigateway import patches
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, pick, tags_of
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _create_key(request: Request) -> Process:
    params: dict[str, Any] = {
        "name": request.get("Name") or request.generated_name(128),
        **pick(
            request.properties,
            CustomerId="customerId",
            Description="description",
            Enabled="enabled",
            GenerateDistinctId="generateDistinctId",
            Value="value",
        ),
        "tags": tags_of(request),
    }
    if "StageKeys" in request.properties:
        stages = [pick(stage, RestApiId="restApiId", StageName="stageName") for stage in request["StageKeys"]]
        params["stageKeys"] = stages
    answer = yield Call("apigateway", "CreateApiKey", params)
    return Made(answer["id"], {"APIKeyId": answer["id"]})


def _update_key(request: Request) -> Process:
    paths = {"Description": "/description", "Enabled": "/enabled", "Name": "/name"}
    operations = patches(request.previous, request.properties, paths)
    yield Call("apigateway", "UpdateApiKey", {"apiKey": request.physical_id, "patchOperations": operations})
    return Made(request.physical_id, request.attributes)


def _delete_key(request: Request) -> Process:
    yield Call("apigateway", "DeleteApiKey", {"apiKey": request.physical_id})


def _throttle(throttle: dict[str, Any]) -> dict[str, Any]:
    return pick(throttle, BurstLimit="burstLimit", RateLimit="rateLimit")


def _create_plan(request: Request) -> Process:
    params: dict[str, Any] = {
        "name": request.get("UsagePlanName") or request.generated_name(128),
        **pick(request.properties, Description="description"),
        "apiStages": [pick(stage, ApiId="apiId", Stage="stage") for stage in request.get("ApiStages", [])],
        "tags": tags_of(request),
    }
    if "Throttle" in request.properties:
        params["throttle"] = _throttle(request["Throttle"])
    if "Quota" in request.properties:
        params["quota"] = pick(request["Quota"], Limit="limit", Offset="offset", Period="period")
    answer = yield Call("apigateway", "CreateUsagePlan", params)
    return Made(answer["id"], {"Id": answer["id"]})


def _update_plan(request: Request) -> Process:
    before, after = request.previous, request.properties
    operations = patches(before, after, {"Description": "/description", "UsagePlanName": "/name"})
    for name, paths in (
        ("Throttle", {"BurstLimit": "/throttle/burstLimit", "RateLimit": "/throttle/rateLimit"}),
        ("Quota", {"Limit": "/quota/limit", "Offset": "/quota/offset", "Period": "/quota/period"}),
    ):
        if name in after:
            operations.extend(patches(before.get(name, {}), after[name], paths))
        elif name in before:
            operations.append({"op": "remove", "path": f"/{name.lower()}"})
    stages_before = {f"{stage['ApiId']}:{stage['Stage']}" for stage in before.get("ApiStages", [])}
    stages_after = {f"{stage['ApiId']}:{stage['Stage']}" for stage in after.get("ApiStages", [])}
    for verb, stages in (("remove", stages_before - stages_after), ("add", stages_after - stages_before)):
        operations.extend({"op": verb, "path": "/apiStages", "value": stage} for stage in sorted(stages))
    if operations:
        params = {"usagePlanId": request.physical_id, "patchOperations": operations}
        yield Call("apigateway", "UpdateUsagePlan", params)
    return Made(request.physical_id, request.attributes)


def _delete_plan(request: Request) -> Process:
    where = {"usagePlanId": request.physical_id}
    stages = [f"{stage['ApiId']}:{stage['Stage']}" for stage in request.get("ApiStages", [])]
    if stages:  # a plan with stages cannot be deleted
        operations = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in stages]
        yield Call("apigateway", "UpdateUsagePlan", {**where, "patchOperations": operations})
    yield Call("apigateway", "DeleteUsagePlan", where)


def _create_plan_key(request: Request) -> Process:
    params = pick(request.properties, KeyId="keyId", KeyType="keyType", UsagePlanId="usagePlanId")
    yield Call("apigateway", "CreateUsagePlanKey", params)
    physical_id = f"{request['KeyId']}:{request['UsagePlanId']}"
    return Made(physical_id, {"Id": physical_id})


def _delete_plan_key(request: Request) -> Process:
    params = pick(request.properties, KeyId="keyId", UsagePlanId="usagePlanId")
    yield Call("apigateway", "DeleteUsagePlanKey", params)


TYPES = (
    ResourceType(
        "AWS::ApiGateway::ApiKey",
        {
            "CustomerId": STR,
            "Description": STR,
            "Enabled": BOOL,
            "GenerateDistinctId": BOOL,
            "Name": STR,
            "StageKeys": {"RestApiId": STR, "StageName": STR},
            "Tags": TAGS,
            "Value": STR,
        },
        _create_key,
        _delete_key,
        attributes=("APIKeyId",),
        update=_update_key,
        updatable=frozenset({"Description", "Enabled"}),
        replacing=frozenset({"GenerateDistinctId", "Name", "Value"}),
    ),
    ResourceType(
        "AWS::ApiGateway::UsagePlan",
        {
            "ApiStages": {"ApiId": STR, "Stage": STR},
            "Description": STR,
            "Quota": {"Limit": INT, "Offset": INT, "Period": STR},
            "Tags": TAGS,
            "Throttle": {"BurstLimit": INT, "RateLimit": FLOAT},
            "UsagePlanName": STR,
        },
        _create_plan,
        _delete_plan,
        attributes=("Id",),
        update=_update_plan,
        updatable=frozenset({"ApiStages", "Description", "Quota", "Throttle", "UsagePlanName"}),
    ),
    ResourceType(
        "AWS::ApiGateway::UsagePlanKey",
        {"KeyId": STR, "KeyType": STR, "UsagePlanId": STR},
        _create_plan_key,
        _delete_plan_key,
        attributes=("Id",),
        replacing=EVERY_PROPERTY,
        required=("KeyId", "KeyType", "UsagePlanId"),
    ),
)
