"""Distributed Map: a map run, in which every item (or batch of items) is an execution of its own, and so many may fail.

Theory of operation. Items are read, selected and batched into the inputs of the children first; then as many workers as MaxConcurrency
allows take them, one after the other. UpdateMapRun makes more workers, or lets some end. A redrive of the parent goes on with the same
map run: children that succeeded keep their outputs, Standard ones that failed go on where they failed, Express ones start anew.

Rules. Children have their own histories and do not see the parent's variables. The run fails when more items fail than
ToleratedFailureCount or ToleratedFailurePercentage allow (none, by default).
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import Any

from emulator.effects import All, Effect, Notify, Now, Process, Sleep, WaitFor
from emulator.services.stepfunctions.asl.definition import Expression, ItemBatcher, MapState
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import DATA_LIMIT_EXCEEDED, DataFlowError, StateFailure
from emulator.services.stepfunctions.child_execution import open_child
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.interpreter import Interpreter, Outcome, Run
from emulator.services.stepfunctions.item_batcher import Limits, batches
from emulator.services.stepfunctions.item_reader import read_items
from emulator.services.stepfunctions.map_run import MAP_RUN_ENDED, MapRun, map_run_topic
from emulator.services.stepfunctions.redrive import reopen
from emulator.services.stepfunctions.result_writer import previewed, write_results
from emulator.services.stepfunctions.state import ExecutionStatus

__all__ = ["EXCEEDED", "batch_limits", "run_distributed", "tolerances"]

EXCEEDED = "States.ExceedToleratedFailureThreshold"
_LOOK_AGAIN_SECONDS = 1.0  # for a place that an aborted run left, of which nobody tells
_SLICE = 500  # items after which the preparation lets others run
Select = Callable[[list[Any], int, str], Document]
"""The input for one item, from the items, its place, and where the items came from."""


def run_distributed(
    interpreter: Interpreter,
    state: MapState,
    data: Document,
    branch: Branch,
    items: list[Any] | None,
    concurrency: int,
    select: Select,
) -> Run:
    """Run the processor for each item in an execution of its own. MapStateStarted has been written; `items` is None with a reader."""
    run: MapRun | None = branch.map_run if branch.resuming else None
    if run is None:
        run = branch.map_run = _new_run(interpreter, state, data, branch, concurrency)
        interpreter.event(branch, "MapRunStarted", "mapRunStartedEventDetails", {"mapRunArn": run.arn})
    else:
        _redrive_run(interpreter, run)
        details = {"mapRunArn": run.arn, "redriveCount": run.redrive_count}
        interpreter.event(branch, "MapRunRedriven", "mapRunRedrivenEventDetails", details)
    try:
        yield from _admission(interpreter, run)
        if not run.inputs:
            yield from _prepare(interpreter, state, data, branch, run, items, select)
        yield from _work(interpreter, state, run)
        output = yield from _result(interpreter, state, data, branch, run)
    except StateFailure as failure:
        interpreter.now = yield Now()
        run.status, run.stop_date = "FAILED", interpreter.now
        details = {name: text for name, text in (("error", failure.error), ("cause", failure.cause)) if text}
        interpreter.event(branch, "MapRunFailed", "mapRunFailedEventDetails", details)
        yield Notify(MAP_RUN_ENDED)
        raise StateFailure(failure.error, failure.cause, inside=True) from failure
    finally:
        if run.status == "RUNNING":  # the parent was stopped, or ran out of time
            run.status, run.stop_date = "ABORTED", interpreter.execution.stop_date or interpreter.now
    interpreter.now = yield Now()
    interpreter.event(branch, "MapRunSucceeded")
    yield Notify(MAP_RUN_ENDED)
    before = branch.last_event_id
    interpreter.event(branch, "MapStateSucceeded")
    branch.last_event_id = before
    return Outcome(output, state.next, state.assign, state.output)


def _admission(interpreter: Interpreter, run: MapRun) -> Generator[Effect, Any, None]:
    """Wait at MapRunStarted while the account has as many open map runs as it may.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    runs = interpreter.around.map_runs.values()
    while (
        sum(other.status == "RUNNING" and other.admitted for other in runs) >= interpreter.quotas.maximum_open_map_runs
    ):
        yield WaitFor(MAP_RUN_ENDED, _LOOK_AGAIN_SECONDS)
    run.admitted = True


