"""API Gateway's resources as botocore's models shape them in results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.services.apigateway.gateway_response import TYPES
from emulator.services.apigateway.state import (
    Deployment,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    Resource,
    RestApi,
    Stage,
)
from emulator.services.apigateway.usage_plans import ApiKey, Throttle, UsagePlan

__all__ = [
    "api_key_shape",
    "deployment_shape",
    "gateway_response_shape",
    "integration_response_shape",
    "integration_shape",
    "method_shape",
    "resource_shape",
    "rest_api_shape",
    "stage_shape",
    "usage_plan_shape",
]


def _present(shape: dict[str, Any]) -> dict[str, Any]:
    """Without the members that are unset."""
    return {name: value for name, value in shape.items() if value is not None}


def rest_api_shape(api: RestApi) -> dict[str, Any]:
    """`RestApi`."""
    return _present(
        {
            "id": api.id,
            "name": api.name,
            "description": api.description,
            "createdDate": api.created_date,
            "version": api.version,
            "binaryMediaTypes": list(api.binary_media_types) if api.binary_media_types else None,
            "apiKeySource": api.api_key_source,
            "endpointConfiguration": dict(api.endpoint_configuration),
            "policy": api.policy,
            "tags": dict(api.tags),
            "disableExecuteApiEndpoint": api.disable_execute_api_endpoint,
            "rootResourceId": api.root_resource_id,
        }
    )


def resource_shape(resource: Resource, *, methods: bool) -> dict[str, Any]:
    """`Resource`; its methods in full only where the caller asked to embed them."""
    shape: dict[str, Any] = {"id": resource.id, "path": resource.path}
    if resource.parent_id is not None:
        shape["parentId"] = resource.parent_id
        shape["pathPart"] = resource.path_part
    if resource.methods:
        shape["resourceMethods"] = {
            verb: method_shape(method) if methods else {} for verb, method in resource.methods.items()
        }
    return shape


def method_shape(method: Method) -> dict[str, Any]:
    """`Method`."""
    return _present(
        {
            "httpMethod": method.http_method,
            "authorizationType": method.authorization_type,
            "apiKeyRequired": method.api_key_required,
            "operationName": method.operation_name,
            "requestParameters": dict(method.request_parameters) if method.request_parameters else None,
            "requestModels": dict(method.request_models) if method.request_models else None,
            "methodResponses": {code: dict(shape) for code, shape in method.responses.items()} or None,
            "methodIntegration": None if method.integration is None else integration_shape(method.integration),
        }
    )


def integration_shape(integration: Integration) -> dict[str, Any]:
    """`Integration`."""
    return _present(
        {
            "type": integration.type,
            "httpMethod": integration.http_method,
            "uri": integration.uri,
            "credentials": integration.credentials,
            "requestTemplates": dict(integration.request_templates) if integration.request_templates else None,
            "passthroughBehavior": integration.passthrough_behavior,
            "timeoutInMillis": integration.timeout_in_millis,
            "cacheNamespace": integration.cache_namespace,
            "cacheKeyParameters": list(integration.cache_key_parameters),
            "integrationResponses": {
                code: integration_response_shape(response) for code, response in integration.responses.items()
            }
            or None,
        }
    )


def integration_response_shape(response: IntegrationResponse) -> dict[str, Any]:
    """`IntegrationResponse`."""
    return _present(
        {
            "statusCode": response.status_code,
            "selectionPattern": response.selection_pattern,
            "responseParameters": dict(response.response_parameters) if response.response_parameters else None,
            "responseTemplates": dict(response.response_templates) if response.response_templates else None,
        }
    )


def gateway_response_shape(kind: str, response: GatewayResponse | None) -> dict[str, Any]:
    """`GatewayResponse`; None stands for the type's default."""
    default = {"application/json": '{"message":$context.error.messageString}'}
    if response is None:
        row = TYPES.get(kind)
        shape = {"responseType": kind, "responseParameters": {}, "responseTemplates": default, "defaultResponse": True}
        if row is not None:
            shape["statusCode"] = str(row.status)
        return shape
    return _present(
        {
            "responseType": kind,
            "statusCode": response.status_code,
            "responseParameters": dict(response.response_parameters),
            "responseTemplates": dict(response.response_templates) if response.response_templates else default,
            "defaultResponse": False,
        }
    )


def deployment_shape(deployment: Deployment) -> dict[str, Any]:
    """`Deployment`, without the summary that AWS embeds only on request."""
    return _present(
        {"id": deployment.id, "description": deployment.description, "createdDate": deployment.created_date}
    )


def stage_shape(stage: Stage) -> dict[str, Any]:
    """`Stage`."""
    return _present(
        {
            "deploymentId": stage.deployment_id,
            "stageName": stage.stage_name,
            "description": stage.description,
            "cacheClusterEnabled": False,
            "cacheClusterStatus": "NOT_AVAILABLE",
            "methodSettings": {key: dict(settings) for key, settings in stage.method_settings.items()},
            "variables": dict(stage.variables) if stage.variables else None,
            "accessLogSettings": dict(stage.access_log_settings) if stage.access_log_settings else None,
            "tracingEnabled": stage.tracing_enabled,
            "tags": dict(stage.tags) if stage.tags else None,
            "createdDate": stage.created_date,
            "lastUpdatedDate": stage.last_updated_date,
        }
    )


def api_key_shape(key: ApiKey, *, value: bool) -> dict[str, Any]:
    """`ApiKey`; its value only where the caller asked for it."""
    return _present(
        {
            "id": key.id,
            "value": key.value if value else None,
            "name": key.name,
            "customerId": key.customer_id,
            "description": key.description,
            "enabled": key.enabled,
            "createdDate": key.created_date,
            "lastUpdatedDate": key.last_updated_date,
            "stageKeys": list(key.stage_keys),
            "tags": dict(key.tags) if key.tags else None,
        }
    )


def usage_plan_shape(plan: UsagePlan) -> dict[str, Any]:
    """`UsagePlan`."""
    stages = [
        _present(
            {
                "apiId": stage.api_id,
                "stage": stage.stage,
                "throttle": {key: _throttle(limits) for key, limits in stage.throttle.items()} or None,
            }
        )
        for stage in plan.api_stages.values()
    ]
    quota = None
    if plan.quota is not None:
        quota = {"limit": plan.quota.limit, "offset": plan.quota.offset, "period": plan.quota.period}
    return _present(
        {
            "id": plan.id,
            "name": plan.name,
            "description": plan.description,
            "apiStages": stages,
            "throttle": None if plan.throttle is None else _throttle(plan.throttle),
            "quota": quota,
            "tags": dict(plan.tags) if plan.tags else None,
        }
    )


def _throttle(limits: Throttle) -> Mapping[str, Any]:
    return {"rateLimit": limits.rate_limit, "burstLimit": limits.burst_limit}
