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
    output = execution.output
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": str(execution.status),
        "startDate": _milliseconds(execution.start_date),
        "stopDate": None if execution.stop_date is None else _milliseconds(execution.stop_date),
        **_data("input", execution.input),
        **({"output": None, "outputDetails": None} if output is None else _data("output", output)),
        "stateMachineVersionArn": execution.version_arn,
        "stateMachineAliasArn": execution.alias_arn,
        "redriveCount": execution.redrive_count,
        "redriveDate": None if execution.redrive_date is None else _milliseconds(execution.redrive_date),
        "redriveStatus": "REDRIVABLE" if not_redrivable is None else "NOT_REDRIVABLE",
        "redriveStatusReason": not_redrivable,
        "error": execution.error,
        "cause": execution.cause,
    }


def _data(name: str, document: Document) -> dict[str, Any]:
    included = document.size_bytes <= _LARGEST_DATA_BYTES
    return {name: document.text if included else None, f"{name}Details": {"included": included}}


def _milliseconds(moment: float) -> int:
    return round(moment * 1000)
