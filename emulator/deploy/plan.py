"""From a template to a plan that can be carried out: everything that can be checked before anything exists is checked here.

What is not supported, in the template and in the nested templates that can be read beforehand, is gathered into one error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.deploy.catalogue import CATALOGUE
from emulator.deploy.draft import Draft, Source, read_draft
from emulator.deploy.errors import TemplateError, UnsupportedTemplate
from emulator.deploy.graph import references, sorted_by_dependency
from emulator.deploy.intrinsics import Resolver
from emulator.deploy.properties import unsupported
from emulator.deploy.resource_type import ResourceType
from emulator.deploy.scope import Environment, StackScope, Undecided
from emulator.deploy.template_source import read_source
from emulator.effects import Process

__all__ = ["Plan", "PlannedResource", "make_plan"]

RESOURCE_MEMBERS = frozenset(
    {"Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"}
)
"""What a resource may say of itself; `CreationPolicy` and `UpdatePolicy` wait for signals that nothing here sends."""
POLICIES = frozenset({"Delete", "Retain", "RetainExceptOnCreate"})
NESTED_STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource that the template asks for; its properties still have their intrinsics."""

    logical_id: str
    type: ResourceType
    properties: Mapping[str, Any]
    depends_on: frozenset[str]
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stack shall be. `resources` come in an order in which each follows what it depends on."""

    draft: Draft
    resources: Mapping[str, PlannedResource]
    outputs: Mapping[str, Mapping[str, Any]]
    """Outputs whose condition holds, with their intrinsics."""

    @property
    def description(self) -> str | None:
        """The template's description."""
        return self.draft.template.get("Description")


def make_plan(source: Source, given: Mapping[str, str], environment: Environment) -> Process:
    """The Plan of a template. Raises TemplateError for what is wrong, UnsupportedTemplate for everything that is not supported."""
    draft: Draft = yield from read_draft(source, given, environment)
    scope = draft.scope(environment, {})
    findings = yield from _findings(draft, scope, environment, "")
    if findings:
        raise UnsupportedTemplate(findings)
    resources = {
        logical_id: resource for logical_id, resource in draft.template["Resources"].items() if _wanted(resource, scope)
    }
    planned = {
        logical_id: _planned(logical_id, resource, resources, scope) for logical_id, resource in resources.items()
    }
    order = sorted_by_dependency({logical_id: resource.depends_on for logical_id, resource in planned.items()})
    outputs = {
        name: output
        for name, output in (draft.template.get("Outputs") or {}).items()
        if "Condition" not in output or scope.condition(output["Condition"])
    }
    for name, output in outputs.items():
        _resolve_names(f"output {name}", _pruned(output, scope), resources, draft)
    return Plan(draft, {logical_id: planned[logical_id] for logical_id in order}, outputs)


def _wanted(resource: Mapping[str, Any], scope: StackScope) -> bool:
    return "Condition" not in resource or scope.decided(resource["Condition"]) is not False


def _planned(
    logical_id: str, resource: Mapping[str, Any], present: Mapping[str, Any], scope: StackScope
) -> PlannedResource:
    properties = resource.get("Properties") or {}
    draft_template = scope.template
    named = resource.get("DependsOn", [])
    explicit = named if isinstance(named, list) else [named]
    unknown = sorted(name for name in explicit if name not in draft_template["Resources"])
    if unknown:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{', '.join(unknown)}] in the Resources block of the template"
        )
    pruned = _pruned(properties, scope)
    implicit = {reference.name for reference in references(pruned)}
    _check_names(f"resource {logical_id}", implicit, present, draft_template)
    return PlannedResource(
        logical_id,
        CATALOGUE[resource["Type"]],
        properties,
        frozenset(name for name in implicit.union(explicit) if name in present),
        str(resource.get("DeletionPolicy", "Delete")),
        str(resource.get("UpdateReplacePolicy", "Delete")),
        resource.get("Metadata"),
    )


def _resolve_names(where: str, value: Any, present: Mapping[str, Any], draft: Draft) -> None:
    _check_names(where, {reference.name for reference in references(value)}, present, draft.template)


