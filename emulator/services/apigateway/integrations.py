"""Checks an integration when it is put: what cannot run here is refused then, by name, and not when a request comes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.errors import UnsupportedOperation
from emulator.services.apigateway.errors import BadRequestException
from emulator.services.apigateway.quotas import ApiGatewayQuotas
from emulator.services.apigateway.state import Integration, IntegrationResponse

__all__ = ["integration", "integration_response"]

_FUNCTION = re.compile(r"arn:[^:]+:apigateway:[^:]*:lambda:path/[0-9-]+/functions/(.+)/invocations")
_VTL = re.compile(r"[$#]")
_HEADER_TARGET = re.compile(r"method\.response\.header\.[A-Za-z0-9_\-]+")
PASSTHROUGH: Final = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")


def integration(params: Mapping[str, Any], quotas: ApiGatewayQuotas, where: str) -> Integration:
    """The integration that PutIntegration's params describe. Raises BadRequestException, UnsupportedOperation."""
    kind = params.get("type")
    if kind not in ("AWS_PROXY", "MOCK", "AWS", "HTTP", "HTTP_PROXY"):
        raise BadRequestException(f"Enumeration value for integration type must be non-empty: {where} has {kind!r}")
    if kind not in ("AWS_PROXY", "MOCK"):
        raise UnsupportedOperation(
            f"{where}: integration type {kind} is not supported (AWS_PROXY to Lambda, and MOCK, are)"
        )
    for member in ("connectionId", "tlsConfig", "integrationTarget"):
        if params.get(member) is not None:
            raise UnsupportedOperation(f"{where}: integration parameter {member} is not supported")
    if params.get("connectionType", "INTERNET") != "INTERNET":
        raise UnsupportedOperation(f"{where}: integration connection type {params['connectionType']} is not supported")
    if params.get("responseTransferMode", "BUFFERED") != "BUFFERED":
        raise UnsupportedOperation(f"{where}: response transfer mode {params['responseTransferMode']} is not supported")
    if params.get("contentHandling") is not None and kind == "MOCK":
        raise UnsupportedOperation(f"{where}: contentHandling of a MOCK integration is not supported")
    timeout = params.get("timeoutInMillis")
    if timeout is None:
        timeout = quotas.longest_integration_timeout_in_millis
    shortest, longest = quotas.shortest_integration_timeout_in_millis, quotas.longest_integration_timeout_in_millis
    if not shortest <= timeout <= longest:
        raise BadRequestException(f"Timeout should be between {shortest} ms and {longest} ms")
    templates = dict(params.get("requestTemplates") or {})
    function = ""
    if kind == "AWS_PROXY":
        function = _function(params, where)
    else:
        for content_type, template in templates.items():
            _refuse_vtl(template, f"{where}: request template {content_type}")
    return Integration(
        type=kind,
        http_method=params.get("integrationHttpMethod"),
        uri=params.get("uri"),
        function=function,
        timeout_in_millis=timeout,
        request_templates=templates,
        passthrough_behavior=params.get("passthroughBehavior", PASSTHROUGH[0]),
        credentials=params.get("credentials"),
        cache_namespace=params.get("cacheNamespace", ""),
        cache_key_parameters=tuple(params.get("cacheKeyParameters") or ()),
    )


def _function(params: Mapping[str, Any], where: str) -> str:
    uri = params.get("uri")
    if uri is None:
        raise BadRequestException("AWS ARN for integration must contain path or action")
    found = _FUNCTION.fullmatch(uri)
    if found is None:
        raise UnsupportedOperation(
            f"{where}: only Lambda functions can be the target of an AWS_PROXY integration, not {uri}"
        )
    if params.get("requestParameters"):
        raise UnsupportedOperation(f"{where}: requestParameters of an AWS_PROXY integration are not supported")
    return found.group(1)


def integration_response(params: Mapping[str, Any], where: str) -> IntegrationResponse:
    """The response that PutIntegrationResponse's params describe. Raises BadRequestException, UnsupportedOperation."""
    if params.get("statusCode") is None:
        raise BadRequestException(f"{where}: an integration response needs a status code")
    parameters = dict(params.get("responseParameters") or {})
    for target, value in parameters.items():
        if _HEADER_TARGET.fullmatch(target) is None or not (len(value) >= 2 and value[0] == value[-1] == "'"):
            raise UnsupportedOperation(
                f"{where}: response parameter {target}: {value} is not supported (static headers are)"
            )
    templates = {name: "" if text is None else text for name, text in (params.get("responseTemplates") or {}).items()}
    for content_type, template in templates.items():
        _refuse_vtl(template, f"{where}: response template {content_type}")
    if params.get("contentHandling") is not None:
        raise UnsupportedOperation(f"{where}: contentHandling of an integration response is not supported")
    return IntegrationResponse(
        status_code=str(params["statusCode"]),
        selection_pattern=params.get("selectionPattern"),
        response_parameters=parameters,
        response_templates=templates,
    )


def _refuse_vtl(template: str, where: str) -> None:
    if _VTL.search(template) is not None:
        raise UnsupportedOperation(f"{where} uses VTL, which is not supported (static text is): {template[:120]!r}")
