"""Reads an OpenAPI 2.0 or 3.0 definition with API Gateway's extensions into an API's draft.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
What a definition says of models and documentation has no effect on requests without a validator and is passed over;
whatever would change how a request is served and cannot be done here is refused, by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
import yaml

from emulator.errors import UnsupportedOperation
from emulator.services.apigateway.errors import BadRequestException
from emulator.services.apigateway.gateway_response import check
from emulator.services.apigateway.integrations import integration, integration_response
from emulator.services.apigateway.quotas import ApiGatewayQuotas
from emulator.services.apigateway.state import GatewayResponse, Method

__all__ = ["Definition", "read_definition"]

VERBS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
EXTENSION: Final = "x-amazon-apigateway-"
ANY: Final = f"{EXTENSION}any-method"
HARMLESS_EXTENSIONS: Final = frozenset(
    EXTENSION + name
    for name in ("documentation", "importexport-version", "request-validators", "tag-value", "integrations")
)
SUPPORTED_EXTENSIONS: Final = frozenset(
    EXTENSION + name for name in ("api-key-source", "binary-media-types", "endpoint-configuration", "gateway-responses")
)
LOCATIONS: Final = {"header": "header", "query": "querystring", "path": "path"}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a definition says, ready to become resources."""

    name: str
    description: str | None
    version: str | None
    binary_media_types: tuple[str, ...]
    api_key_source: str
    endpoint_configuration: Mapping[str, Any] | None
    methods: list[tuple[str, Method]] = field(default_factory=list)
    """(path, method), in the definition's order."""
    gateway_responses: dict[str, GatewayResponse] = field(default_factory=dict)


def read_definition(body: bytes | str, quotas: ApiGatewayQuotas) -> Definition:
    """Read a definition in JSON or YAML. Raises BadRequestException, UnsupportedOperation."""
    document = _document(body)
    if not str(document.get("swagger", "")).startswith("2.") and not str(document.get("openapi", "")).startswith("3."):
        raise BadRequestException("Invalid OpenAPI input: neither swagger: '2.0' nor openapi: '3.0'")
    for name in document:
        if name.startswith(EXTENSION) and name not in SUPPORTED_EXTENSIONS | HARMLESS_EXTENSIONS:
            raise UnsupportedOperation(f"OpenAPI extension {name} is not supported by this emulator")
    source = document.get(f"{EXTENSION}api-key-source", "HEADER")
    if source != "HEADER":
        raise UnsupportedOperation(f"{EXTENSION}api-key-source {source} is not supported (HEADER is)")
    info = document.get("info") or {}
    definition = Definition(
        name=str(info.get("title", "")),
        description=info.get("description"),
        version=None if info.get("version") is None else str(info["version"]),
        binary_media_types=tuple(document.get(f"{EXTENSION}binary-media-types") or ()),
        api_key_source=source,
        endpoint_configuration=document.get(f"{EXTENSION}endpoint-configuration"),
    )
    for kind, shape in (document.get(f"{EXTENSION}gateway-responses") or {}).items():
        definition.gateway_responses[kind] = _gateway_response(kind, shape or {})
    for path, item in (document.get("paths") or {}).items():
        definition.methods.extend((path, method) for method in _methods(document, path, item or {}, quotas))
    return definition


def _document(body: bytes | str) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            document = yaml.safe_load(body)
        except yaml.YAMLError as error:
            raise BadRequestException(f"Invalid OpenAPI input: {error}") from None
    if not isinstance(document, dict):
        raise BadRequestException("Invalid OpenAPI input: the definition is no object")
    return document


def _gateway_response(kind: str, shape: Mapping[str, Any]) -> GatewayResponse:
    status = shape.get("statusCode")
    response = GatewayResponse(
        response_type=kind,
        status_code=None if status is None else str(status),
        response_parameters=dict(shape.get("responseParameters") or {}),
        response_templates=dict(shape.get("responseTemplates") or {}),
    )
    check(response)
    return response


