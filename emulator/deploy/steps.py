"""One step of a stack operation on one resource: what its provider is asked, and what the stack is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emulator.deploy.dynamic_references import with_dynamic_values
from emulator.deploy.errors import ProvisioningError
from emulator.deploy.live import Live, Progress
from emulator.deploy.properties import TAGS
from emulator.deploy.resource_type import Request, ResourceType
from emulator.deploy.scope import Environment
from emulator.effects import Now, Process
from emulator.errors import AwsError, EmulatorError

__all__ = ["is_gone", "reason_of", "report", "request_for"]

_GONE = re.compile(r"NotFound|NoSuch|DoesNotExist|NonExistent")
"""Error codes of a resource that is not there any more."""


def request_for(
    environment: Environment, live: Live, properties: Mapping[str, Any], previous: Mapping[str, Any] | None = None
) -> Process:
    """The Request for a provider, dynamic references replaced."""
    values = yield from with_dynamic_values(properties)
    return Request(
        live.logical_id,
        live.type.name,
        _with_stack_tags(live.type, values, environment.tags),
        environment.stack_name,
        environment.stack_id,
        environment.account,
        live.physical_id,
        live.attributes,
        {} if previous is None else previous,
    )


def report(progress: Progress, live: Live, status: str, reason: str = "") -> Process:
    """Give a resource another status and tell the stack."""
    now = yield Now()
    live.status, live.status_reason, live.changed_at = status, reason, now
    progress.resource_changed(live, now)


def _with_stack_tags(kind: ResourceType, properties: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any]:
    """The stack's tags reach every resource that can be tagged; the resource's own win."""
    if not tags or kind.properties.get("Tags") != TAGS:
        return properties
    own = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    return {**properties, "Tags": [{"Key": key, "Value": value} for key, value in {**tags, **own}.items()]}


def is_gone(error: Exception) -> bool:
    """Whether an error says that the resource is not there."""
    return isinstance(error, AwsError) and _GONE.search(error.code) is not None


def reason_of(error: Exception) -> str:
    """An error as a status reason."""
    if isinstance(error, ProvisioningError):
        return error.message
    if isinstance(error, AwsError):
        return f"{error.message} ({error.code}, status {error.status})"
    if isinstance(error, EmulatorError):
        return str(error)
    return f"InternalFailure: {type(error).__name__}: {error}"
