"""A state machine definition as a frozen tree: what the parser makes and the interpreter trusts.

One dataclass per state type. A field that holds an expression is something with `evaluate(environment)`; the query language decides
which kind. https://states-language.net/spec.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = [
    "Catcher",
    "ChoiceRule",
    "ChoiceState",
    "Definition",
    "Environment",
    "Expression",
    "FailState",
    "Flow",
    "ItemBatcher",
    "ItemReader",
    "MapState",
    "ParallelState",
    "PassState",
    "ResultWriter",
    "Retrier",
    "State",
    "SucceedState",
    "TaskState",
    "WaitState",
]


class Environment(Protocol):
    """What an expression may look at."""

    @property
    def data(self) -> Any: ...

    def context(self) -> Mapping[str, Any]: ...

    def variable(self, name: str) -> Any: ...

    def random(self) -> Any: ...

    def uuid(self) -> str: ...

    def input_text(self) -> str: ...

    def query_bindings(self, convert: Callable[[Any], Any], with_context: bool) -> Mapping[str, Any]: ...

    def now(self) -> float: ...


class Expression(Protocol):
    """A compiled path, function call or template."""

    @property
    def text(self) -> str: ...

    def evaluate(self, environment: Environment) -> Any: ...


@dataclass(frozen=True, slots=True)
class Retrier:
    """One element of Retry; times in seconds."""

    error_equals: tuple[str, ...]
    interval_seconds: float = 1.0
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    full_jitter: bool = False


@dataclass(frozen=True, slots=True)
class Catcher:
    """One element of Catch. `result_path` is None for null (the error output is thrown away)."""

    error_equals: tuple[str, ...]
    next: str
    result_path: tuple[str | int, ...] | None = ()
    assign: Expression | None = None
    output: Expression | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What all states share. `input_path` and `output_path` are None where they are absent or `$`."""

    name: str
    kind: str
    comment: str = ""
    next: str | None = None
    input_path: Expression | None = None
    discard_input: bool = False
    """InputPath is null: the state works on {}."""
    parameters: Expression | None = None
    result_selector: Expression | None = None
    result_path: tuple[str | int, ...] | None = ()
    """Where the result goes into the input; () replaces it, None throws the result away."""
    output_path: Expression | None = None
    discard_output: bool = False
    assign: Expression | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    is_jsonata: bool = False
    output: Expression | None = None
    """JSONata's Output, which replaces all of the filters; Arguments are in `parameters`."""


@dataclass(frozen=True, slots=True)
class PassState(State):
    """Hands its input on, or a fixed Result."""

    result: Any = None
    has_result: bool = False


@dataclass(frozen=True, slots=True)
class SucceedState(State):
    """Ends its branch, and the execution where it is not inside one."""


@dataclass(frozen=True, slots=True)
class FailState(State):
    """Ends its branch with an error."""

    error: str | None = None
    cause: str | None = None
    error_path: Expression | None = None
    cause_path: Expression | None = None


@dataclass(frozen=True, slots=True)
class WaitState(State):
    """Waits for seconds or until a moment (epoch seconds); exactly one of the four is set."""

    seconds: float | None = None
    timestamp: float | None = None
    seconds_path: Expression | None = None
    timestamp_path: Expression | None = None


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One rule of a Choice state."""

    test: Callable[[Environment], bool]
    next: str
    assign: Expression | None = None
    output: Expression | None = None


@dataclass(frozen=True, slots=True)
class ChoiceState(State):
    """Goes on to where the first matching rule points."""

    rules: tuple[ChoiceRule, ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class TaskState(State):
    """Calls a function or a service. Times in seconds."""

    resource: Any = None
    """A `resources.LambdaFunction` or `resources.ServiceTask`."""
    timeout_seconds: float | None = None
    heartbeat_seconds: float | None = None
    timeout_path: Expression | None = None
    heartbeat_path: Expression | None = None
    role_arn: Expression | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A graph of states with its entry: a machine, a branch or an item processor."""

    start_at: str
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True)
class ParallelState(State):
    """Runs branches side by side on the same input."""

    branches: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Where a Distributed Map's items come from: an object in S3, or a list of objects."""

    operation: str
    """`getObject` or `listObjectsV2`."""
    arguments: Expression | None
    input_type: str | None = None
    loads_listed_objects: bool = False
    """Transformation LOAD_AND_FLATTEN: the items are in the listed objects."""
    csv_headers: tuple[str, ...] | None = None
    """None where the first row has them."""
    csv_delimiter: str = ","
    max_items: int | None = None
    max_items_path: Expression | None = None
    items_pointer: str | None = None
    manifest_type: str | None = None


@dataclass(frozen=True, slots=True)
class ItemBatcher:
    """How a Distributed Map puts items together for one child execution."""

    max_items: int | None = None
    max_items_path: Expression | None = None
    max_bytes: int | None = None
    max_bytes_path: Expression | None = None
    batch_input: Expression | None = None


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """What a Distributed Map makes of its results; `arguments` is None where they are not written to S3."""

    arguments: Expression | None = None
    transformation: str = "NONE"
    json_lines: bool = False


@dataclass(frozen=True, slots=True)
class MapState(State):
    """Runs a processor for each item of a list."""

    processor: Flow = field(default_factory=lambda: Flow("", {}))
    items_path: Expression | None = None
    item_selector: Expression | None = None
    max_concurrency: int = 0
    max_concurrency_path: Expression | None = None
    is_distributed: bool = False
    child_type: str = "STANDARD"
    """The type of a Distributed Map's child executions."""
    label: str | None = None
    tolerated_count: Expression | float | None = None
    tolerated_percentage: Expression | float | None = None
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole state machine."""

    flow: Flow
    timeout_seconds: float | None = None
    comment: str = ""
