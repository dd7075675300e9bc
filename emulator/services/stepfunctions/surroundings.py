"""What all executions of one account share: quotas, tokens, activities, map runs, logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.account import Account
from emulator.services.stepfunctions.activities import Activities
from emulator.services.stepfunctions.execution_log import LogStreams
from emulator.services.stepfunctions.map_run import MapRuns
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import Execution
from emulator.services.stepfunctions.task_tokens import TaskTokens

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One per service."""

    account: Account
    quotas: StepFunctionsQuotas
    tokens: TaskTokens
    activities: Activities
    map_runs: MapRuns
    log_streams: LogStreams
    register: Callable[[Execution], None]
    """Makes the executions of a map run known, so that they can be described."""
    closed: Callable[[Execution], None]
    """Told of each Standard one among them that has ended."""
    status_events: Callable[[], bool]
    """Whether somebody listens on the default event bus to the changes of an execution's status."""
