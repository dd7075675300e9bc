"""What Lambda remembers: functions with their versions and aliases, layers, and one frozen configuration per version."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.account import Account
from emulator.sandbox.effects import PreparedCode
from emulator.services.lambda_.function_name import LATEST, function_arn, layer_arn

__all__ = [
    "Alias",
    "Configuration",
    "Credentials",
    "EventInvokeConfig",
    "Function",
    "FunctionUrl",
    "Layer",
    "LayerVersion",
    "ProvisionedConcurrency",
    "RuntimeManagement",
    "Transition",
    "lambda_time",
]


def lambda_time(now: float) -> str:
    """Lambda's own form of a moment: `2026-01-01T00:00:00.000+0000`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(now * 1000) % 1000:03d}+0000"


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """One published version of a layer."""

    name: str
    version: int
    arn: str
    code: PreparedCode
    created: str
    description: str = ""
    license_info: str = ""
    compatible_runtimes: tuple[str, ...] | None = None
    compatible_architectures: tuple[str, ...] | None = None


@dataclass(slots=True)
class Layer:
    """A layer and its versions by number, with the statements of each version's policy by id."""

    name: str
    versions: dict[int, LayerVersion] = field(default_factory=dict)
    policies: dict[int, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    policy_revisions: dict[int, str] = field(default_factory=dict)
    next_version: int = 1

    def arn(self, account: Account) -> str:
        """The ARN without a version."""
        return layer_arn(account, self.name)


@dataclass(frozen=True, slots=True)
class Transition:
    """A creation (`State` is Pending) or an update (`LastUpdateStatus` is InProgress) that ends at `until`, epoch seconds.

    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """

    creates: bool
    until: float
    revision_id: str
    """The RevisionId while it lasts; the end of it is a new revision."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Code and configuration of `$LATEST` or of a published version; a change makes a new one with a new revision.

    `revision_id` identifies what environments are made of. What clients see as RevisionId also moves with tags and policies.
    """

    function_name: str
    version: str
    revision_id: str
    last_modified: str
    runtime: str
    role: str
    handler: str
    code: PreparedCode
    description: str = ""
    timeout_seconds: int = 3
    memory_mb: int = 128
    ephemeral_storage_mb: int = 512
    variables: Mapping[str, str] | None = None
    layers: tuple[LayerVersion, ...] = ()
    architectures: tuple[str, ...] = ("x86_64",)
    dead_letter_arn: str = ""
    tracing_mode: str = "PassThrough"
    log_format: str = "Text"
    log_group: str = ""
    application_log_level: str = ""
    system_log_level: str = ""
    vpc: Mapping[str, Any] | None = None
    """Stored and shown; the network is this machine's, so that subnets and security groups have no effect."""
    kms_key_arn: str = ""
    file_systems: tuple[Mapping[str, str], ...] = ()
    """EFS access points (`Arn`, `LocalMountPath`)."""
    public_revision_id: str = ""
    transition: Transition | None = None

    def under_way(self, now: float) -> Transition | None:
        """The creation or update that has not ended at `now`."""
        return None if self.transition is None or now >= self.transition.until else self.transition

    def shown_revision_id(self, now: float) -> str:
        """RevisionId, as clients see it at `now`."""
        transition = self.under_way(now)
        return self.public_revision_id if transition is None else transition.revision_id

    @property
    def shown_log_group(self) -> str:
        """The log group that its lines go to."""
        return self.log_group or f"/aws/lambda/{self.function_name}"

    def arn(self, account: Account) -> str:
        """The function's ARN, with the version where it is a published one."""
        return function_arn(account, self.function_name, None if self.version == LATEST else self.version)


@dataclass(slots=True)
class Alias:
    """A name for a version, or for two with weights."""

    name: str
    function_version: str
    description: str
    routing: Mapping[str, float]
    revision_id: str


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """How asynchronous events are retried and where their records go; None leaves Lambda's default."""

    last_modified: float
    maximum_retry_attempts: int | None = None
    maximum_event_age_seconds: int | None = None
    on_success: str = ""
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """An HTTP endpoint of a function or alias; times in Lambda's own form."""

    url_id: str
    auth_type: str
    invoke_mode: str
    cors: Mapping[str, Any] | None
    created: str
    last_modified: str


@dataclass(slots=True)
class ProvisionedConcurrency:
    """How many environments a version or alias keeps ready, and how far that is."""

    requested: int
    last_modified: str
    status: str = "IN_PROGRESS"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuntimeManagement:
    """When a version's runtime is updated: `Auto`, `FunctionUpdate`, or `Manual` with a runtime version's ARN."""

    update_on: str = "Auto"
    runtime_version_arn: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The role session that a function's code runs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(slots=True)
class Function:
    """A function, what is published of it, and how many of its invocations run."""

    name: str
    latest: Configuration
    credentials: Credentials
    versions: dict[str, Configuration] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    next_version: int = 1
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Statements by id, per qualifier (`""` for the unqualified function)."""
    reserved_concurrency: int | None = None
    event_invoke_configs: dict[str, EventInvokeConfig] = field(default_factory=dict)
    urls: dict[str, FunctionUrl] = field(default_factory=dict)
    """By alias; `""` is the unqualified function's."""
    provisioned: dict[str, ProvisionedConcurrency] = field(default_factory=dict)
    """By version or alias."""
    recent_starts: deque[float] = field(default_factory=deque)
    """When environments were started lately, epoch seconds."""
    running: dict[str, int] = field(default_factory=dict)
    """Invocations by version."""
    recursive_loop: str = "Terminate"
    runtime_management: dict[str, RuntimeManagement] = field(default_factory=dict)
    """By version."""
    rate_second: int = 0
    rate_count: int = 0
    """Synchronous invocations that were admitted in the epoch second `rate_second`."""
