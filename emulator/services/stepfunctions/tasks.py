"""Task states: calling a function or a service, waiting for a task token or for a child execution, timeouts and heartbeats.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from emulator.effects import Call, Effect, Now, Process, WaitFor
from emulator.errors import AwsError, EmulatorError
from emulator.services.stepfunctions.activities import Activity
from emulator.services.stepfunctions.asl.definition import TaskState
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import RUNTIME, TASK_FAILED, DataFlowError, StateFailure
from emulator.services.stepfunctions.asl.resources import (
    INTEGRATIONS,
    ActivityTask,
    HttpTask,
    LambdaFunction,
    ServiceTask,
)
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.event_entries import checked_result, entries_of_workflow
from emulator.services.stepfunctions.history import COMPLETE
from emulator.services.stepfunctions.http_task import HttpAttempt
from emulator.services.stepfunctions.interpreter import Interpreter, Outcome, Run, parameters_of
from emulator.services.stepfunctions.service_calls import (
    call_parameters,
    check_call,
    function_failure,
    service_failure,
    service_output,
)
from emulator.services.stepfunctions.state import PendingTask, ended_topic, token_topic
from emulator.services.stepfunctions.task_attempt import Attempt
from emulator.services.stepfunctions.waiting import positive_seconds

__all__ = ["run_task"]

_LAMBDA = INTEGRATIONS["lambda:invoke"]


def run_task(interpreter: Interpreter, state: TaskState, data: Document, branch: Branch) -> Run:
    """Call what the Resource names, within the state's time."""
    resource = state.resource
    pending = None
    if isinstance(resource, ActivityTask) or (
        isinstance(resource, ServiceTask) and resource.pattern == "waitForTaskToken"
    ):
        pending = interpreter.tokens.issue()
        branch.task_token = None if isinstance(resource, ActivityTask) else pending.token
    try:
        attempt = _attempt(interpreter, state, data, branch, pending)
        result = yield from attempt.run(parameters_of(interpreter, state, data, branch))
    finally:
        branch.task_token = None
        if pending is not None:
            interpreter.tokens.retire(pending)
    return Outcome(result, state.next, state.assign, state.output)


def _attempt(
    interpreter: Interpreter, state: TaskState, data: Document, branch: Branch, pending: PendingTask | None
) -> Attempt:
    environment = interpreter.environment(branch, data)
    timeout, heartbeat = state.timeout_seconds, state.heartbeat_seconds
    if state.timeout_path is not None:
        timeout = positive_seconds(state.timeout_path, environment, "TimeoutSecondsPath")
    if state.heartbeat_path is not None:
        heartbeat = positive_seconds(state.heartbeat_path, environment, "HeartbeatSecondsPath")
    role_arn = interpreter.execution.role_arn
    credentials: dict[str, Any] = {}
    if state.role_arn is not None:
        role_arn = str(state.role_arn.evaluate(environment)["RoleArn"])
        credentials = {"taskCredentials": {"roleArn": role_arn}}
    kind = _ATTEMPTS[type(state.resource)]
    return kind(interpreter, branch, state.resource, timeout, heartbeat, role_arn, credentials, pending)


class _FunctionAttempt(Attempt):
    """A Lambda function called by its ARN."""

    __slots__ = ()

    def event(self, kind: str, **details: Any) -> None:
        given = {name: value for name, value in details.items() if value is not None}
        name = f"lambdaFunction{kind}EventDetails"
        self.interpreter.event(self.branch, f"LambdaFunction{kind}", name if given else "", given or None)

    def run(self, parameters: Document) -> Generator[Effect, Any, Document]:
        function: LambdaFunction = self.resource
        text = parameters.text
        self.event("Scheduled", resource=function.arn, input=text, inputDetails=COMPLETE, **self.limits())
        self.event("Started")
        output: Document = yield from self.timed_by(self._invoke(function.arn, text))
        self.event("Succeeded", output=output.text, outputDetails=COMPLETE)
        return output

    def _invoke(self, arn: str, text: str) -> Process:
        request_id = self.interpreter.account.identifiers.uuid()
        params = {"FunctionName": arn, "Payload": text.encode("utf-8", "surrogatepass")}
        try:
            result = yield Call("lambda", "Invoke", params, principal=self.role_arn)
        except AwsError as error:
            raise service_failure(_LAMBDA, error, request_id, sdk=False) from error
        except EmulatorError as error:
            raise StateFailure(RUNTIME, str(error)) from error
        payload: bytes = result.get("Payload") or b"null"
        if result.get("FunctionError") is not None:
            raise function_failure(payload)
        output = Document(payload.decode())
        self.interpreter.check_size(output, arn)
        return output


