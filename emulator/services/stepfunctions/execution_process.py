"""The process of one execution: its states against its time limit and its stop, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from emulator.account import Account
from emulator.effects import Call, Effect, Notify, Now, Process, Race, Record, WaitFor
from emulator.services.stepfunctions.asl.definition import (
    ChoiceState,
    Definition,
    FailState,
    Flow,
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
from emulator.services.stepfunctions.branches import run_map, run_parallel
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.history import COMPLETE, ExecutionClosed, History, HistoryFull
from emulator.services.stepfunctions.interpreter import (
    Handler,
    Interpreter,
    run_choice,
    run_fail,
    run_pass,
    run_succeed,
    run_wait,
)
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import Execution, ExecutionStatus, ended_topic, stop_topic
from emulator.services.stepfunctions.task_tokens import TaskTokens
from emulator.services.stepfunctions.tasks import run_task

__all__ = ["end_execution", "run_execution"]

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


def run_execution(
    execution: Execution,
    account: Account,
    quotas: StepFunctionsQuotas,
    tokens: TaskTokens,
    register: Callable[[Execution], None],
) -> Process:
    """Run an execution to its end, whichever comes first: its last state, its time limit, or a stop.

    `register` makes the executions of a map run known, so that they can be described.
    """
    yield Record("stepfunctions", "ExecutionStarted", execution.arn, detail={"input_bytes": execution.input.size_bytes})
    if execution.is_running:
        branch = Branch(0)

        def open_child(map_run_arn: str, flow: Flow, document: Document) -> Execution:
            child = child_execution(execution, map_run_arn, flow, document, interpreter.now, account, quotas)
            register(child)
            return child

        def run_child(child: Execution) -> Process:
            try:
                yield from run_execution(child, account, quotas, tokens, register)
            finally:
                if child.is_running:  # the map run ended before it
                    last = child.history.last_id
                    end_execution(child, ExecutionStatus.ABORTED, interpreter.now, last)

        interpreter = Interpreter(execution, account, quotas, tokens, HANDLERS, open_child, run_child)
        limit = execution.definition.timeout_seconds
        limit = quotas.maximum_execution_seconds if limit is None else min(limit, quotas.maximum_execution_seconds)
        index, _ = yield Race((_states(interpreter, branch), _interruption(execution, limit)))
        if index == 1 and execution.is_running:
            now = yield Now()
            last = execution.history.last_id
            end_execution(execution, ExecutionStatus.TIMED_OUT, now, last, error=TIMEOUT)
    for child in tuple(execution.children):
        yield Call("stepfunctions", "StopExecution", {"executionArn": child}, principal=execution.role_arn)
    yield Record(
        "stepfunctions",
        f"Execution{_EVENT_NAMES[execution.status]}",
        execution.arn,
        outcome="ok" if execution.status is ExecutionStatus.SUCCEEDED else execution.error or str(execution.status),
        detail={"events": execution.history.last_id},
    )
    yield Notify(ended_topic(execution.arn))


def child_execution(
    parent: Execution,
    map_run_arn: str,
    flow: Flow,
    document: Document,
    now: float,
    account: Account,
    quotas: StepFunctionsQuotas,
) -> Execution:
    """The execution of one item of a map run."""
    run_label = map_run_arn.rpartition("/")[2].partition(":")[0]
    name = account.identifiers.uuid()
    arn = account.arn("states", f"execution:{parent.state_machine_name}/{run_label}:{name}")
    child = replace(
        parent,
        arn=arn,
        name=name,
        definition=Definition(flow),
        input=document,
        start_date=now,
        history=History(quotas.maximum_history_events),
        map_run_arn=map_run_arn,
        children=[],
    )
    details = {"input": document.text, "inputDetails": COMPLETE, "roleArn": parent.role_arn}
    child.history.add("ExecutionStarted", 0, now, "executionStartedEventDetails", details)
    return child


def _interruption(execution: Execution, limit: float) -> Process:
    yield WaitFor(stop_topic(execution.arn), limit)


def _states(interpreter: Interpreter, branch: Branch) -> Generator[Effect, Any, None]:
    execution = interpreter.execution
    try:
        output = yield from interpreter.run_flow(execution.definition.flow, execution.input, branch)
    except StateFailure as failure:
        quotas = interpreter.quotas
        error = None if failure.error is None else failure.error[: quotas.maximum_error_characters]
        cause = None if failure.cause is None else failure.cause[: quotas.maximum_cause_characters]
        end_execution(
            execution, ExecutionStatus.FAILED, interpreter.now, branch.last_event_id, error=error, cause=cause
        )
    except HistoryFull:
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
