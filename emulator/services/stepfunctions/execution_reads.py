"""Operations that read executions: describe, list, history.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl import variable_references
from emulator.services.stepfunctions.errors import StateMachineTypeNotSupported, ValidationException
from emulator.services.stepfunctions.execution_log import without_data
from emulator.services.stepfunctions.naming import page
from emulator.services.stepfunctions.redrive import not_redrivable_reason
from emulator.services.stepfunctions.state import Execution
from emulator.services.stepfunctions.store import Store

__all__ = ["ExecutionReads"]


class ExecutionReads(Store):
    """Executions: describe, list, history. Express ones have none of these."""

    @operation("DescribeExecution")
    def describe_execution(self, params: Params, context: CallContext) -> Reply:
        """Everything about one execution but its history."""
        execution = self.find_execution(params["executionArn"])
        data = params.get("includedData", "ALL_DATA") == "ALL_DATA"
        reason = not_redrivable_reason(execution, self.quotas, context.now)
        status = "REDRIVABLE" if execution.map_run_arn is None else "REDRIVABLE_BY_MAP_RUN"
        result: dict[str, Any] = {
            **_row(execution),
            "input": execution.input.text if data else None,
            "inputDetails": {"included": data},
            "traceHeader": execution.trace_header,
            "error": execution.error,
            "cause": execution.cause,
            "redriveStatus": status if reason is None else "NOT_REDRIVABLE",
            "redriveStatusReason": reason,
        }
        result.pop("itemCount", None)
        if execution.output is not None:
            result["output"] = execution.output.text if data else None
            result["outputDetails"] = {"included": data}
        return Reply({name: value for name, value in result.items() if value is not None})

    @operation("DescribeStateMachineForExecution")
    def describe_state_machine_for_execution(self, params: Params, context: CallContext) -> Reply:
        """The state machine as it was when the execution started."""
        execution = self.find_execution(params["executionArn"])
        machine = self.state_machines.get(execution.state_machine_arn)
        data = params.get("includedData", "ALL_DATA") == "ALL_DATA"
        result = {
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.state_machine_name,
            "definition": execution.definition_text if data else "",
            "roleArn": execution.role_arn,
            "updateDate": execution.update_date,
            "loggingConfiguration": execution.logging_configuration,
            "tracingConfiguration": execution.tracing_configuration,
            "revisionId": execution.revision_id,
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}
            if machine is None
            else machine.encryption_configuration,
            "mapRunArn": execution.map_run_arn,
            "label": execution.label,
            "variableReferences": (variable_references(execution.definition_text) or None) if data else None,
        }
        return Reply({name: value for name, value in result.items() if value is not None})

    @operation("ListExecutions")
    def list_executions(self, params: Params, context: CallContext) -> Reply:
        """The executions of a machine, version, alias or map run, newest first, all or those that a filter takes."""
        map_run_arn, given_arn = params.get("mapRunArn"), params.get("stateMachineArn")
        if (map_run_arn is None) == (given_arn is None):
            raise ValidationException("Exactly one of stateMachineArn and mapRunArn must be specified")
        target = None
        if map_run_arn is not None:
            self.find_map_run(map_run_arn)
        else:
            target = self.find_target(given_arn or "")
            if target.machine.is_express:
                raise StateMachineTypeNotSupported("This operation is not supported by this type of state machine")
        status, redriven = params.get("statusFilter"), params.get("redriveFilter")
        found = [
            execution
            for execution in reversed(self.executions.values())
            if execution.map_run_arn == map_run_arn
            and (target is None or target.covers(execution))
            and status in (None, execution.status)
            and redriven in (None, "REDRIVEN" if execution.redrive_count > 0 else "NOT_REDRIVEN")
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
            part = [without_data(event) for event in part]
        return Reply({"events": list(part), **more})


def _row(execution: Execution) -> dict[str, Any]:
    row: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": str(execution.status),
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "mapRunArn": execution.map_run_arn,
        "itemCount": execution.item_count,
        "stateMachineVersionArn": execution.version_arn,
        "stateMachineAliasArn": execution.alias_arn,
        "redriveCount": execution.redrive_count,
        "redriveDate": execution.redrive_date,
    }
    return {name: value for name, value in row.items() if value is not None}
