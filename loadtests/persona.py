"""Who sends: several kinds of senders in one load, each with its own sizes, its own schedule and its own name in the messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.failures import UsageError
from loadtests.schedule import Rate, Schedule
from loadtests.schedule_text import parse_schedule

__all__ = ["DEFAULT_PERSONA", "Persona"]

DEFAULT_PERSONA = "loadtests"
# It travels inside each message's JSON, as it is.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of sender. `weights` has its share of each size by label; a size that is not in it is not sent by this one.

    `name` is the `sourceSystemID` of its messages, `message_type` their `messageType`.
    """

    name: str = DEFAULT_PERSONA
    schedule: Schedule = field(default_factory=lambda: Rate(10.0))
    weights: Mapping[str, float] = field(default_factory=dict)
    message_type: str = "load"

    def __post_init__(self) -> None:
        for text in (self.name, self.message_type):
            if _NAME.fullmatch(text) is None:
                raise UsageError(f"{text!r} is no name for a persona: up to 64 letters, digits, spaces and . _ -")

    def to_json(self) -> dict[str, Any]:
        """Return this persona as JSON."""
        return {
            "name": self.name,
            "schedule": str(self.schedule),
            "weights": dict(self.weights),
            "message_type": self.message_type,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Persona:
        """Return the persona that `to_json` wrote."""
        return Persona(**{**value, "schedule": parse_schedule(value["schedule"])})
