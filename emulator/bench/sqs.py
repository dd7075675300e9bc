"""What SQS's operations cost at depths from 0 to 100,000 messages, as a ratio to the cost at depth 0.

    python -m emulator.bench.sqs

Each figure is the best of several rounds of one cycle (send, receive, delete) or one operation, with the engine, without HTTP.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.operation import CallContext
from emulator.services.sqs import SqsService

DEPTHS = (0, 1_000, 10_000, 100_000)
CYCLES = 500
ROUNDS = 7
VISIBILITY_TIMEOUT_SECONDS = 30


class Bench:
    """A queue with a backlog, half of it in flight where asked."""

    def __init__(self, depth: int, *, in_flight: bool) -> None:
        self.clock = VirtualClock(1_000_000.0)
        self.engine = Engine(self.clock)
        self.engine.register("sqs", SqsService(Account("http://127.0.0.1:4566")))
        self.url = self.call("CreateQueue", QueueName="q")["QueueUrl"]
        for _ in range(depth):
            self.call("SendMessage", QueueUrl=self.url, MessageBody="backlog")
        if in_flight:
            for _ in range(depth // 10):
                self.call("ReceiveMessage", QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=40_000)

    def call(self, name: str, /, **params: Any) -> Any:
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(self.clock.now(), "bench")
        self.engine.call("sqs", name, params, context, lambda *ended: outcome.append(ended))
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def cycle(self) -> None:
        """Send, receive, delete."""
        self.call("SendMessage", QueueUrl=self.url, MessageBody="body")
        [message] = self.call("ReceiveMessage", QueueUrl=self.url)["Messages"]
        self.call("DeleteMessage", QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def expire(self) -> None:
        """Send and receive, then let the visibility timeout of that one message end."""
        self.call("SendMessage", QueueUrl=self.url, MessageBody="body")
        timeout = VISIBILITY_TIMEOUT_SECONDS
        [message] = self.call("ReceiveMessage", QueueUrl=self.url, VisibilityTimeout=timeout)["Messages"]
        handle = {"QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"]}
        self.call("ChangeMessageVisibility", **handle, VisibilityTimeout=0)

    def attributes(self) -> None:
        """Read the counters."""
        self.call("GetQueueAttributes", QueueUrl=self.url, AttributeNames=["All"])


def microseconds(work: Callable[[], None]) -> float:
    """The best round's time for one call of `work`."""
    work()
    best = float("inf")
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for _ in range(CYCLES):
                work()
            best = min(best, time.perf_counter() - start)
    finally:
        gc.enable()
    return best / CYCLES * 1e6


def main() -> None:
    """Print the table."""
    works: dict[str, tuple[Callable[[Bench], Callable[[], None]], bool]] = {
        "send + receive + delete": (lambda bench: bench.cycle, False),
        "the same, backlog in flight": (lambda bench: bench.cycle, True),
        "send + receive + visibility 0": (lambda bench: bench.expire, False),
        "GetQueueAttributes": (lambda bench: bench.attributes, False),
    }
    print(f"{'work':32}" + "".join(f"{f'depth {depth:,}':>24}" for depth in DEPTHS))
    for name, (work, in_flight) in works.items():
        costs = [microseconds(work(Bench(depth, in_flight=in_flight))) for depth in DEPTHS]
        print(f"{name:32}" + "".join(f"{cost:>13.1f} us {cost / costs[0]:>6.2f}x" for cost in costs))


if __name__ == "__main__":
    main()
