"""The gateway's own answers: their types, statuses and texts, and how an API customises them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
A customised template knows variables only, no VTL (`api-gateway-gatewayResponse-definition`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson

from emulator.errors import UnsupportedOperation
from emulator.services.apigateway.errors import BadRequestException
from emulator.services.apigateway.state import GatewayResponse

__all__ = ["TYPES", "ResponseType", "check", "render"]


class ResponseType(NamedTuple):
    """A row of AWS's table: default status, message, and the value of `x-amzn-ErrorType`."""

    status: int
    message: str
    error_type: str


_INTERNAL: Final = "InternalServerErrorException"

TYPES: Final[Mapping[str, ResponseType]] = {
    "ACCESS_DENIED": ResponseType(403, "User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": ResponseType(500, "Internal server error", _INTERNAL),
    "AUTHORIZER_CONFIGURATION_ERROR": ResponseType(500, "Internal server error", "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": ResponseType(500, "Internal server error", "AuthorizerFailureException"),
    "BAD_REQUEST_BODY": ResponseType(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": ResponseType(400, "Missing required request parameters", "BadRequestException"),
    "EXPIRED_TOKEN": ResponseType(
        403, "The security token included in the request is expired", "ExpiredTokenException"
    ),
    "INTEGRATION_FAILURE": ResponseType(504, "Internal server error", _INTERNAL),
    "INTEGRATION_TIMEOUT": ResponseType(504, "Endpoint request timed out", _INTERNAL),
    "INVALID_API_KEY": ResponseType(403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": ResponseType(403, "The request signature does not match", "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": ResponseType(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": ResponseType(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": ResponseType(413, "Request Too Long", "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": ResponseType(404, "Not Found", "NotFoundException"),
    "THROTTLED": ResponseType(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": ResponseType(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": ResponseType(415, "Unsupported Media Type", "UnsupportedMediaTypeException"),
    "WAF_FILTERED": ResponseType(403, "Forbidden", "ForbiddenException"),
}

FALLBACKS: Final = ("DEFAULT_4XX", "DEFAULT_5XX")
CUSTOMISABLE: Final = frozenset(TYPES) - {"REQUEST_TOO_LARGE"}
"""Which types take effect when customised; AWS documents REQUEST_TOO_LARGE as fixed."""

VARIABLES: Final = frozenset(
    {
        "context.apiId",
        "context.domainName",
        "context.error.message",
        "context.error.messageString",
        "context.error.responseType",
        "context.extendedRequestId",
        "context.httpMethod",
        "context.identity.sourceIp",
        "context.identity.userAgent",
        "context.path",
        "context.protocol",
        "context.requestId",
        "context.requestTime",
        "context.requestTimeEpoch",
        "context.resourcePath",
        "context.stage",
    }
)
_VARIABLE = re.compile(r"\$\{?((?:context|stageVariables|method|input|util)\.[A-Za-z0-9_.\-]*[A-Za-z0-9_])\}?")
_HEADER = re.compile(r"gatewayresponse\.header\.(.+)")


def check(response: GatewayResponse) -> None:
    """Refuse a customisation that could not be rendered as AWS does, by name.

    Raises BadRequestException, UnsupportedOperation.
    """
    kind = response.response_type
    if kind not in TYPES and kind not in FALLBACKS:
        raise BadRequestException(f"Invalid gateway response type specified: {kind}")
    for content_type, template in response.response_templates.items():
        for name in _VARIABLE.findall(template):
            _check_variable(name, f"template {content_type} of gateway response {kind}")
    for target, value in response.response_parameters.items():
        if _HEADER.fullmatch(target) is None:
            raise UnsupportedOperation(
                f"gateway response {kind}: response parameter {target} is not supported (only headers)"
            )
        if not _is_static(value):
            _check_variable(value, f"response parameter {target} of gateway response {kind}")


def _check_variable(name: str, where: str) -> None:
    if name not in VARIABLES and not name.startswith("stageVariables."):
        raise UnsupportedOperation(f"{where}: variable ${name} is not supported by this emulator")


def _is_static(value: str) -> bool:
    return len(value) >= 2 and value[0] == value[-1] == "'"


def render(
    kind: str,
    customised: Mapping[str, GatewayResponse],
    variables: Mapping[str, str],
    *,
    status: int | None = None,
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body; `status` overrides the type's default, a customisation overrides both."""
    default = TYPES[kind]
    final_status = default.status if status is None else status
    headers = [("x-amzn-ErrorType", default.error_type)]
    custom: GatewayResponse | None = None
    if kind in CUSTOMISABLE:
        custom = customised.get(kind)
        if custom is None:
            custom = customised.get("DEFAULT_4XX" if final_status < 500 else "DEFAULT_5XX")
    message_string = orjson.dumps(default.message).decode()
    if custom is None:
        return final_status, [("Content-Type", "application/json"), *headers], _plain(default, message_string)
    if custom.status_code is not None:
        final_status = int(custom.status_code)
    values = {
        **variables,
        "context.error.message": default.message,
        "context.error.messageString": message_string,
        "context.error.responseType": kind,
    }
    for target, value in custom.response_parameters.items():
        text = value[1:-1] if _is_static(value) else values.get(value, "")
        headers.append((target.removeprefix("gatewayresponse.header."), text))
    templates = custom.response_templates
    if not templates:
        return final_status, [("Content-Type", "application/json"), *headers], _plain(default, message_string)
    content_type = "application/json" if "application/json" in templates else next(iter(templates))
    body = _VARIABLE.sub(lambda found: values.get(found.group(1), ""), templates[content_type])
    return final_status, [("Content-Type", content_type), *headers], body.encode()


def _plain(default: ResponseType, message_string: str) -> bytes:
    """AWS's default template, `{"message":$context.error.messageString}`; its server errors have a space more."""
    space = " " if default.error_type == _INTERNAL else ""
    return f'{{"message":{space}{message_string}}}'.encode()
