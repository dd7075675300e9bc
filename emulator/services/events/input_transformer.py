"""What a target receives: the event, a part of it, a constant, or a template filled with values of the event.

Rules. In a template, `<name>` inside quotes is replaced by text, outside them by JSON; a value that the event does not have is an empty
text. A template that is a JSON string stays one.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from emulator.services.events.json_path import MISSING, JsonPath
from emulator.services.events.state import Event, Rule, Target, instant

__all__ = ["PREDEFINED", "placeholders", "target_input"]

PREDEFINED = frozenset(
    {
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event.ingestion-time",
        "aws.events.event",
        "aws.events.event.json",
    }
)
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_RENAMED = {"detail-type": "detailType"}
_ORDER = ("id", "account", "detail-type", "time", "source", "region", "resources", "version")


def placeholders(template: str) -> Iterator[str]:
    """The names in a template."""
    return (match[1] for match in _PLACEHOLDER.finditer(template))


def target_input(target: Target, rule: Rule, event: Event) -> str:
    """The payload, as JSON."""
    members = target.members
    if "Input" in members:
        text: str = members["Input"]
        return text
    if "InputPath" in members:
        value = JsonPath.parse(members["InputPath"]).value(event.members)
        return orjson.dumps(None if value is MISSING else value).decode()
    if "InputTransformer" in members:
        return _filled(members["InputTransformer"], rule, event)
    return event.text


def _filled(transformer: Mapping[str, Any], rule: Rule, event: Event) -> str:
    values = {
        name: JsonPath.parse(path).value(event.members)
        for name, path in (transformer.get("InputPathsMap") or {}).items()
    }
    template: str = transformer["InputTemplate"]
    written: list[str] = []
    place, quoted = 0, False
    for match in _PLACEHOLDER.finditer(template):
        between = template[place : match.start()]
        quoted ^= _quotes(between) % 2 == 1
        name = match[1]
        value = values[name] if name in values else _predefined(name, rule, event)
        written.extend((between, _as_text(value) if quoted else _as_json(value)))
        place = match.end()
    return "".join((*written, template[place:]))


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text))


def _as_json(value: Any) -> str:
    return '""' if value is MISSING else orjson.dumps(value).decode()


def _as_text(value: Any) -> str:
    """For a place inside a JSON string."""
    if value is MISSING:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return orjson.dumps(text).decode()[1:-1]


def _predefined(name: str, rule: Rule, event: Event) -> Any:
    match name:
        case "aws.events.rule-arn":
            return rule.arn
        case "aws.events.rule-name":
            return rule.name
        case "aws.events.event.ingestion-time":
            return instant(event.ingestion_time)
        case "aws.events.event":
            shown = {_RENAMED.get(member, member): event.members[member] for member in _ORDER}
            return {**shown, "time": instant(event.ingestion_time)}
        case "aws.events.event.json":
            return event.members
    return MISSING
