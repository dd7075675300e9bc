"""Parallel and Map states: processes inside an execution, and what the history says when one of them fails.

Rules. All branches see the same input; the result is the list of their outputs, in order. The first failure ends the others, whose open
states are written down as aborted. A Map runs at most MaxConcurrency iterations at once, and at most the quota; a free place takes the
next item. A retry runs all of it again.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from emulator.effects import All, Effect, Now, Process
from emulator.services.stepfunctions.asl.definition import MapState, ParallelState
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import DataFlowError, StateFailure
from emulator.services.stepfunctions.asl.jsonata_expression import QueryError
from emulator.services.stepfunctions.distributed_map import run_distributed
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.interpreter import Interpreter, Outcome, Run, parameters_of

__all__ = ["run_map", "run_parallel", "selected_item"]

_ABORTED = frozenset({"Map", "Parallel", "Task", "Wait"})  # the state types for which the history has an Aborted event


def run_parallel(interpreter: Interpreter, state: ParallelState, data: Document, branch: Branch) -> Run:
    """Run every branch on the same input."""
    data = parameters_of(interpreter, state, data, branch)
    if branch.resuming and branch.children:
        threads = branch.children
        for thread in threads:
            if thread.output is None:
                _resume(thread, branch.last_event_id)
    else:
        started = interpreter.event(branch, "ParallelStateStarted")
        threads = [Branch(started, branch) for _ in state.branches]
    processes = [
        interpreter.run_flow(flow, data, thread) if thread.output is None else _kept(thread.output)
        for flow, thread in zip(state.branches, threads, strict=True)
    ]
    outputs: list[Document] = yield from _together(interpreter, branch, threads, processes)
    interpreter.now = yield Now()
    branch.last_event_id = max(thread.last_event_id for thread in threads)
    before = branch.last_event_id
    interpreter.event(branch, "ParallelStateSucceeded")
    branch.last_event_id = before  # the exit points at the last branch's end, as the success does
    return Outcome(Document.of_list(outputs), state.next, state.assign, state.output)


def _resume(thread: Branch, last_event_id: int) -> None:
    """Let a branch that did not come to its end go on; one that had not entered a state starts."""
    if thread.state is None:
        thread.last_event_id, thread.finished = last_event_id, False
    else:
        thread.resume(last_event_id)


def _kept(output: Document) -> Process:
    return output
    yield


def run_map(interpreter: Interpreter, state: MapState, data: Document, branch: Branch) -> Run:
    """Run the processor for each item."""
    reads = state.reader is not None
    items = None if reads else interpreter.filtered(state.items_path, data, branch).value
    concurrency = _concurrency(interpreter, state, data, branch)
    if not reads and not isinstance(items, list):
        if state.is_jsonata:
            raise QueryError(f"Map state input must be an array but was: {dumps(items)}")
        path = "$" if state.items_path is None else state.items_path.text
        raise DataFlowError(f'Reference path "{path}" must point to array.')
    if not branch.resuming or (branch.outputs is None and branch.map_run is None):
        details = {"length": 0 if items is None else len(items)}
        interpreter.event(branch, "MapStateStarted", "mapStateStartedEventDetails", details)
    if state.is_distributed:

        def select(read: list[Any], index: int, source: str) -> Document:
            return selected_item(interpreter, state, read, data, branch, index, source)

        return (yield from run_distributed(interpreter, state, data, branch, items, concurrency, select))
    assert items is not None
    limit = interpreter.quotas.inline_map_concurrency
    outputs = branch.outputs if branch.resuming else None
    threads: list[Branch] = []
    if outputs is None:
        outputs = branch.outputs = [None] * len(items)
    else:
        threads = [thread for thread in branch.children if thread.output is None and thread.map_index is not None]
        for thread in threads:
            _resume(thread, branch.last_event_id)
    under_way = {thread.map_index[1] for thread in threads if thread.map_index is not None}
    waiting = iter([index for index in range(len(items)) if outputs[index] is None and index not in under_way])
    places = min(len(items), limit if concurrency == 0 else concurrency, limit)
    while len(threads) < places and (following := next(waiting, None)) is not None:
        threads.append(_start_iteration(interpreter, state, branch, branch.last_event_id, following))
    work = [_place(interpreter, state, items, data, branch, thread, waiting, outputs) for thread in threads]
    yield from _together(interpreter, branch, threads, work)
    interpreter.now = yield Now()
    before = branch.last_event_id
    interpreter.event(branch, "MapStateSucceeded")
    branch.last_event_id = before
    finished = [_NOTHING if output is None else output for output in outputs]
    return Outcome(Document.of_list(finished), state.next, state.assign, state.output)


_NOTHING = Document("null")


def _place(
    interpreter: Interpreter,
    state: MapState,
    items: list[Any],
    data: Document,
    branch: Branch,
    thread: Branch,
    waiting: Iterator[int],
    outputs: list[Document | None],
) -> Process:
    """One of the places of a Map: runs an iteration, then the next one that waits, until none does."""
    while True:
        assert thread.map_index is not None
        index = thread.map_index[1]
        item = selected_item(interpreter, state, items, data, branch, index)
        thread.map_item = {"Index": index, "Value": items[index]}
        outputs[index] = yield from interpreter.run_flow(state.processor, item, thread)
        interpreter.now = yield Now()
        before = thread.last_event_id
        branch.last_event_id = _iteration_event(interpreter, thread, "Succeeded")
        following = next(waiting, None)
        if following is None:
            return
        replaced = _start_iteration(interpreter, state, branch, before, following)
        branch.children[branch.children.index(thread)] = replaced
        thread = replaced


def _start_iteration(interpreter: Interpreter, state: MapState, branch: Branch, previous: int, index: int) -> Branch:
    thread = Branch(previous, branch)
    thread.map_index = (state.name, index)
    _iteration_event(interpreter, thread, "Started")
    return thread


def _iteration_event(interpreter: Interpreter, thread: Branch, what: str) -> int:
    assert thread.map_index is not None
    name, index = thread.map_index
    details = {"name": name, "index": index}
    return interpreter.event(thread, f"MapIteration{what}", f"mapIteration{what}EventDetails", details)


def selected_item(
    interpreter: Interpreter,
    state: MapState,
    items: list[Any],
    data: Document,
    branch: Branch,
    index: int,
    source: str | None = None,
) -> Document:
    """One iteration's input: the item, or what ItemSelector makes of it. `source` is where a Distributed Map's items are from."""
    if state.item_selector is None:
        return Document.of(items[index])
    outside = branch.map_item
    branch.map_item = {"Index": index, "Value": items[index]} | ({} if source is None else {"Source": source})
    try:
        return Document.of(state.item_selector.evaluate(interpreter.environment(branch, data)))
    finally:
        branch.map_item = outside


def _concurrency(interpreter: Interpreter, state: MapState, data: Document, branch: Branch) -> int:
    if state.max_concurrency_path is None:
        return state.max_concurrency
    value = state.max_concurrency_path.evaluate(interpreter.environment(branch, data))
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        written = value if isinstance(value, str) else dumps(value)
        raise DataFlowError(
            f'The MaxConcurrencyPath field refers to value "{written}" which is not a valid integer: '
            f"{state.max_concurrency_path.text}"
        )
    return value


def _together(
    interpreter: Interpreter, branch: Branch, threads: list[Branch], processes: list[Process]
) -> Generator[Effect, Any, list[Any]]:
    """Run processes side by side. On the first failure the others end, and the failure counts as one from inside."""
    branch.children = threads  # they stay when one of them fails, for a redrive to go on with
    if not processes:
        return []
    try:
        results: list[Any] = yield All(tuple(_noting(index, process) for index, process in enumerate(processes)))
    except _Failed as error:
        failed = branch.children[error.index]
        branch.last_event_id = failed.last_event_id
        if failed.map_index is not None:
            _iteration_event(interpreter, failed, "Failed")
        failed.finished = True
        for thread in branch.children:
            _abort(interpreter, thread)
        failure = error.failure
        raise StateFailure(failure.error, failure.cause, inside=True) from failure
    branch.children = []  # but not when this is cancelled: whoever cancels it writes down what was open
    return results


class _Failed(Exception):
    """A process of several failed; `index` says which."""

    def __init__(self, index: int, failure: StateFailure) -> None:
        super().__init__(index)
        self.index = index
        self.failure = failure


def _noting(index: int, process: Process) -> Process:
    """The process, with its number on its failure."""
    try:
        return (yield from process)
    except StateFailure as failure:
        raise _Failed(index, failure) from failure


def _abort(interpreter: Interpreter, thread: Branch) -> None:
    """Write down what of a branch was still open, from the inside out."""
    if thread.finished:
        return
    thread.finished = True
    for child in thread.children:
        _abort(interpreter, child)
    if thread.state is not None and thread.state.kind in _ABORTED:
        interpreter.event(thread, f"{thread.state.kind}StateAborted")
    if thread.map_index is not None:
        _iteration_event(interpreter, thread, "Aborted")