def _check_names(where: str, names: set[str], present: Mapping[str, Any], template: Mapping[str, Any]) -> None:
    parameters = template.get("Parameters") or {}
    missing = sorted(name for name in names if name not in present and name not in parameters)
    if missing:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
            f"in the Resources block of the template ({where})"
        )


def _pruned(value: Any, scope: StackScope) -> Any:
    """The value with each `Fn::If` replaced by the branch that counts, or by both where that is not known (as a list)."""
    if isinstance(value, list):
        return [_pruned(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    branches = value.get("Fn::If")
    if len(value) == 1 and isinstance(branches, list) and len(branches) == 3:
        holds = scope.decided(branches[0])
        if holds is None:
            return [_pruned(branch, scope) for branch in branches[1:]]
        return _pruned(branches[1] if holds else branches[2], scope)
    pruned = {name: _pruned(member, scope) for name, member in value.items()}
    return {name: member for name, member in pruned.items() if member != {"Ref": "AWS::NoValue"}}


def _findings(draft: Draft, scope: StackScope, environment: Environment, prefix: str) -> Process:
    """One line for everything in the template that is not supported, nested templates included."""
    findings: list[str] = []
    template = draft.template
    for logical_id, resource in template["Resources"].items():
        if not _wanted(resource, scope):
            continue
        where = f"{prefix}Resources.{logical_id} ({resource['Type']})"
        properties = _pruned(resource.get("Properties") or {}, scope)
        findings.extend(f"{where}: {problem}" for problem in _problems(resource, properties, template))
        if resource["Type"] == NESTED_STACK:
            nested = yield from _nested_findings(draft, properties, scope, environment, f"{prefix}{logical_id}.")
            findings.extend(nested)
    for name, output in (template.get("Outputs") or {}).items():
        if not _wanted(output, scope):
            continue
        where = f"{prefix}Outputs.{name}"
        findings.extend(f"{where}: {problem}" for problem in _attribute_problems(_pruned(output, scope), template))
    return findings


def _problems(resource: Mapping[str, Any], properties: Any, template: Mapping[str, Any]) -> Iterator[str]:
    kind = CATALOGUE.get(resource["Type"])
    if kind is None:
        yield "this resource type is not supported"
        return
    for member in sorted(set(resource) - RESOURCE_MEMBERS):
        yield f"{member} is not supported"
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if policy in resource and resource[policy] not in POLICIES:
            yield f"{policy} {resource[policy]} is not supported"
    for path in dict.fromkeys(unsupported(kind.shape, properties)):
        yield f"property {path} is not supported"
    for name in kind.required:
        if name not in properties:
            yield f"property {name} is missing"
    yield from _attribute_problems(properties, template)


def _attribute_problems(value: Any, template: Mapping[str, Any]) -> Iterator[str]:
    for reference in dict.fromkeys(references(value)):
        target = template["Resources"].get(reference.name)
        if reference.attribute is None or target is None:
            continue
        kind = CATALOGUE.get(target["Type"])
        if kind is not None and not kind.has_attribute(reference.attribute):
            yield f"attribute {reference.attribute} of {reference.name} ({target['Type']}) is not supported"


def _nested_findings(
    draft: Draft, properties: Mapping[str, Any], scope: StackScope, environment: Environment, prefix: str
) -> Process:
    """What a nested template would be refused for, where its address is known before anything exists."""
    resolver = Resolver(scope)
    try:
        url = resolver.resolve(properties.get("TemplateURL"))
    except Undecided:
        return []
    given: dict[str, str] = {}
    for name, value in (properties.get("Parameters") or {}).items():
        try:
            given[name] = _parameter_text(resolver.resolve(value))
        except Undecided:
            continue
    source = yield from read_source({"TemplateURL": url})
    nested: Draft = yield from read_draft(source, given, environment, partial=True)
    findings = yield from _findings(nested, nested.scope(environment, {}), environment, prefix)
    return findings


def _parameter_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
