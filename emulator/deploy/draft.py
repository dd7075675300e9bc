"""A template on its way to a plan: read, local paths made absolute, parameters known, SAM expanded, conditions decided."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.deploy.errors import TemplateError
from emulator.deploy.intrinsics import FUNCTIONS, intrinsic
from emulator.deploy.local_paths import with_absolute_paths, without_placeholders
from emulator.deploy.parameters import Parameter, parameter_values, read_parameters
from emulator.deploy.sam import expand_sam
from emulator.deploy.scope import Environment, StackScope
from emulator.deploy.template import SAM_TRANSFORM, read_template, transforms
from emulator.effects import Call, Process

__all__ = ["Draft", "Source", "read_draft"]

KEPT_EXPANSIONS = 16
"""Expanded SAM templates that are remembered: a nested template is looked at beforehand, then deployed."""
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


@dataclass(frozen=True, slots=True)
class Source:
    """A template's text and the folder that its relative paths count from (None where it did not come from a file)."""

    text: str
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A template whose resources are CloudFormation's own types, with what its parameters and conditions say."""

    source: Source
    template: Mapping[str, Any]
    parameters: Mapping[str, Parameter]
    given: Mapping[str, str]
    values: Mapping[str, Any]
    zones: Mapping[str, tuple[str, ...]] | None
    transforms: tuple[str, ...]

    def scope(
        self, environment: Environment, resources: Mapping[str, tuple[str, Mapping[str, Any]]], *, preview: bool = False
    ) -> StackScope:
        """Where this draft's names are looked up."""
        extensions = LANGUAGE_EXTENSIONS in self.transforms
        return StackScope(
            environment,
            self.template,
            self.values,
            resources,
            zones=self.zones,
            language_extensions=extensions,
            preview=preview,
        )


def read_draft(source: Source, given: Mapping[str, str], environment: Environment, *, partial: bool = False) -> Process:
    """A Draft of the template. With `partial`, parameters that are not given stay unknown: a nested stack, looked at beforehand."""
    template = with_absolute_paths(read_template(source.text), source.folder)
    wanted = transforms(template)
    for name in wanted:
        if name not in (SAM_TRANSFORM, LANGUAGE_EXTENSIONS):
            raise TemplateError(f"Transform {name} is not supported by this emulator")
    _check_functions(template)
    parameters = read_parameters(template)
    if partial:
        declared = {
            name: parameter for name, parameter in parameters.items() if name in given or parameter.default is not None
        }
        known = {name: text for name, text in given.items() if name in parameters}
        values = yield from parameter_values(declared, known)
    else:
        values = yield from parameter_values(parameters, given)
    if SAM_TRANSFORM in wanted:
        template = yield from _expanded(template, values, environment)
    template = without_placeholders(template)
    zones = None
    if not partial and _uses_zones(template):  # a look beforehand needs none, and EC2 may still be starting
        answer = yield Call("ec2", "DescribeAvailabilityZones", {})
        names = tuple(zone["ZoneName"] for zone in answer["AvailabilityZones"])
        zones = {environment.account.region: names}
    return Draft(source, template, parameters, dict(given), values, zones, wanted)


def _expanded(template: Mapping[str, Any], values: Mapping[str, Any], environment: Environment) -> Process:
    key = json.dumps([template, dict(values)], sort_keys=True).encode()
    if key not in environment.expansions:
        expanded = yield from expand_sam(template, values, environment.account)
        while len(environment.expansions) >= KEPT_EXPANSIONS:
            del environment.expansions[next(iter(environment.expansions))]
        environment.expansions[key] = expanded
    return environment.expansions[key]


def _uses_zones(value: Any) -> bool:
    return any(name == "Fn::GetAZs" for name in _functions(value))


def _functions(value: Any) -> Iterator[str]:
    """The names of all intrinsics in a value."""
    if isinstance(value, list):
        for item in value:
            yield from _functions(item)
    elif isinstance(value, dict):
        call = intrinsic(value)
        if call is not None:
            yield call[0]
        for member in value.values():
            yield from _functions(member)


_KNOWN = frozenset(FUNCTIONS) | {"Ref", "Fn::If", "Fn::Sub", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"}


def _check_functions(template: Mapping[str, Any]) -> None:
    """Refuse an intrinsic that nothing here resolves, `Fn::Transform` and `Fn::ForEach` among them."""
    places = {name: template.get(name) for name in ("Conditions", "Globals", "Outputs", "Resources")}
    unknown = sorted({name for name in _functions(places) if name not in _KNOWN})
    if template.get("Rules") is not None:
        unknown.append("the Rules section")
    if unknown:
        raise TemplateError(f"the template uses {', '.join(unknown)}, which this emulator does not support")
