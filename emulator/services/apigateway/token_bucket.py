"""The token bucket that API Gateway throttles by: `rate_limit` tokens a second, at most `burst_limit` saved up.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TokenBucket"]


@dataclass(slots=True)
class TokenBucket:
    """Starts full. Times are epoch seconds on the engine's clock."""

    rate_limit: float
    burst_limit: float
    tokens: float
    filled_at: float

    @classmethod
    def full(cls, rate_limit: float, burst_limit: float, now: float) -> TokenBucket:
        """A bucket that nobody has drawn from."""
        return cls(rate_limit, burst_limit, burst_limit, now)

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        elapsed = now - self.filled_at
        if elapsed > 0.0:
            self.tokens = min(self.burst_limit, self.tokens + elapsed * self.rate_limit)
            self.filled_at = now
        # A rate such as 0.1 fills in steps that do not add up to 1.0 exactly.
        if self.tokens < 1.0 - 1e-9:
            return False
        self.tokens -= 1.0
        return True
