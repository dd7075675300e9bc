"""Status changes of Standard executions as events for the default event bus.

Rules. One event per change, delivered at least once. Inputs and outputs above 248 KiB are left out. Dates are epoch milliseconds.
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

from typing import Any

from emulator.effects import Call, Process, Spawn
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.state import Execution

__all__ = ["status_change"]

_LARGEST_DATA_BYTES = 253_952


def status_change(execution: Execution, not_redrivable: str | None) -> Spawn:
    """The delivery of the event that an execution's present status makes."""
    detail = dumps(_detail(execution, not_redrivable))
    moment = execution.start_date if execution.stop_date is None else execution.stop_date
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Time": moment,
        "Resources": [execution.arn],
        "Detail": detail,
    }

    def deliver() -> Process:
        yield Call("events", "PutEvents", {"Entries": [entry]}, principal="states.amazonaws.com")

    return Spawn(f"status of {execution.arn}", deliver, delivery=True)


def _detail(execution: Execution, not_redrivable: str | None) -> dict[str, Any]:
    given, given_details = _data(execution.input)
    output, output_details = _data(execution.output)
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": str(execution.status),
        "startDate": _milliseconds(execution.start_date),
        "stopDate": None if execution.stop_date is None else _milliseconds(execution.stop_date),
        "input": given,
        "output": output,
        "stateMachineVersionArn": execution.version_arn,
        "stateMachineAliasArn": execution.alias_arn,
        "redriveCount": execution.redrive_count,
        "redriveDate": None if execution.redrive_date is None else _milliseconds(execution.redrive_date),
        "redriveStatus": "REDRIVABLE" if not_redrivable is None else "NOT_REDRIVABLE",
        "redriveStatusReason": not_redrivable,
        "inputDetails": given_details,
        "outputDetails": output_details,
        "error": execution.error,
        "cause": execution.cause,
    }


def _data(document: Document | None) -> tuple[str | None, dict[str, bool] | None]:
    """The text, where it is not too long, and whether it is there."""
    if document is None:
        return None, None
    included = document.size_bytes <= _LARGEST_DATA_BYTES
    return (document.text if included else None), {"included": included}


def _milliseconds(moment: float) -> int:
    return round(moment * 1000)
