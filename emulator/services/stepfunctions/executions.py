"""Operations that start and end executions.

Order of StartExecution's checks: size of the input, the state machine, the name, the input's JSON, the name's reuse, open executions.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

from typing import Any

from emulator.effects import Notify, Process, Shield, Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl import Document
from emulator.services.stepfunctions.asl.json_errors import input_problem
from emulator.services.stepfunctions.billing import EXPRESS_MEGABYTES, express_milliseconds
from emulator.services.stepfunctions.errors import (
    ExecutionAlreadyExists,
    ExecutionLimitExceeded,
    ExecutionNotRedrivable,
    InvalidExecutionInput,
    StateMachineTypeNotSupported,
    ValidationException,
)
from emulator.services.stepfunctions.execution_log import ExecutionLog
from emulator.services.stepfunctions.execution_process import end_execution, run_execution
from emulator.services.stepfunctions.history import History
from emulator.services.stepfunctions.naming import check_name
from emulator.services.stepfunctions.redrive import not_redrivable_reason, reopen
from emulator.services.stepfunctions.state import Execution, ExecutionStatus, stop_topic
from emulator.services.stepfunctions.store import Store, Target

__all__ = ["ExecutionOperations"]


class ExecutionOperations(Store):
    """Executions: start, start and wait, stop, redrive."""

    @operation("StartExecution")
    def start_execution(self, params: Params, context: CallContext) -> Reply:
        """Start an execution; its first state runs after this has answered. The same name and input again gives the running one."""
        document, target, name = self._checked(params)
        if target.machine.is_express:
            self.express_rate.take(context.now)
            execution = self._open_express(target, name, document, params, context.now)
            return self._started(execution, context)
        self.standard_rate.take(context.now)
        arn = self.account.arn("states", f"execution:{target.machine.name}:{name}")
        existing = self.executions.get(arn)
        if existing is not None:
            if existing.is_running and existing.input.text == document.text:
                return Reply({"executionArn": arn, "startDate": existing.start_date})
            if existing.stop_date is None or context.now < existing.stop_date + self.quotas.name_reuse_seconds:
                raise ExecutionAlreadyExists(f"Execution Already Exists: '{arn}'")
        self._check_open_executions()
        execution = self._open(target, arn, name, document, params, context.now)
        self.executions[arn] = execution
        return self._started(execution, context)

    @operation("StartSyncExecution")
    def start_sync_execution(self, params: Params, context: CallContext) -> Process:
        """Run an Express workflow and answer when it has ended, well or not."""
        document, target, name = self._checked(params)
        if not target.machine.is_express:
            raise StateMachineTypeNotSupported("This operation is not supported by this type of state machine")
        self.express_rate.take(context.now)
        execution = self._open_express(target, name, document, params, context.now)
        yield Shield(self._run(execution))
        return Reply(_sync_result(execution, included=params.get("includedData", "ALL_DATA") == "ALL_DATA"))

    @operation("StopExecution")
    def stop_execution(self, params: Params, context: CallContext) -> Reply:
        """End an execution at once; one that has ended stays as it is."""
        execution = self.find_execution(params["executionArn"])
        if not execution.is_running:
            return Reply({"stopDate": execution.stop_date})
        error, cause = params.get("error"), params.get("cause")
        end_execution(execution, ExecutionStatus.ABORTED, context.now, 0, error=error, cause=cause)
        return Reply({"stopDate": context.now}, (Notify(stop_topic(execution.arn)),))

    @operation("RedriveExecution")
    def redrive_execution(self, params: Params, context: CallContext) -> Reply:
        """Let an execution that did not succeed go on where it stopped. The same client token again changes nothing."""
        execution = self.find_execution(params["executionArn"])
        token = params.get("clientToken")
        if token is not None and token in execution.redrive_tokens:
            return Reply({"redriveDate": execution.redrive_date})
        reason = not_redrivable_reason(execution, self.quotas, context.now)
        if execution.map_run_arn is not None:
            reason = "Child executions of a Map Run are redriven with their parent execution"
        if reason is not None:
            raise ExecutionNotRedrivable(reason)
        self._check_open_executions()
        reopen(execution, context.now)
        self.open_executions += 1
        if token is not None:
            execution.redrive_tokens.add(token)
        spawn = Spawn(
            f"stepfunctions {execution.arn}", lambda: self._run(execution), trace_id=context.trace_id, background=True
        )
        return Reply({"redriveDate": context.now}, (spawn,))

    # -- the steps of a start -----------------------------------------------------------------------------------------

    def _checked(self, params: Params) -> tuple[Document, Target, str]:
        """Input, state machine and name of a start. Raises what AWS does, in its order."""
        document = Document(params.get("input", "{}"))
        if document.size_bytes > self.quotas.maximum_payload_bytes:
            raise ValidationException(
                "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have size less "
                f"than or equal to {self.quotas.maximum_payload_bytes} bytes in UTF-8 encoding"
            )
        target = self.find_target(params["stateMachineArn"])
        name = params.get("name")
        if name is None:
            name = self.account.identifiers.uuid()
        check_name(name)
        try:
            _ = document.value
        except ValueError as error:
            raise InvalidExecutionInput(
                f"Invalid State Machine Execution Input: '{input_problem(document.text)}'"
            ) from error
        return document, target, name

    def _check_open_executions(self) -> None:
        if self.open_executions >= self.quotas.maximum_open_executions:
            raise ExecutionLimitExceeded(
                f"Execution Limit Exceeded: '{self.quotas.maximum_open_executions} open executions'"
            )

    def _open_express(self, target: Target, name: str, document: Document, params: Params, now: float) -> Execution:
        unique = self.account.identifiers.uuid()
        arn = self.account.arn("states", f"express:{target.machine.name}:{name}:{unique}")
        execution = self._open(target, arn, name, document, params, now)
        self.open_express[arn] = execution
        return execution

    def _open(self, target: Target, arn: str, name: str, document: Document, params: Params, now: float) -> Execution:
        machine = target.machine
        log = ExecutionLog.of(machine.logging_configuration, arn, machine.name)
        express = machine.is_express
        maximum = self.quotas.maximum_express_events if express else self.quotas.maximum_history_events
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
            history=History(maximum, kept=not express, sink=log),
            type=machine.type,
            version_arn=target.version_arn,
            alias_arn=target.alias_arn,
            trace_header=params.get("traceHeader"),
        )
        details = {"input": document.text, "inputDetails": {"truncated": False}, "roleArn": machine.role_arn}
        execution.history.add("ExecutionStarted", 0, now, "executionStartedEventDetails", details)
        if not express:
            self.open_executions += 1
        return execution

    def _started(self, execution: Execution, context: CallContext) -> Reply:
        spawn = Spawn(
            f"stepfunctions {execution.arn}", lambda: self._run(execution), trace_id=context.trace_id, background=True
        )
        return Reply({"executionArn": execution.arn, "startDate": context.now}, (spawn,))

    def _run(self, execution: Execution) -> Process:
        try:
            yield from run_execution(execution, self.around)
        finally:
            if execution.is_express:
                del self.open_express[execution.arn]
            else:
                self.open_executions -= 1
                self.closed_executions.add(execution)

    def register_child(self, child: Execution) -> None:
        """Make an execution of a map run known."""
        self.executions[child.arn] = child


def _sync_result(execution: Execution, *, included: bool) -> dict[str, Any]:
    """What StartSyncExecution answers; a failed execution is no error of the call."""
    stopped = execution.start_date if execution.stop_date is None else execution.stop_date
    result: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "startDate": execution.start_date,
        "stopDate": stopped,
        "status": str(execution.status if execution.status is not ExecutionStatus.ABORTED else ExecutionStatus.FAILED),
        "error": execution.error,
        "cause": execution.cause,
        "input": execution.input.text if included else None,
        "inputDetails": {"included": included},
        "traceHeader": execution.trace_header,
        "billingDetails": {
            "billedMemoryUsedInMB": EXPRESS_MEGABYTES,
            "billedDurationInMilliseconds": express_milliseconds(execution),
        },
    }
    if execution.output is not None:
        result["output"] = execution.output.text if included else None
        result["outputDetails"] = {"included": included}
    return {name: value for name, value in result.items() if value is not None}
