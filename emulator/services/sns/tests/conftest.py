"""An engine with SNS, the real SQS, and a function that a test scripts."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.operation import CallContext, Reply, Service, operation
from emulator.services.sns import SnsQuotas, SnsService
from emulator.services.sqs import SqsService


class ScriptedLambda(Service):
    """Accepts invokes, or fails them as `errors` says."""

    service_id = "lambda"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.events: list[Any] = []
        self.attempts: list[float] = []
        self.errors: list[Exception] = []

    @operation("Invoke")
    def invoke(self, params: Any, context: CallContext) -> Reply:
        assert params["InvocationType"] == "Event"
        self.attempts.append(context.now)
        if self.errors:
            raise self.errors.pop(0)
        self.events.append(orjson.loads(params["Payload"]))
        return Reply({"StatusCode": 202})


class SnsDriver:
    """Calls operations of SNS and SQS; time moves only when a test says so."""

    def __init__(self, quotas: SnsQuotas | None = None) -> None:
        self.clock = VirtualClock(1_767_268_800.123)
        self.engine = Engine(self.clock)
        self.account = Account("http://127.0.0.1:4566")
        self.function = ScriptedLambda(self.account)
        self.engine.register("sns", SnsService(self.account, quotas))
        self.engine.register("sqs", SqsService(self.account))
        self.engine.register("lambda", self.function)

    def call(self, name: str, /, service: str = "sns", **params: Any) -> Any:
        outcome: list[tuple[Any, Any]] = []
        context = CallContext(self.clock.now(), "request", trace_id="1-2-3")
        self.engine.call(service, name, params, context, lambda *ended: outcome.append(ended))
        self.engine.run_ready()
        [(result, error)] = outcome
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

    def topic(self, name: str = "t", **attributes: str) -> str:
        arn: str = self.call("CreateTopic", Name=name, Attributes=attributes)["TopicArn"]
        return arn

    def queue(self, name: str = "q", *, open_to_sns: bool = True) -> str:
        """A queue's ARN; its policy lets SNS in unless told otherwise."""
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Policy": json.dumps({"Statement": [statement]})} if open_to_sns else {}
        self.call("CreateQueue", service="sqs", QueueName=name, Attributes=policy)
        return f"arn:aws:sqs:us-east-1:000000000000:{name}"

    def subscribe(self, topic: str, endpoint: str, **attributes: str) -> str:
        protocol = endpoint.split(":")[2]
        result = self.call("Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)
        arn: str = result["SubscriptionArn"]
        return arn

    def messages(self, queue_arn: str) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:4566/000000000000/{queue_arn.rpartition(':')[2]}"
        result = self.call(
            "ReceiveMessage",
            service="sqs",
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = result.get("Messages", [])
        return messages

    def failures(self) -> list[Any]:
        return [entry for entry in self.engine.journal if entry.kind == "delivery_failed"]


@pytest.fixture
def sns() -> SnsDriver:
    return SnsDriver()


@pytest.fixture
def make_sns() -> type[SnsDriver]:
    return SnsDriver
