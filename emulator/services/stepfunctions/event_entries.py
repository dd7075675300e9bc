"""What `events:putEvents` does beyond the call: details as JSON, the workflow among the resources, and entries that fail.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.failures import StateFailure
from emulator.services.stepfunctions.state import Execution

__all__ = ["FAILED_ENTRY", "checked_result", "entries_of_workflow"]

FAILED_ENTRY = "EventBridge.FailedEntry"


def entries_of_workflow(params: Mapping[str, Any], execution: Execution) -> dict[str, Any]:
    """The parameters with details written as JSON, and with state machine and execution at the end of each entry's resources."""
    entries = params.get("Entries")
    if not isinstance(entries, list):
        return dict(params)
    return {**params, "Entries": [_entry(entry, execution) for entry in entries]}


def _entry(entry: Any, execution: Execution) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    resources = [*(entry.get("Resources") or ()), execution.state_machine_arn, execution.arn]
    written = {**entry, "Resources": resources}
    if "Detail" in entry and not isinstance(entry["Detail"], str):
        written["Detail"] = dumps(entry["Detail"])
    return written


def checked_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """The task's result: as EventBridge answered, without metadata. Raises StateFailure where an entry failed."""
    output = {"Entries": result["Entries"], "FailedEntryCount": result["FailedEntryCount"]}
    if output["FailedEntryCount"] > 0:
        raise StateFailure(FAILED_ENTRY, dumps(output))
    return output
