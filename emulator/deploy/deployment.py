"""Brings resources up, changes them, takes them down: each as soon as what it depends on is done, side by side.

A resource that fails stops those that wait for it; what is under way is let finish, so that nothing exists that the stack does not know.
`undo` then goes back: what was made is deleted, what was changed is changed back.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.intrinsics import Resolver
from emulator.deploy.live import Live, Progress
from emulator.deploy.plan import Plan, PlannedResource
from emulator.deploy.properties import coerce, unsupported
from emulator.deploy.resource_type import HalfMade, Made, Request, ResourceType
from emulator.deploy.scope import Environment
from emulator.deploy.steps import is_gone, reason_of, report, request_for
from emulator.deploy.teardown import Teardown, delete_resource
from emulator.effects import All, Notify, Process, WaitFor
from emulator.errors import AwsError, EmulatorError

__all__ = ["Deployment", "changed_properties", "refused_changes", "resolved_properties"]

logger = logging.getLogger(__name__)


def resolved_properties(planned: PlannedResource, resolver: Resolver) -> dict[str, Any]:
    """A planned resource's properties without intrinsics, of the types that its shapes name. Raises TemplateError."""
    properties = resolver.resolve(planned.properties)
    strangers = list(unsupported(planned.type.shape, properties))
    if strangers:
        raise ProvisioningError(f"property {', '.join(dict.fromkeys(strangers))} is not supported by this emulator")
    coerced: dict[str, Any] = coerce(planned.type.shape, properties, "")
    return coerced


