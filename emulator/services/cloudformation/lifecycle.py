"""What a stack operation does over time: create, update, delete, each with its way back.

Statuses follow https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from emulator.deploy import Deployment, Environment, Plan, ProvisioningError, Teardown
from emulator.deploy.intrinsics import Resolver, as_text
from emulator.effects import Notify, Now, Process, Race, Sleep
from emulator.errors import AwsError
from emulator.services.cloudformation.state import Output, Stack, Stacks

__all__ = ["create", "delete", "environment_with", "update"]


def take_status(stack: Stack, status: str, reason: str = "") -> Process:
    """Give the stack another status and wake whoever waits for it."""
    now = yield Now()
    stack.take_status(status, now, reason)
    if status == "DELETE_COMPLETE":
        stack.deleted_at = now
    yield Notify(("cloudformation", stack.stack_id))


def create(stacks: Stacks, new: Stack, plan: Plan) -> Process:
    """Make a new stack's resources; go back where one fails, unless the caller wants to look at it."""
    deployment = Deployment(new.environment, new.resources, new)
    reason = yield from _attempt(deployment, plan, stacks, new, "create")
    if reason is None:
        yield from take_status(new, "CREATE_COMPLETE")
    elif new.on_failure == "DO_NOTHING":
        yield from take_status(new, "CREATE_FAILED", reason)
    elif new.on_failure == "DELETE":
        yield from take_status(new, "DELETE_IN_PROGRESS", reason)
        gone = yield from deployment.undo(creation=True)
        yield from take_status(new, *_outcome("DELETE", gone, reason, deployment.failures))
    else:
        reason = f"{reason} Rollback requested by user."
        yield from take_status(new, "ROLLBACK_IN_PROGRESS", reason)
        gone = yield from deployment.undo(creation=True)
        yield from take_status(new, *_outcome("ROLLBACK", gone, reason, deployment.failures))


def update(stacks: Stacks, stack: Stack, plan: Plan, before: Mapping[str, Any]) -> Process:
    """Bring a stack to a new plan; `before` are the stack's own fields, to put back where that fails."""
    deployment = Deployment(stack.environment, stack.resources, stack)
    reason = yield from _attempt(deployment, plan, stacks, stack, "update")
    if reason is None:
        yield from take_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        yield from deployment.clean_up(plan)
        yield from take_status(stack, "UPDATE_COMPLETE")
        return
    if stack.disable_rollback:
        yield from take_status(stack, "UPDATE_FAILED", reason)
        return
    yield from take_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
    gone = yield from deployment.undo(creation=False)
    for name, value in before.items():
        setattr(stack, name, value)
    yield from take_status(stack, *_outcome("UPDATE_ROLLBACK", gone, reason, deployment.failures))


def delete(stacks: Stacks, stack: Stack, retain: Collection[str]) -> Process:
    """Delete a stack's resources, unless another stack uses an export of it."""
    try:
        _check_exports(stack, (), stacks)
    except ProvisioningError as error:
        yield from take_status(stack, "DELETE_FAILED", error.message)
        return
    teardown = Teardown(stack.environment, stack.resources, stack, retain=retain)
    gone = yield from teardown.run(list(stack.resources))
    if gone:
        stack.outputs, stack.imports = (), frozenset()
    reason = "" if gone else f"The following resource(s) failed to delete: [{', '.join(stack.resources)}]. "
    yield from take_status(stack, *_outcome("DELETE", gone, reason, teardown.failures))


def _outcome(operation: str, succeeded: bool, reason: str, failures: Collection[str]) -> tuple[str, str]:
    """The final status of a way back, with the reason for it: why it was taken, and what would not go."""
    if succeeded:
        return f"{operation}_COMPLETE", reason
    return f"{operation}_FAILED", f"{reason} {'; '.join(failures)}".strip()


def _attempt(deployment: Deployment, plan: Plan, stacks: Stacks, stack: Stack, verb: str) -> Process:
    """Bring the plan up, within the stack's time: None, or the reason why that failed."""
    minutes = stack.timeout_in_minutes if verb == "create" else None
    if minutes is None:
        succeeded = yield from deployment.bring_up(plan)
    else:
        first, succeeded = yield Race((deployment.bring_up(plan), _elapse(minutes * 60.0)))
        if first == 1:
            return f"Stack {verb} exceeded its timeout of {minutes} minutes."
    if not succeeded:
        failed = ", ".join(failure.partition(" ")[0] for failure in deployment.failures)
        return f"The following resource(s) failed to {verb}: [{failed}]. {'; '.join(deployment.failures)}."
    try:
        outputs = _outputs(plan, stack, stacks)
        _check_exports(stack, {output.export_name for output in outputs}, stacks)
        stack.outputs, stack.imports = outputs, frozenset(deployment.imported)
    except AwsError as error:
        return error.message
    return None


def _check_exports(stack: Stack, kept: Collection[str | None], stacks: Stacks) -> None:
    """Refuse to lose an export that another stack uses. Raises ProvisioningError."""
    for output in stack.outputs:
        users = [] if output.export_name is None else stacks.importers(output.export_name)
        if output.export_name not in kept and users:
            names = ", ".join(users)
            raise ProvisioningError(f"Export {output.export_name} cannot be deleted as it is in use by {names}")


def _elapse(seconds: float) -> Process:
    yield Sleep(seconds)


def _outputs(plan: Plan, stack: Stack, stacks: Stacks) -> tuple[Output, ...]:
    """The outputs, resolved. Raises ProvisioningError for an export that another stack has."""
    resources = {logical_id: (live.physical_id, live.attributes) for logical_id, live in stack.resources.items()}
    resolver = Resolver(plan.draft.scope(stack.environment, resources))
    taken = {output.export_name: owner for owner, output in stacks.exporting() if owner is not stack}
    outputs = []
    for key, output in plan.outputs.items():
        value = as_text(resolver.resolve(output["Value"]), f"Outputs.{key}")
        export = output.get("Export")
        name = None if export is None else as_text(resolver.resolve(export["Name"]), f"Outputs.{key}.Export")
        if name in taken and name is not None:
            raise ProvisioningError(f"Export with name {name} is already exported by stack {taken[name].name}")
        outputs.append(Output(key, value, output.get("Description"), name))
    return tuple(outputs)


def environment_with(environment: Environment, exports: Mapping[str, str], tags: Mapping[str, str]) -> Environment:
    """The same stack with today's exports and other tags."""
    return Environment(
        environment.account,
        environment.stack_name,
        environment.stack_id,
        exports,
        environment.notification_arns,
        tags,
        environment.expansions,
    )
