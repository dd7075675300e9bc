"""Runs one execution: enters states, lets each do its work, moves data through them, retries and catches, and writes the history.

Theory of operation. An execution is one process; branches and iterations are processes inside it. `visit` goes once around every state
type: input processing, the state's own work (a handler by type), output processing, variables, and what happens when any of it fails.
Order of the data flow: InputPath, Parameters, work, ResultSelector, Assign, ResultPath (into the raw input), OutputPath.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.effects import Effect, Now, Process, Sleep
from emulator.services.stepfunctions.asl.definition import (
    Catcher,
    ChoiceState,
    Expression,
    FailState,
    Flow,
    PassState,
    Retrier,
    State,
    SucceedState,
    WaitState,
)
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import (
    DATA_LIMIT_EXCEEDED,
    NO_CHOICE_MATCHED,
    QUERY_EVALUATION_ERROR,
    DataFlowError,
    StateFailure,
    backoff_seconds,
    matches,
    pick_catcher,
)
from emulator.services.stepfunctions.asl.paths import PathNotFound, put
from emulator.services.stepfunctions.asl.template import FieldPath
from emulator.services.stepfunctions.environment import Branch, StateEnvironment
from emulator.services.stepfunctions.execution_log import ExecutionLog
from emulator.services.stepfunctions.history import COMPLETE
from emulator.services.stepfunctions.state import Execution
from emulator.services.stepfunctions.surroundings import Surroundings
from emulator.services.stepfunctions.waiting import wait_seconds

__all__ = ["Interpreter", "Outcome", "Run", "parameters_of"]

Run = Generator[Effect, Any, "Outcome"]
Handler = Callable[["Interpreter", Any, Document, Branch], Run]

WITH_RESULT = frozenset({"Task", "Parallel", "Map"})  # the states with a $states.result
_MAY_WAIT = frozenset({"Map", "Parallel", "Task", "Wait"})  # before which a log is delivered
_EMPTY = Document("{}")
_SLICE = 64  # transitions after which an execution that never waits lets others run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a state's own work gave, where to go next, and which Assign counts."""

    result: Document
    next: str | None
    assign: Expression | None
    output: Expression | None = None


