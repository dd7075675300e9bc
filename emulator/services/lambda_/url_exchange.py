"""A function URL's request as an event, and the function's answer as a response. Pure functions.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from emulator.http import HttpRequest, HttpResponse

__all__ = ["BadAnswer", "UrlExchange", "buffered_response", "cors_headers", "event_of", "streamed_head"]

_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")
_TEXT_SUFFIXES = ("+json", "+xml")
_TLS = {"x-amzn-tls-version": "TLSv1.3", "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256"}
"""A function URL speaks nothing but TLS to the world: what the emulator is asked over HTTP looks as if it had come so."""
Headers = Sequence[tuple[str, str]]


class BadAnswer(Exception):
    """The function's answer is no response."""


@dataclass(frozen=True, slots=True)
class UrlExchange:
    """One request to a function URL."""

    request: HttpRequest
    url_id: str
    path: str
    account_id: str
    region: str
    request_id: str
    trace_id: str
    now: float
    caller: str = ""
    """The caller's ARN, where the URL wants signed requests."""

    @property
    def domain(self) -> str:
        """The URL's host name."""
        return f"{self.url_id}.lambda-url.{self.region}.on.aws"


def event_of(exchange: UrlExchange) -> dict[str, Any]:
    """The payload, in format 2.0."""
    request = exchange.request
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.header_list:
        lower = name.lower()
        if lower == "connection":
            continue  # it ends at the front door
        if lower == "cookie":
            cookies += [part.strip() for part in value.split(";")]
        else:
            headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
    headers |= {"host": exchange.domain, "x-forwarded-for": request.source_ip, "x-forwarded-proto": "https"}
    headers["x-forwarded-port"] = "443"
    headers |= _TLS
    if exchange.trace_id:
        headers["x-amzn-trace-id"] = f"Root={exchange.trace_id}"
    moment = datetime.fromtimestamp(exchange.now, UTC)
    context: dict[str, Any] = {
        "accountId": "anonymous" if not exchange.caller else exchange.account_id,
        "apiId": exchange.url_id,
        "domainName": exchange.domain,
        "domainPrefix": exchange.url_id,
        "http": {
            "method": request.method,
            "path": unquote(exchange.path),
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": exchange.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(exchange.now * 1000),
    }
    if exchange.caller:
        iam = {
            "accountId": exchange.account_id,
            "userArn": exchange.caller,
            "cognitoIdentity": None,
            "principalOrgId": None,
        }
        context["authorizer"] = {"iam": iam}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(exchange.path),
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    if query:
        event["queryStringParameters"] = query
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    return event


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    kind = content_type.partition(";")[0].strip().lower()
    if not kind or kind.startswith(_TEXT) or kind.endswith(_TEXT_SUFFIXES):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            return base64.b64encode(body).decode(), True
    return base64.b64encode(body).decode(), True


def buffered_response(payload: bytes) -> HttpResponse:
    """The response that a function's result stands for. Raises BadAnswer."""
    try:
        value = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError as error:
        raise BadAnswer("the result is no JSON") from error
    if not isinstance(value, dict) or "statusCode" not in value:
        text = value.encode() if isinstance(value, str) else orjson.dumps(value)
        return HttpResponse(200, (("Content-Type", "application/json"),), text)
    body = value.get("body", "")
    if body is None:
        body = ""
    encoded = body.encode() if isinstance(body, str) else orjson.dumps(body)
    if value.get("isBase64Encoded", False):
        try:
            encoded = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise BadAnswer("the body is not base64") from error
    return HttpResponse(_status(value["statusCode"]), _headers(value), encoded)


def streamed_head(metadata: bytes) -> HttpResponse:
    """The head of the response that a streamed result's metadata stands for. Raises BadAnswer."""
    try:
        value = orjson.loads(metadata)
    except orjson.JSONDecodeError as error:
        raise BadAnswer("the metadata of the stream is no JSON") from error
    if not isinstance(value, dict):
        raise BadAnswer("the metadata of the stream is no object")
    return HttpResponse(_status(value.get("statusCode", 200)), _headers(value))


def _status(value: Any) -> int:
    try:
        status = int(value)
    except (TypeError, ValueError) as error:
        raise BadAnswer(f"statusCode {value!r} is no number") from error
    if not 100 <= status <= 599:
        raise BadAnswer(f"statusCode {status} is no HTTP status")
    return status


def _headers(value: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    given = value.get("headers") or {}
    cookies = value.get("cookies") or []
    if not isinstance(given, Mapping) or not isinstance(cookies, list):
        raise BadAnswer("headers or cookies have the wrong form")
    headers = [(str(name), str(one)) for name, one in given.items()]
    if all(name.lower() != "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return (*headers, *(("Set-Cookie", str(cookie)) for cookie in cookies))


def cors_headers(cors: Mapping[str, Any], request: HttpRequest, *, preflight: bool) -> list[tuple[str, str]]:
    """What Lambda itself says to a browser; nothing for an origin that is not allowed."""
    origin = request.headers.get("origin", "")
    allowed = cors.get("AllowOrigins", ())
    if not origin or not any(one in ("*", origin) or _fits(one, origin) for one in allowed):
        return []
    credentials = cors.get("AllowCredentials", False)
    headers = [
        ("Access-Control-Allow-Origin", "*" if "*" in allowed and not credentials else origin),
        ("Vary", "Origin"),
    ]
    if credentials:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if cors.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ",".join(cors["ExposeHeaders"])))
    if preflight:
        methods = cors.get("AllowMethods", ())
        wanted = request.headers.get("access-control-request-method", "")
        if "*" not in methods and wanted not in methods:
            return []
        headers.append(("Access-Control-Allow-Methods", ",".join(methods)))
        if cors.get("AllowHeaders"):
            headers.append(("Access-Control-Allow-Headers", ",".join(cors["AllowHeaders"])))
        if cors.get("MaxAge"):
            headers.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return headers


def _fits(pattern: str, origin: str) -> bool:
    """`https://*.example.com`."""
    before, star, after = pattern.partition("*")
    return bool(star) and origin.startswith(before) and origin.endswith(after) and len(origin) >= len(before + after)
