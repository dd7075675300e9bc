"""Distributed Map: a map run, in which every item is an execution of its own, and so many may fail.

Rules. Children have their own histories and do not see the parent's variables. The run fails when more items fail than
ToleratedFailureCount or ToleratedFailurePercentage allow (none, by default). Items come from the state's input; ItemReader, ItemBatcher
and ResultWriter are refused by the parser.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from emulator.effects import All, Effect, Now, Process
from emulator.services.stepfunctions.asl.definition import Expression, MapState
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import DataFlowError, StateFailure
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.interpreter import Interpreter, Outcome, Run
from emulator.services.stepfunctions.state import ExecutionStatus

__all__ = ["run_distributed"]

EXCEEDED = "States.ExceedToleratedFailureThreshold"


@dataclass(slots=True)
class _MapRun:
    """One map run: what it works on and how many items failed."""

    arn: str
    waiting: Iterator[int]
    outputs: list[Document]
    tolerated_count: float
    item: Callable[[int], Document]
    failed: int = 0


def run_distributed(
    interpreter: Interpreter,
    state: MapState,
    data: Document,
    branch: Branch,
    length: int,
    concurrency: int,
    item: Callable[[int], Document],
) -> Run:
    """Run the processor for each item in an execution of its own. MapStateStarted has been written."""
    tolerated = _tolerated(interpreter, state, data, branch, length)
    run = _MapRun(_arn(interpreter, state), iter(range(length)), [Document("null")] * length, tolerated, item)
    interpreter.event(branch, "MapRunStarted", "mapRunStartedEventDetails", {"mapRunArn": run.arn})
    limit = interpreter.quotas.distributed_map_concurrency
    places = min(length, limit if concurrency == 0 else concurrency, limit)
    try:
        yield All(tuple(_place(interpreter, state, run) for _ in range(places)))
    except _Exceeded:
        interpreter.now = yield Now()
        cause = "The specified tolerated failure threshold was exceeded"
        interpreter.event(branch, "MapRunFailed", "mapRunFailedEventDetails", {"error": EXCEEDED, "cause": cause})
        raise StateFailure(EXCEEDED, cause, inside=True) from None
    interpreter.now = yield Now()
    interpreter.event(branch, "MapRunSucceeded")
    before = branch.last_event_id
    interpreter.event(branch, "MapStateSucceeded")
    branch.last_event_id = before
    return Outcome(Document.of_list(run.outputs), state.next, state.assign, state.output)


class _Exceeded(Exception):
    """More items failed than are tolerated."""


def _place(interpreter: Interpreter, state: MapState, run: _MapRun) -> Generator[Effect, Any, None]:
    """One of the run's places: works on items until none waits."""
    for index in run.waiting:
        child = interpreter.open_child(run.arn, state.processor, run.item(index))
        process: Process = interpreter.run_child(child)
        yield from process
        if child.status is ExecutionStatus.SUCCEEDED and child.output is not None:
            run.outputs[index] = child.output
            continue
        failure = {"Error": child.error, "Cause": child.cause}
        run.outputs[index] = Document.of({name: text for name, text in failure.items() if text is not None})
        run.failed += 1
        if run.failed > run.tolerated_count:
            raise _Exceeded


def _arn(interpreter: Interpreter, state: MapState) -> str:
    account, execution = interpreter.account, interpreter.execution
    label = account.identifiers.uuid() if state.label is None else state.label
    return account.arn("states", f"mapRun:{execution.state_machine_name}/{label}:{account.identifiers.uuid()}")


def _tolerated(interpreter: Interpreter, state: MapState, data: Document, branch: Branch, length: int) -> float:
    """How many items may fail: the smaller of count and percentage, none where neither is given."""
    count = _number(interpreter, state.tolerated_count, "ToleratedFailureCount", "integer", data, branch)
    percentage = _number(interpreter, state.tolerated_percentage, "ToleratedFailurePercentage", "float", data, branch)
    if percentage is not None and not 0 <= percentage <= 100:
        raise DataFlowError("ToleratedFailurePercentage must be between 0 and 100.")
    if count is not None and count < 0:
        raise DataFlowError("ToleratedFailureCount cannot be negative.")
    limits = [
        limit for limit in (count, None if percentage is None else length * percentage / 100) if limit is not None
    ]
    return min(limits, default=0)


def _number(
    interpreter: Interpreter, source: Expression | float | None, name: str, kind: str, data: Document, branch: Branch
) -> float | None:
    if source is None or isinstance(source, int | float):
        return source
    value = source.evaluate(interpreter.environment(branch, data))
    try:
        if isinstance(value, str):
            return int(value) if kind == "integer" else float(value)
    except ValueError:
        pass  # it is reported below, with every other value that is no number
    else:
        if isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool):
            return float(value)
    written = value if isinstance(value, str) else dumps(value)
    raise DataFlowError(f'The {name}Path field refers to value "{written}" which is not a valid {kind}: {source.text}')
