"""Between botocore's Python values and ours: points in time are epoch seconds here and `datetime` there, streams are bytes here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.errors import UnsupportedOperation

__all__ = ["in_our_shape", "parameters_for_botocore"]


def in_our_shape(shape: StructureShape | None, parsed: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """What botocore's parser made of a response, as a service's result: without metadata, times as numbers, streams as bytes."""
    if shape is None:
        return {}
    payload = shape.serialization.get("payload")
    result: dict[str, Any] = {}
    for name, member in shape.members.items():
        value = parsed.get(name)
        if name == payload and member.type_name == "blob":
            result[name] = body
        elif value is not None:
            result[name] = _ours(member, value)
    return result


def _ours(shape: Shape, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {name: _ours(shape.members[name], item) for name, item in value.items() if name in shape.members}
    if isinstance(shape, ListShape):
        return [_ours(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _ours(shape.value, item) for key, item in value.items()}
    return value


def parameters_for_botocore(shape: Shape, value: Any) -> Any:
    """Parameters as botocore's serializer wants them: times as `datetime`, no members that are None.

    Raises UnsupportedOperation for a member that the shape does not have.
    """
    if isinstance(shape, StructureShape):
        for name in value:
            if name not in shape.members:
                raise UnsupportedOperation(f"{shape.name} has no member {name!r}")
        return {
            name: parameters_for_botocore(shape.members[name], item) for name, item in value.items() if item is not None
        }
    if isinstance(shape, ListShape):
        return [parameters_for_botocore(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: parameters_for_botocore(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    return value
