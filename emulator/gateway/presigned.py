"""What S3 checks of a signature in the query string without its secret: that all of it is there, and that it still holds.

Signatures are read, not verified: there are no secrets to verify them with.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl

from emulator.errors import AwsError
from emulator.http import HttpRequest

__all__ = ["AuthorizationQueryParametersError", "check_presigned", "with_hoisted_headers"]

_VERSION_4 = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_HEADERS_ONLY = ("x-amz-checksum-", "x-amz-sdk-checksum-")
_VERSION_2 = ("Signature", "Expires", "AWSAccessKeyId")
_ALGORITHMS = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
_LONGEST_SECONDS = 604_800
_EARLIEST_SECONDS = 900
"""A signature may come from a clock that is this much ahead."""
_DATE = "%Y%m%dT%H%M%SZ"


def with_hoisted_headers(request: HttpRequest) -> HttpRequest:
    """The request with the headers that a presigned URL carries among its parameters, as some SDKs write them.

    Checksums count as headers only: the SDK for JavaScript writes that of an empty body into every URL for an upload.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
    """
    if "ignature=" not in request.query or "x-amz-" not in request.query:
        return request
    known = {name.lower() for name in _VERSION_4}
    hoisted = [
        (name, value)
        for name, value in parse_qsl(request.query, keep_blank_values=True)
        if name.startswith("x-amz-")
        and name not in known
        and name not in request.headers
        and not name.startswith(_HEADERS_ONLY)
    ]
    return replace(request, header_list=(*request.header_list, *hoisted)) if hoisted else request


class AccessDenied(AwsError):
    """S3 refuses the request."""

    status = 403


class AuthorizationQueryParametersError(AwsError):
    """A presigned URL whose parameters are not what belongs to a signature."""


def check_presigned(request: HttpRequest, now: float) -> None:
    """Refuse a presigned URL that is incomplete or does not hold at `now`. Raises AccessDenied, AuthorizationQueryParametersError."""
    if "X-Amz-" not in request.query and "Signature=" not in request.query and "AWSAccessKeyId=" not in request.query:
        return
    query = {name: values[-1] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
    if "X-Amz-Algorithm" in query or "X-Amz-Signature" in query:
        _check_version_4(query, now)
    elif "Signature" in query or "AWSAccessKeyId" in query:
        _check_version_2(query, now)


def _check_version_4(query: dict[str, str], now: float) -> None:
    if any(name not in query for name in _VERSION_4):
        raise AuthorizationQueryParametersError(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    if query["X-Amz-Algorithm"] not in _ALGORITHMS:
        raise AuthorizationQueryParametersError(f'X-Amz-Algorithm only supports "{" and ".join(_ALGORITHMS)}"')
    credential = query["X-Amz-Credential"].split("/")
    if len(credential) < 5 or credential[-1] != "aws4_request":
        raise AuthorizationQueryParametersError(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    try:
        signed = datetime.strptime(query["X-Amz-Date"], _DATE).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise AuthorizationQueryParametersError(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        ) from None
    try:
        seconds = int(query["X-Amz-Expires"])
    except ValueError:
        raise AuthorizationQueryParametersError("X-Amz-Expires should be a number") from None
    if seconds < 0:
        raise AuthorizationQueryParametersError("X-Amz-Expires must be non-negative")
    if seconds > _LONGEST_SECONDS:
        raise AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{_LONGEST_SECONDS} seconds"
        )
    if signed > now + _EARLIEST_SECONDS:
        raise AccessDenied("Request is not yet valid", fields={"ServerTime": _iso(now)})
    if now > signed + seconds:
        raise AccessDenied(
            "Request has expired",
            fields={"X-Amz-Expires": seconds, "Expires": _iso(signed + seconds), "ServerTime": _iso(now)},
        )


def _check_version_2(query: dict[str, str], now: float) -> None:
    if any(name not in query for name in _VERSION_2):
        raise AccessDenied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    try:
        expires = float(int(query["Expires"]))
    except ValueError:
        raise AccessDenied(f"Invalid date (should be seconds since epoch): {query['Expires']}") from None
    if now > expires:
        raise AccessDenied("Request has expired", fields={"Expires": _iso(expires), "ServerTime": _iso(now)})


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
