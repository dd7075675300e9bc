"""The executions of a map run's items: their names, and what they have from their parent.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from emulator.services.stepfunctions.asl.definition import Definition, MapState
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.execution_log import ExecutionLog
from emulator.services.stepfunctions.history import COMPLETE, History
from emulator.services.stepfunctions.interpreter import Interpreter
from emulator.services.stepfunctions.state import Execution

__all__ = ["open_child"]


def open_child(
    interpreter: Interpreter, state: MapState, map_run_arn: str, document: Document, items: int, now: float
) -> Execution:
    """A new execution for one input of a map run; it is known, and has not run."""
    parent, account, quotas = interpreter.execution, interpreter.account, interpreter.quotas
    label = map_run_arn.rpartition("/")[2].partition(":")[0]
    name = account.identifiers.uuid()
    express = state.child_type == "EXPRESS"
    suffix = f":{account.identifiers.uuid()}" if express else ""
    kind = "express" if express else "execution"
    arn = account.arn("states", f"{kind}:{parent.state_machine_name}/{label}:{name}{suffix}")
    log = ExecutionLog.of(parent.logging_configuration, arn, parent.state_machine_name)
    maximum = quotas.maximum_express_events if express else quotas.maximum_history_events
    child = Execution(
        arn=arn,
        name=name,
        state_machine_arn=f"{parent.state_machine_arn}/{label}",
        state_machine_name=parent.state_machine_name,
        definition=Definition(state.processor),
        definition_text=parent.definition_text,
        role_arn=parent.role_arn,
        revision_id=parent.revision_id,
        update_date=parent.update_date,
        logging_configuration=parent.logging_configuration,
        tracing_configuration=parent.tracing_configuration,
        input=document,
        start_date=now,
        history=History(maximum, kept=not express, sink=log),
        type=state.child_type,
        version_arn=parent.version_arn,
        alias_arn=parent.alias_arn,
        trace_header=parent.trace_header,
        map_run_arn=map_run_arn,
        label=label,
        item_count=items,
    )
    details = {"input": document.text, "inputDetails": COMPLETE, "roleArn": parent.role_arn}
    child.history.add("ExecutionStarted", 0, now, "executionStartedEventDetails", details)
    if not express:
        interpreter.around.register(child)
    return child
