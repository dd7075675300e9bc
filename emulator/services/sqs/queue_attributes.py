"""The attributes of a queue: names, ranges and defaults as data, and the checks that follow from them.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from emulator.errors import UnsupportedOperation
from emulator.services.sqs.errors import InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue
from emulator.services.sqs.quotas import SqsQuotas

__all__ = ["QueueAttributes", "RedrivePolicy", "changed_attributes", "default_attributes"]

NUMBERS: Final[Mapping[str, str]] = {
    "DelaySeconds": "delay_seconds",
    "MaximumMessageSize": "maximum_message_size",
    "MessageRetentionPeriod": "message_retention_period",
    "ReceiveMessageWaitTimeSeconds": "receive_message_wait_time_seconds",
    "VisibilityTimeout": "visibility_timeout",
}
ENCRYPTION: Final = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
FIFO: Final = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
READ_ONLY: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
)


@dataclass(frozen=True, slots=True)
class RedrivePolicy:
    """Where messages go that were received too often."""

    dead_letter_target_arn: str
    max_receive_count: int


@dataclass(frozen=True, slots=True)
class QueueAttributes:
    """What SetQueueAttributes sets. `texts` are the values as they were sent, which is how they are shown."""

    delay_seconds: int
    maximum_message_size: int
    message_retention_period: int
    receive_message_wait_time_seconds: int
    visibility_timeout: int
    redrive_policy: RedrivePolicy | None = None
    redrive_allow_policy: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def shown(self) -> dict[str, str]:
        """The attributes by their names on the wire."""
        numbers = {name: str(getattr(self, member)) for name, member in NUMBERS.items()}
        return {**numbers, "SqsManagedSseEnabled": "true", **self.texts}


def default_attributes(quotas: SqsQuotas) -> QueueAttributes:
    """What a queue has that was created without attributes."""
    return QueueAttributes(
        delay_seconds=0,
        maximum_message_size=quotas.message_bytes,
        message_retention_period=quotas.default_retention_seconds,
        receive_message_wait_time_seconds=0,
        visibility_timeout=quotas.default_visibility_timeout_seconds,
    )


def changed_attributes(
    attributes: QueueAttributes, changes: Mapping[str, str], quotas: SqsQuotas, arn: str
) -> QueueAttributes:
    """The attributes after a change. Raises InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue."""
    ranges = {
        "DelaySeconds": (0, quotas.delay_seconds),
        "MaximumMessageSize": (quotas.smallest_maximum_message_bytes, quotas.message_bytes),
        "MessageRetentionPeriod": (quotas.shortest_retention_seconds, quotas.longest_retention_seconds),
        "ReceiveMessageWaitTimeSeconds": (0, quotas.wait_time_seconds),
        "VisibilityTimeout": (0, quotas.visibility_timeout_seconds),
    }
    members: dict[str, Any] = {}
    texts = dict(attributes.texts)
    for name, text in changes.items():
        if name in NUMBERS:
            members[NUMBERS[name]] = _number(name, text, *ranges[name])
        elif name in FIFO:
            if name != "FifoQueue" or text != "false":
                raise UnsupportedOperation(f"attribute {name}: FIFO queues are not supported by this emulator")
        elif name in READ_ONLY:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
        elif name == "Policy":
            members["policy"] = None if text == "" else _document(name, text)
            _keep(texts, name, text)
        elif name == "RedrivePolicy":
            members["redrive_policy"] = None if text == "" else _redrive_policy(text, quotas, arn)
            _keep(texts, name, text)
        elif name == "RedriveAllowPolicy":
            members["redrive_allow_policy"] = {} if text == "" else _redrive_allow_policy(text, quotas)
            _keep(texts, name, text)
        elif name in ENCRYPTION:
            _keep(texts, name, text)
            if name == "KmsMasterKeyId" and text != "":
                texts["SqsManagedSseEnabled"] = "false"
        else:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    return replace(attributes, **members, texts=texts)


def _keep(texts: dict[str, str], name: str, text: str) -> None:
    if text == "":
        texts.pop(name, None)
    else:
        texts[name] = text


def _number(name: str, text: str, lowest: int, highest: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not lowest <= number <= highest:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return number


def _document(name: str, text: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return document


def _redrive_policy(text: str, quotas: SqsQuotas, arn: str) -> RedrivePolicy:
    where = f"Value {text} for parameter RedrivePolicy is invalid. Reason: "
    document = _document("RedrivePolicy", text)
    target = document.get("deadLetterTargetArn")
    if not isinstance(target, str) or ":sqs:" not in target:
        raise InvalidParameterValue(f"{where}Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
    if target.rpartition(":")[0] != arn.rpartition(":")[0]:
        raise InvalidParameterValue(f"{where}Dead letter target must be in the queue's own account and region.")
    if target.endswith(".fifo"):
        raise InvalidParameterValue(f"{where}Dead-letter queue must be same type of queue as the source.")
    try:
        count = int(document["maxReceiveCount"])
    except KeyError:
        raise InvalidParameterValue(f"{where}Redrive policy does not contain mandatory attribute: maxReceiveCount.")
    except (TypeError, ValueError):
        count = 0
    if not 1 <= count <= quotas.max_receive_count:
        raise InvalidParameterValue(
            f"{where}Invalid value for maxReceiveCount: {document['maxReceiveCount']}, "
            f"valid values are from 1 to {quotas.max_receive_count} both inclusive."
        )
    return RedrivePolicy(target, count)


def _redrive_allow_policy(text: str, quotas: SqsQuotas) -> dict[str, Any]:
    document = _document("RedriveAllowPolicy", text)
    permission = document.get("redrivePermission")
    arns = document.get("sourceQueueArns", [])
    known = permission in ("allowAll", "denyAll", "byQueue")
    if not known or (permission == "byQueue") != bool(arns) or len(arns) > quotas.redrive_allow_arns:
        raise InvalidParameterValue(f"Value {text} for parameter RedriveAllowPolicy is invalid.")
    return document
