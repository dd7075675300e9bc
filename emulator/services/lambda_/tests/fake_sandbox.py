"""A sandbox without processes, for the rules that need none: handlers are plain functions, and invocations end when a test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.sandbox import Capacity
from emulator.sandbox.effects import (
    InitFailure,
    InvocationResult,
    Outcome,
    PreparedCode,
    PrepareFolder,
    PrepareZip,
    RunInvocation,
    StartedEnvironment,
    StartEnvironment,
    StopEnvironment,
    TakeLateLines,
)
from emulator.sandbox.response_stream import ResponseStream
from emulator.services.lambda_ import LambdaQuotas, LambdaService
from emulator.services.logs import LogsService

ROLE = "arn:aws:iam::000000000000:role/service/runner"
Handler = Callable[[bytes], InvocationResult]
Streaming = Callable[[ResponseStream], InvocationResult]
"""Plays a runtime that is asked for a stream."""


def ok(payload: bytes) -> InvocationResult:
    return InvocationResult(Outcome.OK, payload, duration_milliseconds=1.5, max_memory_mb=40)


def error(payload: bytes) -> InvocationResult:
    return InvocationResult(Outcome.ERROR, b'{"errorMessage":"no","errorType":"Bad","requestId":"","stackTrace":[]}')


class Taken:
    """Reads a streamed body."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.whole: bool | None = None

    def take(self, part: bytes) -> None:
        self.parts.append(part)

    def end(self, *, whole: bool) -> None:
        self.whole = whole


class Mailbox(Service):
    """Plays the services that records are sent to."""

    service_id = "mailbox"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.sent: list[dict[str, Any]] = []

    @operation("SendMessage")
    def send_message(self, params: Params, context: CallContext) -> Reply:
        self.sent.append({"service": "sqs", **params})
        return Reply({"MessageId": "m"})

    @operation("Publish")
    def publish(self, params: Params, context: CallContext) -> Reply:
        self.sent.append({"service": "sns", **params})
        return Reply({"MessageId": "m"})

    @operation("DescribeEventBus")
    def describe_event_bus(self, params: Params, context: CallContext) -> Reply:
        return Reply({"Name": params["Name"]})

    @operation("DescribeSubnets")
    def describe_subnets(self, params: Params, context: CallContext) -> Reply:
        if params["SubnetIds"] != ["subnet-1"]:
            raise AwsError.named("InvalidSubnetID.NotFound", f"The subnet ID '{params['SubnetIds'][0]}' does not exist")
        return Reply({"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]})

    @operation("PutObject")
    def put_object(self, params: Params, context: CallContext) -> Reply:
        self.sent.append({"service": "s3", **params})
        return Reply({"ETag": '""'})

    @operation("PutEvents")
    def put_events(self, params: Params, context: CallContext) -> Reply:
        self.sent.append({"service": "events", **params})
        return Reply({"FailedEntryCount": 0, "Entries": []})


class Lambda:
    """A Lambda service on a virtual clock over a fake sandbox."""

    def __init__(self, *, capacity: Capacity | None = None, quotas: LambdaQuotas | None = None) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock)
        self.account = Account("http://127.0.0.1:4566")
        self.service = LambdaService(self.account, quotas, replace(capacity or Capacity(), eager_starts=True))
        self.mailbox = Mailbox(self.account)
        self.engine.register("lambda", self.service)
        self.engine.register("logs", LogsService(self.account))
        for name in ("sqs", "sns", "events", "ec2", "s3"):
            self.engine.register(name, self.mailbox)
        self.handler: Handler = ok
        self.streaming: Streaming | None = None
        self.hold = False
        """Whether invocations wait for `finish`."""
        self.init_failures: deque[InitFailure] = deque()
        self.held: deque[tuple[RunInvocation, Callable[[], None]]] = deque()
        self.started: list[StartEnvironment] = []
        self.stopped: list[str] = []
        self.runs: list[RunInvocation] = []
        self._ids = count(1)
        self.engine.perform(PrepareFolder, self._prepare)
        self.engine.perform(PrepareZip, self._prepare)
        self.engine.perform(StartEnvironment, self._start)
        self.engine.perform(RunInvocation, self._run)
        self.engine.perform(StopEnvironment, self._stop)
        self.engine.perform(TakeLateLines, lambda effect, done: done((), None))

    # -- verbs -------------------------------------------------------------------------------------------------------------------

    def begin(self, name: str, service: str = "lambda", **params: Any) -> list[tuple[Any, BaseException | None]]:
        """Start a call; the list has its outcome when there is one."""
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(now=self.clock.now(), request_id=self.engine.identifiers.uuid())
        self.engine.call(service, name, params, context, lambda value, problem: outcome.append((value, problem)))
        self.engine.run_ready()
        return outcome

    def call(self, name: str, service: str = "lambda", **params: Any) -> Any:
        """A call that ends at once."""
        ((value, problem),) = self.begin(name, service, **params)
        if problem is not None:
            raise problem
        return value

    def function(self, name: str = "f", **members: Any) -> None:
        """Create a function."""
        code = {"S3Bucket": "hot-reload", "S3Key": "/code"}
        defaults = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Code": code}
        self.call("CreateFunction", FunctionName=name, **{**defaults, **members})

    def invoke(self, name: str = "f", payload: bytes = b"{}", **members: Any) -> Any:
        return self.call("Invoke", FunctionName=name, Payload=payload, **members)

    def finish(self) -> None:
        """Let the oldest held invocation end."""
        _, end = self.held.popleft()
        end()
        self.engine.run_ready()

    def advance(self, seconds: float) -> None:
        """Move time on, deadline by deadline."""
        target = self.clock.now() + seconds
        while (deadline := self.engine.timers.next_deadline()) is not None and deadline <= target:
            self.clock.move_to(deadline)
            self.engine.fire_due()
            self.engine.run_ready()
        self.clock.move_to(target)

    # -- performers --------------------------------------------------------------------------------------------------------------

    def _prepare(self, effect: Any, done: Any) -> None:
        done(PreparedCode(("/code",), f"sha-{next(self._ids)}", 10, 10), None)

    def _start(self, effect: StartEnvironment, done: Any) -> None:
        self.started.append(effect)
        failure = self.init_failures.popleft() if self.init_failures else None
        done(StartedEnvironment(f"environment-{next(self._ids)}", 100.0, (), failure), None)

    def _run(self, effect: RunInvocation, done: Any) -> None:
        self.runs.append(effect)
        stream = effect.stream
        if stream is not None and self.streaming is not None:
            stream.on_ready = lambda: self.engine.notify(stream)
            result = self.streaming(stream)
            outcome = replace(result, streamed_bytes=stream.written_bytes if stream.begun else None)
        else:
            outcome = None
        if self.hold:
            self.held.append((effect, lambda: done(outcome or self.handler(effect.payload), None)))
        else:
            done(outcome or self.handler(effect.payload), None)

    def _stop(self, effect: StopEnvironment, done: Any) -> None:
        self.stopped.append(effect.environment_id)
        done((), None)
