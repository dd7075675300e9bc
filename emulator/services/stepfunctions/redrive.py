"""Redrive: whether an execution that did not succeed may go on, and how it is made ready to.

Rules. Only Standard workflows, for fourteen days after their end, and while their history and their year have room. It goes on with the
states that were entered and not left: branches and iterations that succeeded keep their outputs, retries count anew, and the same
definition, input and variables are used.
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.execution_log import ExecutionLog
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import Execution, ExecutionStatus

__all__ = ["not_redrivable_reason", "reopen"]

_EVENTS_NEEDED = 2  # ExecutionRedriven, and whatever follows


def not_redrivable_reason(execution: Execution, quotas: StepFunctionsQuotas, now: float) -> str | None:
    """Why an execution cannot be redriven, in AWS's words; None where it can."""
    if execution.status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
        return f"Execution is {execution.status} and cannot be redriven"
    if now > (execution.stop_date or now) + quotas.redrivable_seconds:
        return "Execution redrivable period exceeded"
    if now > execution.start_date + quotas.maximum_execution_seconds:
        return "Execution has exceeded the max execution time"
    if not execution.history.has_room_for(_EVENTS_NEEDED):
        return "Execution history event limit exceeded"
    return None


def reopen(execution: Execution, now: float) -> None:
    """Make an execution RUNNING again; its process is started by the caller."""
    execution.status = ExecutionStatus.RUNNING
    execution.stop_date = execution.output = execution.error = execution.cause = None
    execution.redrive_count += 1
    execution.redrive_date = now
    if isinstance(execution.history.sink, ExecutionLog):
        execution.history.sink.redrive_count = execution.redrive_count
    event_id = execution.history.reopen(now, {"redriveCount": execution.redrive_count})
    root: Branch | None = execution.root
    if root is None or root.state is None:
        execution.root = None  # it had not entered any state
    else:
        root.resume(event_id)
