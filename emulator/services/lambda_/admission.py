"""Who may be invoked now: Lambda's concurrency limits and invocation rates, and the reasons of its throttles.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests

A function with reserved concurrency has that much and no more. The others share what nobody has reserved. Provisioned concurrency of
a version keeps its part of either, whether it is used or not: the function's other versions do not get it.

This machine's own bound is another matter: see `environments`.
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

    def _admit(self, function: Function, version: str) -> None:
        """Raises TooManyRequestsException where one more invocation of a version would be one too many at a time."""
        if function.running.get(version, 0) < _provisioned(function).get(version, 0):
            return
        reserved = function.reserved_concurrency
        if reserved is not None:
            if _in_use(function) >= reserved:
                raise TooManyRequestsException("ReservedFunctionConcurrentInvocationLimitExceeded")
            return
        used = sum(
            _in_use(other) if other.reserved_concurrency is None else other.reserved_concurrency
            for other in self.functions.values()
        )
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


def _provisioned(function: Function) -> dict[str, int]:
    """Provisioned concurrency by version, that of aliases with the version that they name."""
    by_version: dict[str, int] = {}
    for qualifier, config in function.provisioned.items():
        alias = function.aliases.get(qualifier)
        version = qualifier if alias is None else alias.function_version
        if config.status != "FAILED":
            by_version[version] = by_version.get(version, 0) + config.requested
    return by_version


def _in_use(function: Function) -> int:
    """What nobody else can have: provisioned concurrency, used or not, and what runs beside it."""
    if not function.provisioned:
        return sum(function.running.values())
    provisioned = _provisioned(function)
    beside = sum(max(0, count - provisioned.get(version, 0)) for version, count in function.running.items())
    return sum(provisioned.values()) + beside
