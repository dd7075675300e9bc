"""AWS clients with a time budget.

A caller waits behind API Gateway, which gives up after 29 seconds. botocore's defaults (60 seconds to connect, 60 to
read, several attempts) would spend that on one call; so every client of this pipeline says how long it may take.
"""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds to connect and to wait for an answer, and how often to try."""

    connect_seconds: float
    read_seconds: float
    attempts: int

    @property
    def worst_seconds(self) -> float:
        """The longest that one call can take: every attempt times out, with botocore's full backoff between them."""
        # Standard mode waits up to min(2**i, 20) seconds before attempt i + 2.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
        backoff_seconds = sum(min(2.0**i, 20.0) for i in range(self.attempts - 1))
        return self.attempts * (self.connect_seconds + self.read_seconds) + backoff_seconds


# What a workflow's task may take: it runs inside a function of 30 seconds and is retried by the state machine.
TASK = Budget(connect_seconds=2, read_seconds=10, attempts=2)
# A look that only makes a notification more precise is not worth waiting for.
LOOK = Budget(connect_seconds=1, read_seconds=2, attempts=1)


def aws_client(service: str, budget: Budget) -> Any:
    """Return a boto3 client for `service` (its boto3 name) within `budget`. No request is made."""
    make_client: Any = boto3.client  # its stubs take literal names only
    return make_client(
        service,
        config=Config(
            connect_timeout=budget.connect_seconds,
            read_timeout=budget.read_seconds,
            retries={"mode": "standard", "total_max_attempts": budget.attempts},
            tcp_keepalive=True,
        ),
    )
