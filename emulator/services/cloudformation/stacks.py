"""Operations on stacks: create, update, delete."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from emulator.deploy import Environment, Plan, Source, preview
from emulator.effects import Effect, Notify, Process, Spawn
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.cloudformation import lifecycle
from emulator.services.cloudformation.errors import AlreadyExistsException, LimitExceededException, ValidationError
from emulator.services.cloudformation.planning import (
    check_capabilities,
    given_parameters,
    plan_for,
    source_of,
    tags_of,
)
from emulator.services.cloudformation.quotas import CloudformationQuotas
from emulator.services.cloudformation.state import UPDATABLE, Stack, Stacks

__all__ = ["StackOperations"]

NO_CHANGE = "No updates are to be performed."
WITHOUT_EFFECT_WHEN_EMPTY = (
    "NotificationARNs",
    "ResourceTypes",
    "ResourcesToImport",
    "RoleARN",
    "StackPolicyBody",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "StackPolicyURL",
)
"""Parameters that clients send empty; with a value they are refused by name."""


def refuse_unsupported(name: str, params: Params) -> None:
    """Refuse what is not supported, but only where it says something. Raises UnsupportedOperation."""
    used = [member for member in WITHOUT_EFFECT_WHEN_EMPTY if params.get(member) not in (None, "", [])]
    if params.get("RollbackConfiguration", {}).get("RollbackTriggers"):
        used.append("RollbackConfiguration.RollbackTriggers")
    if used:
        raise UnsupportedOperation(
            f"cloudformation:{name}: parameter {', '.join(used)} is not supported by this emulator"
        )


class StackOperations(Service):
    """The operations that change stacks."""

    quotas: CloudformationQuotas
    stacks: Stacks
    expansions: dict[bytes, dict[str, Any]]

    def environment(self, name: str, tags: Mapping[str, str]) -> Environment:
        """The environment of a new stack."""
        identifier = self.account.identifiers.uuid()
        stack_id = self.account.arn("cloudformation", f"stack/{name}/{identifier}")
        return Environment(self.account, name, stack_id, self.stacks.exports(), (), dict(tags), self.expansions)

    def refuse_existing(self, name: str) -> None:
        """Refuse a second stack of the same name, and one too many."""
        if self.stacks.find(name) is not None:
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        if len(self.stacks.existing()) >= self.quotas.stacks:
            raise LimitExceededException(f"Limit for stack has been exceeded: {self.quotas.stacks}")

    def new_stack(self, environment: Environment, source: Source, now: float) -> Stack:
        """A stack that has nothing yet."""
        stack = Stack(environment, now, source, deque(maxlen=self.quotas.kept_events))
        self.stacks.add(stack)
        return stack

    @operation("CreateStack", unsupported=("DeploymentConfig", "DisableValidation", "RetainExceptOnCreate"))
    def create_stack(self, params: Params, context: CallContext) -> Process:
        """Check everything, answer with the stack's id, then make it. What is not supported fails here, before anything exists."""
        refuse_unsupported("CreateStack", params)
        name = params["StackName"]
        self.refuse_existing(name)
        if "DisableRollback" in params and "OnFailure" in params:
            raise ValidationError("You can specify only one of DisableRollback and OnFailure")
        environment = self.environment(name, tags_of(params))
        source = yield from source_of(params, self.quotas)
        given = given_parameters(params)
        plan = yield from plan_for(source, given, environment, self.quotas)
        check_capabilities(plan, params.get("Capabilities", []), expands=True)
        self.refuse_existing(name)  # another caller may have been faster while SAM was expanded
        stack = self.new_stack(environment, source, context.now)
        stack.disable_rollback = params.get("DisableRollback", False)
        stack.on_failure = params.get("OnFailure", "DO_NOTHING" if stack.disable_rollback else "ROLLBACK")
        stack.timeout_in_minutes = params.get("TimeoutInMinutes")
        stack.termination_protection = params.get("EnableTerminationProtection", False)
        if context.request is None and "ParentStackId" in params:
            parent = self.stacks.get(params["ParentStackId"])
            stack.parent_id, stack.root_id = parent.stack_id, parent.root_id or parent.stack_id
        effects = self.begin_creation(stack, plan, given, params, context.now)
        return Reply({"StackId": stack.stack_id}, effects)

    def begin_creation(
        self, stack: Stack, plan: Plan, given: Mapping[str, str], params: Params, now: float
    ) -> tuple[Effect, ...]:
        """The effects that make a stack's resources."""
        stack.plan, stack.given = plan, given
        stack.capabilities = tuple(params.get("Capabilities", []))
        stack.client_request_token = params.get("ClientRequestToken", "")
        stack.take_status("CREATE_IN_PROGRESS", now, "User Initiated")
        start = lambda: lifecycle.create(self.stacks, stack, plan)  # noqa: E731
        return (Notify(("cloudformation", stack.stack_id)), Spawn(f"cloudformation create {stack.name}", start))

    @operation("UpdateStack", unsupported=("DeploymentConfig", "DisableValidation", "RetainExceptOnCreate"))
    def update_stack(self, params: Params, context: CallContext) -> Process:
        """Check the changes, answer, then make them. A change that is not supported fails here, before anything is touched."""
        refuse_unsupported("UpdateStack", params)
        stack = self.stacks.get(params["StackName"])
        self.refuse_update(stack)
        tags = tags_of(params) if "Tags" in params else stack.environment.tags
        environment = lifecycle.environment_with(stack.environment, self.stacks.exports(), tags)
        source = yield from source_of(params, self.quotas, stack)
        given = given_parameters(params, stack)
        plan = yield from plan_for(source, given, environment, self.quotas)
        check_capabilities(plan, params.get("Capabilities", []), expands=True)
        self.refuse_update(stack)
        if not self.is_changed(stack, plan, environment):
            raise ValidationError(NO_CHANGE)
        stack.disable_rollback = params.get("DisableRollback", False)
        effects = self.begin_update(stack, plan, environment, given, source, params, context.now)
        return Reply({"StackId": stack.stack_id}, effects)

    def refuse_update(self, stack: Stack) -> None:
        """Refuse to update a stack that is not there any more or busy."""
        if stack.status not in UPDATABLE:
            raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")

    def is_changed(self, stack: Stack, plan: Plan, environment: Environment) -> bool:
        """Whether the plan differs from what the stack is. Raises UnsupportedTemplate for a change that cannot be made."""
        changes = preview(plan, environment, stack.resources)
        outputs = {} if stack.plan is None else stack.plan.outputs
        return bool(changes) or plan.outputs != outputs or environment.tags != stack.environment.tags

    def begin_update(
        self,
        stack: Stack,
        plan: Plan,
        environment: Environment,
        given: Mapping[str, str],
        source: Source,
        params: Params,
        now: float,
    ) -> tuple[Effect, ...]:
        """The effects that bring a stack to another plan."""
        fields = ("plan", "given", "source", "environment", "outputs", "imports", "capabilities")
        before = {field: getattr(stack, field) for field in fields}
        stack.plan, stack.given, stack.source, stack.environment = plan, given, source, environment
        stack.capabilities = tuple(params.get("Capabilities", []))
        stack.client_request_token = params.get("ClientRequestToken", "")
        stack.updated_at = now
        stack.take_status("UPDATE_IN_PROGRESS", now, "User Initiated")
        start = lambda: lifecycle.update(self.stacks, stack, plan, before)  # noqa: E731
        return (Notify(("cloudformation", stack.stack_id)), Spawn(f"cloudformation update {stack.name}", start))

    @operation("DeleteStack", unsupported=("DeploymentConfig", "RoleARN", "DeletionMode"))
    def delete_stack(self, params: Params, context: CallContext) -> Reply:
        """Delete a stack's resources, then the stack. One that is not there is no error."""
        stack = self.stacks.find(params["StackName"])
        if stack is None or stack.status == "DELETE_COMPLETE" or stack.status == "DELETE_IN_PROGRESS":
            return Reply()
        if stack.termination_protection:
            raise ValidationError(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if stack.in_progress:
            raise UnsupportedOperation(
                f"cloudformation:DeleteStack: {stack.name} is {stack.status}; this emulator deletes a stack only after that has ended"
            )
        retain = params.get("RetainResources", [])
        if retain and stack.status != "DELETE_FAILED":
            raise ValidationError(
                "Invalid operation on stack. RetainResources can be specified only for a stack in DELETE_FAILED state"
            )
        stack.client_request_token = params.get("ClientRequestToken", "")
        stack.take_status("DELETE_IN_PROGRESS", context.now, "User Initiated")
        start = lambda: lifecycle.delete(self.stacks, stack, frozenset(retain))  # noqa: E731
        return Reply(
            {}, (Notify(("cloudformation", stack.stack_id)), Spawn(f"cloudformation delete {stack.name}", start))
        )

    @operation("UpdateTerminationProtection")
    def update_termination_protection(self, params: Params, context: CallContext) -> Reply:
        """Protect a stack from deletion, or no longer."""
        stack = self.stacks.get(params["StackName"])
        stack.termination_protection = params["EnableTerminationProtection"]
        return Reply({"StackId": stack.stack_id})