def changed_properties(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """The names of properties that are not the same."""
    absent = object()
    names = {*before, *after}
    return frozenset(name for name in names if before.get(name, absent) != after.get(name, absent))


def refused_changes(kind: ResourceType, changed: Collection[str]) -> list[str]:
    """Which of the changed properties this emulator can neither change in place nor replace the resource for."""
    return sorted(
        name
        for name in changed
        if name not in kind.updatable and name not in kind.replacing and name not in kind.accepted
    )


class Deployment:
    """One operation on a stack's resources. `resources` is the stack's own table and is changed in place."""

    def __init__(self, environment: Environment, resources: dict[str, Live], progress: Progress) -> None:
        self.environment = environment
        self.resources = resources
        self.progress = progress
        self.failures: list[str] = []
        self.imported: set[str] = set()
        """The exports of other stacks that the resources use."""
        self._planned: tuple[str, ...] = ()
        self._settled: set[str] = set()
        self._made: list[str] = []
        self._before: dict[str, Live] = {}
        self._replaced: list[Live] = []

    # -- up ----------------------------------------------------------------------------------------------------------------------

    def bring_up(self, plan: Plan) -> Process:
        """Make or change every planned resource; whether all of it succeeded. Reasons are in `failures`."""
        known = {logical_id: (live.physical_id, live.attributes) for logical_id, live in self.resources.items()}
        scope = plan.draft.scope(self.environment, known)
        resolver = Resolver(scope)
        self.imported = scope.imported
        self._planned = tuple(plan.resources)
        yield All(tuple(self._bring_up(planned, resolver, known) for planned in plan.resources.values()))
        return not self.failures

    def _bring_up(
        self, planned: PlannedResource, resolver: Resolver, known: dict[str, tuple[str, Mapping[str, Any]]]
    ) -> Process:
        for dependency in sorted(planned.depends_on):
            while dependency not in self._settled and not self.failures:
                yield WaitFor((self, dependency))
        if self.failures:
            return
        live = self.resources.get(planned.logical_id)
        verb = "CREATE" if live is None else "UPDATE"
        try:
            if live is None:
                properties = resolved_properties(planned, resolver)
                live = self._enter(planned)
                yield from self._make(live, properties)
            else:
                properties = resolved_properties(planned, resolver)
                yield from self._change(live, planned, properties)
            known[planned.logical_id] = (live.physical_id, live.attributes)
            self._settled.add(planned.logical_id)
        except Exception as error:  # whatever goes wrong must end in a rollback, a defect of ours too
            if live is None:
                live = self._enter(planned)
            yield from self._failed(live, verb, error)
        yield Notify((self, planned.logical_id))

    def _enter(self, planned: PlannedResource) -> Live:
        live = Live(planned.logical_id, planned.type, planned.depends_on)
        _adopt(live, planned)
        self.resources[planned.logical_id] = live
        self._made.append(planned.logical_id)
        return live

    def _make(self, live: Live, properties: Mapping[str, Any]) -> Process:
        live.properties = properties
        yield from report(self.progress, live, "CREATE_IN_PROGRESS")
        try:
            made: Made = yield from live.type.create((yield from request_for(self.environment, live, properties)))
        except HalfMade as failure:
            live.physical_id, live.attributes = failure.made.physical_id, failure.made.attributes
            raise
        live.physical_id, live.attributes = made.physical_id, made.attributes
        yield from report(self.progress, live, "CREATE_COMPLETE")

    def _change(self, live: Live, planned: PlannedResource, properties: Mapping[str, Any]) -> Process:
        changed = changed_properties(live.properties, properties)
        if not changed and not live.type.always_updated:
            _adopt(live, planned)
            return
        refused = refused_changes(live.type, changed)
        if refused:
            raise ProvisioningError(f"a change of {', '.join(refused)} is not supported by this emulator")
        before = live.copy()
        self._before[live.logical_id] = before
        _adopt(live, planned)
        replaces = any(name in live.type.replacing and name not in live.type.updatable for name in changed)
        reason = (
            "Requested update requires the creation of a new physical resource; hence creating one." if replaces else ""
        )
        yield from report(self.progress, live, "UPDATE_IN_PROGRESS", reason)
        if replaces:
            made = yield from self._replacement(live, properties)
            self._replaced.append(before)
        else:
            request = yield from request_for(self.environment, live, properties, before.properties)
            made = yield from _update(live.type, request)
        live.physical_id, live.attributes, live.properties = made.physical_id, made.attributes, properties
        yield from report(self.progress, live, "UPDATE_COMPLETE")

    def _replacement(self, live: Live, properties: Mapping[str, Any]) -> Process:
        """A new resource beside the old one; one that is only half made goes at once, as nothing would remember it."""
        request = yield from request_for(self.environment, live, properties)
        try:
            return (yield from live.type.create(request))
        except HalfMade as failure:
            half = live.copy()
            half.physical_id, half.attributes = failure.made.physical_id, failure.made.attributes
            half.properties = properties
            yield from delete_resource(self.environment, half)
            raise

    def _failed(self, live: Live, verb: str, error: Exception) -> Process:
        if not isinstance(error, AwsError | EmulatorError):
            logger.error("%s of %s failed", verb, live.logical_id, exc_info=error)
        reason = reason_of(error)
        self.failures.append(f"{live.logical_id} ({live.type.name}): {reason}")
        yield from report(self.progress, live, f"{verb}_FAILED", reason)
        for waiting in self._planned:
            yield Notify((self, waiting))

    # -- back --------------------------------------------------------------------------------------------------------------------

    def undo(self, *, creation: bool) -> Process:
        """Go back to how it was before `bring_up`; whether that succeeded.

        `creation`: the stack itself was being made; then a resource with DeletionPolicy `RetainExceptOnCreate` goes too.
        """
        self.failures = []
        for logical_id, before in self._before.items():
            live = self.resources[logical_id]
            yield from self._change_back(live, before)
        made = [logical_id for logical_id in self._made if logical_id in self.resources]
        teardown = Teardown(self.environment, self.resources, self.progress, creation=creation)
        yield from teardown.run(made)
        self.failures.extend(teardown.failures)
        return not self.failures

    def _change_back(self, live: Live, before: Live) -> Process:
        replaced = any(old is before for old in self._replaced)
        try:
            yield from report(self.progress, live, "UPDATE_IN_PROGRESS")
            if replaced:
                yield from live.type.delete((yield from request_for(self.environment, live, live.properties)))
            else:
                request = yield from request_for(self.environment, live, before.properties, live.properties)
                yield from _update(live.type, request)
        except (AwsError, EmulatorError) as error:
            if not is_gone(error):
                self.failures.append(f"{live.logical_id} ({live.type.name}): {reason_of(error)}")
                yield from report(self.progress, live, "UPDATE_FAILED", reason_of(error))
                return
        self.resources[live.logical_id] = before
        yield from report(self.progress, before, "UPDATE_COMPLETE")

    def clean_up(self, plan: Plan) -> Process:
        """After a successful change: delete what was replaced and what the template no longer asks for."""
        teardown = Teardown(self.environment, self.resources, self.progress)
        yield from teardown.run([logical_id for logical_id in self.resources if logical_id not in plan.resources])
        for old in reversed(self._replaced):
            if old.update_replace_policy != "Delete":
                continue
            try:
                yield from delete_resource(self.environment, old)
            except (AwsError, EmulatorError) as error:
                # AWS's clean-up does not undo an update either: it says so in an event and leaves the resource behind.
                yield from report(self.progress, old, "DELETE_FAILED", reason_of(error))


def _update(kind: ResourceType, request: Request) -> Process:
    if kind.update is None:
        return Made(request.physical_id, request.attributes)  # only accepted properties changed: nothing to do
    return (yield from kind.update(request))


def _adopt(live: Live, planned: PlannedResource) -> None:
    """Take over what the template says of a resource beside its properties."""
    live.depends_on = planned.depends_on
    live.deletion_policy = planned.deletion_policy
    live.update_replace_policy = planned.update_replace_policy
    live.metadata = planned.metadata
