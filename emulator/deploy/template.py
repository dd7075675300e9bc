"""Reads a template's text: JSON, or YAML with CloudFormation's short-form intrinsics (`!Sub`, `!GetAtt`).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from emulator.deploy.errors import TemplateError

__all__ = ["SAM_TRANSFORM", "SECTIONS", "dump_template", "read_document", "read_template", "transforms"]

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
"""The sections that a template may have; `Globals` only before SAM's transform."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as CloudFormation reads it: dates stay text, a key may occur once, `!X` becomes `Fn::X`."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        key = key if isinstance(key, str) else str(key)
        if key in result:
            line = key_node.start_mark.line + 1
            raise TemplateError(f"Template format error: YAML not well-formed. (line {line}) duplicate key {key!r}")
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _short_form(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)  # type: ignore[arg-type]
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_multi_constructor("!", _short_form)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_template(text: str) -> dict[str, Any]:
    """A template's text as data, intrinsics in long form. Raises TemplateError where it is neither JSON nor YAML or no template."""
    template = read_document(text)
    unknown = sorted(set(template) - SECTIONS)
    if unknown:
        raise TemplateError(f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or len(resources) == 0:
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(
                f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type member."
            )
    return template


def read_document(text: str) -> dict[str, Any]:
    """A map written as JSON or YAML, short-form intrinsics included; an OpenAPI definition, say. Raises TemplateError."""
    try:
        document = json.loads(text) if text.lstrip()[:1] == "{" else _read_yaml(text)
    except json.JSONDecodeError:
        # YAML is a superset of JSON: flow style with comments or unquoted keys starts with a brace too.
        document = _read_yaml(text)
    if not isinstance(document, dict):
        raise TemplateError("Template format error: unsupported structure.")
    return document


def _read_yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        raise TemplateError(
            f"Template format error: YAML not well-formed.{place} {getattr(error, 'problem', error)}"
        ) from error


def transforms(template: dict[str, Any]) -> tuple[str, ...]:
    """The names of the transforms that a template asks for, in order."""
    wanted = template.get("Transform", [])
    return tuple(name for name in (wanted if isinstance(wanted, list) else [wanted]) if isinstance(name, str))


def dump_template(template: Mapping[str, Any]) -> str:
    """A template as JSON text."""
    return json.dumps(template, ensure_ascii=False)