class Interpreter:
    """Runs the states of one execution. `now` is the engine's time at the last look, in epoch seconds."""

    def __init__(
        self,
        execution: Execution,
        around: Surroundings,
        handlers: Mapping[type[State], Handler],
        run_child: Callable[[Execution], Process],
    ) -> None:
        self.execution = execution
        self.around = around
        self.account = around.account
        self.quotas = around.quotas
        self.tokens = around.tokens
        self.now = execution.start_date
        self.run_child = run_child
        """Runs the execution of one item of a map run to its end."""
        self._handlers = handlers
        self._log = execution.history.sink
        self._transitions = 0

    def run_flow(self, flow: Flow, document: Document, branch: Branch) -> Generator[Effect, Any, Document]:
        """Run from the first state to an end; the last state's output. Raises StateFailure."""
        following: str | None = flow.start_at
        if branch.resuming:
            assert branch.state is not None
            assert branch.state_input is not None
            following, document = branch.state.name, branch.state_input
        while following is not None:
            self._transitions += 1
            if self._transitions % _SLICE == 0:
                yield Sleep(0.0)
            document, following = yield from self._visit(flow.states[following], document, branch)
        branch.finished, branch.output = True, document
        return document

    def event(self, branch: Branch, kind: str, details_name: str = "", details: dict[str, Any] | None = None) -> int:
        """Write the branch's next event; its id."""
        number = self.execution.history.add(kind, branch.last_event_id, self.now, details_name, details)
        branch.last_event_id = number
        return number

    def environment(self, branch: Branch, document: Document, **extra: Any) -> StateEnvironment:
        """What expressions see when `$`, or `$states.input`, is the document; `extra` are further members of `$states`."""
        return StateEnvironment(self.execution, branch, document, self.account.identifiers, self.now, extra)

    def filtered(self, expression: Expression | None, document: Document, branch: Branch) -> Document:
        """InputPath, OutputPath, ItemsPath: the part of a document that a path picks; all of it without one."""
        if expression is None:
            return document
        environment = self.environment(branch, document)
        if not isinstance(expression, FieldPath):
            return Document.of(expression.evaluate(environment))
        try:
            return Document.of(expression.path.evaluate(environment))
        except PathNotFound as error:
            raise DataFlowError(f"Invalid path '{expression.text}' : {error}") from error

    def note(self, name: str, document: Document) -> None:
        """Called with the data after each step of a state; TestState writes them down."""

    def trace(self, name: str, whole: Mapping[str, str], without_secrets: Mapping[str, str]) -> None:
        """Called with the request and the response of an HTTP task; TestState writes them down."""

    def check_size(self, document: Document, name: str) -> None:
        """Raise StateFailure where a result is larger than AWS carries."""
        if document.size_bytes > self.quotas.maximum_payload_bytes:
            cause = (
                f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service "
                "limit."
            )
            raise StateFailure(DATA_LIMIT_EXCEEDED, cause)

    # -- one state ----------------------------------------------------------------------------------------------------

    def _visit(
        self, state: State, document: Document, branch: Branch
    ) -> Generator[Effect, Any, tuple[Document, str | None]]:
        self.now = yield Now()
        before = branch.last_event_id
        branch.state, branch.state_input, branch.entered, branch.retry_count = state, document, self.now, 0
        if branch.resuming:  # a redrive goes on inside the state; it is not entered again
            entered_id = before
        else:
            branch.children, branch.outputs, branch.map_run = [], None, None
            entered = {"name": state.name, "input": document.text, "inputDetails": COMPLETE}
            entered_id = self.event(branch, f"{state.kind}StateEntered", "stateEnteredEventDetails", entered)
        if isinstance(self._log, ExecutionLog) and state.kind in _MAY_WAIT:
            flush = self._log.flush(self.around.log_streams)
            if flush is not None:
                yield flush
        attempts: dict[Retrier, int] = {}
        while True:
            try:
                output, following, assigned = yield from self.attempt(state, document, branch)
                break
            except StateFailure as error:
                failure = error
            except DataFlowError as error:
                failure = self.data_flow_failure(error, state, branch, entered_id, before)
            delay = self._delay_before_retry(state, failure, attempts)
            branch.resuming = False
            if delay is not None:
                branch.retry_count += 1
                yield Sleep(delay)
                self.now = yield Now()
                continue
            if failure.inside:
                self.event(branch, f"{state.kind}StateFailed")
            catcher = pick_catcher(state.catch, failure.error)
            if catcher is None:
                raise StateFailure(failure.error, failure.cause) from failure
            try:
                output, following, assigned = self.caught(catcher, failure, document, branch)
            except DataFlowError as error:
                raise self.data_flow_failure(error, state, branch, entered_id, before) from error
            break
        branch.resuming = False
        self._leave(state, output, assigned, branch)
        return output, following

    def attempt(
        self, state: State, document: Document, branch: Branch
    ) -> Generator[Effect, Any, tuple[Document, str | None, dict[str, Any] | None]]:
        """Input processing, the state's work, output processing."""
        if state.is_jsonata:
            return (yield from self._attempt_jsonata(state, document, branch))
        data = _EMPTY if state.discard_input else self.filtered(state.input_path, document, branch)
        self.note("afterInputPath", data)
        outcome = yield from self._handlers[type(state)](self, state, data, branch)
        result = outcome.result
        self.note("result", result)
        if state.result_selector is not None:
            result = Document.of(state.result_selector.evaluate(self.environment(branch, result)))
            self.note("afterResultSelector", result)
        assigned = self._evaluate_assign(outcome.assign, result, branch)
        output = _placed(result, state.result_path, document, data)
        self.note("afterResultPath", output)
        output = _EMPTY if state.discard_output else self.filtered(state.output_path, output, branch)
        self.check_size(output, state.name)
        return output, outcome.next, assigned

    def _attempt_jsonata(
        self, state: State, document: Document, branch: Branch
    ) -> Generator[Effect, Any, tuple[Document, str | None, dict[str, Any] | None]]:
        """JSONata: Arguments, the state's work, then Output and Assign on the same values."""
        outcome = yield from self._handlers[type(state)](self, state, document, branch)
        self.note("result", outcome.result)
        extra = {"result": outcome.result.value} if state.kind in WITH_RESULT else {}
        environment = self.environment(branch, document, **extra)
        output = outcome.result if outcome.output is None else Document.of(outcome.output.evaluate(environment))
        assigned = None if outcome.assign is None else dict(outcome.assign.evaluate(environment))
        self.check_size(output, state.name)
        return output, outcome.next, assigned

    def data_flow_failure(
        self, error: DataFlowError, state: State, branch: Branch, entered_id: int, before: int
    ) -> StateFailure:
        """The failure that an evaluation causes. JSONata's has an event of its own, which points before the state."""
        cause = _in_state(state, entered_id, error.reason)
        if error.error != QUERY_EVALUATION_ERROR:
            return StateFailure(error.error, cause)
        details = {"error": error.error, "cause": cause, "location": error.location, "state": state.name}
        given = {name: text for name, text in details.items() if text is not None}
        branch.last_event_id = before
        self.event(branch, "EvaluationFailed", "evaluationFailedEventDetails", given)
        return StateFailure(error.error, cause, inside=state.kind in ("Map", "Parallel"))

    def caught(
        self, catcher: Catcher, failure: StateFailure, document: Document, branch: Branch
    ) -> tuple[Document, str | None, dict[str, Any] | None]:
        error_output = {"Error": failure.reported_error, "Cause": failure.cause}
        result = Document.of({name: text for name, text in error_output.items() if text is not None})
        if branch.state is not None and branch.state.is_jsonata:
            environment = self.environment(branch, document, errorOutput=result.value)
            output = result if catcher.output is None else Document.of(catcher.output.evaluate(environment))
            assigned = None if catcher.assign is None else dict(catcher.assign.evaluate(environment))
            self.check_size(output, branch.state.name)
            return output, catcher.next, assigned
        assigned = self._evaluate_assign(catcher.assign, result, branch)
        output = _placed(result, catcher.result_path, document, document)
        self.check_size(output, "" if branch.state is None else branch.state.name)
        return output, catcher.next, assigned

    def _evaluate_assign(self, assign: Expression | None, result: Document, branch: Branch) -> dict[str, Any] | None:
        if assign is None:
            return None
        values: dict[str, Any] = assign.evaluate(self.environment(branch, result))
        return values

    def _delay_before_retry(self, state: State, failure: StateFailure, attempts: dict[Retrier, int]) -> float | None:
        """Seconds to wait before the state is tried again, or None where it is not."""
        for retrier in state.retry:
            if matches(retrier.error_equals, failure.error):
                attempt = attempts.get(retrier, 0) + 1
                if attempt > retrier.max_attempts:
                    return None
                attempts[retrier] = attempt
                return backoff_seconds(retrier, attempt, self.account.identifiers.random)
        return None

    def _leave(self, state: State, output: Document, assigned: dict[str, Any] | None, branch: Branch) -> None:
        details: dict[str, Any] = {"name": state.name, "output": output.text, "outputDetails": COMPLETE}
        if assigned is not None:
            texts = {name: dumps(value) for name, value in assigned.items()}
            self._assign(state, assigned, texts, branch)
            details["assignedVariables"] = texts
            details["assignedVariablesDetails"] = COMPLETE
        self.event(branch, f"{state.kind}StateExited", "stateExitedEventDetails", details)

    def _assign(self, state: State, assigned: dict[str, Any], texts: dict[str, str], branch: Branch) -> None:
        """Set variables, within their quotas. https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html"""
        sizes = {name: len(text.encode("utf-8", "surrogatepass")) for name, text in texts.items()}
        total = sum({**branch.variable_bytes, **sizes}.values())
        if sum(sizes.values()) > self.quotas.maximum_assign_bytes or total > self.quotas.maximum_variables_bytes:
            cause = (
                f"The variables assigned by the state '{state.name}' exceed the maximum number of bytes service limit."
            )
            raise StateFailure(DATA_LIMIT_EXCEEDED, cause)
        branch.variables.update(assigned)
        branch.variable_bytes.update(sizes)


