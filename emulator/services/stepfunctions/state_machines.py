"""Operations on state machines.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

from typing import Any

from emulator.effects import Call, Effect, Notify, Process
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl import Definition, parse_definition, variable_references
from emulator.services.stepfunctions.asl.lint import warnings_of
from emulator.services.stepfunctions.errors import (
    InvalidDefinition,
    InvalidLoggingConfiguration,
    MissingRequiredParameter,
    StateMachineAlreadyExists,
    StateMachineLimitExceeded,
    ValidationException,
)
from emulator.services.stepfunctions.execution_log import log_group_of
from emulator.services.stepfunctions.execution_process import end_execution
from emulator.services.stepfunctions.naming import check_arn, check_name, page
from emulator.services.stepfunctions.state import ExecutionStatus, StateMachine, stop_topic
from emulator.services.stepfunctions.store import Store
from emulator.services.stepfunctions.tags import merged_tags

__all__ = ["StateMachineOperations"]

_NO_LOGGING = {"level": "OFF", "includeExecutionData": False}
_NO_TRACING = {"enabled": False}
_OWNED_KEY = {"type": "AWS_OWNED_KEY"}
_UPDATABLE = {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"}


class StateMachineOperations(Store):
    """State machines: create, read, update, delete, validate."""

    @operation("CreateStateMachine")
    def create_state_machine(self, params: Params, context: CallContext) -> Process:
        """Create a state machine; the same name and definition again gives the existing one."""
        name, kind = params["name"], params.get("type", "STANDARD")
        check_name(name)
        definition = self._parse(params["definition"], kind)
        yield from _check_logging(params)
        arn = self.account.arn("states", f"stateMachine:{name}")
        machine = StateMachine(
            arn,
            name,
            params["definition"],
            definition,
            params["roleArn"],
            context.now,
            type=kind,
            logging_configuration=_logging(params),
            tracing_configuration=params.get("tracingConfiguration", _NO_TRACING),
            encryption_configuration=params.get("encryptionConfiguration", _OWNED_KEY),
        )
        existing = self.state_machines.get(arn)
        if existing is not None:
            if _fingerprint(existing) != _fingerprint(machine):
                raise StateMachineAlreadyExists(f"State Machine Already Exists: '{arn}'")
            return self._created(existing, params, existing.creation_date)
        if len(self.state_machines) >= self.quotas.maximum_state_machines:
            raise StateMachineLimitExceeded(f"State Machine Limit Exceeded: '{self.quotas.maximum_state_machines}'")
        _check_version_description(params)
        machine.tags = merged_tags({}, params.get("tags", []), arn, self.quotas)
        self.state_machines[arn] = machine
        return self._created(machine, params, context.now)

    def _created(self, machine: StateMachine, params: Params, now: float) -> Reply:
        result: dict[str, Any] = {"stateMachineArn": machine.arn, "creationDate": machine.creation_date}
        if params.get("publish"):
            result["stateMachineVersionArn"] = self.publish(machine, params.get("versionDescription", ""), now).arn
        return Reply(result)

    @operation("UpdateStateMachine")
    def update_state_machine(self, params: Params, context: CallContext) -> Process:
        """Replace definition, role or configuration for executions that start from now on."""
        machine = self.find_state_machine(params["stateMachineArn"])
        if not _UPDATABLE & set(params):
            raise MissingRequiredParameter(
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified"
            )
        _check_version_description(params)
        definition = self._parse(params["definition"], machine.type) if "definition" in params else None
        yield from _check_logging(params)
        before = (_fingerprint(machine), machine.role_arn)
        if definition is not None:
            machine.definition, machine.definition_text = definition, params["definition"]
        machine.role_arn = params.get("roleArn", machine.role_arn)
        if "loggingConfiguration" in params:
            machine.logging_configuration = _logging(params)
        machine.tracing_configuration = params.get("tracingConfiguration", machine.tracing_configuration)
        machine.encryption_configuration = params.get("encryptionConfiguration", machine.encryption_configuration)
        machine.update_date = context.now
        if before != (_fingerprint(machine), machine.role_arn):
            machine.revision_id = self.account.identifiers.uuid()
        result: dict[str, Any] = {"updateDate": context.now}
        if machine.revision_id is not None:  # there is none before the first change
            result["revisionId"] = machine.revision_id
        if params.get("publish"):
            version = self.publish(machine, params.get("versionDescription", ""), context.now)
            result["stateMachineVersionArn"] = version.arn
        return Reply(result)

    @operation("DescribeStateMachine")
    def describe_state_machine(self, params: Params, context: CallContext) -> Reply:
        """Everything about one machine, or one of its versions."""
        arn = params["stateMachineArn"]
        target = self.find_target(arn)
        machine = target.machine
        data = params.get("includedData", "ALL_DATA") == "ALL_DATA"
        result: dict[str, Any] = {
            "stateMachineArn": arn,
            "name": machine.name,
            "status": "ACTIVE",
            "definition": machine.definition_text if data else "",
            "roleArn": machine.role_arn,
            "type": machine.type,
            "creationDate": machine.creation_date,
            "loggingConfiguration": machine.logging_configuration,
            "tracingConfiguration": machine.tracing_configuration,
            "encryptionConfiguration": machine.encryption_configuration,
        }
        if machine.revision_id is not None:
            result["revisionId"] = machine.revision_id
        if target.description:
            result["description"] = target.description
        references = variable_references(machine.definition_text)
        if references and data:
            result["variableReferences"] = references
        return Reply(result)

    @operation("ListStateMachines")
    def list_state_machines(self, params: Params, context: CallContext) -> Reply:
        """All machines, by their names."""
        machines = sorted(self.state_machines.values(), key=lambda machine: machine.name)
        part, more = page(machines, params, self.quotas)
        rows = [
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "type": machine.type,
                "creationDate": machine.creation_date,
            }
            for machine in part
        ]
        return Reply({"stateMachines": rows, **more})

    @operation("DeleteStateMachine")
    def delete_state_machine(self, params: Params, context: CallContext) -> Reply:
        """Delete a machine with its versions and aliases, and end what runs of it; one that does not exist is deleted already."""
        arn = params["stateMachineArn"]
        check_arn(arn, "stateMachine")
        self.state_machines.pop(arn, None)
        effects: list[Effect] = []
        for execution in (*self.executions.values(), *self.open_express.values()):
            if execution.state_machine_arn == arn and execution.is_running:
                end_execution(execution, ExecutionStatus.ABORTED, context.now, 0)
                effects.append(Notify(stop_topic(execution.arn)))
        return Reply({}, tuple(effects))

    @operation("ValidateStateMachineDefinition")
    def validate_state_machine_definition(self, params: Params, context: CallContext) -> Reply:
        """All problems of a definition, and with severity WARNING what is suspicious, without creating anything."""
        _, problems = parse_definition(params["definition"], params.get("type", "STANDARD"), self.catalogue)
        limit = params.get("maxResults") or self.quotas.default_page_size
        warnings = warnings_of(params["definition"]) if params.get("severity") == "WARNING" else []
        diagnostics = [
            {"severity": severity, "code": problem.code, "message": problem.message}
            | ({"location": problem.location} if problem.location else {})
            for severity, found in (("ERROR", problems), ("WARNING", warnings))
            for problem in found
        ]
        result = {"result": "FAIL" if problems else "OK", "diagnostics": diagnostics[:limit]}
        return Reply({**result, "truncated": len(diagnostics) > limit})

    def _parse(self, text: str, kind: str) -> Definition:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.quotas.maximum_definition_bytes:
            raise InvalidDefinition(
                f"Invalid State Machine Definition: 'The definition has {size} bytes; at most "
                f"{self.quotas.maximum_definition_bytes} are allowed'"
            )
        definition, problems = parse_definition(text, kind, self.catalogue)
        unsupported = [problem for problem in problems if problem.unsupported]
        if unsupported:
            texts = ", ".join(f"{problem.message} at {problem.location}" for problem in unsupported)
            raise UnsupportedOperation(f"stepfunctions: {texts}")
        if definition is None:
            texts = ", ".join(str(problem) for problem in problems)
            raise InvalidDefinition(f"Invalid State Machine Definition: '{texts}'")
        return definition


def _fingerprint(machine: StateMachine) -> tuple[Any, ...]:
    """What CreateStateMachine compares; neither the role nor the tags."""
    return (
        machine.definition_text,
        machine.type,
        machine.logging_configuration,
        machine.tracing_configuration,
        machine.encryption_configuration,
    )


def _logging(params: Params) -> dict[str, Any]:
    """The configuration with what it leaves open filled in."""
    return {**_NO_LOGGING, **params.get("loggingConfiguration", {})}


def _check_version_description(params: Params) -> None:
    if "versionDescription" in params and not params.get("publish"):
        raise ValidationException("Version description can only be set when publish is true")


def _check_logging(params: Params) -> Process:
    """A level needs one log group that exists. Raises InvalidLoggingConfiguration."""
    configuration = params.get("loggingConfiguration", {})
    if configuration.get("level", "OFF") == "OFF":
        return
    destinations = configuration.get("destinations") or []
    if len(destinations) != 1:
        raise InvalidLoggingConfiguration("Invalid Logging Configuration: Must specify exactly one Log Destination.")
    group = log_group_of(configuration)
    if group is None:
        raise InvalidLoggingConfiguration("Invalid Logging Configuration: Log Destination is not a log group's ARN.")
    answer = yield Call("logs", "DescribeLogGroups", {"logGroupNamePrefix": group})
    if all(row["logGroupName"] != group for row in answer.get("logGroups", ())):
        raise InvalidLoggingConfiguration("Invalid Logging Configuration: Log Destination not found.")
