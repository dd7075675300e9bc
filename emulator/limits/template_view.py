"""A template as its wiring shows it: CloudFormation's own resource types, nested stacks included, parameters at their defaults.

Nothing is deployed. Conditions are not decided: a resource that only some deployments have is in the pipeline here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.deploy.errors import TemplateError
from emulator.deploy.graph import references
from emulator.deploy.local_paths import file_path, read_file, with_absolute_paths, without_placeholders
from emulator.deploy.parameters import read_parameters
from emulator.deploy.template import SAM_TRANSFORM, read_template, transforms
from emulator.errors import EmulatorError

__all__ = ["Resource", "TemplateView", "read_view"]

_UNKNOWN = "unknown"
"""What a parameter without a default is for the translator."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource, by its logical id (behind those of the stacks that it is nested in)."""

    name: str
    type: str
    properties: Mapping[str, Any]
    stack: str = ""


@dataclass(frozen=True, slots=True)
class TemplateView:
    """All resources of a template and of the stacks nested in it."""

    path: Path
    resources: Mapping[str, Resource]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What nested stacks put out, by `Stack.Outputs.Name`."""

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of some types; one that ends in `::` means all below it."""
        return [
            resource
            for resource in self.resources.values()
            if any(resource.type == name or (name.endswith("::") and resource.type.startswith(name)) for name in types)
        ]

    def targets(self, value: Any, stack: str = "") -> list[Resource]:
        """The resources that a value refers to, through nested stacks' outputs."""
        found: dict[str, Resource] = {}
        for reference in references(value):
            name = _joined(stack, reference.name)
            resource = self.resources.get(name)
            if resource is None:
                continue
            if resource.type == "AWS::CloudFormation::Stack" and reference.attribute is not None:
                inner = self.outputs.get(f"{name}.{reference.attribute}")
                found |= {target.name: target for target in self.targets(inner, name)}
            else:
                found[name] = resource
        return list(found.values())

    def plain(self, value: Any, stack: str = "") -> Any:
        """A value with its parameters at their defaults; what is only known once it is deployed is None."""
        if isinstance(value, dict):
            if set(value) == {"Ref"}:
                return self.parameters.get(stack, {}).get(value["Ref"])
            if set(value) == {"Fn::If"}:
                return self.plain(value["Fn::If"][1], stack)
            return None if any(name.startswith("Fn::") for name in value) else value
        return value


def read_view(path: Path) -> TemplateView:
    """Read a template file. Raises `EmulatorError` for what is no template, or what its own transform refuses."""
    if not path.is_file():
        raise EmulatorError(f"there is no template {path}: name one with --template, or run from the repository")
    try:
        resources: dict[str, Resource] = {}
        parameters: dict[str, Mapping[str, Any]] = {}
        outputs: dict[str, Any] = {}
        _read(path.resolve(), {}, "", resources, parameters, outputs)
    except TemplateError as error:
        raise EmulatorError(f"{path}: {error.message}") from error
    return TemplateView(path, resources, parameters, outputs)


def _read(
    path: Path,
    given: Mapping[str, Any],
    stack: str,
    resources: dict[str, Resource],
    parameters: dict[str, Mapping[str, Any]],
    outputs: dict[str, Any],
) -> None:
    template: Mapping[str, Any] = with_absolute_paths(read_template(read_file(path, "the template")), path.parent)
    declared = read_parameters(template)
    values = {name: given.get(name, parameter.default) for name, parameter in declared.items()}
    parameters[stack] = {name: value for name, value in values.items() if value is not None}
    if SAM_TRANSFORM in transforms(dict(template)):
        template = _expanded(template, {name: _UNKNOWN if value is None else value for name, value in values.items()})
    template = without_placeholders(template)
    for name, value in (template.get("Outputs") or {}).items():
        outputs[f"{stack}.Outputs.{name}"] = value.get("Value")
    for logical_id, resource in template["Resources"].items():
        name, properties = _joined(stack, logical_id), resource.get("Properties") or {}
        resources[name] = Resource(name, resource["Type"], properties, stack)
        nested = file_path(str(properties.get("TemplateURL", "")).partition("#")[0])
        if resource["Type"] == "AWS::CloudFormation::Stack" and nested is not None:
            inner = dict(_plain_parameters(properties.get("Parameters") or {}, parameters[stack]))
            _read(nested, inner, name, resources, parameters, outputs)


def _plain_parameters(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in wanted.items():
        if isinstance(value, str | int):
            yield name, value
        elif isinstance(value, dict) and set(value) == {"Ref"} and value["Ref"] in known:
            yield name, known[value["Ref"]]


def _expanded(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    request = {"template": template, "parameters": dict(parameters), "region": "us-east-1", "partition": "aws"}
    done = subprocess.run(
        [sys.executable, "-m", "emulator.deploy.translate"],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise TemplateError("Transform AWS::Serverless-2016-10-31 failed: " + done.stderr.decode().strip()[-500:])
    answer: dict[str, Any] = json.loads(done.stdout)
    if "errors" in answer:
        raise TemplateError("Transform AWS::Serverless-2016-10-31 failed with: " + " ".join(answer["errors"]))
    expanded: Mapping[str, Any] = answer["template"]
    return expanded


def _joined(stack: str, name: str) -> str:
    return f"{stack}.{name}" if stack else name
