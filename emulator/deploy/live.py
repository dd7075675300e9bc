"""The resources of a stack as they stand, and their statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from emulator.deploy.resource_type import ResourceType

__all__ = ["Live", "Progress"]


@dataclass(slots=True, eq=False)
class Live:
    """One resource of a stack. Without a physical id it was never made."""

    logical_id: str
    type: ResourceType
    depends_on: frozenset[str]
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Mapping[str, Any] | None = None
    physical_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Resolved, except for dynamic references."""
    status: str = ""
    status_reason: str = ""
    changed_at: float = 0.0

    def copy(self) -> Live:
        """The resource as it stands now, to go back to."""
        return replace(self)


class Progress(Protocol):
    """Who wants to know of each step: the stack's list of events."""

    def resource_changed(self, live: Live, now: float) -> None:
        """A resource took on another status."""
