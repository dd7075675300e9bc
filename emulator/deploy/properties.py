"""The shapes of a resource type's properties: what is supported, and of which type, as data.

A shape is a leaf (`STR`, `INT`, `FLOAT`, `BOOL`, `ANY`), a map of member names to shapes, or `Each(shape)` for a map with free keys.
Lists are transparent: the shape of a list is the shape of its elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from emulator.deploy.errors import TemplateError
from emulator.deploy.intrinsics import intrinsic

__all__ = ["ANY", "BOOL", "FLOAT", "INT", "JSON", "STR", "TAGS", "Each", "Leaf", "Shape", "coerce", "unsupported"]


class Leaf(Enum):
    """A value that is taken as it is, after CloudFormation's conversions from text."""

    STR = "string"
    INT = "integer"
    FLOAT = "number"
    BOOL = "boolean"
    JSON = "JSON"
    ANY = "any"


STR, INT, FLOAT, BOOL, JSON, ANY = Leaf.STR, Leaf.INT, Leaf.FLOAT, Leaf.BOOL, Leaf.JSON, Leaf.ANY


@dataclass(frozen=True, slots=True)
class Each:
    """A map whose keys are the user's."""

    shape: Leaf | Mapping[str, Any]


Shape = Leaf | Each | Mapping[str, Any]
TAGS: Shape = {"Key": STR, "Value": STR}


def unsupported(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """The paths of members that a shape does not have. An intrinsic is opaque until it is resolved."""
    if isinstance(value, list):
        for item in value:
            yield from unsupported(shape, item, path)
    elif isinstance(value, dict) and intrinsic(value) is None:
        if isinstance(shape, Each):
            for name, member in value.items():
                yield from unsupported(shape.shape, member, f"{path}.{name}")
        elif isinstance(shape, Mapping):
            for name, member in value.items():
                inner = f"{path}.{name}" if path else name
                if name in shape:
                    yield from unsupported(shape[name], member, inner)
                else:
                    yield inner


def coerce(shape: Shape, value: Any, path: str) -> Any:
    """The value with text turned into the numbers and booleans that the shape asks for, and back. Raises TemplateError."""
    if isinstance(value, list):
        return [coerce(shape, item, path) for item in value]
    if isinstance(shape, Leaf):
        return _leaf(shape, value, path)
    if not isinstance(value, dict):
        raise TemplateError(f"Value of property {path} must be an object")
    if isinstance(shape, Each):
        return {name: coerce(shape.shape, member, f"{path}.{name}") for name, member in value.items()}
    return {name: coerce(shape[name], member, f"{path}.{name}" if path else name) for name, member in value.items()}


def _leaf(leaf: Leaf, value: Any, path: str) -> Any:
    if leaf is Leaf.ANY or leaf is Leaf.JSON:
        return value
    if isinstance(value, dict):
        raise TemplateError(f"Value of property {path} must be of type {leaf.value.capitalize()}")
    try:
        if leaf is Leaf.STR:
            return ("true" if value else "false") if isinstance(value, bool) else str(value)
        if leaf is Leaf.BOOL:
            return {"true": True, "false": False}[str(value).lower()]
        return int(value) if leaf is Leaf.INT else float(value)
    except (KeyError, TypeError, ValueError) as error:
        raise TemplateError(
            f"Value of property {path} must be of type {leaf.value.capitalize()}, not {value!r}"
        ) from error
