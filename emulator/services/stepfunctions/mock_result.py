"""Whether a mocked result has the shape that the API operation answers with.

STRICT asks for every required member and checks those that are there, PRESENT only checks those that are there, NONE checks nothing.
Members that the operation does not have are let through.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from emulator.services.stepfunctions.asl.catalogue import capital
from emulator.services.stepfunctions.asl.jsonata_expression import json_type

__all__ = ["violations"]

_JSON_TYPES: Mapping[str, str] = {
    "blob": "string",
    "boolean": "boolean",
    "double": "number",
    "float": "number",
    "integer": "number",
    "long": "number",
    "string": "string",
    "timestamp": "string",
}


def violations(shape: Shape, value: Any, mode: str, *, json_blobs: bool = False) -> Iterator[str]:
    """What is wrong with a result, in AWS's sentences. With `json_blobs`, binary members may be any JSON: the payload of a function."""
    if mode != "NONE":
        yield from _of_value(shape, value, "result", mode == "STRICT", json_blobs)


def _of_value(shape: Shape, value: Any, name: str, strict: bool, json_blobs: bool) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        if isinstance(value, Mapping):
            yield from _of_structure(shape, value, strict, json_blobs)
        else:
            yield f"Field '{name}' must be an object"
    elif isinstance(shape, ListShape):
        if not isinstance(value, list):
            yield f"Field '{name}' must be an array"
            return
        for item in value:
            yield from _of_value(shape.member, item, name, strict, json_blobs)
    elif isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            yield f"Field '{name}' must be an object"
            return
        for key, item in value.items():
            yield from _of_value(shape.value, item, str(key), strict, json_blobs)
    elif not (json_blobs and shape.type_name == "blob"):
        yield from _of_scalar(shape, value, name)


def _of_structure(shape: StructureShape, value: Mapping[str, Any], strict: bool, json_blobs: bool) -> Iterator[str]:
    members = {capital(name): member for name, member in shape.members.items()}
    if strict:
        for name in map(capital, shape.required_members):
            if name not in value:
                yield f"Required field '{name}' is missing"
    for name, inner in value.items():
        if name in members:
            yield from _of_value(members[name], inner, name, strict, json_blobs)


def _of_scalar(shape: Shape, value: Any, name: str) -> Iterator[str]:
    expected = _JSON_TYPES.get(shape.type_name)
    if expected is None:
        return
    if json_type(value) != expected:
        yield f"Field '{name}' must be a {expected}"
        return
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"Field '{name}' is not an expected value"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if expected == "number":
        if least is not None and value < least:
            yield f"Field '{name}' is less than the minimum value"
        if most is not None and value > most:
            yield f"Field '{name}' exceeds the maximum value"
    elif expected == "string" and shape.type_name != "timestamp":
        if least is not None and len(value) < least:
            yield f"Field '{name}' is smaller than the minimum length"
        if most is not None and len(value) > most:
            yield f"Field '{name}' exceeds the maximum length"
