"""How AWS's SDK for Java names services, of which Step Functions takes its names: `cloudwatchlogs`, `CloudWatchLogs` for botocore's `logs`.

Derived from each model's `serviceId`, of which only the head of the file is read. Most services have the same name in botocore; for the
others all models are looked at, once.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import botocore.loaders

__all__ = ["ServiceNames", "class_prefix", "service_of_sdk_name"]

_HEAD_BYTES = 4_096
_SERVICE_ID = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')
_WORD_BOUNDARIES = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),
    (re.compile(r"([^A-Z]{2,})V([0-9]+)"), r"\1 V\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"([0-9])([a-zA-Z])"), r"\1 \2"),
)
"""The code generator's rules for where the words of a name begin."""


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """The names of one service."""

    botocore: str
    class_prefix: str
    """What the names of the SDK's classes begin with: `DynamoDb`, `Sfn`."""


def service_of_sdk_name(name: str) -> ServiceNames | None:
    """The service of a name in lower case (`dynamodb`, `sfn`), or None where there is none."""
    for folder in botocore.loaders.Loader().search_paths:
        service_id = _service_id(Path(folder) / name) if name.isalnum() else None
        if service_id is not None and _sdk_name(service_id) == name:
            return ServiceNames(name, class_prefix(service_id))
    return _by_sdk_name().get(name)


def class_prefix(service_id: str) -> str:
    """`DynamoDb` for `DynamoDB`, `CloudWatchLogs` for `CloudWatch Logs`."""
    for pattern, replacement in _WORD_BOUNDARIES:
        service_id = pattern.sub(replacement, service_id)
    return "".join(word[:1].upper() + word[1:].lower() for word in service_id.split())


@cache
def _by_sdk_name() -> Mapping[str, ServiceNames]:
    found: dict[str, ServiceNames] = {}
    for folder in botocore.loaders.Loader().search_paths:
        for service in sorted(Path(folder).iterdir()) if Path(folder).is_dir() else ():
            service_id = _service_id(service)
            if service_id is not None:
                found[_sdk_name(service_id)] = ServiceNames(service.name, class_prefix(service_id))
    return found


def _sdk_name(service_id: str) -> str:
    return re.sub(r"[^a-z0-9]", "", service_id.lower())


def _service_id(folder: Path) -> str | None:
    """From the newest model of a service."""
    models = sorted(folder.glob("*/service-2.json*")) if folder.is_dir() else []
    if not models:
        return None
    opener = gzip.open if models[-1].suffix == ".gz" else open
    with opener(models[-1], "rb") as file:
        match = _SERVICE_ID.search(file.read(_HEAD_BYTES))
    return None if match is None else match[1].decode()
