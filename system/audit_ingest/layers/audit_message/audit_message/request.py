"""One ingest request: what API Gateway hands over, checked.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from audit_message.invalid_request import InvalidRequest
from audit_message.meta_data import FIELD as META_DATA
from audit_message.meta_data import check_meta_data
from audit_message.request_body import read_members

BODY = "body"
PAYLOAD = "messagePayload"

PayloadType = Literal["string", "json"]


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """The metadata as sent, and the payload's bytes: a string's text, or another JSON value exactly as written."""

    meta_data: dict[str, Any]
    payload: bytes
    payload_type: PayloadType


def read_request(event: Mapping[str, Any]) -> IngestRequest:
    """Return the request in a proxy event. Raises `InvalidRequest` for anything that the contract does not allow."""
    text = _body_text(event)
    try:
        members = read_members(text)
    except ValueError as error:
        raise InvalidRequest(f"the body must be one JSON object: {error}", BODY) from None
    for name in members:
        if name not in (META_DATA, PAYLOAD):
            raise InvalidRequest("unknown field; it would be lost. Only messageMetaData takes fields of your own", name)
    for name in (META_DATA, PAYLOAD):
        if name not in members:
            raise InvalidRequest(f"{name} is required", name)
    check_meta_data(members[META_DATA].value)
    member = members[PAYLOAD]
    if isinstance(member.value, str):
        return IngestRequest(members[META_DATA].value, _encode(member.value), "string")
    return IngestRequest(members[META_DATA].value, _encode(text[member.start : member.end]), "json")


def _body_text(event: Mapping[str, Any]) -> str:
    body = event.get("body")
    if not isinstance(body, str):
        raise InvalidRequest("a JSON body is required", BODY)
    # API Gateway sets this flag for binary media types. This API has none; another front may.
    if event.get("isBase64Encoded") is True:
        try:
            return base64.b64decode(body, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidRequest("the body must be UTF-8 text", BODY) from None
    return body


def _encode(text: str) -> bytes:
    if text == "":
        raise InvalidRequest(f"{PAYLOAD} must hold at least one byte", PAYLOAD)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(f"{PAYLOAD} holds half of a surrogate pair, which is no Unicode text", PAYLOAD) from None
