"""What lies between HTTP and S3's operations: addressing, payloads, presigned URLs, requests of browsers, CORS headers."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol
from urllib.parse import unquote

from emulator.errors import AwsError
from emulator.gateway.intake import Intake, Intakes
from emulator.gateway.presigned import check_presigned, with_hoisted_headers
from emulator.gateway.s3_addressing import path_style, website_request
from emulator.http import HttpRequest, HttpResponse
from emulator.protocols.rest_xml_protocol import s3_ids

__all__ = ["UNMODELLED", "BrowserRules", "S3Surface"]

UNMODELLED = frozenset({"GetWebsite", "OptionsObject", "PostObject"})
"""Operations that browsers ask for and no SDK knows."""
_WITHOUT_PAYLOAD = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class BrowserRules(Protocol):
    """What S3 tells browsers, which the service `s3` has beside its operations."""

    def cors_headers(self, request: HttpRequest) -> tuple[tuple[str, str], ...]: ...


class S3Surface:
    """Makes requests ready for S3's operations."""

    def __init__(self, intakes: Intakes) -> None:
        self._intakes = intakes

    def begin(self, head: HttpRequest) -> Intake:
        """The intake of a large payload."""
        return self._intakes.begin(with_hoisted_headers(head))

    def received(self, request: HttpRequest) -> tuple[HttpRequest, str | None]:
        """The request in path style with its content, and its operation where botocore's model does not have it."""
        if request.content is None:
            request = with_hoisted_headers(request)
        if request.content is None and (request.body or request.method not in _WITHOUT_PAYLOAD):
            request = self._intakes.take(request)
        website = website_request(request)
        if website is not None:
            return website, "GetWebsite"
        return path_style(request), _browser_operation(request)

    def target(self, request: HttpRequest) -> dict[str, str]:
        """Bucket and key of a request in path style, as far as it names them."""
        bucket, slash, key = request.path.removeprefix("/").partition("/")
        found = {"Bucket": unquote(bucket)} if bucket else {}
        return {**found, "Key": unquote(key)} if slash and key else found

    def identified(self, response: HttpResponse, request_id: str) -> HttpResponse:
        """A response that an operation wrote itself, with the ids that every answer of S3 has."""
        short, long = s3_ids(request_id)
        ids = (("x-amz-request-id", short), ("x-amz-id-2", long), ("Server", "AmazonS3"))
        return replace(response, headers=(*ids, *response.headers))

    def check(self, request: HttpRequest, now: float) -> None:
        """Refuse a presigned URL that does not hold, and a payload that is not what was announced. Raises AwsError."""
        _check_uri(request)
        _check_post(request)
        check_presigned(request, now)
        if request.refusal is not None:
            raise request.refusal

    def with_cors(self, request: HttpRequest, response: HttpResponse, rules: BrowserRules) -> HttpResponse:
        """The response with the headers that let a page of another origin read it."""
        if "origin" not in request.headers or request.method == "OPTIONS":
            return response
        return replace(response, headers=(*response.headers, *rules.cors_headers(request)))


class InvalidURI(AwsError):
    """The path is no text."""


def _check_uri(request: HttpRequest) -> None:
    if "%" in request.path:
        try:
            unquote(request.path, errors="strict")
        except UnicodeDecodeError:
            raise InvalidURI("Couldn't parse the specified URI.", fields={"URI": request.path}) from None


class MethodNotAllowed(AwsError):
    """There is no such request on this resource."""

    status = 405


class PreconditionFailed(AwsError):
    """The upload is no form."""

    status = 412


def _check_post(request: HttpRequest) -> None:
    """A POST is a form's upload, or names what it does in its query. Raises MethodNotAllowed, PreconditionFailed."""
    bucket, _, key = request.path.removeprefix("/").partition("/")
    if request.method != "POST" or not bucket or _browser_operation(request) is not None:
        return
    query = (item.partition("=")[0].lower() for item in request.query.split("&"))
    if any(name and name != "x-id" and not name.startswith("x-amz-") for name in query):
        return
    if key:
        message = "The specified method is not allowed against this resource."
        raise MethodNotAllowed(message, fields={"Method": "POST", "ResourceType": "OBJECT"})
    if bucket != "WriteGetObjectResponse":
        condition = "Bucket POST must be of the enclosure-type multipart/form-data"
        message = "At least one of the pre-conditions you specified did not hold"
        raise PreconditionFailed(message, fields={"Condition": condition})


def _browser_operation(request: HttpRequest) -> str | None:
    """The operation of a browser's request, which no SDK sends and botocore does not model: a form's upload, a CORS preflight.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
    """
    if request.method == "OPTIONS":
        return "OptionsObject"
    if request.method == "POST" and request.headers.get("content-type", "").startswith("multipart/form-data"):
        return "PostObject"
    return None
