"""One standard queue: which messages are visible, in flight or delayed.

Rules. A sent message is visible at once or after its delay. A received one is in flight until its visibility timeout passes or is
changed, or it is deleted. After `maxReceiveCount` receives the next receive moves it to the dead-letter queue. After the
retention period it is gone. Time passes only when an operation brings it: `settle(now)` first lets happen what was due.

Theory of operation. Visible messages stand in a deque, deadlines in a heap; entries of either that no longer hold are skipped. So
every operation costs the same at any depth, and the counts are kept, never counted.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

from __future__ import annotations

from collections import deque

from emulator.services.sqs.deadlines import Deadlines
from emulator.services.sqs.message import Message, MessageState
from emulator.services.sqs.queue_attributes import QueueAttributes

__all__ = ["Queue"]


class Queue:
    """A standard queue. Times are epoch seconds."""

    def __init__(self, queue_id: str, name: str, arn: str, url: str, attributes: QueueAttributes, now: float) -> None:
        self.queue_id = queue_id
        self.name = name
        self.arn = arn
        self.url = url
        self.attributes = attributes
        self.created = now
        self.last_modified = now
        self.tags: dict[str, str] = {}
        self.purged: float | None = None
        self.deleted = False
        self.counts = dict.fromkeys(MessageState, 0)
        """How many messages are in each state; GONE counts all that ever left."""
        self._messages: dict[str, Message] = {}
        self._visible: deque[tuple[int, Message]] = deque()
        self._changes = Deadlines(lambda message, turn: message.turn == turn)
        self._ages = Deadlines(lambda message, _: message.state is not MessageState.GONE)

    def add(self, message: Message, now: float, delay_seconds: float = 0.0) -> None:
        """Let a message in."""
        self._messages[message.message_id] = message
        self._ages.put(message.sent, message)
        message.receive_count_on_arrival = message.receive_count
        if delay_seconds > 0.0:
            self.counts[MessageState.DELAYED] += 1
            self._hide(message, MessageState.DELAYED, now + delay_seconds)
        else:
            self.counts[MessageState.VISIBLE] += 1
            self._show(message)

    def settle(self, now: float) -> None:
        """Let happen what was due by `now`: delays and visibility timeouts that end, messages that are too old."""
        while (message := self._changes.pop_due(now)) is not None:
            self._move(message, MessageState.VISIBLE)
            self._show(message)
        while (expired := self._ages.pop_due(now - self.attributes.message_retention_period)) is not None:
            self._remove(expired)

    def next_change(self) -> float | None:
        """When the next message becomes visible by itself, or None."""
        return self._changes.next()

    def take(self) -> Message | None:
        """The next visible message, out of the line but not in flight yet, or None. The caller receives or moves it."""
        visible = self._visible
        while visible:
            turn, message = visible.popleft()
            if message.turn == turn:
                return message
        return None

    def put_back(self, message: Message) -> None:
        """Let a taken message stand in line again."""
        self._show(message)

    def receive(self, message: Message, now: float, visibility_timeout: float) -> None:
        """Put a taken message in flight."""
        message.receive_count += 1
        message.received = now
        if message.first_received is None:
            message.first_received = now
        if visibility_timeout <= 0.0:
            self._show(message)
            return
        self._move(message, MessageState.IN_FLIGHT)
        self._hide(message, MessageState.IN_FLIGHT, now + visibility_timeout)

    def change_visibility(self, message: Message, now: float, visibility_timeout: float) -> None:
        """Let the visibility timeout of a message in flight end that many seconds from now; 0 shows it at once."""
        if visibility_timeout <= 0.0:
            self._move(message, MessageState.VISIBLE)
            self._show(message)
        else:
            self._hide(message, MessageState.IN_FLIGHT, now + visibility_timeout)

    def find(self, message_id: str) -> Message | None:
        """A message that is still there, or None."""
        return self._messages.get(message_id)

    def remove(self, message: Message) -> None:
        """Take a message out for good, or to put it into another queue."""
        self._remove(message)

    def purge(self, now: float) -> None:
        """Remove everything."""
        for message in list(self._messages.values()):
            self._remove(message)
        self._visible.clear()
        self.purged = now

    def __len__(self) -> int:
        return len(self._messages)

    def _show(self, message: Message) -> None:
        message.turn += 1
        message.state = MessageState.VISIBLE
        self._visible.append((message.turn, message))

    def _hide(self, message: Message, state: MessageState, due: float) -> None:
        message.turn += 1
        message.state = state
        message.due = due
        self._changes.put(due, message)

    def _move(self, message: Message, state: MessageState) -> None:
        self.counts[message.state] -= 1
        self.counts[state] += 1

    def _remove(self, message: Message) -> None:
        self._move(message, MessageState.GONE)
        message.state = MessageState.GONE
        message.turn += 1
        del self._messages[message.message_id]
