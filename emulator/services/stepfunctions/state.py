"""State machines with their versions and aliases, executions, map runs, activities, and waiting tasks.

Life cycle of an execution: RUNNING, then exactly one of SUCCEEDED, FAILED, TIMED_OUT, ABORTED; a redrive makes it RUNNING again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.services.stepfunctions.asl import Definition, Document
from emulator.services.stepfunctions.history import History

__all__ = [
    "Alias",
    "Execution",
    "ExecutionStatus",
    "PendingTask",
    "StateMachine",
    "Version",
    "ended_topic",
    "stop_topic",
    "token_topic",
]


class ExecutionStatus(StrEnum):
    """All states of an execution; every one but RUNNING is final until a redrive."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


@dataclass(slots=True)
class StateMachine:
    """A state machine; an update replaces definition and role, executions that run keep theirs."""

    arn: str
    name: str
    definition_text: str
    definition: Definition
    role_arn: str
    creation_date: float
    type: str = "STANDARD"
    revision_id: str | None = None
    update_date: float | None = None
    logging_configuration: dict[str, Any] = field(default_factory=dict)
    tracing_configuration: dict[str, Any] = field(default_factory=dict)
    encryption_configuration: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    last_version: int = 0
    """Numbers are never used again, not even after a deletion."""
    aliases: dict[str, Alias] = field(default_factory=dict)

    @property
    def is_express(self) -> bool:
        """Whether this is an Express workflow."""
        return self.type == "EXPRESS"


@dataclass(frozen=True, slots=True)
class Version:
    """A state machine as it was when the version was published; it never changes."""

    arn: str
    number: int
    description: str
    creation_date: float
    machine: StateMachine


@dataclass(slots=True)
class Alias:
    """A name for one version, or for two with weights that add up to 100."""

    arn: str
    name: str
    description: str
    routing: list[tuple[str, int]]
    """ARN of a version, and its weight."""
    creation_date: float
    update_date: float


@dataclass(slots=True)
class Execution:
    """One execution with what it was started from. Times in epoch seconds."""

    arn: str
    name: str
    state_machine_arn: str
    state_machine_name: str
    definition: Definition
    definition_text: str
    role_arn: str
    revision_id: str | None
    update_date: float
    logging_configuration: dict[str, Any]
    tracing_configuration: dict[str, Any]
    input: Document
    start_date: float
    history: History
    type: str = "STANDARD"
    version_arn: str | None = None
    alias_arn: str | None = None
    status: ExecutionStatus = ExecutionStatus.RUNNING
    stop_date: float | None = None
    output: Document | None = None
    error: str | None = None
    cause: str | None = None
    trace_header: str | None = None
    map_run_arn: str | None = None
    label: str | None = None
    """The map run's label, where this works on an item of one."""
    item_count: int | None = None
    redrive_count: int = 0
    redrive_date: float | None = None
    redrive_tokens: set[str] = field(default_factory=set)
    root: Any = None
    """The root Branch: where an execution that did not succeed goes on when it is redriven."""
    children: list[str] = field(default_factory=list)
    """Executions that this one waits for; they are stopped with it."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status is ExecutionStatus.RUNNING

    @property
    def is_express(self) -> bool:
        """Whether it runs as an Express workflow."""
        return self.type == "EXPRESS"

    def pack(self) -> None:
        """Let go of what only a running execution needs, and keep the rest small."""
        self.history.pack()
        self.input = Document(self.input.text)
        self.output = None if self.output is None else Document(self.output.text)


@dataclass(slots=True)
class PendingTask:
    """A task that waits for its token: what SendTaskSuccess or SendTaskFailure brought, and when it last gave a sign of life."""

    token: str
    done: bool = False
    """Whether the task has ended, one way or the other."""
    output: Document | None = None
    error: str | None = None
    cause: str | None = None
    answered: bool = False
    heartbeats: int = 0


def stop_topic(execution_arn: str) -> tuple[str, str, str]:
    """Notified when an execution must end at once."""
    return ("stepfunctions", "stop", execution_arn)


def ended_topic(execution_arn: str) -> tuple[str, str, str]:
    """Notified when an execution has ended."""
    return ("stepfunctions", "ended", execution_arn)


def token_topic(token: str) -> tuple[str, str, str]:
    """Notified when something was sent for a task token."""
    return ("stepfunctions", "token", token)
