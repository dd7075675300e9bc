"""An engine with fake services: every call is written down and answered from a table, or with what the service would invent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.effects import Process
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.operation import CallContext, Reply

Answer = Callable[[Mapping[str, Any]], Any]


class FakeService:
    """Answers every operation: by `answers`, else with numbered names for whatever is asked of the result."""

    def __init__(self, name: str, aws: FakeAws) -> None:
        self.name = name
        self.aws = aws

    def handle(self, operation: str, params: Mapping[str, Any], context: CallContext) -> Reply | Process:
        self.aws.calls.append((self.name, operation, dict(params)))
        answer = self.aws.answers.get((self.name, operation))
        result = {} if answer is None else answer(params)
        if isinstance(result, AwsError):
            raise result
        return result if not isinstance(result, dict) else Reply(result)

    def resource_of(self, *_: Any) -> str:
        return ""


class FakeAws:
    """An engine on virtual time, fake services, and what was called of them."""

    def __init__(self, *services: str) -> None:
        self.account = Account("http://127.0.0.1:4566")
        self.engine = Engine(VirtualClock())
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.numbers = count(1)
        self.answers: dict[tuple[str, str], Answer] = {
            ("sqs", "CreateQueue"): lambda params: {"QueueUrl": f"http://127.0.0.1:4566/0/{params['QueueName']}"},
            ("sns", "CreateTopic"): lambda params: {"TopicArn": self.account.arn("sns", params["Name"])},
            ("sns", "Subscribe"): lambda params: {"SubscriptionArn": f"{params['TopicArn']}:{next(self.numbers)}"},
            ("iam", "CreateRole"): lambda params: {
                "Role": {"Arn": self.account.arn("iam", f"role/{params['RoleName']}", region=""), "RoleId": "AROA"}
            },
            ("iam", "ListRolePolicies"): lambda params: {"PolicyNames": []},
            ("iam", "ListAttachedRolePolicies"): lambda params: {"AttachedPolicies": []},
            ("lambda", "CreateFunction"): lambda params: {
                "FunctionArn": self.account.arn("lambda", f"function:{params['FunctionName']}"),
                "State": "Active",
            },
        }
        for service in services:
            self.engine.register(service, FakeService(service, self))

    def run(self, process: Process) -> Any:
        """Run a process to its end, moving virtual time; its result, or its error raised."""
        outcome: list[tuple[Any, BaseException | None]] = []
        self.engine.spawn("test", process, done=lambda value, error: outcome.append((value, error)))
        self.settle()
        assert outcome, "the process still waits for something that never comes"
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    def settle(self) -> None:
        """Run everything that is ready, and every deadline."""
        clock = self.engine.clock
        assert isinstance(clock, VirtualClock)
        while True:
            self.engine.run_ready()
            deadline = self.engine.timers.next_deadline()
            if deadline is None:
                return
            clock.move_to(deadline)
            self.engine.fire_due()

    def operations(self, service: str | None = None) -> list[str]:
        """The names of the operations that were called, in order."""
        return [operation for name, operation, _ in self.calls if service is None or name == service]
