"""The MOCK integration: a static request template picks a status, whose integration response is sent.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

from __future__ import annotations

import re

import yaml

from emulator.http import HttpRequest
from emulator.services.apigateway.media_types import first_accepted
from emulator.services.apigateway.proxy_response import MalformedResponse, ProxyResponse
from emulator.services.apigateway.state import Integration, IntegrationResponse

__all__ = ["mock_response"]


def mock_response(request: HttpRequest, integration: Integration) -> ProxyResponse:
    """What a MOCK integration answers. Raises MalformedResponse, which API Gateway reports as a configuration error."""
    status = _requested_status(request, integration)
    response = _select(integration, status)
    if response is None:
        raise MalformedResponse(f"no integration response matches status {status}", "API_CONFIGURATION_ERROR")
    headers = [
        (target.removeprefix("method.response.header."), value[1:-1])
        for target, value in response.response_parameters.items()
    ]
    templates = response.response_templates
    accepted = first_accepted(request.headers.get("accept", ""))
    content_type = accepted if accepted in templates else next(iter(templates), "application/json")
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", content_type))
    return ProxyResponse(int(response.status_code), headers, templates.get(content_type, "").encode())


def _requested_status(request: HttpRequest, integration: Integration) -> str:
    sent = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    template = integration.request_templates.get(sent)
    if template is None:
        template = integration.request_templates.get("application/json")
    if template is None:
        raise MalformedResponse(
            "a MOCK integration without a request template for application/json", "API_CONFIGURATION_ERROR"
        )
    # Mock templates are a lenient JSON on AWS (unquoted keys, for example), which YAML's flow style reads.
    try:
        wanted = yaml.safe_load(template)
    except yaml.YAMLError as error:
        raise MalformedResponse(f"the MOCK request template is not JSON: {error}", "API_CONFIGURATION_ERROR") from None
    if not isinstance(wanted, dict) or "statusCode" not in wanted:
        raise MalformedResponse("the MOCK request template gives no statusCode", "API_CONFIGURATION_ERROR")
    return str(wanted["statusCode"])


def _select(integration: Integration, status: str) -> IntegrationResponse | None:
    default: IntegrationResponse | None = None
    for response in integration.responses.values():
        if response.selection_pattern is None or response.selection_pattern == "":
            default = response
        elif re.fullmatch(response.selection_pattern, status) is not None:
            return response
    return default