def _new_run(interpreter: Interpreter, state: MapState, data: Document, branch: Branch, concurrency: int) -> MapRun:
    account, execution = interpreter.account, interpreter.execution
    label = account.identifiers.uuid() if state.label is None else state.label
    arn = account.arn("states", f"mapRun:{execution.state_machine_name}/{label}:{account.identifiers.uuid()}")
    count, percentage = tolerances(interpreter, state, data, branch)
    machine_arn = f"{execution.state_machine_arn}/{label}"
    run = MapRun(arn, execution.arn, machine_arn, interpreter.now, concurrency, count, percentage)
    interpreter.around.map_runs[arn] = run
    return run


def _redrive_run(interpreter: Interpreter, run: MapRun) -> None:
    run.status, run.stop_date, run.admitted = "RUNNING", None, False
    run.redrive_count += 1
    run.redrive_date = interpreter.now
    for place, child in run.failures.items():
        run.retry(place, child.status)


def _prepare(
    interpreter: Interpreter,
    state: MapState,
    data: Document,
    branch: Branch,
    run: MapRun,
    items: list[Any] | None,
    select: Select,
) -> Generator[Effect, Any, None]:
    """The inputs of all children."""
    environment = interpreter.environment(branch, data)
    source = "STATE_DATA"
    if items is None:
        reader = state.reader
        assert reader is not None
        arguments = {} if reader.arguments is None else reader.arguments.evaluate(environment)
        limit = _limit(interpreter, reader.max_items, reader.max_items_path, data, branch, "MaxItems")
        items = yield from read_items(reader, arguments, interpreter.execution.role_arn, limit)
        source = f"S3://{arguments.get('Bucket', '')}" + (f"/{arguments['Key']}" if "Key" in arguments else "")
        interpreter.now = yield Now()
    inputs: list[Document] = []
    for index in range(len(items)):
        if index % _SLICE == _SLICE - 1:
            yield Sleep(0.0)
        inputs.append(select(items, index, source))
    batcher = state.batcher
    if batcher is None:
        run.inputs = [(document, 1) for document in inputs]
    else:
        limits, shared = batch_limits(interpreter, batcher, data, branch)
        run.inputs = batches(batcher, inputs, limits, shared)
    run.waiting = deque(range(len(run.inputs)))
    largest = max((document.size_bytes for document, _ in run.inputs), default=0)
    if largest > interpreter.quotas.maximum_payload_bytes:
        run.inputs = []
        raise StateFailure(DATA_LIMIT_EXCEEDED, f"The input of a child execution has {largest} bytes")


# -- the work ---------------------------------------------------------------------------------------------------------


def _work(interpreter: Interpreter, state: MapState, run: MapRun) -> Generator[Effect, Any, None]:
    """Run all children. Raises StateFailure where too many of them fail."""
    if not run.waiting:
        return
    workers = _workers(interpreter, state, run)
    try:
        yield All((*workers, _more_workers(interpreter, state, run)))
    except _Exceeded:
        raise StateFailure(EXCEEDED, "The specified tolerated failure threshold was exceeded") from None
    finally:
        run.places = 0


class _Exceeded(Exception):
    """More items failed than are tolerated."""


def _workers(interpreter: Interpreter, state: MapState, run: MapRun) -> list[Process]:
    """As many new workers as there may be."""
    new = min(_most_places(interpreter, run) - run.places, len(run.waiting))
    run.places += max(new, 0)
    return [_worker(interpreter, state, run) for _ in range(new)]


def _most_places(interpreter: Interpreter, run: MapRun) -> int:
    limit = interpreter.quotas.distributed_map_concurrency
    return limit if run.max_concurrency == 0 else min(run.max_concurrency, limit)


def _more_workers(interpreter: Interpreter, state: MapState, run: MapRun) -> Process:
    """Waits for UpdateMapRun to allow more workers, or for the end."""
    while run.places > 0:
        yield WaitFor(map_run_topic(run.arn))
        new = _workers(interpreter, state, run)
        if new:
            yield All((*new, _more_workers(interpreter, state, run)))
            return