def _in_state(state: State, entered_id: int, reason: str) -> str:
    return (
        f"An error occurred while executing the state '{state.name}' (entered at the event id #{entered_id}). {reason}"
    )


def _placed(
    result: Document, result_path: tuple[str | int, ...] | None, document: Document, data: Document
) -> Document:
    """ResultPath: the result in its place in the raw input."""
    if result_path is None:
        return document
    if not result_path:
        return result
    try:
        return Document.of(put(document.value, result_path, result.value))
    except PathNotFound as error:
        raise DataFlowError(str(error), "States.ResultPathMatchFailure") from error


# -- the states that only move data -----------------------------------------------------------------------------------


def parameters_of(interpreter: Interpreter, state: State, data: Document, branch: Branch) -> Document:
    """Parameters: the template filled in, or the data where there is none."""
    if state.parameters is None:
        return data
    filled_in = Document.of(state.parameters.evaluate(interpreter.environment(branch, data)))
    interpreter.note("afterArguments" if state.is_jsonata else "afterParameters", filled_in)
    return filled_in


def run_pass(interpreter: Interpreter, state: PassState, data: Document, branch: Branch) -> Run:
    """Hand on the input, the filled-in Parameters, or Result."""
    result = parameters_of(interpreter, state, data, branch)
    if state.has_result:
        result = Document.of(state.result)
    return Outcome(result, state.next, state.assign, state.output)
    yield


