"""What services ask of the sandbox: start an environment, run an invocation in it, stop it, prepare code. Frozen values only.

Everything that can go wrong inside a function is data (`StartedEnvironment.failure`, `InvocationResult.outcome`); an EmulatorError is
raised only for what our user must mend (no interpreter, pip failed, a folder is missing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from emulator.effects import External
from emulator.errors import EmulatorError
from emulator.sandbox.response_stream import ResponseStream
from emulator.value import value

__all__ = [
    "LATE_LINES",
    "CodeError",
    "EnvironmentSpec",
    "InitFailure",
    "InvocationResult",
    "LateLines",
    "LogLine",
    "Outcome",
    "PrepareFolder",
    "PrepareZip",
    "PreparedCode",
    "RunInvocation",
    "StartEnvironment",
    "StartedEnvironment",
    "StopEnvironment",
    "TakeLateLines",
]


class CodeError(EmulatorError):
    """A deployment package that cannot be used: no zip archive, an unsafe member, a folder that is not there."""


@dataclass(frozen=True, slots=True)
class PreparedCode:
    """A deployment package as folders on this machine, lowest first: a later folder's files cover an earlier one's.

    `code_sha256` is the base64 digest that AWS calls CodeSha256 (of the archive; of the path for a local folder); sizes in bytes.
    `live` is a local folder that may change under us.
    """

    folders: tuple[str, ...]
    code_sha256: str
    code_size: int
    unzipped_size: int
    live: bool = False


@dataclass(frozen=True, slots=True)
class PrepareZip(External):
    """Unzip an archive into a content-addressed folder. Result: PreparedCode. Raises CodeError."""

    archive: bytes
    limit_bytes: int
    """The largest unzipped size in bytes; a larger archive is not unpacked to the end and reported with its declared size."""
    resource: str = ""


@dataclass(frozen=True, slots=True)
class PrepareFolder(External):
    """Use a local folder as it is, read-only; its requirements.txt is installed beside it. Result: PreparedCode. Raises CodeError.

    `requirements_below` is where installed packages appear inside the package: nothing for a function, `python` for a layer.
    """

    path: str
    runtime: str
    requirements_below: str = ""
    resource: str = ""
    files_below: str = ""
    """Where the folder's own files appear inside the package (`python` for the source of a layer that `sam build` would place there);
    such a package is a copy, made once for each state of the folder."""


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """All that an execution environment is made of. Times in real seconds, sizes in MB (1,048,576 bytes)."""

    function_name: str
    runtime: str
    handler: str
    code: tuple[str, ...]
    layers: tuple[str, ...]
    memory_mb: int
    ephemeral_storage_mb: int
    variables: tuple[tuple[str, str], ...]
    init_timeout_seconds: float = 10.0
    version: str = "$LATEST"
    account_id: str = ""
    file_systems: tuple[tuple[str, str], ...] = ()
    """EFS access points by id, and where they are mounted; functions with the same id see the same files."""
    initialization_type: str = "on-demand"


@dataclass(frozen=True, slots=True)
class StartEnvironment(External):
    """Start an environment; ends when its runtime asks for the first event or has failed. Result: StartedEnvironment."""

    spec: EnvironmentSpec
    resource: str = ""


@value
class LogLine:
    """One log event as the function wrote it, without the line's end; `after_seconds` counts from the start of init or invocation."""

    after_seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class InitFailure:
    """Why an init phase failed.

    `timeout`; `exit` (the runtime's process ended); `memory` (it took too much); `error` (the runtime reported `payload` to init/error);
    `extension` (an extension ended or reported `error_type`); `entrypoint` (there is no bootstrap to run).
    """

    kind: str
    payload: bytes = b""
    error_type: str = ""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class StartedEnvironment:
    """An environment that waits for its first event.

    With `failure`, init has failed, and the first invocation initialises it again within its own timeout ("suppressed init"); where it is
    not `alive`, it could not even be set up and is gone.
    """

    environment_id: str
    init_milliseconds: float
    lines: tuple[LogLine, ...]
    failure: InitFailure | None = None
    alive: bool = True


