"""Operations on executions.

Order of StartExecution's checks: size of the input, the state machine, the name, the input's JSON, the name's reuse, open executions.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

from collections import deque
from typing import Any

from emulator.account import Account
from emulator.effects import Notify, Process, Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl import Document
from emulator.services.stepfunctions.errors import (
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    ExecutionLimitExceeded,
    InvalidExecutionInput,
    ValidationException,
)
from emulator.services.stepfunctions.execution_process import end_execution, run_execution
from emulator.services.stepfunctions.history import History
from emulator.services.stepfunctions.naming import check_arn, check_name, page
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import Execution, ExecutionStatus, StateMachine, stop_topic
from emulator.services.stepfunctions.task_tokens import TaskTokens

__all__ = ["ExecutionOperations"]

_DATA = frozenset({"input", "output", "parameters", "inputDetails", "outputDetails", "assignedVariables"})


class ExecutionOperations:
    """Executions: start, stop, describe, list, history."""

    account: Account
    quotas: StepFunctionsQuotas
    tokens: TaskTokens
    executions: dict[str, Execution]
    closed_executions: deque[str]
    retained_executions: int
    open_executions: int

    def find_state_machine(self, arn: str) -> StateMachine:
        """The machine of that ARN."""
        raise NotImplementedError

    def find_execution(self, arn: str) -> Execution:
        """The execution of that ARN. Raises InvalidArn, ExecutionDoesNotExist."""
        check_arn(arn, "execution")
        execution = self.executions.get(arn)
        if execution is None:
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
        return execution

    @operation("StartExecution")
    def start_execution(self, params: Params, context: CallContext) -> Reply:
        """Start an execution; its first state runs after this has answered. The same name and input again gives the running one."""
        document = Document(params.get("input", "{}"))
        if document.size_bytes > self.quotas.maximum_payload_bytes:
            raise ValidationException(
                "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have size less "
                f"than or equal to {self.quotas.maximum_payload_bytes} bytes in UTF-8 encoding"
            )
        machine = self.find_state_machine(params["stateMachineArn"])
        name = params.get("name")
        if name is None:
            name = self.account.identifiers.uuid()
        check_name(name)
        try:
            _ = document.value
        except ValueError as error:
            raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
        arn = self.account.arn("states", f"execution:{machine.name}:{name}")
        existing = self.executions.get(arn)
        if existing is not None:
            if existing.is_running and existing.input.text == document.text:
                return Reply({"executionArn": arn, "startDate": existing.start_date})
            if existing.stop_date is None or context.now < existing.stop_date + self.quotas.name_reuse_seconds:
                raise ExecutionAlreadyExists(f"Execution Already Exists: '{arn}'")
        if self.open_executions >= self.quotas.maximum_open_executions:
            raise ExecutionLimitExceeded(
                f"Execution Limit Exceeded: '{self.quotas.maximum_open_executions} open executions'"
            )
        execution = self._open(machine, arn, name, document, params.get("traceHeader"), context.now)
        return Reply(
            {"executionArn": arn, "startDate": context.now},
            (Spawn(f"stepfunctions {arn}", lambda: self._run(execution), trace_id=context.trace_id, background=True),),
        )

    def _open(
        self, machine: StateMachine, arn: str, name: str, document: Document, trace_header: str | None, now: float
    ) -> Execution:
        history = History(self.quotas.maximum_history_events)
        execution = Execution(
            arn=arn,
            name=name,
            state_machine_arn=machine.arn,
            state_machine_name=machine.name,
            definition=machine.definition,
            definition_text=machine.definition_text,
            role_arn=machine.role_arn,
            revision_id=machine.revision_id,
            update_date=machine.creation_date if machine.update_date is None else machine.update_date,
            logging_configuration=machine.logging_configuration,
            tracing_configuration=machine.tracing_configuration,
            input=document,
            start_date=now,
            history=history,
            trace_header=trace_header,
        )
        details = {"input": document.text, "inputDetails": {"truncated": False}, "roleArn": machine.role_arn}
        history.add("ExecutionStarted", 0, now, "executionStartedEventDetails", details)
        self.executions[arn] = execution
        self.open_executions += 1
        return execution

    def _run(self, execution: Execution) -> Process:
        try:
            yield from run_execution(execution, self.account, self.quotas, self.tokens, self._register_child)
        finally:
            self.open_executions -= 1
            self._forget_later(execution.arn)

    def _register_child(self, child: Execution) -> None:
        """Make an execution of a map run known; it is forgotten as old ones are."""
        self.executions[child.arn] = child
        self._forget_later(child.arn)

    def _forget_later(self, arn: str) -> None:
        self.closed_executions.append(arn)
        while len(self.closed_executions) > self.retained_executions:
            oldest = self.executions.get(self.closed_executions.popleft())
            if oldest is not None and not oldest.is_running:  # a reused name is forgotten when it ends again
                del self.executions[oldest.arn]

    @operation("StopExecution")
    def stop_execution(self, params: Params, context: CallContext) -> Reply:
        """End an execution at once; one that has ended stays as it is."""
        execution = self.find_execution(params["executionArn"])
        if not execution.is_running:
            return Reply({"stopDate": execution.stop_date})
        end_execution(
            execution,
            ExecutionStatus.ABORTED,
            context.now,
            execution.history.last_id,
            error=params.get("error"),
            cause=params.get("cause"),
        )
        return Reply({"stopDate": context.now}, (Notify(stop_topic(execution.arn)),))

    @operation("DescribeExecution")
    def describe_execution(self, params: Params, context: CallContext) -> Reply:
        """Everything about one execution but its history."""
        execution = self.find_execution(params["executionArn"])
        data = params.get("includedData", "ALL_DATA") == "ALL_DATA"
        redrivable = execution.status not in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED)
        result: dict[str, Any] = {
            **_row(execution),
            "input": execution.input.text if data else None,
            "inputDetails": {"included": data},
            "traceHeader": execution.trace_header,
            "error": execution.error,
            "cause": execution.cause,
            "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        }
        if not redrivable:
            result["redriveStatusReason"] = f"Execution is {execution.status} and cannot be redriven"
        if execution.output is not None:
            result["output"] = execution.output.text if data else None
            result["outputDetails"] = {"included": data}
        return Reply({name: value for name, value in result.items() if value is not None})

    @operation("DescribeStateMachineForExecution")
    def describe_state_machine_for_execution(self, params: Params, context: CallContext) -> Reply:
        """The state machine as it was when the execution started."""
        execution = self.find_execution(params["executionArn"])
        result = {
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.state_machine_name,
            "definition": execution.definition_text,
            "roleArn": execution.role_arn,
            "updateDate": execution.update_date,
            "loggingConfiguration": execution.logging_configuration,
            "tracingConfiguration": execution.tracing_configuration,
            "revisionId": execution.revision_id,
        }
        return Reply({name: value for name, value in result.items() if value is not None})

    @operation("ListExecutions", unsupported=("redriveFilter",))
    def list_executions(self, params: Params, context: CallContext) -> Reply:
        """The executions of a machine, newest first, all or those with one status."""
        map_run_arn = params.get("mapRunArn")
        machine_arn = None
        if map_run_arn is None:
            machine_arn = self.find_state_machine(params.get("stateMachineArn", "")).arn
        status = params.get("statusFilter")
        found = [
            execution
            for execution in reversed(self.executions.values())
            if execution.map_run_arn == map_run_arn
            and machine_arn in (None, execution.state_machine_arn)
            and status in (None, execution.status)
        ]
        part, more = page(found, params, self.quotas)
        return Reply({"executions": [_row(execution) for execution in part], **more})

    @operation("GetExecutionHistory")
    def get_execution_history(self, params: Params, context: CallContext) -> Reply:
        """The events of an execution, oldest first unless `reverseOrder`."""
        execution = self.find_execution(params["executionArn"])
        events = execution.history.events
        if params.get("reverseOrder"):
            events = events[::-1]
        part, more = page(events, params, self.quotas)
        if params.get("includeExecutionData", True) is False:
            part = [_without_data(event) for event in part]
        return Reply({"events": list(part), **more})


def _row(execution: Execution) -> dict[str, Any]:
    row: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": str(execution.status),
        "startDate": execution.start_date,
        "redriveCount": 0,
    }
    if execution.map_run_arn is not None:
        row["mapRunArn"] = execution.map_run_arn
    if execution.stop_date is not None:
        row["stopDate"] = execution.stop_date
    return row


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: inner for key, inner in value.items() if key not in _DATA} if isinstance(value, dict) else value
        for name, value in event.items()
    }
