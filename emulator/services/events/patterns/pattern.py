"""A parsed event pattern, and whether an event matches it.

A pattern is a list of alternatives (more than one only through `$or`); an alternative names paths, each with the matchers of which one
must hold. All paths must hold together, on values that are not inside different objects of one array.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.services.events.patterns.event_fields import EventFields, Field
from emulator.services.events.patterns.grammar import Alternative, parse_alternatives
from emulator.services.events.patterns.matchers import ABSENT
from emulator.services.events.patterns.tokens import PatternError

__all__ = ["EventPattern", "PatternError"]


@dataclass(frozen=True, slots=True)
class EventPattern:
    """`text` as it was written."""

    text: str
    alternatives: tuple[Alternative, ...]

    @classmethod
    def parse(cls, text: str) -> EventPattern:
        """Raises PatternError."""
        alternatives = tuple(parse_alternatives(text))
        try:
            json.loads(text)
        except ValueError as error:  # a comma too few, something behind the end
            raise PatternError(str(error)) from error
        return cls(text, alternatives)

    def matches(self, fields: EventFields) -> bool:
        """Whether an event matches."""
        return any(_holds(alternative, fields) for alternative in self.alternatives)


def _holds(alternative: Alternative, fields: EventFields) -> bool:
    candidates: list[list[Field]] = []
    for path, matchers in alternative:
        values = fields.at(path)
        if not values:
            if ABSENT not in matchers:
                return False
            continue
        fitting = [field for field in values if any(matcher(field.value) for matcher in matchers)]
        if not fitting:
            return False
        if all(field.elements for field in fitting):  # else one of them fits whatever the others are
            candidates.append(fitting)
    return _together(candidates, 0, {})


def _together(candidates: list[list[Field]], index: int, elements: Mapping[int, int]) -> bool:
    """Whether one value of each path can be taken so that no array is at two of its elements."""
    if index == len(candidates):
        return True
    return any(
        all(elements.get(array, element) == element for array, element in field.elements.items())
        and _together(candidates, index + 1, {**elements, **field.elements})
        for field in candidates[index]
    )
