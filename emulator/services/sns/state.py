"""Topics and subscriptions.

https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.services.sns.filter_policy import FilterPolicy

__all__ = ["PROTOCOLS", "Notification", "Subscription", "Topic"]

PROTOCOLS: Final = ("lambda", "sqs")
"""The protocols that are delivered to; the others are refused by name."""


@dataclass(slots=True)
class Subscription:
    """Where a topic's messages go. `attributes` are the values as they were set, by name on the wire."""

    arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    owner: str
    attributes: dict[str, str] = field(default_factory=dict)
    filter_policy: FilterPolicy | None = None
    dead_letter_target_arn: str | None = None

    @property
    def raw(self) -> bool:
        """Whether the message is delivered without its envelope."""
        return self.attributes.get("RawMessageDelivery", "false").lower() == "true"


@dataclass(slots=True)
class Topic:
    """A standard topic and its subscriptions by ARN."""

    arn: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notification:
    """One published message; `messages` by protocol where it was published with MessageStructure json."""

    message_id: str
    topic_arn: str
    message: str
    published: float
    subject: str | None = None
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    signature_version: str = "1"

    def message_for(self, protocol: str) -> str:
        """The text for subscribers of a protocol."""
        return self.messages.get(protocol, self.message)
