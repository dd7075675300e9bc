"""Operations on aliases: names that lead to one version, or to two by weight.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.errors import (
    ConflictException,
    ResourceNotFound,
    ServiceQuotaExceededException,
    ValidationException,
)
from emulator.services.stepfunctions.naming import check_arn, page
from emulator.services.stepfunctions.state import Alias, StateMachine
from emulator.services.stepfunctions.store import Store

__all__ = ["AliasOperations"]

_ALL = 100  # what the weights add up to


class AliasOperations(Store):
    """Aliases: create, describe, update, list, delete."""

    @operation("CreateStateMachineAlias")
    def create_state_machine_alias(self, params: Params, context: CallContext) -> Reply:
        """Create an alias; the same again gives the existing one."""
        name, description = params["name"], params.get("description", "")
        machine, routing = self._routing(params["routingConfiguration"])
        existing = machine.aliases.get(name)
        if existing is not None:
            if (existing.routing, existing.description) != (routing, description):
                raise ConflictException(
                    "Failed to create alias because an alias with the same name and a different routing configuration already exists."
                )
            return Reply({"stateMachineAliasArn": existing.arn, "creationDate": existing.creation_date})
        if len(machine.aliases) >= self.quotas.maximum_aliases:
            raise ServiceQuotaExceededException(
                f"Service Quota Exceeded: '{self.quotas.maximum_aliases} aliases of {machine.arn}'"
            )
        alias = Alias(f"{machine.arn}:{name}", name, description, routing, context.now, context.now)
        machine.aliases[name] = alias
        return Reply({"stateMachineAliasArn": alias.arn, "creationDate": context.now})

    @operation("DescribeStateMachineAlias")
    def describe_state_machine_alias(self, params: Params, context: CallContext) -> Reply:
        """One alias."""
        _, alias = self._find(params["stateMachineAliasArn"])
        result: dict[str, Any] = {
            "stateMachineAliasArn": alias.arn,
            "name": alias.name,
            "routingConfiguration": [
                {"stateMachineVersionArn": arn, "weight": weight} for arn, weight in alias.routing
            ],
            "creationDate": alias.creation_date,
            "updateDate": alias.update_date,
        }
        return Reply(result | ({"description": alias.description} if alias.description else {}))

    @operation("UpdateStateMachineAlias")
    def update_state_machine_alias(self, params: Params, context: CallContext) -> Reply:
        """Change an alias's routing or description for executions that start from now on."""
        machine, alias = self._find(params["stateMachineAliasArn"])
        if "description" not in params and "routingConfiguration" not in params:
            raise ValidationException("Either the description or the routingConfiguration must be specified")
        if "routingConfiguration" in params:
            owner, routing = self._routing(params["routingConfiguration"])
            if owner is not machine:
                raise ValidationException("The versions must be of the alias's own state machine")
            alias.routing = routing
        alias.description = params.get("description", alias.description)
        alias.update_date = context.now
        return Reply({"updateDate": context.now})

    @operation("ListStateMachineAliases")
    def list_state_machine_aliases(self, params: Params, context: CallContext) -> Reply:
        """A machine's aliases, oldest first; with a version's ARN, those that lead to it."""
        arn = params["stateMachineArn"]
        machine = self.state_machines.get(arn)
        if machine is None:
            machine = self.find_state_machine(arn.rpartition(":")[0] if arn.count(":") > 6 else arn)
        aliases = [
            alias
            for alias in machine.aliases.values()
            if arn == machine.arn or any(arn == version for version, _ in alias.routing)
        ]
        part, more = page(aliases, params, self.quotas)
        rows = [{"stateMachineAliasArn": alias.arn, "creationDate": alias.creation_date} for alias in part]
        return Reply({"stateMachineAliases": rows, **more})

    @operation("DeleteStateMachineAlias")
    def delete_state_machine_alias(self, params: Params, context: CallContext) -> Reply:
        """Delete an alias; one that does not exist is deleted already."""
        arn = params["stateMachineAliasArn"]
        check_arn(arn, "stateMachine")
        machine_arn, _, name = arn.rpartition(":")
        machine = self.state_machines.get(machine_arn)
        if machine is not None:
            machine.aliases.pop(name, None)
        return Reply({})

    def _find(self, arn: str) -> tuple[StateMachine, Alias]:
        check_arn(arn, "stateMachine")
        machine_arn, _, name = arn.rpartition(":")
        machine = self.state_machines.get(machine_arn)
        alias = None if machine is None else machine.aliases.get(name)
        if machine is None or alias is None:
            raise ResourceNotFound("Request references a resource that does not exist.", fields={"resourceName": arn})
        return machine, alias

    def _routing(self, given: list[dict[str, Any]]) -> tuple[StateMachine, list[tuple[str, int]]]:
        """The machine and its versions with their weights. Raises ValidationException, ResourceNotFound, InvalidArn."""
        routing = [(route["stateMachineVersionArn"], route["weight"]) for route in given]
        arns = [arn for arn, _ in routing]
        if not all(arn.rpartition(":")[2].isdecimal() for arn in arns):
            raise ValidationException(
                f"Routing configuration must contain state machine version ARNs. Received: [{', '.join(arns)}]"
            )
        if len(set(arns)) != len(arns):
            raise ValidationException(
                f"Routing configuration must contain distinct state machine version ARNs. Received: [{', '.join(arns)}]"
            )
        weights = [weight for _, weight in routing]
        if sum(weights) != _ALL:
            raise ValidationException(f"Sum of routing configuration weights must equal {_ALL}. Received: {weights}")
        owners = []
        for arn, _ in routing:
            check_arn(arn, "stateMachine")
            machine_arn, _, number = arn.rpartition(":")
            machine = self.state_machines.get(machine_arn)
            if machine is None or int(number) not in machine.versions:
                raise ResourceNotFound(f"Resource not found: '{arn}'", fields={"resourceName": arn})
            owners.append(machine)
        if any(owner is not owners[0] for owner in owners):
            raise ValidationException("The versions must be of the same state machine")
        return owners[0], routing
