"""What a function may answer through a Lambda proxy integration, and the HTTP response that becomes of it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
No member is required, other members than these five are an error, and `body` is text.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Any, Final

import orjson

__all__ = ["MalformedResponse", "ProxyResponse", "parse_proxy_response"]

MEMBERS: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})

# The table of response headers: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
REMAPPED: Final = frozenset(
    {
        "age",
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "pragma",
        "server",
        "user-agent",
        "warn",
        "www-authenticate",
    }
)
DROPPED: Final = frozenset({"keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "via"})


class MalformedResponse(Exception):
    """The function's answer is no proxy response; the message says why, `kind` is the gateway response that follows."""

    def __init__(self, reason: str, kind: str = "INTEGRATION_FAILURE") -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """A function's answer, checked."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def parse_proxy_response(payload: bytes, *, binary_accepted: bool) -> ProxyResponse:
    """Check a function's payload. `binary_accepted`: the first accepted media type is binary, so base64 is decoded.

    Raises MalformedResponse.
    """
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MalformedResponse(f"the function's answer is not JSON: {error}") from None
    if not isinstance(answer, dict):
        raise MalformedResponse(f"the function's answer is no object but {type(answer).__name__}")
    unknown = sorted(answer.keys() - MEMBERS)
    if unknown:
        raise MalformedResponse(
            f"the function's answer has members that a proxy response does not know: {', '.join(unknown)}"
        )
    body = answer.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedResponse(f"body of the function's answer is {type(body).__name__}, not text")
    return ProxyResponse(
        _status(answer.get("statusCode")),
        _headers(answer.get("headers"), answer.get("multiValueHeaders")),
        _body(body, answer.get("isBase64Encoded") is True and binary_accepted),
    )


def _status(value: Any) -> int:
    if value is None:
        return 200
    try:
        status = int(value)
    except (TypeError, ValueError):
        raise MalformedResponse(f"statusCode {value!r} of the function's answer is no number") from None
    if not 100 <= status <= 599:
        raise MalformedResponse(f"statusCode {status} of the function's answer is no HTTP status")
    return status


def _body(body: str | None, decode: bool) -> bytes:
    if body is None:
        return b""
    if not decode:
        return body.encode()
    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedResponse(f"body is not base64: {error}", "API_CONFIGURATION_ERROR") from None


def _headers(single: Any, multiple: Any) -> list[tuple[str, str]]:
    """Merged: where both maps hold a name, the values of `multiValueHeaders` come first and are not repeated."""
    merged: dict[str, tuple[str, list[str]]] = {}
    for name, values in _object(multiple, "multiValueHeaders").items():
        if not isinstance(values, list):
            raise MalformedResponse(f"multiValueHeaders.{name} of the function's answer is no list")
        merged[name.lower()] = (name, [_text(name, value) for value in values])
    for name, value in _object(single, "headers").items():
        text = _text(name, value)
        _, values = merged.setdefault(name.lower(), (name, []))
        if text not in values:
            values.append(text)
    headers: list[tuple[str, str]] = []
    if "content-type" not in merged:
        headers.append(("Content-Type", "application/json"))
    for lower, (name, values) in merged.items():
        if lower in DROPPED:
            continue
        sent_as = f"x-amzn-Remapped-{name}" if lower in REMAPPED else name
        headers.extend((sent_as, value) for value in values)
    return headers


def _object(value: Any, member: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedResponse(f"{member} of the function's answer is no object")
    return value


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise MalformedResponse(f"header {name} of the function's answer is {type(value).__name__}, not text")
