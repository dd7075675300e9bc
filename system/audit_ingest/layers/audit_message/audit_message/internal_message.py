"""The internal message: what the workflow carries instead of the payload."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from audit_message.date_time import archive_key, epoch_millis, parse_date_time
from audit_message.request import IngestRequest

# Headers that say where a message came from. Never the ones that prove it: a key or token in a table is a leak.
SELECTED_HEADERS = frozenset(
    {
        "content-type",
        "host",
        "traceparent",
        "x-amzn-trace-id",
        "x-correlation-id",
        "x-forwarded-for",
        "x-forwarded-proto",
    }
)


def origin_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a proxy event that says where it came from, without the caller's API key."""
    context = _object(event.get("requestContext"))
    identity = _object(context.get("identity"))
    return {
        "headers": {
            name.lower(): value
            for name, value in _object(event.get("headers")).items()
            if name.lower() in SELECTED_HEADERS
        },
        "requestContext": {
            "requestId": context.get("requestId"),
            "requestTimeEpoch": context.get("requestTimeEpoch"),
            "authorizer": {"principalId": _object(context.get("authorizer")).get("principalId")},
            "identity": {name: identity.get(name) for name in ("apiKeyId", "userArn", "sourceIp", "userAgent")},
        },
    }


def security_context(event: Mapping[str, Any], request: IngestRequest, now: datetime) -> dict[str, Any]:
    """Return who sent the message, from where and when, and the digest of the payload as it was received.

    The receipt time is API Gateway's; `now` stands in where an event has none.
    """
    origin = origin_of(event)
    context = origin["requestContext"]
    identity = context["identity"]
    epoch_milliseconds = context["requestTimeEpoch"]
    received_at = now if epoch_milliseconds is None else datetime.fromtimestamp(epoch_milliseconds / 1000, UTC)
    principal = context["authorizer"]["principalId"]
    return {
        "principalId": identity["userArn"] if principal is None else principal,
        "apiKeyId": identity["apiKeyId"],
        "sourceIp": identity["sourceIp"],
        "userAgent": identity["userAgent"],
        "headers": origin["headers"],
        "receivedAt": received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestId": context["requestId"],
        "payload": {
            "sha256": hashlib.sha256(request.payload).hexdigest(),
            "sizeBytes": len(request.payload),
            "type": request.payload_type,
        },
    }


def internal_message(
    message_id: str, request: IngestRequest, context: dict[str, Any], host: str, port: int
) -> dict[str, Any]:
    """Return the message that the workflow starts with: nothing is persisted yet."""
    return {
        "messageID": message_id,
        "messageMetaData": request.meta_data,
        "messageSecurityContext": context,
        "storageContext": {
            "redisReference": {"server": host, "port": port, "key": message_id},
            "S3Reference": {"bucket": None, "key": None},
            "metaDataReference": {"dynamoDbTableName": None, "primaryKey": None},
            "persistence": {"S3": False, "metaData": False},
        },
    }


def archive_key_of(message: Mapping[str, Any]) -> str:
    """Return the key under which the message's payload is archived."""
    return archive_key(parse_date_time(message["messageMetaData"]["dateTime"]), message["messageID"])


def primary_key_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key of the message's item, as JSON: `{"messageID": str, "timestampValue": epoch milliseconds}`."""
    moment = parse_date_time(message["messageMetaData"]["dateTime"])
    return {"messageID": message["messageID"], "timestampValue": epoch_millis(moment)}


def _object(value: Any) -> dict[str, Any]:
    """API Gateway writes `null` for an object that it does not have."""
    return value if isinstance(value, dict) else {}
