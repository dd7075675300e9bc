"""An engine with SQS; time moves only when a test says so."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.operation import CallContext
from emulator.services.sqs import SqsQuotas, SqsService


class SqsDriver:
    """Calls operations as a client, or as a service principal."""

    def __init__(self, quotas: SqsQuotas | None = None) -> None:
        self.clock = VirtualClock(1_000_000.0)
        self.engine = Engine(self.clock)
        self.service = SqsService(Account("http://127.0.0.1:4566"), quotas)
        self.engine.register("sqs", self.service)

    def start(self, name: str, /, *, principal: str = "", source_arn: str = "", **params: Any) -> list[tuple[Any, Any]]:
        """Begin a call; the list has (result, error) as soon as it ended."""
        outcome: list[tuple[Any, Any]] = []
        context = CallContext(self.clock.now(), "request", principal=principal, source_arn=source_arn)
        self.engine.call("sqs", name, params, context, lambda *ended: outcome.append(ended))
        self.engine.run_ready()
        return outcome

    def call(self, name: str, /, **params: Any) -> Any:
        [(result, error)] = self.start(name, **params)
        if error is not None:
            raise error
        return result

    def advance(self, seconds: float) -> None:
        target = self.clock.now() + seconds
        while (deadline := self.engine.timers.next_deadline()) is not None and deadline <= target:
            self.clock.move_to(deadline)
            self.engine.fire_due()
            self.engine.run_ready()
        self.clock.move_to(target)

    def queue(self, queue_name: str, **attributes: str) -> str:
        url: str = self.call("CreateQueue", QueueName=queue_name, Attributes=attributes)["QueueUrl"]
        return url

    def arn(self, url: str) -> str:
        return f"arn:aws:sqs:us-east-1:000000000000:{url.rpartition('/')[2]}"

    def send(self, url: str, body: str = "body", **more: Any) -> Any:
        return self.call("SendMessage", QueueUrl=url, MessageBody=body, **more)

    def receive(self, url: str, **more: Any) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.call("ReceiveMessage", QueueUrl=url, **more).get("Messages", [])
        return messages

    def counts(self, url: str) -> tuple[int, int, int]:
        """(visible, in flight, delayed)."""
        names = ("", "NotVisible", "Delayed")
        attributes = self.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        visible, in_flight, delayed = (int(attributes[f"ApproximateNumberOfMessages{name}"]) for name in names)
        return visible, in_flight, delayed


@pytest.fixture
def sqs() -> SqsDriver:
    return SqsDriver()


@pytest.fixture
def make_sqs() -> type[SqsDriver]:
    return SqsDriver