def _worker(interpreter: Interpreter, state: MapState, run: MapRun) -> Process:
    """Takes children until none waits, or until there are too many workers."""
    while run.waiting and run.places <= _most_places(interpreter, run):
        place = run.waiting.popleft()
        run.started(place)
        child = run.failures.pop(place, None)
        if child is None or child.is_express:
            now = yield Now()
            document, count = run.inputs[place]
            child = open_child(interpreter, state, run.arn, document, count, now)
        else:
            now = yield Now()
            reopen(child, now)
        try:
            yield from interpreter.run_child(child)
        finally:
            run.ended(place, child.status)
            if child.status is ExecutionStatus.SUCCEEDED and child.output is not None:
                run.outputs[place] = child.output
            else:
                run.failures[place] = child
            if state.writer is not None:
                run.results[place] = child
        if run.is_beyond_tolerance:
            raise _Exceeded
    run.places -= 1
    if run.places == 0:
        yield Notify(map_run_topic(run.arn))


def _result(
    interpreter: Interpreter, state: MapState, data: Document, branch: Branch, run: MapRun
) -> Generator[Effect, Any, Document]:
    writer = state.writer
    if writer is None:
        output = Document.of_list([_output(run, place) for place in range(len(run.inputs))])
    elif writer.arguments is None:
        output = previewed(writer, run)
    else:
        arguments = writer.arguments.evaluate(interpreter.environment(branch, data))
        key_id = run.arn.rpartition(":")[2]
        output = yield from write_results(writer, arguments, run, key_id, interpreter.execution.role_arn)
    run.status, run.stop_date = "SUCCEEDED", (yield Now())
    run.inputs = [(_FORGOTTEN, count) for _, count in run.inputs]  # what is left of it are the counts
    run.outputs, run.failures, run.results = {}, {}, {}
    return output


_FORGOTTEN = Document("{}")


def _output(run: MapRun, place: int) -> Document:
    if place in run.outputs:
        return run.outputs[place]
    child = run.failures[place]
    failure = {"Error": child.error, "Cause": child.cause}
    return Document.of({name: text for name, text in failure.items() if text is not None})


# -- numbers from paths -----------------------------------------------------------------------------------------------


def tolerances(
    interpreter: Interpreter, state: MapState, data: Document, branch: Branch
) -> tuple[int | None, float | None]:
    """ToleratedFailureCount and ToleratedFailurePercentage, None where they are not given. Raises DataFlowError."""
    count = _number(interpreter, state.tolerated_count, "ToleratedFailureCount", "integer", data, branch)
    percentage = _number(interpreter, state.tolerated_percentage, "ToleratedFailurePercentage", "float", data, branch)
    if percentage is not None and not 0 <= percentage <= 100:
        raise DataFlowError("ToleratedFailurePercentage must be between 0 and 100.")
    if count is not None and count < 0:
        raise DataFlowError("ToleratedFailureCount cannot be negative.")
    return None if count is None else int(count), percentage


def batch_limits(interpreter: Interpreter, batcher: ItemBatcher, data: Document, branch: Branch) -> tuple[Limits, Any]:
    """The most items and bytes of a batch, and its BatchInput. Raises DataFlowError."""
    limits = (
        _limit(interpreter, batcher.max_items, batcher.max_items_path, data, branch, "MaxItemsPerBatch"),
        _limit(interpreter, batcher.max_bytes, batcher.max_bytes_path, data, branch, "MaxInputBytesPerBatch"),
    )
    environment = interpreter.environment(branch, data)
    return limits, None if batcher.batch_input is None else batcher.batch_input.evaluate(environment)


def _limit(
    interpreter: Interpreter, fixed: int | None, path: Expression | None, data: Document, branch: Branch, name: str
) -> int | None:
    """MaxItems and its kin: None for no limit."""
    found = fixed if path is None else _number(interpreter, path, name, "integer", data, branch)
    if found is not None and found < 1:
        raise DataFlowError(f"{name} must be positive.")
    return None if found is None else int(found)


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
