"""Stacks, their events and change sets, and the rules that hold them together."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.deploy import Change, Environment, Live, Plan, Source
from emulator.services.cloudformation.errors import ChangeSetNotFoundException, ValidationError

__all__ = ["ChangeSet", "Output", "Stack", "StackEvent", "Stacks"]

STACK_TYPE = "AWS::CloudFormation::Stack"
UPDATABLE = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED"}
)
"""Statuses from which a stack can be updated; the two FAILED ones only where it was told not to roll back.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes"""


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One line of a stack's history."""

    event_id: str
    time: float
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    properties: str
    client_request_token: str


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a stack, resolved."""

    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


@dataclass(slots=True, eq=False)
class Stack:
    """One stack. It listens to its deployment and writes down each step (see `emulator.deploy.live.Progress`)."""

    environment: Environment
    created_at: float
    source: Source
    events: deque[StackEvent]
    status: str = ""
    status_reason: str = ""
    plan: Plan | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    """The parameters as they were given, without defaults."""
    capabilities: tuple[str, ...] = ()
    client_request_token: str = ""
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    timeout_in_minutes: int | None = None
    termination_protection: bool = False
    parent_id: str | None = None
    root_id: str | None = None
    resources: dict[str, Live] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    imports: frozenset[str] = frozenset()
    """The exports of other stacks that this one uses."""
    updated_at: float | None = None
    deleted_at: float | None = None
    change_set_id: str | None = None

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.environment.stack_name

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return self.environment.stack_id

    @property
    def in_progress(self) -> bool:
        """Whether an operation is under way."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def take_status(self, status: str, now: float, reason: str = "") -> None:
        """Take on another status of the stack itself."""
        self.status, self.status_reason = status, reason
        self._write(now, self.name, self.stack_id, STACK_TYPE, status, reason, "")

    def resource_changed(self, live: Live, now: float) -> None:
        """Write down a resource's new status."""
        properties = json.dumps(live.properties, default=str)
        self._write(now, live.logical_id, live.physical_id, live.type.name, live.status, live.status_reason, properties)

    def _write(
        self, now: float, logical_id: str, physical_id: str, kind: str, status: str, reason: str, properties: str
    ) -> None:
        event_id = self.environment.account.identifiers.uuid()
        if kind != STACK_TYPE:
            event_id = f"{logical_id}-{status}-{event_id}"
        token = self.client_request_token
        self.events.append(StackEvent(event_id, now, logical_id, physical_id, kind, status, reason, properties, token))

    def resource(self, logical_id: str) -> Live:
        """A resource by its logical id. Raises ValidationError."""
        if logical_id not in self.resources:
            raise ValidationError(f"Resource {logical_id} does not exist for stack {self.name}")
        return self.resources[logical_id]


@dataclass(slots=True, eq=False)
class ChangeSet:
    """Changes that wait to be carried out."""

    change_set_id: str
    name: str
    stack: Stack
    created_at: float
    plan: Plan
    given: Mapping[str, str]
    capabilities: tuple[str, ...]
    environment: Environment
    changes: tuple[Change, ...]
    creates: bool
    description: str | None = None
    on_failure: str | None = None
    status: str = "CREATE_COMPLETE"
    status_reason: str = ""
    execution_status: str = "AVAILABLE"


class Stacks:
    """Every stack of the account and region, the deleted ones too, and every change set."""

    def __init__(self) -> None:
        self._by_id: dict[str, Stack] = {}
        self._change_sets: dict[str, ChangeSet] = {}

    def add(self, stack: Stack) -> None:
        """Keep a new stack."""
        self._by_id[stack.stack_id] = stack

    def forget(self, stack: Stack) -> None:
        """Drop a stack that never was more than a review."""
        del self._by_id[stack.stack_id]

    def all(self) -> list[Stack]:
        """All stacks, newest first."""
        return list(reversed(self._by_id.values()))

    def existing(self) -> list[Stack]:
        """The stacks that are not deleted, newest first."""
        return [stack for stack in self.all() if stack.status != "DELETE_COMPLETE"]

    def find(self, name_or_id: str) -> Stack | None:
        """A stack by its name (not a deleted one) or its id (a deleted one too)."""
        if name_or_id in self._by_id:
            return self._by_id[name_or_id]
        return next((stack for stack in self.existing() if stack.name == name_or_id), None)

    def get(self, name_or_id: str) -> Stack:
        """As `find`. Raises ValidationError where there is none."""
        stack = self.find(name_or_id)
        if stack is None:
            raise ValidationError(f"Stack with id {name_or_id} does not exist")
        return stack

    def exports(self) -> dict[str, str]:
        """Every export by name."""
        return {output.export_name: output.value for _, output in self.exporting() if output.export_name is not None}

    def exporting(self) -> list[tuple[Stack, Output]]:
        """Every output that is exported, with its stack."""
        return [
            (stack, output) for stack in self.existing() for output in stack.outputs if output.export_name is not None
        ]

    def importers(self, export_name: str) -> list[str]:
        """The names of the stacks that use an export."""
        return [stack.name for stack in self.existing() if export_name in stack.imports]

    # -- change sets -------------------------------------------------------------------------------------------------------------

    def add_change_set(self, change_set: ChangeSet) -> None:
        """Keep a change set."""
        self._change_sets[change_set.change_set_id] = change_set

    def change_sets_of(self, stack: Stack) -> list[ChangeSet]:
        """A stack's change sets, oldest first."""
        return [change_set for change_set in self._change_sets.values() if change_set.stack is stack]

    def change_set(self, name_or_id: str, stack_name: str | None) -> ChangeSet:
        """A change set by its id, or by its name and its stack. Raises ChangeSetNotFoundException."""
        if name_or_id in self._change_sets:
            return self._change_sets[name_or_id]
        if stack_name is not None:
            stack = self.get(stack_name)
            for change_set in self.change_sets_of(stack):
                if change_set.name == name_or_id:
                    return change_set
        raise ChangeSetNotFoundException(f"ChangeSet [{name_or_id}] does not exist")

    def remove_change_set(self, change_set: ChangeSet) -> None:
        """Drop a change set."""
        del self._change_sets[change_set.change_set_id]
