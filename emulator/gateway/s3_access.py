"""What S3 decides by the form of a request, before any policy: presigned URLs that have run out, and unsigned requests.

Signatures are read, not verified: there are no secrets to verify them with. moto judges unsigned reads of an object by the bucket's policy
and the object's ACL; other unsigned requests are refused, as S3 does wherever no policy or ACL opens a bucket to everyone.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from emulator.errors import AwsError
from emulator.http import HttpRequest

__all__ = ["AccessDenied", "check_access", "form_operation"]

_JUDGED_BY_MOTO = frozenset({"GetObject", "HeadObject", "PostObject", "OptionsObject"})
_SIGNATURES = ("X-Amz-Signature", "Signature")
_DATE = "%Y%m%dT%H%M%SZ"


class AccessDenied(AwsError):
    """S3 refuses the request."""

    status = 403


def form_operation(request: HttpRequest) -> str | None:
    """The operation of a browser's request, which no SDK sends and botocore does not model: a form's upload, a CORS preflight.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
    """
    if request.method == "OPTIONS":
        return "OptionsObject"
    if request.method == "POST" and request.headers.get("content-type", "").startswith("multipart/form-data"):
        return "PostObject"
    return None


def check_access(operation: str, request: HttpRequest, now: float) -> None:
    """Refuse an expired presigned URL, and an unsigned request that moto would let through. Raises AccessDenied."""
    query = parse_qs(request.query)
    if any(name in query for name in _SIGNATURES):
        _check_expiry(query, now)
    elif "authorization" not in request.headers and operation not in _JUDGED_BY_MOTO:
        raise AccessDenied("Access Denied")


def _check_expiry(query: dict[str, list[str]], now: float) -> None:
    try:
        if "X-Amz-Signature" in query:
            signed = datetime.strptime(query["X-Amz-Date"][-1], _DATE).replace(tzinfo=UTC).timestamp()
            expires = signed + int(query["X-Amz-Expires"][-1])
            seconds = {"X-Amz-Expires": query["X-Amz-Expires"][-1]}
        else:
            expires = float(query["Expires"][-1])
            seconds = {}
    except (KeyError, ValueError):
        raise AuthorizationQueryParametersError(
            "Query-string authentication needs the date of the signature and the seconds for which it holds."
        ) from None
    if now > expires:
        raise AccessDenied("Request has expired", fields={**seconds, "Expires": _iso(expires), "ServerTime": _iso(now)})


class AuthorizationQueryParametersError(AwsError):
    """A presigned URL without what belongs to its signature."""


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
