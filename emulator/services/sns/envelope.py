"""What a subscriber receives: the JSON envelope of an SQS queue, the event of a Lambda function.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from emulator.account import Account
from emulator.services.sns.state import Notification, Subscription

__all__ = ["lambda_event", "sqs_body"]

SIGNATURE_BYTES = 256
CERTIFICATE = "9c6465fa7f48f5cacd23014631ec1136"


def sqs_body(account: Account, notification: Notification, subscription: Subscription) -> str:
    """The envelope that an SQS queue gets, laid out as AWS lays it out."""
    members: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": notification.message_id,
        "TopicArn": notification.topic_arn,
    }
    if notification.subject is not None:
        members["Subject"] = notification.subject
    members |= {
        "Message": notification.message_for("sqs"),
        "Timestamp": _timestamp(notification.published),
        "SignatureVersion": notification.signature_version,
        "Signature": _signature(notification),
        "SigningCertURL": _certificate_url(account),
        "UnsubscribeURL": _unsubscribe_url(account, subscription),
    }
    lines = [f'  "{name}" : {_json(value)}' for name, value in members.items()]
    attributes = _attributes(notification)
    if attributes:
        inner = ",\n".join(f"    {_json(name)} : {_json(value)}" for name, value in attributes.items())
        lines.append(f'  "MessageAttributes" : {{\n{inner}\n  }}')
    return "{\n" + ",\n".join(lines) + "\n}"


def lambda_event(account: Account, notification: Notification, subscription: Subscription) -> bytes:
    """The event that a Lambda function gets: always one record."""
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": notification.message_id,
            "TopicArn": notification.topic_arn,
            "Subject": notification.subject,
            "Message": notification.message_for("lambda"),
            "Timestamp": _timestamp(notification.published),
            "SignatureVersion": notification.signature_version,
            "Signature": _signature(notification),
            "SigningCertUrl": _certificate_url(account),
            "UnsubscribeUrl": _unsubscribe_url(account, subscription),
            "MessageAttributes": _attributes(notification),
        },
    }
    return orjson.dumps({"Records": [record]})


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _attributes(notification: Notification) -> dict[str, dict[str, str]]:
    shown = {}
    for name, attribute in notification.attributes.items():
        binary = attribute.get("BinaryValue")
        value = attribute["StringValue"] if binary is None else base64.b64encode(binary).decode()
        shown[name] = {"Type": attribute["DataType"], "Value": value}
    return shown


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _signature(notification: Notification) -> str:
    """Of a signature's form only: nobody can verify it, as nobody holds AWS's key."""
    return base64.b64encode(hashlib.shake_256(notification.message_id.encode()).digest(SIGNATURE_BYTES)).decode()


def _certificate_url(account: Account) -> str:
    return f"https://sns.{account.region}.amazonaws.com/SimpleNotificationService-{CERTIFICATE}.pem"


def _unsubscribe_url(account: Account, subscription: Subscription) -> str:
    return f"{account.endpoint_url}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
