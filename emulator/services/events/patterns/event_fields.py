"""An event as patterns see it: its scalar values by path, names joined with dots, each with the array elements that it is inside of.

An array of scalars is several values at one path. Values inside different objects of one array never match together.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EventFields", "Field"]


@dataclass(frozen=True, slots=True)
class Field:
    """One scalar value. `elements` are the arrays around it, by number, with the index of the object that it is in."""

    value: Any
    elements: Mapping[int, int] = field(default_factory=dict)


class EventFields:
    """All fields of an event, by path."""

    __slots__ = ("_arrays", "_by_path")

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._by_path: dict[str, list[Field]] = {}
        self._arrays = 0
        self._object(event, "", {})

    def at(self, path: str) -> list[Field]:
        """The values at a path; none where the event has no scalar there."""
        return self._by_path.get(path, [])

    def _object(self, members: Mapping[str, Any], prefix: str, elements: Mapping[int, int]) -> None:
        for name, value in members.items():
            self._value(value, f"{prefix}{name}", elements)

    def _value(self, value: Any, path: str, elements: Mapping[int, int]) -> None:
        if isinstance(value, Mapping):
            self._object(value, f"{path}.", elements)
        elif isinstance(value, list):
            self._array(value, path, elements)
        else:
            self._by_path.setdefault(path, []).append(Field(value, elements))

    def _array(self, items: list[Any], path: str, elements: Mapping[int, int]) -> None:
        number, self._arrays = self._arrays, self._arrays + 1
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                self._object(item, f"{path}.", {**elements, number: index})
            else:
                self._value(item, path, elements)