def _methods(
    document: Mapping[str, Any], path: str, item: Mapping[str, Any], quotas: ApiGatewayQuotas
) -> Iterator[Method]:
    if "$ref" in item:
        raise UnsupportedOperation(f"OpenAPI path {path}: $ref is not supported")
    for verb, shape in item.items():
        name = "ANY" if verb == ANY else verb.upper()
        if verb not in VERBS and verb != ANY:
            if verb.startswith(EXTENSION):
                raise UnsupportedOperation(f"OpenAPI extension {verb} at path {path} is not supported by this emulator")
            continue
        where = f"{name} {path}"
        shape = shape or {}
        _refuse_validator(document, shape, where)
        parameters = [*(item.get("parameters") or ()), *(shape.get("parameters") or ())]
        method = Method(
            http_method=name,
            api_key_required=_api_key_required(document, shape, where),
            operation_name=shape.get("operationId"),
            request_parameters=_request_parameters(parameters),
            responses={str(code): {"statusCode": str(code)} for code in shape.get("responses") or ()},
        )
        described = shape.get(f"{EXTENSION}integration")
        yield method if described is None else _with_integration(method, described, where, quotas)


def _with_integration(method: Method, shape: Mapping[str, Any], where: str, quotas: ApiGatewayQuotas) -> Method:
    if "$ref" in shape:
        raise UnsupportedOperation(f"{where}: $ref in {EXTENSION}integration is not supported")
    params = {**shape, "type": str(shape.get("type", "")).upper(), "integrationHttpMethod": shape.get("httpMethod")}
    built = integration(params, quotas, where)
    responses = {}
    for pattern, response in (shape.get("responses") or {}).items():
        selection = None if pattern == "default" else str(pattern)
        checked = integration_response({**response, "selectionPattern": selection}, where)
        responses[checked.status_code] = checked
    return replace(method, integration=replace(built, responses=responses))


def _refuse_validator(document: Mapping[str, Any], shape: Mapping[str, Any], where: str) -> None:
    name = shape.get(f"{EXTENSION}request-validator")
    if name is None:
        return
    validator = (document.get(f"{EXTENSION}request-validators") or {}).get(name)
    if validator is None:
        raise BadRequestException(f"{where}: there is no request validator {name}")
    if validator.get("validateRequestBody") or validator.get("validateRequestParameters"):
        raise UnsupportedOperation(
            f"{where}: request validator {name}: request validation is not supported by this emulator"
        )


def _api_key_required(document: Mapping[str, Any], shape: Mapping[str, Any], where: str) -> bool:
    """Whether a method asks for an API key; every other security scheme is refused."""
    auth = (shape.get(f"{EXTENSION}auth") or {}).get("type", "NONE")
    if str(auth).upper() != "NONE":
        raise UnsupportedOperation(f"{where}: authorization type {auth} is not supported (API keys are)")
    schemes = document.get("securityDefinitions") or (document.get("components") or {}).get("securitySchemes") or {}
    requirements = shape.get("security", document.get("security"))
    required = False
    for requirement in requirements or ():
        for name in requirement:
            scheme = schemes.get(name)
            if scheme is None:
                # SAM writes NONE to take a default authorizer away from a method.
                if name == "NONE":
                    continue
                raise BadRequestException(f"{where}: there is no security definition {name}")
            header = str(scheme.get("name", "")).lower()
            if scheme.get("type") != "apiKey" or f"{EXTENSION}authtype" in scheme or header != "x-api-key":
                raise UnsupportedOperation(f"{where}: authorizer {name} is not supported (API keys in x-api-key are)")
            required = True
    return required


def _request_parameters(parameters: list[Any]) -> dict[str, bool]:
    return {
        f"method.request.{LOCATIONS[parameter['in']]}.{parameter['name']}": parameter.get("required") is True
        for parameter in parameters
        if parameter.get("in") in LOCATIONS
    }
