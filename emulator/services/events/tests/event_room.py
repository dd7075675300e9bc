"""A virtual clock, an engine, event buses and what their rules send to, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Done, Engine
from emulator.errors import AwsError
from emulator.http import HttpResponse
from emulator.identifiers import Identifiers
from emulator.operation import CallContext, Params, Reply, Service
from emulator.outbound import SendHttp
from emulator.services.events import EventsQuotas, EventsService
from emulator.services.sqs import SqsService

__all__ = ["EventRoom", "Recorder"]

Answer = Callable[[Params], dict[str, Any]]


class Recorder(Service):
    """A service that answers from a table and keeps what it was asked; an operation that the table lacks answers nothing."""

    def __init__(self, account: Account, answers: Mapping[str, Answer]) -> None:
        super().__init__(account)
        self.answers = answers
        self.calls: list[tuple[str, Params, CallContext]] = []

    def handle(self, name: str, params: Params, context: CallContext) -> Reply:
        self.calls.append((name, params, context))
        return Reply(self.answers.get(name, lambda _: {})(params))


class EventRoom:
    """One engine with EventBridge and SQS; `sent` are the HTTP requests that went out, `answer` what they get."""

    def __init__(self, quotas: EventsQuotas | None = None) -> None:
        self.clock = VirtualClock()
        identifiers = Identifiers(0)
        self.account = Account("http://127.0.0.1:1", identifiers=identifiers)
        self.engine = Engine(self.clock, identifiers=identifiers)
        self.service = EventsService(self.account, quotas)
        self.queues = SqsService(self.account)
        self.engine.register("events", self.service)
        self.engine.register("sqs", self.queues)
        self.sent: list[SendHttp] = []
        self.answer: Callable[[SendHttp], HttpResponse] = lambda _: HttpResponse(200, (), b"{}")
        self.engine.perform(SendHttp, self._perform)

    def _perform(self, effect: SendHttp, done: Done) -> None:
        self.sent.append(effect)
        done(self.answer(effect), None)

    def record(self, service: str, **answers: Answer) -> Recorder:
        """Register a service with fixed answers."""
        recorder = Recorder(self.account, answers)
        self.engine.register(service, recorder)
        return recorder

    def call(self, operation_name: str, *, service: str = "events", principal: str = "", **params: Any) -> Any:
        """A client's call; raises the AwsError that it gets."""
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(now=self.clock.now(), request_id="request", principal=principal)
        self.engine.call(service, operation_name, params, context, lambda *done: outcome.append(done))
        if not outcome:
            self.run(0.0)
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def refused(self, operation_name: str, **params: Any) -> tuple[str, str]:
        """Code and message of the error that a call gets."""
        try:
            self.call(operation_name, **params)
        except AwsError as error:
            return error.code, error.message
        raise AssertionError(f"{operation_name} was not refused")

    def put(self, detail: Mapping[str, Any], **more: Any) -> Any:
        """Put one event, and let it be delivered as far as no time must pass."""
        entry = {"Source": "orders", "DetailType": "placed", "Detail": json.dumps(detail), **more}
        answer = self.call("PutEvents", Entries=[entry])
        self.run(0.0)
        return answer

    def queue(self, name: str = "queue") -> str:
        """A queue that EventBridge may send to; its ARN."""
        arn = self.account.arn("sqs", name)
        allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = json.dumps({"Statement": [{**allowed, "Resource": arn}]})
        self.call("CreateQueue", service="sqs", QueueName=name, Attributes={"Policy": policy})
        return arn

    def messages(self, name: str = "queue") -> list[dict[str, Any]]:
        """All messages of a queue."""
        url = f"{self.account.endpoint_url}/{self.account.account_id}/{name}"
        found: list[dict[str, Any]] = []
        while True:
            answer = self.call(
                "ReceiveMessage",
                service="sqs",
                QueueUrl=url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                VisibilityTimeout=43200,
            )
            if not answer.get("Messages"):
                return found
            found.extend(answer["Messages"])

    def bodies(self, name: str = "queue") -> list[Any]:
        """The bodies of all messages of a queue, parsed."""
        return [json.loads(message["Body"]) for message in self.messages(name)]

    def rule(self, pattern: Mapping[str, Any], target: Mapping[str, Any], name: str = "rule", **more: Any) -> str:
        """A rule with one target; its ARN."""
        bus = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
        made = self.call("PutRule", Name=name, EventPattern=json.dumps(pattern), **more)
        self.call("PutTargets", Rule=name, Targets=[{"Id": "1", **target}], **bus)
        return str(made["RuleArn"])

    def run(self, seconds: float) -> None:
        """Let time pass, from deadline to deadline."""
        until = self.clock.now() + seconds
        self._settle()
        while (deadline := self.engine.timers.next_deadline()) is not None and deadline <= until:
            self.clock.move_to(deadline)
            self._settle()
        self.clock.move_to(until)

    def _settle(self) -> None:
        self.engine.run_ready()
        while self.engine.fire_due():
            self.engine.run_ready()
