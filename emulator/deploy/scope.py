"""Where a stack's names are looked up: its parameters, pseudo parameters, conditions, mappings, resources, and other stacks' exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.account import Account
from emulator.deploy.errors import TemplateError
from emulator.deploy.intrinsics import Resolver

__all__ = ["KNOWN_AFTER_APPLY", "Environment", "StackScope", "Undecided"]

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What a change set shows in place of a value that only the deployment knows."""


class Undecided(TemplateError):
    """A name that exists, whose value is not known yet."""

    code = "ValidationError"


@dataclass(frozen=True, slots=True)
class Environment:
    """What a stack is, apart from its template."""

    account: Account
    stack_name: str
    stack_id: str
    exports: Mapping[str, str]
    """Every export of the account and region, by name."""
    notification_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    expansions: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    """SAM templates that were expanded before, by their request; owned by whoever keeps the stacks."""


class StackScope:
    """The scope of one stack; `resources` gives (physical id, attributes) and grows while the stack comes up."""

    def __init__(
        self,
        environment: Environment,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
        resources: Mapping[str, tuple[str, Mapping[str, Any]]],
        *,
        zones: Mapping[str, Sequence[str]] | None = None,
        language_extensions: bool = False,
        preview: bool = False,
    ) -> None:
        self.language_extensions = language_extensions
        self._environment = environment
        self.template = template
        self._parameters = parameters
        self._resources = resources
        self._zones = zones
        self._preview = preview
        self.imported: set[str] = set()
        """The exports of other stacks that were asked for."""
        self._conditions: dict[str, bool | None] = {}
        account = environment.account
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": account.account_id,
            "AWS::NotificationARNs": list(environment.notification_arns),
            "AWS::Partition": account.partition,
            "AWS::Region": account.region,
            "AWS::StackId": environment.stack_id,
            "AWS::StackName": environment.stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def reference(self, name: str) -> Any:
        """What `Ref` gives."""
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        if name in self._resources:
            return self._resources[name][0]
        return self._unknown(name)

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What `Fn::GetAtt` gives."""
        if logical_id not in self._resources:
            return self._unknown(logical_id)
        attributes = self._resources[logical_id][1]
        if attribute not in attributes:
            raise TemplateError(
                f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
            )
        return attributes[attribute]

    def _unknown(self, name: str) -> str:
        known = name in self.template.get("Resources", {}) or name in (self.template.get("Parameters") or {})
        if not known:
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
            )
        if self._preview:
            return KNOWN_AFTER_APPLY
        raise Undecided(f"Template error: {name} does not exist in this stack, or not yet")

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        if name not in self._conditions:
            definition = (self.template.get("Conditions") or {}).get(name)
            if definition is None:
                raise TemplateError(f"Template error: unresolved condition dependency {name}")
            self._conditions[name] = None  # under way: meeting it again is a circle
            try:
                self._conditions[name] = Resolver(self).test(definition)
            except Undecided:
                del self._conditions[name]
                raise
        known = self._conditions[name]
        if known is None:
            raise TemplateError(f"Template format error: Circular dependencies between conditions: {name}")
        return known

    def decided(self, name: str) -> bool | None:
        """As `condition`, or None where a parameter that it needs is not known yet."""
        try:
            return self.condition(name)
        except Undecided:
            return None

    def mapped(self, mapping: str, top: str, second: str) -> Any:
        """What `Fn::FindInMap` gives."""
        found: Any = self.template.get("Mappings") or {}
        for key in (mapping, top, second):
            if not isinstance(found, dict) or key not in found:
                raise TemplateError(f"Template error: Unable to get mapping for {mapping}::{top}::{second}")
            found = found[key]
        return found

    def exported(self, name: str) -> Any:
        """What `Fn::ImportValue` gives."""
        if name not in self._environment.exports:
            raise TemplateError(f"No export named {name} found.")
        self.imported.add(name)
        return self._environment.exports[name]

    def availability_zones(self, region: str) -> Sequence[str]:
        """What `Fn::GetAZs` gives: the region's zones that EC2 knows. An empty region is the stack's own."""
        own = self._environment.account.region
        if region not in ("", own):
            raise TemplateError(f"Fn::GetAZs: this emulator plays region {own} alone, not {region}")
        if self._zones is None:
            raise Undecided("Fn::GetAZs: the zones are not known yet")
        return self._zones[own]
