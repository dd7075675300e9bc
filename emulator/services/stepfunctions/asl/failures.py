"""How a state fails: the failure itself, the names that the language reserves, which retrier or catcher a name matches, and backoff.

Rules (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html):
* names are compared exactly; retriers and catchers are scanned in order and the first match counts
* `States.ALL` matches everything except `States.DataLimitExceeded` and `States.Runtime`
* `States.TaskFailed` matches everything except `States.Timeout`, and not the two above either
* `States.Runtime` always ends the execution, whatever it is caught by
* a missed heartbeat is `States.HeartbeatTimeout` and is also matched as `States.Timeout`
* attempts are counted per retrier for the whole visit of the state
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from emulator.services.stepfunctions.asl.definition import Catcher, Retrier

__all__ = [
    "BRANCH_FAILED",
    "DATA_LIMIT_EXCEEDED",
    "HEARTBEAT_TIMEOUT",
    "INTRINSIC_FAILURE",
    "NO_CHOICE_MATCHED",
    "QUERY_EVALUATION_ERROR",
    "RUNTIME",
    "TASK_FAILED",
    "TIMEOUT",
    "DataFlowError",
    "StateFailure",
    "backoff_seconds",
    "matches",
    "pick_catcher",
]

ALL = "States.ALL"
BRANCH_FAILED = "States.BranchFailed"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
NO_CHOICE_MATCHED = "States.NoChoiceMatched"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"


class StateFailure(Exception):
    """A state failed with an error name and a cause; either may be absent (a Fail state need not name them)."""

    def __init__(self, error: str | None, cause: str | None = None, *, inside: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        """The name that Retry and Catch match."""
        self.cause = cause
        self.inside = inside
        """Whether a Map or Parallel state failed by what runs inside it, which its history tells apart."""

    @property
    def reported_error(self) -> str | None:
        """The name in events and outputs, where a missed heartbeat is a timeout like any other."""
        return TIMEOUT if self.error == HEARTBEAT_TIMEOUT else self.error


class DataFlowError(Exception):
    """Input or output processing failed. The interpreter adds which state it was, as AWS does in the cause."""

    def __init__(self, reason: str, error: str = RUNTIME) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error
        self.location: str | None = None
        """The field, where an expression in JSONata failed."""


def matches(error_equals: Sequence[str], error: str | None) -> bool:
    """Whether a retrier's or catcher's ErrorEquals matches the error name. An absent name is matched by wildcards only."""
    if error == RUNTIME:
        return False
    if error is not None and error in error_equals:
        return True
    if error == DATA_LIMIT_EXCEEDED:
        return False
    if ALL in error_equals:
        return True
    if error == HEARTBEAT_TIMEOUT:
        return TIMEOUT in error_equals
    return TASK_FAILED in error_equals and error != TIMEOUT


def pick_catcher(catchers: Sequence[Catcher], error: str | None) -> Catcher | None:
    """The first catcher that matches, or None."""
    return next((catcher for catcher in catchers if matches(catcher.error_equals, error)), None)


def backoff_seconds(retrier: Retrier, attempt: int, random: Random) -> float:
    """The wait before retry number `attempt` (from 1), in seconds."""
    try:
        delay = retrier.interval_seconds * retrier.backoff_rate ** (attempt - 1)
    except OverflowError:
        delay = float("inf")
    if retrier.max_delay_seconds is not None:
        delay = min(delay, retrier.max_delay_seconds)
    delay = min(delay, _LONGEST_DELAY_SECONDS)
    return random.uniform(0.0, delay) if retrier.full_jitter else delay


_LONGEST_DELAY_SECONDS = 31_622_400.0  # a Standard execution lives for a year at most, so that a longer wait never ends
