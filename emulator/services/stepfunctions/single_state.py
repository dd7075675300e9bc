"""TestState: one state run by itself, for real or with a mock.

Rules. Map, Parallel, activities and tasks that wait (`.sync`, `.waitForTaskToken`) need a mock; so does `context`. A failure that a
retrier takes is RETRIABLE, one that a catcher takes CAUGHT_ERROR. It may last five minutes.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.effects import Process, Race, Sleep
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl import Definition, Document, Problem, parse_definition, parse_state
from emulator.services.stepfunctions.asl.definition import Flow, MapState, ParallelState, State, TaskState
from emulator.services.stepfunctions.asl.failures import (
    TIMEOUT,
    DataFlowError,
    StateFailure,
    backoff_seconds,
    matches,
    pick_catcher,
)
from emulator.services.stepfunctions.asl.json_errors import input_problem
from emulator.services.stepfunctions.asl.resources import ActivityTask, ServiceTask
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.errors import InvalidDefinition, InvalidExecutionInput, ValidationException
from emulator.services.stepfunctions.given_context import check_context
from emulator.services.stepfunctions.history import History
from emulator.services.stepfunctions.inspection import Inspector, Mock, shown_steps
from emulator.services.stepfunctions.interpreter import Interpreter
from emulator.services.stepfunctions.mock_result import violations
from emulator.services.stepfunctions.state import Execution
from emulator.services.stepfunctions.store import Store

__all__ = ["SingleStateOperations"]

Attempt = tuple[Document, str | None, dict[str, Any] | None]


class SingleStateOperations(Store):
    """TestState."""

    @operation("TestState")
    def test_state(self, params: Params, context: CallContext) -> Process:
        """Run a state and tell what came of it. Raises InvalidDefinition, InvalidExecutionInput, ValidationException."""
        state = self._tested(params)
        mock = self._mock(params, state)
        given_context = _json(params, "context")
        if given_context is not None:
            if mock is None:
                raise ValidationException("context can only be specified when a mock is specified")
            check_context(given_context, waits=_waits(state))
        if params.get("revealSecrets"):
            if mock is not None:
                raise ValidationException("TestState does not support RevealSecrets when a mock is specified.")
            if params.get("inspectionLevel") != "TRACE":
                raise ValidationException("revealSecrets can only be used with inspectionLevel TRACE")
        document = Document(params.get("input", "{}"))
        try:
            _ = document.value
        except ValueError as error:
            raise InvalidExecutionInput(
                f"Invalid State Machine Execution Input: '{input_problem(document.text)}'"
            ) from error
        inspector = Inspector(reveals_secrets=params.get("revealSecrets", False))
        execution = self._execution(params, state, document, context.now)
        interpreter = inspector.interpreter(execution, self.around, mock, given_context)
        branch = Branch(0)
        branch.state, branch.state_input, branch.entered = state, document, context.now
        branch.variables.update(_json(params, "variables") or {})
        configuration = params.get("stateConfiguration", {})
        branch.retry_count = configuration.get("retrierRetryCount", 0)
        result = yield from self._outcome(interpreter, inspector, state, document, branch)
        if params.get("inspectionLevel", "INFO") != "INFO":
            inspector.noted["input"] = document.text
            if branch.variables:
                inspector.noted["variables"] = Document.of(branch.variables).text
            result["inspectionData"] = shown_steps(state, inspector.noted)
        if params.get("inspectionLevel") == "TRACE":
            result["inspectionData"] |= inspector.traced
        return Reply(result)

    def _outcome(
        self, interpreter: Interpreter, inspector: Inspector, state: State, document: Document, branch: Branch
    ) -> Process:
        """The answer, from the state's outcome."""
        retries = branch.retry_count
        try:
            index, attempt = yield Race(
                (interpreter.attempt(state, document, branch), _alarm(self.quotas.test_state_seconds))
            )
            if index == 1:
                raise StateFailure(TIMEOUT)
        except StateFailure as error:
            failure = error
        except DataFlowError as error:
            failure = interpreter.data_flow_failure(error, state, branch, 0, 0)
        else:
            return _success("SUCCEEDED", attempt, branch)
        result = {"status": "FAILED", "error": failure.reported_error, "cause": failure.cause}
        result = {name: text for name, text in result.items() if text is not None}
        for position, retrier in enumerate(state.retry):
            if matches(retrier.error_equals, failure.error):
                if retries >= retrier.max_attempts:
                    inspector.noted["errorDetails"] = {"retryIndex": position}
                    break
                seconds = backoff_seconds(retrier, retries + 1, self.account.identifiers.random)
                details = {"retryIndex": position, "retryBackoffIntervalSeconds": round(seconds)}
                inspector.noted["errorDetails"] = details
                return result | {"status": "RETRIABLE"}
        catcher = pick_catcher(state.catch, failure.error)
        if catcher is None:
            return result
        inspector.noted["errorDetails"] = {"catchIndex": state.catch.index(catcher)}
        try:
            return result | _success("CAUGHT_ERROR", interpreter.caught(catcher, failure, document, branch), branch)
        except DataFlowError as error:
            failed = interpreter.data_flow_failure(error, state, branch, 0, 0)
            return result | {"error": failed.error, "cause": failed.cause}

    # -- what is tested -----------------------------------------------------------------------------------------------

    def _tested(self, params: Params) -> State:
        name = params.get("stateName")
        if name is None:
            state, problems = parse_state(params["definition"], self.catalogue)
        else:
            definition, problems = parse_definition(params["definition"], catalogue=self.catalogue)
            state = None if definition is None else next(_named(definition.flow, name), None)
            if definition is not None and state is None:
                raise ValidationException("State not found in definition")
        if state is None:
            raise _invalid(problems)
        needs_role = isinstance(state, TaskState) and "mock" not in params
        if needs_role and "roleArn" not in params:
            raise ValidationException("RoleArn must be specified when testing a Task state")
        return state

    def _mock(self, params: Params, state: State) -> Mock | None:
        given = params.get("mock")
        configuration = params.get("stateConfiguration", {})
        if given is None:
            _check_can_run(state)
            if configuration:
                raise ValidationException("stateConfiguration can only be specified when a mock is specified")
            return None
        if not isinstance(state, MapState | ParallelState | TaskState):
            raise ValidationException(f"State type '{state.kind}' is not supported when a mock is specified")
        if ("result" in given) == ("errorOutput" in given):
            raise ValidationException(
                "A test mock should have only one of the following fields: [result, errorOutput]."
            )
        cause = configuration.get("errorCausedByState")
        if cause is not None and not any(True for flow in _flows(state) for _ in _named(flow, cause)):
            raise ValidationException(f"errorCausedByState '{cause}' is not a state inside '{state.name}'")
        failed = configuration.get("mapIterationFailureCount", 0)
        reader_data = configuration.get("mapItemReaderData")
        if "errorOutput" in given:
            error = given["errorOutput"]
            return Mock(None, error.get("error"), error.get("cause"), failed, reader_data)
        document = Document(given["result"])
        try:
            value = document.value
        except ValueError as error:
            raise ValidationException("Mocked result must be valid JSON") from error
        _check_result(state, value, given.get("fieldValidationMode", "STRICT"))
        return Mock(document, failed_iterations=failed, item_reader_data=reader_data)

    def _execution(self, params: Params, state: State, document: Document, now: float) -> Execution:
        name, machine = self.account.identifiers.uuid(), self.account.identifiers.uuid()
        return Execution(
            arn=self.account.arn("states", f"express:{machine}:{name}"),
            name=name,
            state_machine_arn=self.account.arn("states", f"stateMachine:{machine}"),
            state_machine_name=machine,
            definition=Definition(Flow(state.name, {state.name: state})),
            definition_text=params["definition"],
            role_arn=params.get("roleArn", ""),
            revision_id=None,
            update_date=now,
            logging_configuration={},
            tracing_configuration={},
            input=document,
            start_date=now,
            history=History(self.quotas.maximum_history_events),
        )


