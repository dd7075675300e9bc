"""The process of one execution: its states against its time limit and its stop, and how it ends."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from emulator.effects import Call, Effect, Notify, Now, Process, Race, Record, WaitFor
from emulator.services.stepfunctions.asl.definition import (
    ChoiceState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.asl.failures import RUNTIME, TIMEOUT, StateFailure
from emulator.services.stepfunctions.billing import usage
from emulator.services.stepfunctions.branches import run_map, run_parallel
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.execution_log import ExecutionLog
from emulator.services.stepfunctions.history import COMPLETE, ExecutionClosed, HistoryFull
from emulator.services.stepfunctions.interpreter import (
    Handler,
    Interpreter,
    run_choice,
    run_fail,
    run_pass,
    run_succeed,
    run_wait,
)
from emulator.services.stepfunctions.redrive import not_redrivable_reason
from emulator.services.stepfunctions.state import Execution, ExecutionStatus, ended_topic, stop_topic
from emulator.services.stepfunctions.status_change import status_change
from emulator.services.stepfunctions.surroundings import Surroundings
from emulator.services.stepfunctions.tasks import run_task

__all__ = ["HANDLERS", "end_execution", "run_execution"]

HANDLERS: Mapping[type[State], Handler] = {
    ChoiceState: run_choice,
    FailState: run_fail,
    MapState: run_map,
    ParallelState: run_parallel,
    PassState: run_pass,
    SucceedState: run_succeed,
    TaskState: run_task,
    WaitState: run_wait,
}
"""What each of the eight state types does."""


def run_execution(execution: Execution, around: Surroundings) -> Process:
    """Run an execution to its end, whichever comes first: its last state, its time limit, or a stop. A redriven one goes on."""
    kind = "ExecutionStarted" if execution.redrive_count == 0 else "ExecutionRedriven"
    before = execution.history.transitions
    yield Record("stepfunctions", kind, execution.arn, detail={"input_bytes": execution.input.size_bytes})
    yield from _announced(execution, around)
    if execution.is_running:
        yield from _run(execution, around)
    for child in tuple(execution.children):
        yield Call("stepfunctions", "StopExecution", {"executionArn": child}, principal=execution.role_arn)
    succeeded = execution.status is ExecutionStatus.SUCCEEDED
    if succeeded or execution.is_express:
        execution.root = None  # nothing goes on from here
    yield Record(
        "stepfunctions",
        f"Execution{_EVENT_NAMES[execution.status]}",
        execution.arn,
        outcome="ok" if succeeded else execution.error or str(execution.status),
        detail=usage(execution, before),
    )
    yield from _announced(execution, around)
    if isinstance(execution.history.sink, ExecutionLog):
        flush = execution.history.sink.flush(around.log_streams)
        if flush is not None:
            yield flush
    yield Notify(ended_topic(execution.arn))


def _announced(execution: Execution, around: Surroundings) -> Process:
    """Tell the default event bus, where somebody listens and the workflow is a Standard one."""
    if not execution.is_express and around.status_events():
        yield status_change(execution, not_redrivable_reason(execution, around.quotas, execution.stop_date or 0.0))


def _run(execution: Execution, around: Surroundings) -> Process:
    quotas = around.quotas

    def run_child(child: Execution) -> Process:
        try:
            yield from run_execution(child, around)
        finally:
            if child.is_running:  # the map run ended before it
                moment = execution.stop_date or interpreter.now
                end_execution(child, ExecutionStatus.ABORTED, moment, child.history.last_id)
            if not child.is_express:
                around.closed(child)

    interpreter = Interpreter(execution, around, HANDLERS, run_child)
    branch = execution.root
    if branch is None:
        branch = execution.root = Branch(0)
    longest = quotas.maximum_express_seconds if execution.is_express else quotas.maximum_execution_seconds
    limit = execution.definition.timeout_seconds
    limit = longest if limit is None else min(limit, longest)
    index, _ = yield Race((_states(interpreter, branch), _interruption(execution, limit)))
    if index == 1 and execution.is_running:
        now = yield Now()
        last = execution.history.last_id
        end_execution(execution, ExecutionStatus.TIMED_OUT, now, last, error=TIMEOUT)


def _interruption(execution: Execution, limit: float) -> Process:
    yield WaitFor(stop_topic(execution.arn), limit)


def _states(interpreter: Interpreter, branch: Branch) -> Generator[Effect, Any, None]:
    execution = interpreter.execution
    try:
        output = yield from interpreter.run_flow(execution.definition.flow, execution.input, branch)
    except StateFailure as failure:
        quotas = interpreter.quotas
        error = failure.reported_error
        error = None if error is None else error[: quotas.maximum_error_characters]
        cause = None if failure.cause is None else failure.cause[: quotas.maximum_cause_characters]
        end_execution(
            execution, ExecutionStatus.FAILED, interpreter.now, branch.last_event_id, error=error, cause=cause
        )
    except HistoryFull:
        if execution.is_express:  # a loop that never waits; see the quota
            last = execution.history.last_id
            end_execution(execution, ExecutionStatus.TIMED_OUT, interpreter.now, last, error=TIMEOUT)
            return
        maximum = interpreter.quotas.maximum_history_events
        cause = f"The execution reached the maximum number of history events ({maximum})."
        last = execution.history.last_id
        end_execution(execution, ExecutionStatus.FAILED, interpreter.now, last, error=RUNTIME, cause=cause)
    except ExecutionClosed:
        return  # it was stopped while a state was about to go on
    except Exception as defect:  # ours: the execution must not seem to run for ever
        last = execution.history.last_id
        cause = f"The emulator failed: {type(defect).__name__}: {defect}"
        end_execution(execution, ExecutionStatus.FAILED, interpreter.now, last, error=RUNTIME, cause=cause)
        raise
    else:
        end_execution(execution, ExecutionStatus.SUCCEEDED, interpreter.now, branch.last_event_id, output=output)


_EVENT_NAMES: Mapping[ExecutionStatus, str] = {
    ExecutionStatus.SUCCEEDED: "Succeeded",
    ExecutionStatus.FAILED: "Failed",
    ExecutionStatus.TIMED_OUT: "TimedOut",
    ExecutionStatus.ABORTED: "Aborted",
}


def end_execution(
    execution: Execution,
    status: ExecutionStatus,
    now: float,
    previous: int,
    *,
    output: Document | None = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    """Set how an execution ended, and write the last event of its history."""
    execution.status, execution.stop_date = status, now
    execution.output, execution.error, execution.cause = output, error, cause
    details: dict[str, Any] = {name: text for name, text in (("error", error), ("cause", cause)) if text is not None}
    if output is not None:
        details = {"output": output.text, "outputDetails": COMPLETE}
    name = _EVENT_NAMES[status]
    execution.history.close(f"Execution{name}", previous, now, f"execution{name}EventDetails", details)
