"""The HTTP request of an HTTP task: from the state's arguments and what the connection adds.

Rules. The connection wins where both give a header, query parameter or body member. A JSON body is the default; with `Transform`, the
body is a form, whose arrays are written in one of four ways. Some headers cannot be set.
https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from emulator.outbound import SendHttp
from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.failures import RUNTIME, StateFailure

__all__ = ["HttpArguments", "request_of", "traced_request"]

_TIMEOUT_SECONDS = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_FORBIDDEN = frozenset(
    {
        "authorization",
        "connection",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "www-authenticate",
    }
)
_FORBIDDEN_PREFIXES = ("x-forwarded", "x-amz", "x-amzn")
_FORM = "application/x-www-form-urlencoded"
Pairs = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HttpArguments:
    """The arguments of a task, checked."""

    endpoint: str
    method: str
    connection_arn: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    has_body: bool
    as_form: bool
    array_format: str

    @classmethod
    def of(cls, given: Any) -> HttpArguments:
        """Raises StateFailure with States.Runtime for arguments that make no request."""
        if not isinstance(given, Mapping):
            raise _invalid("The arguments of an HTTP task must be an object")
        connection = (given.get("Authentication") or given.get("InvocationConfig") or {}).get("ConnectionArn")
        endpoint, method = given.get("ApiEndpoint"), given.get("Method")
        if not isinstance(endpoint, str) or not isinstance(method, str) or not isinstance(connection, str):
            raise _invalid("An HTTP task needs ApiEndpoint, Method and Authentication.ConnectionArn")
        parts = urlsplit(endpoint)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not local and (parts.scheme != "https" or not parts.hostname):
            raise _invalid(f"The ApiEndpoint {endpoint} is no HTTPS URL")
        if method.upper() not in _METHODS:
            raise _invalid(f"The Method {method} is none of {', '.join(sorted(_METHODS))}")
        transform = given.get("Transform") or {}
        options = transform.get("RequestEncodingOptions") or {}
        return cls(
            endpoint,
            method.upper(),
            connection,
            _headers(given.get("Headers") or {}),
            given.get("QueryParameters") or {},
            given.get("RequestBody"),
            "RequestBody" in given,
            transform.get("RequestBodyEncoding", "NONE") == "URL_ENCODED",
            options.get("ArrayFormat", "INDICES"),
        )


def request_of(arguments: HttpArguments, added: Mapping[str, Pairs], region: str, most_bytes: int) -> SendHttp:
    """The request, with what the connection adds: `headers`, `query` and `body`."""
    headers: dict[str, tuple[str, str]] = {}
    defaults = {"User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}", "Range": f"bytes=0-{most_bytes}"}
    body = _body(arguments, added["body"])
    if body:
        defaults["Content-Type"] = _FORM if _is_form(arguments) else "application/json"
    for part in (defaults, arguments.headers, added["headers"]):
        headers.update({name.lower(): (name, value) for name, value in part.items()})
    query = [*_written_query(arguments.query, added["query"])]
    parts = urlsplit(arguments.endpoint)
    text = "&".join(filter(None, (parts.query, urlencode(query, quote_via=quote))))
    url = urlunsplit(parts._replace(query=text))
    return SendHttp(
        arguments.method,
        url,
        tuple(headers.values()),
        body,
        _TIMEOUT_SECONDS,
        most_bytes,
        resource=arguments.endpoint,
    )


def traced_request(request: SendHttp) -> dict[str, str]:
    """The request as TestState shows it at the level TRACE."""
    traced = {
        "protocol": urlsplit(request.url).scheme,
        "method": request.method,
        "url": request.url,
        "headers": f"[{', '.join(f'{name}: {value}' for name, value in request.headers)}]",
    }
    return traced | ({"body": request.body.decode("utf-8", "replace")} if request.body else {})


def _headers(given: Any) -> dict[str, str]:
    """Raises StateFailure for a header that cannot be set."""
    if not isinstance(given, Mapping):
        raise _invalid("Headers must be an object")
    headers: dict[str, str] = {}
    for name, value in given.items():
        lowered = name.lower()
        if lowered in _FORBIDDEN or lowered.startswith(_FORBIDDEN_PREFIXES):
            raise _invalid(f"The header {name} cannot be set in an HTTP task")
        headers[name] = ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
    return headers


def _is_form(arguments: HttpArguments) -> bool:
    given = next((value for name, value in arguments.headers.items() if name.lower() == "content-type"), "")
    return arguments.as_form or given.partition(";")[0].strip().lower() == _FORM


def _body(arguments: HttpArguments, members: Pairs) -> bytes:
    body = arguments.body
    if members and (isinstance(body, Mapping) or not arguments.has_body):
        body = {**(body or {}), **members}
    elif not arguments.has_body:
        return b""
    if _is_form(arguments) and isinstance(body, Mapping):
        write = _ARRAY_FORMATS.get(arguments.array_format)
        if write is None:
            raise _invalid(f"The ArrayFormat {arguments.array_format} is none of {', '.join(_ARRAY_FORMATS)}")
        pairs = [pair for name, value in body.items() for pair in _form_pairs(name, value, write)]
        return urlencode(pairs, quote_via=quote).encode()
    return (body if isinstance(body, str) else dumps(body)).encode()


ArrayFormat = Callable[[str, list[Any]], list[tuple[str, Any]]]
_ARRAY_FORMATS: Mapping[str, ArrayFormat] = {
    "INDICES": lambda name, items: [(f"{name}[{index}]", item) for index, item in enumerate(items)],
    "REPEAT": lambda name, items: [(name, item) for item in items],
    "COMMAS": lambda name, items: [(name, ",".join(map(_text, items)))],
    "BRACKETS": lambda name, items: [(f"{name}[]", item) for item in items],
    "NONE": lambda name, items: [(name, item) for item in items],
}


def _form_pairs(name: str, value: Any, write: ArrayFormat) -> Iterator[tuple[str, str]]:
    """`a[b]=1` for members of objects; arrays as asked for."""
    if isinstance(value, Mapping):
        for member, inner in value.items():
            yield from _form_pairs(f"{name}[{member}]", inner, write)
    elif isinstance(value, list):
        for written, item in write(name, value):
            yield from _form_pairs(written, item, write)
    else:
        yield name, _text(value)


def _written_query(given: Any, added: Pairs) -> Iterator[tuple[str, str]]:
    if not isinstance(given, Mapping):
        raise _invalid("QueryParameters must be an object")
    for name, value in given.items():
        if name not in added:
            for item in value if isinstance(value, list) else [value]:
                yield name, _text(item)
    yield from added.items()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)


def _invalid(message: str) -> StateFailure:
    return StateFailure(RUNTIME, message)