def _invalid(problems: list[Problem]) -> InvalidDefinition | UnsupportedOperation:
    unsupported = [problem for problem in problems if problem.unsupported]
    if unsupported:
        return UnsupportedOperation(f"stepfunctions: {', '.join(map(str, unsupported))}")
    return InvalidDefinition(f"Invalid State Machine Definition: '{', '.join(map(str, problems))}'")


def _json(params: Params, name: str) -> dict[str, Any] | None:
    """A parameter that holds an object as JSON. Raises ValidationException."""
    if name not in params:
        return None
    try:
        value = Document(params[name]).value
    except ValueError as error:
        raise ValidationException(f"{name} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValidationException(f"{name} must be a JSON object")
    return value


def _waits(state: State) -> bool:
    """Whether a state waits for a task token, or for a job."""
    resource = state.resource if isinstance(state, TaskState) else None
    return isinstance(resource, ServiceTask) and resource.pattern != ""


def _check_can_run(state: State) -> None:
    """Without a mock, what would need others is refused."""
    if isinstance(state, MapState | ParallelState):
        raise InvalidDefinition(
            "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, "
            "Fail, Choice]"
        )
    if _waits(state) or (isinstance(state, TaskState) and isinstance(state.resource, ActivityTask)):
        raise ValidationException(
            "An activity, .sync or .waitForTaskToken task can only be tested when a mock is specified"
        )


def _check_result(state: State, value: Any, mode: str) -> None:
    """Raises ValidationException where a mocked result is none that the state could have."""
    if isinstance(state, MapState | ParallelState):
        if isinstance(state, MapState) and state.writer is not None and state.writer.arguments is not None:
            if not isinstance(value, Mapping):
                raise ValidationException("Mocked result must be a JSON object.")
        elif not isinstance(value, list):
            raise ValidationException("Mocked result must be an array.")
        elif isinstance(state, ParallelState) and len(value) != len(state.branches):
            raise ValidationException(
                "Mocked result must contain the same number of items as number of Parallel branches."
            )
        return
    resource = state.resource if isinstance(state, TaskState) else None
    if not isinstance(resource, ServiceTask) or resource.model is None or resource.pattern != "":
        return
    shape = resource.model.output_shape
    json_blobs = resource.integration.service == "lambda" and not resource.sdk
    found = None if shape is None else next(violations(shape, value, mode, json_blobs=json_blobs), None)
    if found is not None:
        raise ValidationException(f"Mock result schema validation error: {found}")


def _flows(state: State) -> tuple[Flow, ...]:
    if isinstance(state, MapState):
        return (state.processor,)
    return state.branches if isinstance(state, ParallelState) else ()


def _named(flow: Flow, name: str) -> Iterator[State]:
    """The state of that name in a flow, or in those inside it."""
    for state in flow.states.values():
        if state.name == name:
            yield state
        for inner in _flows(state):
            yield from _named(inner, name)


def _success(status: str, attempt: Attempt, branch: Branch) -> dict[str, Any]:
    output, following, assigned = attempt
    branch.variables.update(assigned or {})
    result: dict[str, Any] = {"status": status, "output": output.text}
    return result if following is None else result | {"nextState": following}


def _alarm(seconds: float) -> Process:
    yield Sleep(seconds)
