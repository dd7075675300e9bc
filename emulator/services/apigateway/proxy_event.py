"""The event that a Lambda proxy integration sends to its function, format 1.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
Path and path parameters keep their percent encoding, query parameters are decoded; of repeated headers and parameters
the last wins.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from emulator.http import HttpRequest
from emulator.services.apigateway.media_types import is_binary
from emulator.services.apigateway.routes import Match

__all__ = ["Exchange", "proxy_event", "request_time"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a stage: what the event, the gateway responses and the journal need to know of it."""

    request: HttpRequest
    account_id: str
    region: str
    api_id: str
    stage: str
    path: str
    """The path below the stage, percent-encoded."""
    now: float
    request_id: str
    extended_request_id: str
    trace_id: str

    @property
    def domain_name(self) -> str:
        """The API's own name, which is what its functions see on AWS."""
        return f"{self.api_id}.execute-api.{self.region}.amazonaws.com"


def request_time(now: float) -> str:
    """CLF time, `09/Apr/2015:12:34:56 +0000`."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment.day:02d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


# strftime's %b follows the process's locale; AWS's does not.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def proxy_event(
    exchange: Exchange,
    match: Match,
    *,
    deployment_id: str,
    stage_variables: dict[str, str],
    binary_media_types: tuple[str, ...],
    api_key: tuple[str, str] | None,
) -> bytes:
    """The event as JSON; the body is decoded once and encoded once. `api_key` is (id, value) where one is required."""
    request = exchange.request
    headers, multi_value_headers = _headers(exchange)
    query, multi_value_query = _query(request.query)
    binary = is_binary(request.headers.get("content-type", ""), binary_media_types)
    identity: dict[str, Any] = {
        "cognitoIdentityPoolId": None,
        "accountId": None,
        "cognitoIdentityId": None,
        "caller": None,
        "sourceIp": request.source_ip,
        "principalOrgId": None,
        "accessKey": None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": None,
        "userAgent": headers.get("User-Agent", request.headers.get("user-agent")),
        "user": None,
    }
    if api_key is not None:
        identity["apiKeyId"], identity["apiKey"] = api_key
    event = {
        "resource": match.resource_path,
        "path": exchange.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": multi_value_headers,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": multi_value_query,
        "pathParameters": match.path_parameters if match.path_parameters else None,
        "stageVariables": stage_variables if stage_variables else None,
        "requestContext": {
            "resourceId": match.resource_id,
            "resourcePath": match.resource_path,
            "httpMethod": request.method,
            "extendedRequestId": exchange.extended_request_id,
            "requestTime": request_time(exchange.now),
            "path": f"/{exchange.stage}{exchange.path}",
            "accountId": exchange.account_id,
            "protocol": "HTTP/1.1",
            "stage": exchange.stage,
            "domainPrefix": exchange.api_id,
            "requestTimeEpoch": int(exchange.now * 1000),
            "requestId": exchange.request_id,
            "identity": identity,
            "domainName": exchange.domain_name,
            "deploymentId": deployment_id,
            "apiId": exchange.api_id,
        },
        "body": _body(request.body, binary),
        "isBase64Encoded": binary and len(request.body) > 0,
    }
    return orjson.dumps(event)


def _body(body: bytes, binary: bool) -> str | None:
    if len(body) == 0:
        return None
    if binary:
        return binascii.b2a_base64(body, newline=False).decode("ascii")
    # What is not UTF-8 and not declared binary reaches a function damaged on AWS too: each bad sequence becomes U+FFFD.
    return body.decode("utf-8", "replace")


def _headers(exchange: Exchange) -> tuple[dict[str, str], dict[str, list[str]]]:
    request = exchange.request
    last: dict[str, str] = {}
    every: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for name, value in request.header_list:
        if not value.isascii():
            value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        name = names.setdefault(name.lower(), name)
        last[name] = value
        every.setdefault(name, []).append(value)
    forwarded = names.get("x-forwarded-for")
    addresses = request.source_ip if forwarded is None else f"{last[forwarded]}, {request.source_ip}"
    for name, value in (
        ("X-Amzn-Trace-Id", f"Root={exchange.trace_id}"),
        ("X-Forwarded-For", addresses),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ):
        sent_as = names.get(name.lower())
        if sent_as is not None:
            del last[sent_as], every[sent_as]
        last[name] = value
        every[name] = [value]
    return last, every


def _query(query: str) -> tuple[dict[str, str] | None, dict[str, list[str]] | None]:
    if query == "":
        return None, None
    last: dict[str, str] = {}
    every: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        last[name] = value
        every.setdefault(name, []).append(value)
    return (last, every) if last else (None, None)