class Outcome(Enum):
    """How an invocation ended."""

    OK = "ok"
    ERROR = "error"
    """The handler raised; the environment lives on as it is."""
    TIMEOUT = "timeout"
    EXIT = "exit"
    """The runtime's process, or an extension's, ended before the runtime answered."""
    TOO_LARGE = "too_large"
    """The response was refused with 413."""
    LOST = "lost"
    """The environment was gone before it took the event: the function has not seen it; run it elsewhere."""


@value
class RunInvocation(External):
    """Give an event to an idle environment. Result: InvocationResult. The environment takes the next one when its runtime asks for it."""

    environment_id: str
    request_id: str
    payload: bytes = field(repr=False)
    timeout_seconds: float
    """Real time, as handler code is."""
    function_arn: str
    response_limit_bytes: int
    invocation_id: str = ""
    trace_header: str = ""
    client_context: str = ""
    stream: ResponseStream | None = None
    """Takes a streamed response while the function writes it; None where the caller wants it whole, within `response_limit_bytes`."""
    resource: str = ""


@value
class InvocationResult:
    """What came of an invocation. `payload` is the response or the error document.

    After TIMEOUT and EXIT the environment is reset: /tmp is as it was, and the next invocation initialises it first. After LOST it is gone.
    """

    outcome: Outcome
    payload: bytes = field(default=b"", repr=False)
    error_type: str = ""
    lines: tuple[LogLine, ...] = ()
    duration_milliseconds: float = 0.0
    max_memory_mb: int = 0
    exit_code: int | None = None
    """Exit status, negative for a signal."""
    suppressed_init: InitFailure | None = None
    """Why the init phase failed that this invocation began with."""
    init_milliseconds: float = 0.0
    streamed_bytes: int | None = None
    """How much of the response went to the invocation's `stream`; None where the runtime did not stream, or nobody takes a stream."""
    finished: bool = True
    """Whether the invocation is over; else extensions still work on it, and a LateLines will tell when it is."""

    @classmethod
    def of_failed_init(cls, failure: InitFailure, milliseconds: float) -> InvocationResult:
        """Of an invocation that began with an init phase which failed after so long."""
        outcome = {"timeout": Outcome.TIMEOUT, "error": Outcome.ERROR}.get(failure.kind, Outcome.EXIT)
        return cls(
            outcome,
            failure.payload,
            failure.error_type,
            exit_code=failure.exit_code,
            suppressed_init=failure,
            init_milliseconds=milliseconds,
        )

    def measured(
        self, lines: tuple[LogLine, ...], milliseconds: float, memory_mb: int, streamed: int | None, *, finished: bool
    ) -> InvocationResult:
        """The same with what the environment knows: log lines, duration, memory, streamed bytes, and whether it is over."""
        return InvocationResult(
            self.outcome,
            self.payload,
            self.error_type,
            lines,
            milliseconds,
            memory_mb,
            self.exit_code,
            self.suppressed_init,
            self.init_milliseconds,
            streamed,
            finished,
        )


@dataclass(frozen=True, slots=True)
class StopEnvironment(External):
    """End an environment: its extensions get a SHUTDOWN event (`SPINDOWN`) and Lambda's two seconds.

    Result: the log lines that it still had to say (tuple of LogLine).
    """

    environment_id: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class LateLines:
    """What an environment wrote after its invocation was answered; seconds count from the start of that invocation."""

    environment_id: str
    lines: tuple[LogLine, ...]
    finished_milliseconds: float | None = None
    """Where extensions have finished with an invocation: how long it took with their part."""


@dataclass(frozen=True, slots=True)
class TakeLateLines(External):
    """Everything that came late since the last time. Result: tuple of LateLines. `LATE_LINES` is notified when there is something."""


LATE_LINES = ("sandbox", "late lines")
