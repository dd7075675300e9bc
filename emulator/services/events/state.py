"""Event buses, rules and targets, connections and API destinations, and the events that pass.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson

from emulator.services.events.patterns import EventFields, EventPattern
from emulator.services.events.schedule import Schedule

__all__ = [
    "DEFAULT_BUS",
    "ApiDestination",
    "Connection",
    "Event",
    "EventBus",
    "Rule",
    "Target",
    "instant",
    "rule_topic",
]

DEFAULT_BUS = "default"


@dataclass(frozen=True)
class Event:
    """One event as targets receive it."""

    members: Mapping[str, Any]
    ingestion_time: float
    trace_header: str | None = None
    hops: int = 0
    """How many buses it has passed before."""
    detail_text: str | None = None
    """The detail as PutEvents had it, where it came from there."""

    @property
    def size_bytes(self) -> int:
        """What an archive counts: time, source, detail type and detail, in UTF-8."""
        detail = orjson.dumps(self.members["detail"]) if self.detail_text is None else self.detail_text.encode()
        texts = (self.members["time"], self.members["source"], self.members["detail-type"])
        return len(detail) + sum(len(str(text).encode()) for text in texts)

    @property
    def id(self) -> str:
        """The event's id, a UUID."""
        return str(self.members["id"])

    @cached_property
    def fields(self) -> EventFields:
        """The event as patterns see it."""
        return EventFields(self.members)

    @cached_property
    def text(self) -> str:
        """The event as JSON."""
        return orjson.dumps(self.members).decode()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule sends events; `members` as PutTargets had them."""

    id: str
    arn: str
    members: Mapping[str, Any]

    @property
    def role_arn(self) -> str | None:
        """The role that delivers."""
        return self.members.get("RoleArn")


@dataclass(slots=True)
class Rule:
    """A rule with its targets by id. Times in epoch seconds."""

    arn: str
    name: str
    bus_name: str
    created: float
    created_by: str
    pattern: EventPattern | None = None
    schedule: Schedule | None = None
    state: str = "ENABLED"
    description: str | None = None
    role_arn: str | None = None
    targets: dict[str, Target] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    managed_by: str | None = None
    scheduler: object | None = None
    """The process that fires the schedule, by identity; a newer one takes its place when the rule changes."""

    @property
    def enabled(self) -> bool:
        """Whether it matches anything."""
        return self.state != "DISABLED"


@dataclass(slots=True)
class EventBus:
    """An event bus with its rules by name."""

    arn: str
    name: str
    created: float
    modified: float
    settings: dict[str, Any] = field(default_factory=dict)
    """Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig, where they were given."""
    statements: list[dict[str, Any]] = field(default_factory=list)
    """The resource policy."""
    policy_members: dict[str, Any] = field(default_factory=dict)
    """What a whole policy had beside its statements."""
    rules: dict[str, Rule] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Connection:
    """How to authorize at an HTTP endpoint. `parameters` are AuthParameters with their secrets."""

    arn: str
    name: str
    authorization_type: str
    parameters: dict[str, Any]
    created: float
    modified: float
    authorized: float
    secret_arn: str
    state: str = "AUTHORIZED"
    state_reason: str | None = None
    description: str | None = None
    token: str | None = None
    """The OAuth access token, while it is good."""
    token_expires: float = 0.0


@dataclass(slots=True)
class ApiDestination:
    """An HTTP endpoint as a target."""

    arn: str
    name: str
    connection_arn: str
    endpoint: str
    method: str
    rate: int
    created: float
    modified: float
    description: str | None = None
    free_at: float = 0.0
    """When the rate limit lets the next invocation start."""


def instant(moment: float) -> str:
    """`2026-01-01T00:00:00Z`, whole seconds, as events carry their time."""
    return f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%dT%H:%M:%S}Z"


def rule_topic(arn: str) -> tuple[str, str]:
    """Notified when a rule's schedule must be looked at again."""
    return ("events rule", arn)
