"""What API Gateway keeps of a REST API: the draft that is edited, and the deployments that stages serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.services.apigateway.routes import Routes

__all__ = [
    "Deployment",
    "GatewayResponse",
    "Integration",
    "IntegrationResponse",
    "Method",
    "Resource",
    "RestApi",
    "Stage",
]


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """How a MOCK integration answers for one method response. Templates and parameters are static text."""

    status_code: str
    selection_pattern: str | None = None
    response_parameters: Mapping[str, str] = field(default_factory=dict)
    response_templates: Mapping[str, str] = field(default_factory=dict)
    content_handling: str | None = None


@dataclass(frozen=True, slots=True)
class Integration:
    """Where a method's requests go. `function` is the Lambda function's ARN (or name) out of `uri`, empty for MOCK."""

    type: str
    http_method: str | None = None
    uri: str | None = None
    function: str = ""
    timeout_in_millis: int = 29_000
    request_templates: Mapping[str, str] = field(default_factory=dict)
    passthrough_behavior: str = "WHEN_NO_MATCH"
    credentials: str | None = None
    cache_namespace: str = ""
    cache_key_parameters: tuple[str, ...] = ()
    responses: Mapping[str, IntegrationResponse] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """An HTTP verb of a resource; `ANY` stands for each verb that has no method of its own."""

    http_method: str
    authorization_type: str = "NONE"
    api_key_required: bool = False
    operation_name: str | None = None
    request_parameters: Mapping[str, bool] = field(default_factory=dict)
    request_models: Mapping[str, str] = field(default_factory=dict)
    responses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    integration: Integration | None = None


@dataclass(slots=True)
class Resource:
    """A path of an API and its methods by verb. Methods are frozen values: a change replaces one."""

    id: str
    path: str
    path_part: str
    parent_id: str | None
    methods: dict[str, Method] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """A customised answer of the gateway itself; `status_code` None keeps the type's own status."""

    response_type: str
    status_code: str | None = None
    response_parameters: Mapping[str, str] = field(default_factory=dict)
    response_templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A snapshot of an API, in the form in which requests are served."""

    id: str
    created_date: float
    description: str | None
    routes: Routes
    binary_media_types: tuple[str, ...]
    gateway_responses: Mapping[str, GatewayResponse]


@dataclass(slots=True)
class Stage:
    """A named deployment. `method_settings` are keyed `<resource path>/<verb>`, with `*/*` for all."""

    stage_name: str
    deployment_id: str
    created_date: float
    last_updated_date: float
    description: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    tracing_enabled: bool = False
    method_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    access_log_settings: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RestApi:
    """One REST API: its draft, its deployments and its stages."""

    id: str
    name: str
    created_date: float
    root_resource_id: str
    description: str | None = None
    version: str | None = None
    binary_media_types: tuple[str, ...] = ()
    api_key_source: str = "HEADER"
    endpoint_configuration: Mapping[str, Any] = field(default_factory=lambda: {"types": ["EDGE"]})
    disable_execute_api_endpoint: bool = False
    policy: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    gateway_responses: dict[str, GatewayResponse] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)

    def resource_at(self, path: str) -> Resource | None:
        """The resource of a path, or None."""
        for resource in self.resources.values():
            if resource.path == path:
                return resource
        return None
