"""Operations on change sets: `aws cloudformation deploy` and `sam deploy` go this way.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

from emulator.deploy import Environment, Plan, preview
from emulator.effects import Process
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.cloudformation import lifecycle
from emulator.services.cloudformation.descriptions import described_change_set, summarised_change_set
from emulator.services.cloudformation.errors import (
    AlreadyExistsException,
    InvalidChangeSetStatusException,
    ValidationError,
)
from emulator.services.cloudformation.planning import (
    check_capabilities,
    given_parameters,
    plan_for,
    source_of,
    tags_of,
)
from emulator.services.cloudformation.stacks import StackOperations, refuse_unsupported
from emulator.services.cloudformation.state import ChangeSet, Stack

__all__ = ["ChangeSetOperations"]

EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."
"""What the command line tools look for, to say that there is nothing to deploy."""


class ChangeSetOperations(StackOperations):
    """The operations on change sets. Nested stacks are one change of their parent, as without `IncludeNestedStacks` on AWS."""

    @operation(
        "CreateChangeSet",
        unsupported=("DeploymentConfig", "DeploymentMode", "DisableValidation"),
    )
    def create_change_set(self, params: Params, context: CallContext) -> Process:
        """Check a template against a stack and keep the changes. A stack that is not there yet is in REVIEW_IN_PROGRESS then."""
        refuse_unsupported("CreateChangeSet", params)
        kind = params.get("ChangeSetType", "UPDATE")
        if kind == "IMPORT" or params.get("ImportExistingResources", False):
            raise ValidationError("ChangeSetType IMPORT is not supported by this emulator")
        name, stack_name = params["ChangeSetName"], params["StackName"]
        stack = self.stacks.find(stack_name)
        creates = kind == "CREATE"
        self._refuse(stack, stack_name, name, creates=creates)
        if stack is None:
            environment = self.environment(stack_name, tags_of(params))
        else:
            tags = tags_of(params) if "Tags" in params else stack.environment.tags
            environment = lifecycle.environment_with(stack.environment, self.stacks.exports(), tags)
        source = yield from source_of(params, self.quotas, stack)
        given = given_parameters(params, stack)
        plan: Plan = yield from plan_for(source, given, environment, self.quotas)
        check_capabilities(plan, params.get("Capabilities", []), expands=False)
        stack = self.stacks.find(stack_name)
        self._refuse(stack, stack_name, name, creates=creates)
        if stack is None:
            stack = self.new_stack(environment, source, context.now)
            stack.take_status("REVIEW_IN_PROGRESS", context.now, "User Initiated")
        change_set = self._new_change_set(stack, plan, environment, params, context.now, creates=creates)
        return Reply({"Id": change_set.change_set_id, "StackId": stack.stack_id})

    def _refuse(self, stack: Stack | None, stack_name: str, name: str, *, creates: bool) -> None:
        if stack is None:
            if not creates:
                raise ValidationError(f"Stack [{stack_name}] does not exist")
            self.refuse_existing(stack_name)
            return
        if creates and stack.status != "REVIEW_IN_PROGRESS":
            raise ValidationError(
                f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}]."
            )
        if not creates:
            self.refuse_update(stack)
        if any(change_set.name == name for change_set in self.stacks.change_sets_of(stack)):
            raise AlreadyExistsException(f"ChangeSet {name} already exists")

    def _new_change_set(
        self, stack: Stack, plan: Plan, environment: Environment, params: Params, now: float, *, creates: bool
    ) -> ChangeSet:
        name = params["ChangeSetName"]
        changes = preview(plan, environment, stack.resources)
        identifier = self.account.arn("cloudformation", f"changeSet/{name}/{self.account.identifiers.uuid()}")
        change_set = ChangeSet(
            identifier,
            name,
            stack,
            now,
            plan,
            given_parameters(params, stack),
            tuple(params.get("Capabilities", [])),
            environment,
            tuple(changes),
            creates,
            params.get("Description"),
            params.get("OnStackFailure"),
        )
        if not creates and not self.is_changed(stack, plan, environment):
            change_set.status, change_set.status_reason = "FAILED", EMPTY
            change_set.execution_status = "UNAVAILABLE"
        self.stacks.add_change_set(change_set)
        return change_set

    @operation("DescribeChangeSet", unsupported=("IncludePropertyValues",))
    def describe_change_set(self, params: Params, context: CallContext) -> Reply:
        """A change set with its changes."""
        return Reply(described_change_set(self.stacks.change_set(params["ChangeSetName"], params.get("StackName"))))

    @operation("ListChangeSets")
    def list_change_sets(self, params: Params, context: CallContext) -> Reply:
        """A stack's change sets."""
        stack = self.stacks.get(params["StackName"])
        return Reply({"Summaries": [summarised_change_set(found) for found in self.stacks.change_sets_of(stack)]})

    @operation("ExecuteChangeSet", unsupported=("RetainExceptOnCreate",))
    def execute_change_set(self, params: Params, context: CallContext) -> Reply:
        """Carry a change set out; the stack's other change sets are void then."""
        change_set = self.stacks.change_set(params["ChangeSetName"], params.get("StackName"))
        if change_set.execution_status != "AVAILABLE":
            raise InvalidChangeSetStatusException(
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.status}] and execution status of [{change_set.execution_status}]"
            )
        stack, plan = change_set.stack, change_set.plan
        carried = {"Capabilities": change_set.capabilities, "ClientRequestToken": params.get("ClientRequestToken", "")}
        stack.disable_rollback = params.get("DisableRollback", False)
        stack.change_set_id = change_set.change_set_id
        if change_set.creates:
            default = "DO_NOTHING" if stack.disable_rollback else "ROLLBACK"
            stack.on_failure = change_set.on_failure or default
            stack.environment, stack.source = change_set.environment, plan.draft.source
            effects = self.begin_creation(stack, plan, change_set.given, carried, context.now)
        else:
            self.refuse_update(stack)
            source, environment = plan.draft.source, change_set.environment
            effects = self.begin_update(stack, plan, environment, change_set.given, source, carried, context.now)
        for other in self.stacks.change_sets_of(stack):
            if other is not change_set:
                self.stacks.remove_change_set(other)
        change_set.execution_status = "EXECUTE_COMPLETE"
        return Reply({}, effects)

    @operation("DeleteChangeSet")
    def delete_change_set(self, params: Params, context: CallContext) -> Reply:
        """Drop a change set; the stack in review that it was for stays, as on AWS."""
        self.stacks.remove_change_set(self.stacks.change_set(params["ChangeSetName"], params.get("StackName")))
        return Reply()
