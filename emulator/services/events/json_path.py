"""The JSON paths of targets: `$.detail.items[0].id`, `$.detail['a b']`, `$.detail.items[*].id`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["MISSING", "JsonPath", "JsonPathError"]

_STEP = re.compile(r"""\.([^.\[\]\s'"]+)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]|\[(\*)\]""")


class _Missing:
    """Nothing is there; `null` would be something."""


MISSING: Final = _Missing()
_EVERY: Final = _Missing()


class JsonPathError(ValueError):
    """The text is no path that EventBridge knows."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """Member names, indexes, and the sign for every element."""

    steps: tuple[Any, ...]

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """Raises JsonPathError."""
        if not text.startswith("$"):
            raise JsonPathError(f"{text!r} does not begin with $")
        steps: list[Any] = []
        place = 1
        while place < len(text):
            match = _STEP.match(text, place)
            if match is None:
                raise JsonPathError(f"{text!r} cannot be read from character {place} on")
            name = next((group for group in match.groups()[:3] if group is not None), None)
            if name is not None:
                steps.append(_EVERY if name == "*" and match[1] is not None else name)
            else:
                steps.append(int(match[4]) if match[4] is not None else _EVERY)
            place = match.end()
        return cls(tuple(steps))

    def value(self, document: Any) -> Any:
        """What is there, or MISSING."""
        return _follow(document, self.steps)


def _follow(value: Any, steps: tuple[Any, ...]) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step is _EVERY:
        elements = value if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
        found = [_follow(element, rest) for element in elements]
        return [element for element in found if element is not MISSING]
    if isinstance(step, int):
        return _follow(value[step], rest) if isinstance(value, list) and step < len(value) else MISSING
    return _follow(value[step], rest) if isinstance(value, Mapping) and step in value else MISSING
