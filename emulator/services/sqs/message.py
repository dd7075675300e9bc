"""A message and the digests that SQS hands out for it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Message", "MessageState", "md5_of_attributes", "md5_of_body"]


class MessageState(Enum):
    """Where a message is. `delayed` -> `visible` <-> `in_flight`; from each to `gone`."""

    DELAYED = "delayed"
    VISIBLE = "visible"
    IN_FLIGHT = "in_flight"
    GONE = "gone"


@dataclass(slots=True, eq=False)
class Message:
    """One message. Times are epoch seconds on the engine's clock."""

    message_id: str
    body: str
    md5_of_body: str
    sent: float
    sender_id: str
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    md5_of_attributes: str | None = None
    trace_header: str | None = None
    message_group_id: str | None = None
    message_deduplication_id: str | None = None
    state: MessageState = MessageState.VISIBLE
    due: float = 0.0
    """When a delayed or invisible message becomes visible."""
    turn: int = 0
    """Goes up with every change of `state` or `due`, so that an older place in a queue's deadlines is known to be stale."""
    receive_count: int = 0
    receive_count_on_arrival: int = 0
    """What the receive count was when the message came to this queue; the redrive policy counts from there."""
    first_received: float | None = None
    received: float = 0.0
    dead_letter_queue_source_arn: str | None = None


def md5_of_body(body: str) -> str:
    """MD5 of the body's UTF-8, as hex."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str | None:
    """MD5 of message attributes: by name, each of name, type and value with its length, and a byte for the kind of value."""
    if not attributes:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        data_type = attribute["DataType"]
        digest.update(_sized(name.encode()) + _sized(data_type.encode()))
        if data_type.startswith("Binary"):
            digest.update(b"\x02" + _sized(attribute["BinaryValue"]))
        else:
            digest.update(b"\x01" + _sized(attribute["StringValue"].encode()))
    return digest.hexdigest()


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data
