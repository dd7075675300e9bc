"""A queue against a naive model: nothing is lost, nothing is seen while invisible, dead letters move when they must."""

from __future__ import annotations

import json
from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from emulator.services.sqs.tests.conftest import SqsDriver

MAX_RECEIVES = 3
RETENTION = 60.0


@dataclass
class Expected:
    sent: float
    visible_at: float
    in_flight: bool = False
    receives: int = 0
    dead: bool = False


class QueueModel(RuleBasedStateMachine):
    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.sqs = SqsDriver()
        self.dead = self.sqs.queue("dead", MessageRetentionPeriod="60")
        redrive = json.dumps({"deadLetterTargetArn": self.sqs.arn(self.dead), "maxReceiveCount": MAX_RECEIVES})
        self.url = self.sqs.queue("q", VisibilityTimeout="10", MessageRetentionPeriod="60", RedrivePolicy=redrive)
        self.model: dict[str, Expected] = {}

    @property
    def now(self) -> float:
        return self.sqs.clock.now()

    def settle(self) -> None:
        self.model = {name: m for name, m in self.model.items() if m.sent + RETENTION > self.now}
        for message in self.model.values():
            if message.visible_at <= self.now:
                message.in_flight = False

    @rule(delay=st.integers(0, 5))
    def send(self, delay):
        message_id = self.sqs.send(self.url, DelaySeconds=delay)["MessageId"]
        self.model[message_id] = Expected(self.now, self.now + delay)

    @rule(target=handles, most=st.integers(1, 10), timeout=st.integers(0, 15))
    def receive(self, most, timeout):
        self.settle()
        could = {name for name, m in self.model.items() if not m.dead and m.visible_at <= self.now}
        poison = {name for name in could if self.model[name].receives >= MAX_RECEIVES}
        before = self.sqs.counts(self.dead)[0]
        messages = self.sqs.receive(self.url, MaxNumberOfMessages=most, VisibilityTimeout=timeout)
        got = [message["MessageId"] for message in messages]
        assert len(set(got)) == len(got)
        assert set(got) <= could - poison
        moved = self.sqs.counts(self.dead)[0] - before
        if len(got) < most:
            assert set(got) == could - poison
            assert moved == len(poison)
        handles = []
        for message in messages:
            expected = self.model[message["MessageId"]]
            expected.receives += 1
            expected.visible_at = self.now + timeout
            expected.in_flight = timeout > 0
            handles.append((message["MessageId"], expected.receives, message["ReceiptHandle"]))
        for name in poison:
            self.model[name].dead = name not in self.sqs.service.queues["q"]._messages
        return handles

    @precondition(lambda self: self.model)
    @rule(received=consumes(handles))
    def delete_all(self, received):
        self.settle()
        for name, receives, handle in received:
            self.sqs.call("DeleteMessage", QueueUrl=self.url, ReceiptHandle=handle)
            expected = self.model.get(name)
            if expected is not None and not expected.dead and expected.receives == receives:
                del self.model[name]

    @rule(received=handles, timeout=st.integers(0, 15))
    def change_visibility(self, received, timeout):
        self.settle()
        for name, receives, handle in received:
            expected = self.model.get(name)
            valid = expected is not None and not expected.dead and expected.in_flight and expected.receives == receives
            [(_, error)] = self.sqs.start(
                "ChangeMessageVisibility", QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=timeout
            )
            assert (error is None) == valid
            if valid:
                expected.visible_at = self.now + timeout
                expected.in_flight = timeout > 0

    @rule(seconds=st.floats(0.5, 25.0))
    def advance(self, seconds):
        self.sqs.advance(seconds)

    @invariant()
    def counts_are_what_they_should_be(self):
        self.settle()
        alive = [message for message in self.model.values() if not message.dead]
        in_flight = sum(message.in_flight for message in alive)
        delayed = sum(not m.in_flight and m.visible_at > self.now for m in alive)
        assert self.sqs.counts(self.url) == (len(alive) - in_flight - delayed, in_flight, delayed)
        assert self.sqs.counts(self.dead) == (sum(message.dead for message in self.model.values()), 0, 0)


TestQueueModel = QueueModel.TestCase
TestQueueModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