def run_succeed(interpreter: Interpreter, state: SucceedState, data: Document, branch: Branch) -> Run:
    """End the branch."""
    return Outcome(data, None, None, state.output)
    yield


def run_fail(interpreter: Interpreter, state: FailState, data: Document, branch: Branch) -> Run:
    """Fail with the state's error and cause."""
    environment = interpreter.environment(branch, data)
    error = state.error if state.error_path is None else _text(state.error_path, environment, "ErrorPath")
    cause = state.cause if state.cause_path is None else _text(state.cause_path, environment, "CausePath")
    raise StateFailure(error, cause)
    yield


def _text(expression: Expression, environment: StateEnvironment, field: str) -> str:
    value = expression.evaluate(environment)
    if not isinstance(value, str):
        raise DataFlowError(f"The {field} parameter does not reference a string: {expression.text} == {dumps(value)}")
    return value


def run_choice(interpreter: Interpreter, state: ChoiceState, data: Document, branch: Branch) -> Run:
    """Go where the first rule that holds points."""
    environment = interpreter.environment(branch, data)
    for rule in state.rules:
        if rule.test(environment):
            return Outcome(data, rule.next, rule.assign, rule.output)
    if state.default is None:
        raise DataFlowError("Failed to transition out of the state. No choice rule matched.", NO_CHOICE_MATCHED)
    return Outcome(data, state.default, state.assign, state.output)
    yield


def run_wait(interpreter: Interpreter, state: WaitState, data: Document, branch: Branch) -> Run:
    """Sleep on the engine's clock."""
    yield Sleep(wait_seconds(state, interpreter.environment(branch, data), interpreter.now))
    interpreter.now = yield Now()
    return Outcome(data, state.next, state.assign, state.output)
