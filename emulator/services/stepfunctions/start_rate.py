"""How fast executions may be started, and tasks answered: AWS's token bucket.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general
"""

from __future__ import annotations

from emulator.services.stepfunctions.errors import ThrottlingException

__all__ = ["StartRate"]


class StartRate:
    """A bucket of `size` tokens, refilled with `per_second`; full at the beginning."""

    def __init__(self, size: int, per_second: float) -> None:
        self._size = float(size)
        self._per_second = per_second
        self._tokens = float(size)
        self._filled_at: float | None = None

    def take(self, now: float) -> None:
        """Take a token. Raises ThrottlingException where there is none."""
        if self._filled_at is not None:
            self._tokens = min(self._size, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        if self._tokens < 1.0:
            raise ThrottlingException("Rate exceeded")
        self._tokens -= 1.0
