"""A virtual clock, an engine and the services a workflow calls, for tests: start a definition, let it run, look at what it did."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.identifiers import Identifiers
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.stepfunctions import StepFunctionsQuotas, StepFunctionsService

__all__ = ["FakeLambda", "MachineRoom", "Recorder"]

ROLE_ARN = "arn:aws:iam::000000000000:role/workflow"
NO_INPUT: Any = object()
Function = Callable[[Any], Any]


class FakeLambda(Service):
    """Functions by name; one that raises answers as Lambda does for a failed function."""

    service_id = "lambda"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.functions: dict[str, Function] = {}
        self.payloads: list[Any] = []

    @operation("Invoke")
    def invoke(self, params: Params, context: CallContext) -> Reply:
        name = params["FunctionName"].rpartition(":function:")[2]
        event = json.loads(params.get("Payload", b"{}"))
        self.payloads.append(event)
        result = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            return Reply(result | {"Payload": json.dumps(self.functions[name](event)).encode()})
        except AwsError:
            raise
        except Exception as error:
            failure = {"errorMessage": str(error), "errorType": type(error).__name__}
            return Reply(result | {"FunctionError": "Unhandled", "Payload": json.dumps(failure).encode()})


class Recorder(Service):
    """A service that answers every operation from a table and keeps what it was asked."""

    def __init__(self, account: Account, answers: Mapping[str, Callable[[Params], dict[str, Any]]]) -> None:
        super().__init__(account)
        self.answers = answers
        self.calls: list[tuple[str, Params, CallContext]] = []

    def handle(self, name: str, params: Params, context: CallContext) -> Reply:
        self.calls.append((name, params, context))
        return Reply(self.answers[name](params))


class MachineRoom:
    """One engine with Step Functions and a fake Lambda."""

    def __init__(self, seed: int = 0, quotas: StepFunctionsQuotas | None = None, **settings: Any) -> None:
        self.clock = VirtualClock()
        identifiers = Identifiers(seed)
        self.account = Account("http://127.0.0.1:1", identifiers=identifiers)
        self.engine = Engine(self.clock, identifiers=identifiers)
        self.service = StepFunctionsService(self.account, quotas or StepFunctionsQuotas(), **settings)
        self.functions = FakeLambda(self.account)
        self.engine.register("stepfunctions", self.service)
        self.engine.register("lambda", self.functions)

    def record(self, service: str, **answers: Callable[[Params], dict[str, Any]]) -> Recorder:
        """Register a service with fixed answers."""
        recorder = Recorder(self.account, answers)
        self.engine.register(service, recorder)
        return recorder

    def call(self, operation_name: str, **params: Any) -> Any:
        """A client's call; raises the AwsError that it gets."""
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(now=self.clock.now(), request_id="request")
        self.engine.call("stepfunctions", operation_name, params, context, lambda *done: outcome.append(done))
        if not outcome:
            self.run()
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def create(self, definition: Mapping[str, Any] | str, name: str = "machine") -> str:
        """Create a state machine; its ARN."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        arn: str = self.call("CreateStateMachine", name=name, definition=text, roleArn=ROLE_ARN)["stateMachineArn"]
        return arn

    def start(self, definition: Mapping[str, Any], data: Any = NO_INPUT, text: str | None = None, **params: Any) -> str:
        """Create a machine and start it; the execution's ARN. Nothing of it has run yet."""
        number = len(self.service.state_machines)
        arn = self.create(definition, f"machine-{number}")
        text = json.dumps({} if data is NO_INPUT else data) if text is None else text
        started = self.call("StartExecution", stateMachineArn=arn, input=text, **params)
        return str(started["executionArn"])

    def settle(self) -> None:
        """Do all that can be done without moving time."""
        self.engine.run_ready()
        while self.engine.fire_due():
            self.engine.run_ready()

    def run(self, seconds: float | None = None) -> None:
        """Let time pass, from deadline to deadline: some seconds, or until nothing waits."""
        until = None if seconds is None else self.clock.now() + seconds
        self.settle()
        while (deadline := self.engine.timers.next_deadline()) is not None and (until is None or deadline <= until):
            self.clock.move_to(deadline)
            self.settle()
        if until is not None:
            self.clock.move_to(until)

    def execute(self, definition: Mapping[str, Any], data: Any = NO_INPUT) -> dict[str, Any]:
        """Run a definition to its end; DescribeExecution's answer."""
        arn = self.start(definition, data)
        self.run()
        return self.describe(arn)

    def describe(self, arn: str) -> dict[str, Any]:
        """DescribeExecution."""
        described: dict[str, Any] = self.call("DescribeExecution", executionArn=arn)
        return described

    def history(self, arn: str) -> list[dict[str, Any]]:
        """All events."""
        return list(self.service.executions[arn].history.events)

    def kinds(self, arn: str) -> list[str]:
        """The types of all events."""
        return [event["type"] for event in self.history(arn)]


def machine(**states: Mapping[str, Any]) -> dict[str, Any]:
    """A definition that starts at its first state."""
    return {"StartAt": next(iter(states)), "States": states}
