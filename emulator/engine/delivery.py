"""How deliveries are made that AWS promises *at least once*: politely, or as the contract allows.

`polite` delivers once, at once and in order. `contract` may repeat a delivery and may delay it, so that deliveries without an
order key overtake each other. Both are drawn from a seed; the same seed gives the same order.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["CONTRACT", "POLITE", "DeliveryPolicy", "DeliverySchedule"]


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Probabilities and spans of a policy; delays in seconds on the engine's clock."""

    name: str
    duplicate_probability: float = 0.0
    delay_probability: float = 0.0
    longest_delay_seconds: float = 0.0


POLITE = DeliveryPolicy("polite")
CONTRACT = DeliveryPolicy("contract", duplicate_probability=0.05, delay_probability=0.2, longest_delay_seconds=0.5)


class DeliverySchedule:
    """Draws, for each delivery, when its attempts start."""

    def __init__(self, policy: DeliveryPolicy = POLITE, seed: int = 0) -> None:
        self.policy = policy
        self._random = random.Random(f"delivery {seed}")

    def starts(self, *, ordered: bool) -> tuple[float, ...]:
        """Seconds from now at which each copy starts: one number, or more where the delivery is repeated."""
        policy = self.policy
        if policy.duplicate_probability == 0.0 and policy.delay_probability == 0.0:
            return (0.0,)
        copies = 2 if self._random.random() < policy.duplicate_probability else 1
        return tuple(0.0 if ordered else self._delay() for _ in range(copies))

    def _delay(self) -> float:
        if self._random.random() >= self.policy.delay_probability:
            return 0.0
        return self._random.uniform(0.0, self.policy.longest_delay_seconds)
