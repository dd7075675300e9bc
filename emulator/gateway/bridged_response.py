"""moto's responses as AWS sends them: our request ids, and the statuses of each protocol."""

from __future__ import annotations

import re

from emulator.http import HttpResponse

__all__ = ["as_aws_sends_it"]

_IDS_OF_MOTO = frozenset({"x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"})

_ACCESS_DENIED = b"<Code>AccessDenied</Code>"
_REQUEST_ID = re.compile(rb"<(RequestId|requestId|RequestID)>[^<]*</")
_ID_WINDOW_BYTES = 2_048
"""The request id stands at the start or at the end of a document, never in between."""


def as_aws_sends_it(protocol: str, response: HttpResponse, request_id: str) -> HttpResponse:
    """The response of one of moto's services. `protocol` is botocore's name of the service's protocol."""
    headers = [pair for pair in response.headers if pair[0].lower() not in _IDS_OF_MOTO]
    headers.append(("x-amzn-RequestId", request_id))
    if protocol in ("query", "ec2"):
        body = _with_request_id(response.body, request_id)
        # No service models this error, and moto sends what is not modelled with 400.
        status = 403 if response.status == 400 and _ACCESS_DENIED in body else response.status
        return HttpResponse(status, _sized(headers, response.body, body), body)
    # The JSON protocols have one status for all that is the client's fault: the code is in the body.
    status = 400 if 400 <= response.status < 500 else response.status
    return HttpResponse(status, tuple(headers), response.body)


def _with_request_id(body: bytes, request_id: str) -> bytes:
    def ours(match: re.Match[bytes]) -> bytes:
        return b"<%s>%s</" % (match[1], request_id.encode())

    if len(body) <= 2 * _ID_WINDOW_BYTES:
        return _REQUEST_ID.sub(ours, body)
    head, middle, tail = body[:_ID_WINDOW_BYTES], body[_ID_WINDOW_BYTES:-_ID_WINDOW_BYTES], body[-_ID_WINDOW_BYTES:]
    return b"".join((_REQUEST_ID.sub(ours, head), middle, _REQUEST_ID.sub(ours, tail)))


def _sized(headers: list[tuple[str, str]], before: bytes, after: bytes) -> tuple[tuple[str, str], ...]:
    """The headers without a Content-Length that a new body made wrong; the server writes the right one."""
    if len(before) == len(after):
        return tuple(headers)
    return tuple(pair for pair in headers if pair[0].lower() != "content-length")
