"""Operations on state machines and their tags.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

from typing import Any

from emulator.account import Account
from emulator.effects import Effect, Notify
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl import Definition, parse_definition
from emulator.services.stepfunctions.errors import (
    InvalidDefinition,
    ResourceNotFound,
    StateMachineAlreadyExists,
    StateMachineDoesNotExist,
    StateMachineLimitExceeded,
    TooManyTags,
    ValidationException,
)
from emulator.services.stepfunctions.execution_process import end_execution
from emulator.services.stepfunctions.naming import check_arn, check_name, page
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import Execution, ExecutionStatus, StateMachine, stop_topic

__all__ = ["StateMachineOperations"]

_NO_LOGGING = {"level": "OFF", "includeExecutionData": False}
_NO_TRACING = {"enabled": False}
_OWNED_KEY = {"type": "AWS_OWNED_KEY"}


class StateMachineOperations:
    """State machines: create, read, update, delete, validate, tag."""

    account: Account
    quotas: StepFunctionsQuotas
    state_machines: dict[str, StateMachine]
    executions: dict[str, Execution]

    def find_state_machine(self, arn: str) -> StateMachine:
        """The machine of that ARN. Raises InvalidArn, StateMachineDoesNotExist."""
        check_arn(arn, "stateMachine")
        machine = self.state_machines.get(arn)
        if machine is None:
            raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
        return machine

    @operation("CreateStateMachine", unsupported=("publish", "versionDescription"))
    def create_state_machine(self, params: Params, context: CallContext) -> Reply:
        """Create a Standard workflow; the same name and definition again gives the existing one."""
        name = params["name"]
        if params.get("type", "STANDARD") != "STANDARD":
            raise UnsupportedOperation(
                f"stepfunctions:CreateStateMachine: type {params['type']} is not supported by this emulator; use STANDARD"
            )
        check_name(name)
        _check_logging("CreateStateMachine", params)
        definition = self._parse(params["definition"])
        arn = self.account.arn("states", f"stateMachine:{name}")
        machine = StateMachine(
            arn,
            name,
            params["definition"],
            definition,
            params["roleArn"],
            context.now,
            logging_configuration=params.get("loggingConfiguration", _NO_LOGGING),
            tracing_configuration=params.get("tracingConfiguration", _NO_TRACING),
            encryption_configuration=params.get("encryptionConfiguration", _OWNED_KEY),
        )
        existing = self.state_machines.get(arn)
        if existing is not None:
            if _fingerprint(existing) != _fingerprint(machine):
                raise StateMachineAlreadyExists(f"State Machine Already Exists: '{arn}'")
            return Reply({"stateMachineArn": arn, "creationDate": existing.creation_date})
        if len(self.state_machines) >= self.quotas.maximum_state_machines:
            raise StateMachineLimitExceeded(f"State Machine Limit Exceeded: '{self.quotas.maximum_state_machines}'")
        self._tag(machine, params.get("tags", []))
        self.state_machines[arn] = machine
        return Reply({"stateMachineArn": arn, "creationDate": context.now})

    @operation("UpdateStateMachine", unsupported=("publish", "versionDescription"))
    def update_state_machine(self, params: Params, context: CallContext) -> Reply:
        """Replace definition, role or configuration for executions that start from now on."""
        machine = self.find_state_machine(params["stateMachineArn"])
        _check_logging("UpdateStateMachine", params)
        if not {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration"} & set(params):
            raise ValidationException(
                "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the "
                "TracingConfiguration must be specified"
            )
        if "definition" in params:
            machine.definition = self._parse(params["definition"])
            machine.definition_text = params["definition"]
        machine.role_arn = params.get("roleArn", machine.role_arn)
        machine.logging_configuration = params.get("loggingConfiguration", machine.logging_configuration)
        machine.tracing_configuration = params.get("tracingConfiguration", machine.tracing_configuration)
        machine.encryption_configuration = params.get("encryptionConfiguration", machine.encryption_configuration)
        machine.update_date, machine.revision_id = context.now, self.account.identifiers.uuid()
        return Reply({"updateDate": context.now, "revisionId": machine.revision_id})

    @operation("DescribeStateMachine", unsupported=())
    def describe_state_machine(self, params: Params, context: CallContext) -> Reply:
        """Everything about one machine."""
        machine = self.find_state_machine(params["stateMachineArn"])
        result: dict[str, Any] = {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "status": "ACTIVE",
            "definition": machine.definition_text,
            "roleArn": machine.role_arn,
            "type": "STANDARD",
            "creationDate": machine.creation_date,
            "loggingConfiguration": machine.logging_configuration,
            "tracingConfiguration": machine.tracing_configuration,
            "encryptionConfiguration": machine.encryption_configuration,
        }
        if machine.revision_id is not None:
            result["revisionId"] = machine.revision_id
        return Reply(result)

    @operation("ListStateMachines")
    def list_state_machines(self, params: Params, context: CallContext) -> Reply:
        """All machines, newest first."""
        machines = sorted(self.state_machines.values(), key=lambda machine: -machine.creation_date)
        part, more = page(machines, params, self.quotas)
        rows = [
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "type": "STANDARD",
                "creationDate": machine.creation_date,
            }
            for machine in part
        ]
        return Reply({"stateMachines": rows, **more})

    @operation("DeleteStateMachine")
    def delete_state_machine(self, params: Params, context: CallContext) -> Reply:
        """Delete a machine and end what runs of it; a machine that does not exist is deleted already."""
        arn = params["stateMachineArn"]
        check_arn(arn, "stateMachine")
        self.state_machines.pop(arn, None)
        effects: list[Effect] = []
        for execution in self.executions.values():
            if execution.state_machine_arn == arn and execution.is_running:
                end_execution(execution, ExecutionStatus.ABORTED, context.now, execution.history.last_id)
                effects.append(Notify(stop_topic(execution.arn)))
        return Reply({}, tuple(effects))

    @operation("ValidateStateMachineDefinition")
    def validate_state_machine_definition(self, params: Params, context: CallContext) -> Reply:
        """All problems of a definition, without creating anything."""
        _, problems = parse_definition(params["definition"])
        limit = params.get("maxResults") or self.quotas.default_page_size
        diagnostics = [
            {"severity": "ERROR", "code": problem.code, "message": problem.message, "location": problem.location}
            for problem in problems
        ]
        result = {"result": "FAIL" if problems else "OK", "diagnostics": diagnostics[:limit]}
        return Reply({**result, "truncated": len(diagnostics) > limit})

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Add or replace tags of a state machine."""
        self._tag(self._tagged(params["resourceArn"]), params["tags"])
        return Reply({})

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Remove tags of a state machine."""
        machine = self._tagged(params["resourceArn"])
        for key in params["tagKeys"]:
            machine.tags.pop(key, None)
        return Reply({})

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, params: Params, context: CallContext) -> Reply:
        """The tags of a state machine."""
        machine = self._tagged(params["resourceArn"])
        return Reply({"tags": [{"key": key, "value": value} for key, value in machine.tags.items()]})

    def _tagged(self, arn: str) -> StateMachine:
        machine = self.state_machines.get(arn)
        if machine is None:
            raise ResourceNotFound(f"Resource not found: '{arn}'", fields={"resourceName": arn})
        return machine

    def _tag(self, machine: StateMachine, tags: list[dict[str, str]]) -> None:
        merged = machine.tags | {tag["key"]: tag["value"] for tag in tags}
        if len(merged) > self.quotas.maximum_tags:
            raise TooManyTags(f"Too many tags: '{machine.arn}'", fields={"resourceName": machine.arn})
        machine.tags = merged

    def _parse(self, text: str) -> Definition:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.quotas.maximum_definition_bytes:
            raise InvalidDefinition(
                f"Invalid State Machine Definition: 'The definition has {size} bytes; at most "
                f"{self.quotas.maximum_definition_bytes} are allowed'"
            )
        definition, problems = parse_definition(text)
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
        machine.logging_configuration,
        machine.tracing_configuration,
        machine.encryption_configuration,
    )


def _check_logging(operation_name: str, params: Params) -> None:
    """Execution logs are not delivered yet, and say so rather than stay empty."""
    level = params.get("loggingConfiguration", {}).get("level", "OFF")
    if level != "OFF":
        raise UnsupportedOperation(
            f"stepfunctions:{operation_name}: loggingConfiguration.level {level} is not supported by this emulator; use OFF"
        )
