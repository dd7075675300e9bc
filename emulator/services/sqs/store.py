"""All queues of one account and region, and how operations find and change them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.account import Account
from emulator.effects import Effect, Notify
from emulator.operation import Service
from emulator.services.sqs.errors import MissingParameter, QueueDoesNotExist
from emulator.services.sqs.message import Message
from emulator.services.sqs.queue import Queue
from emulator.services.sqs.quotas import SqsQuotas

__all__ = ["SqsStore", "wake"]

NO_QUEUE = "The specified queue does not exist."


class SqsStore(Service):
    """The base of the operation classes."""

    def __init__(self, account: Account, quotas: SqsQuotas | None = None) -> None:
        super().__init__(account)
        self.quotas = SqsQuotas() if quotas is None else quotas
        self.queues: dict[str, Queue] = {}
        self.deleted_at: dict[str, float] = {}

    def queue(self, params: Mapping[str, Any], now: float) -> Queue:
        """The queue of a call's QueueUrl, with everything done that was due by `now`. Raises QueueDoesNotExist."""
        url = params.get("QueueUrl")
        if url is None:
            raise MissingParameter("The request must contain the parameter QueueUrl.")
        queue = self.queues.get(url.rstrip("/").rpartition("/")[2])
        if queue is None:
            raise QueueDoesNotExist(NO_QUEUE)
        queue.settle(now)
        return queue

    def queue_at(self, arn: str) -> Queue | None:
        """The queue of an ARN, or None."""
        queue = self.queues.get(arn.rpartition(":")[2])
        return queue if queue is not None and queue.arn == arn else None

    def move(self, message: Message, source: Queue, target: Queue, now: float) -> None:
        """Move a message to another queue; it keeps id, age and receive count."""
        source.remove(message)
        target.settle(now)
        target.add(replace(message, dead_letter_queue_source_arn=source.arn), now)


def wake(queue: Queue) -> Effect:
    """Let the long polls of a queue look again."""
    return Notify(("sqs", queue.arn))
