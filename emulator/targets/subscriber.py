"""The reader of a subscriber's queue: takes every notification off it once and keeps them by message."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from emulator.errors import EmulatorError
from emulator.targets.target import Target

__all__ = ["Notification", "Subscriber"]

BATCH = 10  # the most that one ReceiveMessage hands out


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification as a subscriber sees it. `sns_id` is the same for every delivery of one publish."""

    stage: str | None
    sns_id: str
    content: dict[str, Any]


class Subscriber:
    """Reads one SQS queue that is subscribed to a topic (without raw delivery). Two readers would take from each
    other.
    """

    def __init__(self, target: Target, queue_url: str) -> None:
        self._sqs = target.client("sqs")
        self._queue_url = queue_url
        self._by_message: dict[str, list[Notification]] = defaultdict(list)
        self.deliveries = 0
        """SQS messages taken off the queue, repeated deliveries included."""

    def notifications(self, message_id: str) -> list[Notification]:
        """What has arrived about a message, each publish once, in order of arrival; looks into the queue first."""
        self._drain()
        return list(self._by_message[message_id])

    def everything(self) -> dict[str, list[Notification]]:
        """What has arrived, by message; looks into the queue first."""
        self._drain()
        return {message_id: list(held) for message_id, held in self._by_message.items()}

    def forget(self) -> None:
        """Drop what has arrived so far."""
        self._by_message.clear()

    def _drain(self) -> None:
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=BATCH)
            messages = answer.get("Messages", ())
            if not messages:
                return
            for message in messages:
                self._keep(message["Body"])
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)

    def _keep(self, body: str) -> None:
        self.deliveries += 1
        try:
            envelope = json.loads(body)
            content = json.loads(envelope["Message"])
            message_id = content["messageID"]
        except (ValueError, KeyError, TypeError) as error:
            raise EmulatorError(f"the subscriber's queue holds what is no notification: {body[:300]}") from error
        stage = envelope.get("MessageAttributes", {}).get("stage", {}).get("Value")
        notification = Notification(stage, envelope["MessageId"], content)
        held = self._by_message[message_id]
        if all(other.sns_id != notification.sns_id for other in held):
            held.append(notification)
