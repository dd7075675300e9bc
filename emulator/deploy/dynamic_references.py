"""Dynamic references: `{{resolve:ssm:...}}` and `{{resolve:secretsmanager:...}}`, replaced just before a resource is made.

The stack keeps the reference and never the value. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from emulator.deploy.errors import TemplateError
from emulator.effects import Call, Process

__all__ = ["dynamic_references", "with_dynamic_values"]

PATTERN = re.compile(r"\{\{resolve:([a-z-]+):([^{}]+)\}\}")


def dynamic_references(value: Any) -> Iterator[str]:
    """Every dynamic reference in a resolved value, as written."""
    if isinstance(value, str):
        for match in PATTERN.finditer(value):
            yield match[0]
    elif isinstance(value, list):
        for item in value:
            yield from dynamic_references(item)
    elif isinstance(value, dict):
        for member in value.values():
            yield from dynamic_references(member)


def with_dynamic_values(value: Any) -> Process:
    """The value with its dynamic references replaced. Raises TemplateError for one that cannot be read, AwsError of the store."""
    values: dict[str, str] = {}
    for reference in dynamic_references(value):
        if reference not in values:
            match = PATTERN.fullmatch(reference)
            assert match is not None
            values[reference] = yield from _fetch(reference, match[1], match[2])
    return _replaced(value, values) if values else value


def _replaced(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return PATTERN.sub(lambda match: values[match[0]], value)
    if isinstance(value, list):
        return [_replaced(item, values) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(member, values) for name, member in value.items()}
    return value


def _fetch(reference: str, service: str, rest: str) -> Process:
    if service in ("ssm", "ssm-secure"):
        answer = yield Call("ssm", "GetParameter", {"Name": rest, "WithDecryption": service == "ssm-secure"})
        return answer["Parameter"]["Value"]
    if service != "secretsmanager":
        raise TemplateError(f"{reference}: there is no dynamic reference to {service}")
    parts = rest.split(":")
    width = 7 if parts[0] == "arn" else 1
    secret_id = ":".join(parts[:width])
    kind, key, stage, version = [*parts[width:], "", "", "", ""][:4]
    if kind not in ("", "SecretString"):
        raise TemplateError(f"{reference}: only SecretString can be resolved, not {kind}")
    params = {"SecretId": secret_id}
    if stage:
        params["VersionStage"] = stage
    if version:
        params["VersionId"] = version
    answer = yield Call("secretsmanager", "GetSecretValue", params)
    text: str = answer["SecretString"]
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (KeyError, TypeError, ValueError) as error:
        raise TemplateError(f"{reference}: the secret has no key {key!r}") from error
