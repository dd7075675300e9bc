"""Event files: a run of the fuzzer, step by step, that can be played again by itself.

    {"windtunnel_events": 1, "template": "system/audit_ingest/template.yaml", "seed": 0, "delivery": "polite",
     "steps": [{"do": "trouble", "name": "archive slowed down", "times": 2},
               {"do": "send", "draft": {"size": 1, "seed": 0}}],
     "problem": "message 0 ...: it is lost"}

Payloads are in it by shape, size and seed, so a file is small however large its messages are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.failures import UsageError
from loadtests.fuzz.steps import Step, step_from_json, step_to_json

__all__ = ["SUFFIX", "EventFile", "describe"]

SUFFIX = ".event.json"
_VERSION = 1
_MARK = "windtunnel_events"


@dataclass(frozen=True, slots=True)
class EventFile:
    """Steps, and the emulator that they were played on. `problem` is what did not hold; empty in a file made by hand."""

    steps: tuple[Step, ...]
    template: str
    seed: int = 0
    delivery: str = "polite"
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """This file as JSON."""
        return {
            _MARK: _VERSION,
            "template": self.template,
            "seed": self.seed,
            "delivery": self.delivery,
            "steps": [step_to_json(step) for step in self.steps],
            "problem": self.problem,
        }

    def write(self, path: Path) -> None:
        """Write this file, one step a line."""
        value = self.to_json()
        steps = value.pop("steps")
        head = json.dumps(value, indent=2)[:-2]
        lines = ",\n".join(f"    {json.dumps(step)}" for step in steps)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{head},\n  "steps": [\n{lines}\n  ]\n}}\n')

    @staticmethod
    def read(path: Path) -> EventFile:
        """The file that `write` wrote. Raises `UsageError`, which says what is wrong with it."""
        try:
            value = json.loads(path.read_text())
        except OSError as error:
            raise UsageError(f"there is no event file {path} ({error.strerror})") from None
        except ValueError as error:
            raise UsageError(f"{path} is no event file: {error}") from None
        if not isinstance(value, dict) or value.get(_MARK) != _VERSION:
            raise UsageError(f"{path} is no event file: it needs the member {_MARK!r}: {_VERSION}")
        try:
            return EventFile(
                tuple(step_from_json(step) for step in value["steps"]),
                str(value["template"]),
                int(value.get("seed", 0)),
                str(value.get("delivery", "polite")),
                str(value.get("problem", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{path} is no event file: {error!r}") from None
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None


def describe(steps: Sequence[Step]) -> list[str]:
    """The steps for people, one a line."""
    lines = []
    for number, step in enumerate(steps, 1):
        members = step_to_json(step)
        what = members.pop("do")
        told = ", ".join(f"{name} {_told(value)}" for name, value in members.items() if value is not None)
        lines.append(f"{number:3}. {what}{': ' if told else ''}{told}")
    return lines


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_told(member)}" for name, member in value.items()) + ")"
    return value if isinstance(value, str) else json.dumps(value)