class _ServiceAttempt(Attempt):
    """A service integration."""

    __slots__ = ()

    def event(self, kind: str, **details: Any) -> None:
        task: ServiceTask = self.resource
        given = {name: value for name, value in details.items() if value is not None}
        given |= {"resourceType": task.resource_type, "resource": task.resource}
        self.interpreter.event(self.branch, f"Task{kind}", f"task{kind}EventDetails", given)

    def run(self, parameters: Document) -> Generator[Effect, Any, Document]:
        task: ServiceTask = self.resource
        region = self.interpreter.account.region
        params = call_parameters(task, parameters)
        if task.resource_type == "events":
            params = entries_of_workflow(params, self.interpreter.execution)
        self.event("Scheduled", region=region, parameters=parameters.text, **self.limits())
        self.event("Started")
        output: Document = yield from self.timed_by(self._call(params))
        self.event("Succeeded", output=output.text, outputDetails=COMPLETE)
        return output

    def _call(self, params: dict[str, Any]) -> Process:
        task: ServiceTask = self.resource
        integration = task.integration
        request_id = self.interpreter.account.identifiers.uuid()
        try:
            check_call(task, params)
            result = yield Call(integration.service, integration.operation, params, principal=self.role_arn)
        except AwsError as error:
            raise service_failure(integration, error, request_id, sdk=task.sdk) from error
        except EmulatorError as error:
            raise StateFailure(RUNTIME, str(error)) from error
        if task.resource_type == "events":
            output = Document.of(checked_result(result))
        else:
            output = Document.of(service_output(task, result, request_id))
        self.interpreter.check_size(output, task.resource_type)
        if task.pattern == "":
            return output
        self.interpreter.now = yield Now()
        self.event("Submitted", output=output.text, outputDetails=COMPLETE)
        if self.pending is not None:
            return (yield from self.token_answer(self.pending, task.resource_type))
        return (yield from self._child_result(result["executionArn"]))

    def _child_result(self, execution_arn: str) -> Process:
        """Wait for a child execution to end."""
        children = self.interpreter.execution.children
        children.append(execution_arn)
        while True:
            described = yield Call(
                "stepfunctions", "DescribeExecution", {"executionArn": execution_arn}, principal=self.role_arn
            )
            if described["status"] != "RUNNING":
                break
            yield WaitFor(ended_topic(execution_arn))
        children.remove(execution_arn)
        output = _described_output(described, parsed=self.resource.pattern == "sync:2")
        if described["status"] != "SUCCEEDED":
            raise StateFailure(TASK_FAILED, dumps(output))
        result = Document.of(output)
        self.interpreter.check_size(result, self.resource.resource_type)
        return result


class _ActivityAttempt(Attempt):
    """An activity: a worker takes the task, and answers with its token."""

    __slots__ = ()

    def event(self, kind: str, **details: Any) -> None:
        given = {name: value for name, value in details.items() if value is not None}
        self.interpreter.event(self.branch, f"Activity{kind}", f"activity{kind}EventDetails", given)

    def run(self, parameters: Document) -> Generator[Effect, Any, Document]:
        task: ActivityTask = self.resource
        activity = self.interpreter.around.activities.get(task.arn)
        if activity is None:
            raise DataFlowError(f"The activity {task.arn} does not exist.")
        self.event("Scheduled", resource=task.arn, input=parameters.text, inputDetails=COMPLETE, **self.limits())
        output: Document = yield from self.timed_by(self._worker(activity, parameters))
        self.event("Succeeded", output=output.text, outputDetails=COMPLETE)
        return output

    def _worker(self, activity: Activity, parameters: Document) -> Process:
        assert self.pending is not None
        work, wake = activity.schedule(self.pending, parameters.text)
        yield wake
        while work.taken_by is None:  # the worker's heartbeats count from here on
            yield WaitFor(token_topic(self.pending.token))
        self.interpreter.now = yield Now()
        self.event("Started", workerName=work.taken_by or None)
        return (yield from self.token_answer(self.pending, activity.name))


_ATTEMPTS: Mapping[type, type[Attempt]] = {
    ActivityTask: _ActivityAttempt,
    HttpTask: HttpAttempt,
    LambdaFunction: _FunctionAttempt,
    ServiceTask: _ServiceAttempt,
}


def _described_output(described: dict[str, Any], *, parsed: bool) -> dict[str, Any]:
    """DescribeExecution as the task's result: members with a capital, dates in epoch milliseconds, JSON parsed for `.sync:2`."""
    output: dict[str, Any] = {}
    for name, value in described.items():
        if name in ("startDate", "stopDate"):
            value = round(value * 1000)
        elif name in ("input", "output") and parsed:
            value = Document(value).value
        elif name in ("inputDetails", "outputDetails"):
            value = {"Included": value["included"]}
        output[name[:1].upper() + name[1:]] = value
    return output
