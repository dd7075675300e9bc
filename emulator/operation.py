"""How a service offers its operations: methods marked by name, one dispatch table per service.

    class SqsService(Service):
        service_id = "sqs"

        @operation("CreateQueue", unsupported=("tags",))
        def create_queue(self, params: Params, context: CallContext) -> Reply: ...

An operation looks up, checks, changes, returns. It reads no clock (`context.now`), sleeps never, and calls no other service: it returns
`Reply(result, effects)`. An operation that takes time (a synchronous invoke, a long poll) is a generator function: it yields effects
and returns its `Reply` at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from emulator.account import Account
from emulator.effects import Effect, Process
from emulator.errors import UnsupportedOperation
from emulator.http import HttpRequest
from emulator.value import value

__all__ = ["Answer", "CallContext", "Operation", "Params", "Reply", "Service", "operation"]

Params = Mapping[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])


@value
class CallContext:
    """Who calls, when, and as part of what."""

    now: float
    """Epoch seconds on the engine's clock."""
    request_id: str
    trace_id: str = ""
    """The X-Ray trace root (`1-...`) that this call belongs to; empty outside a trace."""
    principal: str = ""
    """ARN or service principal of the caller; empty for an anonymous or local client."""
    source_ip: str = "127.0.0.1"
    request: HttpRequest | None = None
    """The raw request, where the call came over HTTP; only a bridged service looks at it."""
    span: str = ""
    """The parent in the X-Ray trace header: the invocation of a function that makes this call; empty where no function says so."""
    source_arn: str = ""
    """The resource on whose behalf a service principal calls: `aws:SourceArn` in a resource policy."""


@value
class Reply:
    """An operation's result and what must happen because of it. The effects are applied in order, none of them waits."""

    result: Any = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    usage: Mapping[str, float] | None = field(default=None, hash=False)
    """What AWS would bill of the call beyond its being made, in its own units (`read_units`, `billed_bytes`): for the journal."""


class Answer(dict[str, Any]):
    """A result with what the model has no member for: an HTTP status, further headers."""

    def __init__(
        self, result: Mapping[str, Any], *, status: int | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(result)
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of a dispatch table."""

    name: str
    method: str
    unsupported: frozenset[str]


def operation(name: str, *, unsupported: tuple[str, ...] = ()) -> Callable[[Method], Method]:
    """Mark a method as the API operation `name`. A call that passes a parameter in `unsupported` is refused by name."""

    def mark(method: Method) -> Method:
        method.__dict__["__operation__"] = Operation(name, method.__name__, frozenset(unsupported))
        return method

    return mark


class Service:
    """A state machine without I/O that plays one AWS service for one account and region."""

    service_id: ClassVar[str]
    """botocore's service name: `sqs`, `stepfunctions`, `lambda`."""
    resource_members: ClassVar[tuple[str, ...]] = ()
    """The parameters that name the resource a call is about, most specific first; for the journal and for faults."""
    operations: ClassVar[Mapping[str, Operation]] = {}

    def __init__(self, account: Account) -> None:
        self.account = account

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table: dict[str, Operation] = {}
        for kind in reversed(cls.__mro__):
            for method in vars(kind).values():
                row = getattr(method, "__operation__", None)
                if isinstance(row, Operation):
                    table[row.name] = row
        cls.operations = table

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process:
        """Run one operation: its Reply, or a process whose result is the Reply. Raises AwsError."""
        row = self.operations.get(name)
        if row is None:
            raise UnsupportedOperation(f"{self.service_id}:{name} is not supported by this emulator")
        if row.unsupported:
            refused = sorted(row.unsupported.intersection(params))
            if refused:
                raise UnsupportedOperation(
                    f"{self.service_id}:{name}: parameter {', '.join(refused)} is not supported by this emulator"
                )
        reply: Reply | Process = getattr(self, row.method)(params, context)
        return reply

    def resource_of(self, name: str, params: Params, context: CallContext) -> str:
        """The resource that a call is about, as the caller named it; empty where it names none."""
        for member in self.resource_members:
            value = params.get(member)
            if isinstance(value, str):
                return value
        return ""
