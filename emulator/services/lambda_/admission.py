"""Who may be invoked now: Lambda's concurrency limits and invocation rates, and the reasons of its throttles.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests

A function with reserved concurrency has that much and no more. The others share what nobody has reserved, of which provisioned
concurrency of one of them keeps its part whether it is used or not. This machine's own bound is another matter: see `environments`.
"""

from __future__ import annotations

from emulator.services.lambda_.errors import TooManyRequestsException
from emulator.services.lambda_.state import Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["Admission"]


class Admission(FunctionStore):
    """Refuses invocations beyond AWS's limits."""

    def set_aside(self, function: Function) -> int:
        """The concurrency of the account that is this function's alone."""
        if function.reserved_concurrency is not None:
            return function.reserved_concurrency
        return sum(config.requested for config in function.provisioned.values())

    def _admit(self, function: Function) -> None:
        """Raises TooManyRequestsException where one more invocation would be one too many at a time."""
        reserved = function.reserved_concurrency
        if reserved is not None:
            if function.running >= reserved:
                raise TooManyRequestsException("ReservedFunctionConcurrentInvocationLimitExceeded")
            return
        if function.provisioned and function.running < self.set_aside(function):
            return
        used = 0
        for other in self.functions.values():
            if other.reserved_concurrency is not None:
                used += other.reserved_concurrency
            elif other.provisioned:
                used += max(other.running, self.set_aside(other))
            else:
                used += other.running
        if used >= self.quotas.concurrent_executions:
            raise TooManyRequestsException("ConcurrentInvocationLimitExceeded")

    def check_rate(self, function: Function, now: float) -> None:
        """Count a synchronous invocation. Raises TooManyRequestsException beyond ten a second for each unit of concurrency."""
        factor = self.quotas.invocations_per_concurrency
        if factor == 0:
            return
        second = int(now)
        if function.rate_second != second:
            function.rate_second, function.rate_count = second, 0
        reserved = function.reserved_concurrency
        if reserved is not None:
            if function.rate_count >= reserved * factor and reserved > 0:
                raise TooManyRequestsException("ReservedFunctionInvocationRateLimitExceeded")
        elif function.rate_count >= self.quotas.concurrent_executions * factor:
            raise TooManyRequestsException("FunctionInvocationRateLimitExceeded")
        function.rate_count += 1
