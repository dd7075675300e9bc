"""Whether a mocked result has the shape that the API operation answers with.

STRICT asks for every required member and checks those that are there, PRESENT only checks those that are there, NONE checks nothing.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.services.stepfunctions.asl.catalogue import capital
from emulator.services.stepfunctions.asl.jsonata_expression import json_type

__all__ = ["violations"]

_ADDED = frozenset({"SdkHttpMetadata", "SdkResponseMetadata"})  # what optimised integrations add to every result
_JSON_TYPES: Mapping[str, str] = {
    "boolean": "boolean",
    "double": "number",
    "float": "number",
    "integer": "number",
    "long": "number",
    "string": "string",
}


def violations(shape: Shape, value: Any, mode: str, path: str = "$") -> list[str]:
    """What is wrong with a result, in sentences; empty where nothing is."""
    if mode == "NONE":
        return []
    if isinstance(shape, StructureShape):
        return _of_structure(shape, value, mode, path)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{path} must be an array, not {json_type(value)}"]
        return [
            text
            for index, item in enumerate(value)
            for text in violations(shape.member, item, mode, f"{path}[{index}]")
        ]
    if isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            return [f"{path} must be an object, not {json_type(value)}"]
        return [text for name, item in value.items() for text in violations(shape.value, item, mode, f"{path}.{name}")]
    expected = _JSON_TYPES.get(shape.type_name)
    if expected is not None and json_type(value) != expected:
        return [f"{path} must be a {expected}, not {json_type(value)}"]
    return []


def _of_structure(shape: StructureShape, value: Any, mode: str, path: str) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{path} must be an object, not {json_type(value)}"]
    members = {capital(name): member for name, member in shape.members.items()}
    found = []
    for name, inner in value.items():
        if name in members:
            found.extend(violations(members[name], inner, mode, f"{path}.{name}"))
        elif name not in _ADDED:
            found.append(f"{path}.{name} is no member of {shape.name}")
    if mode == "STRICT":
        missing = [name for name in map(capital, shape.required_members) if name not in value]
        found.extend(f"{path}.{name} is required" for name in missing)
    return found
