"""What a plan would change in a stack, before it is carried out: for change sets, and to refuse what cannot be changed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.deploy.deployment import changed_properties, refused_changes
from emulator.deploy.errors import TemplateError, UnsupportedTemplate
from emulator.deploy.intrinsics import NO_VALUE, Resolver
from emulator.deploy.live import Live
from emulator.deploy.plan import Plan, PlannedResource
from emulator.deploy.properties import coerce
from emulator.deploy.scope import KNOWN_AFTER_APPLY, Environment

__all__ = ["Change", "preview"]


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that would be added, modified or removed."""

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: bool = False
    properties: tuple[str, ...] = ()


def preview(plan: Plan, environment: Environment, resources: Mapping[str, Live]) -> list[Change]:
    """The changes that carrying out the plan would make. Raises UnsupportedTemplate where one of them cannot be made here."""
    known = {logical_id: (live.physical_id, live.attributes) for logical_id, live in resources.items()}
    resolver = Resolver(plan.draft.scope(environment, known, preview=True))
    changes: list[Change] = []
    findings: list[str] = []
    for logical_id, planned in plan.resources.items():
        live = resources.get(logical_id)
        kind = planned.type
        if live is None:
            changes.append(Change("Add", logical_id, kind.name))
            continue
        if live.type is not kind:
            findings.append(
                f"Resources.{logical_id}: a change of its type, from {live.type.name} to {kind.name}, is never possible"
            )
            continue
        changed = changed_properties(live.properties, _previewed(planned, resolver))
        refused = refused_changes(kind, changed)
        findings.extend(
            f"Resources.{logical_id} ({kind.name}): a change of property {name} is not supported" for name in refused
        )
        if changed or _attributes_changed(live, planned):
            replaces = any(name in kind.replacing and name not in kind.updatable for name in changed)
            if replaces:
                del known[logical_id]  # what refers to it changes too
            changes.append(Change("Modify", logical_id, kind.name, live.physical_id, replaces, tuple(sorted(changed))))
    if findings:
        raise UnsupportedTemplate(findings)
    changes.extend(
        Change("Remove", logical_id, live.type.name, live.physical_id)
        for logical_id, live in resources.items()
        if logical_id not in plan.resources
    )
    return changes


def _attributes_changed(live: Live, planned: PlannedResource) -> bool:
    return (live.deletion_policy, live.update_replace_policy, live.metadata) != (
        planned.deletion_policy,
        planned.update_replace_policy,
        planned.metadata,
    )


def _previewed(planned: PlannedResource, resolver: Resolver) -> dict[str, Any]:
    """The properties as far as they are known before anything is changed."""
    properties: dict[str, Any] = {}
    for name, value in planned.properties.items():
        try:
            resolved = resolver.resolve(value)
            if resolved is not NO_VALUE:
                properties[name] = coerce(planned.type.shape[name], resolved, name)
        except TemplateError:
            # It is computed from something that only the deployment knows, so it cannot be what it was.
            properties[name] = KNOWN_AFTER_APPLY
    return properties
