"""Faults on purpose: one list of rules, asked at the one point through which every cross-service step passes."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from emulator.errors import AwsError, EmulatorError

__all__ = ["Decision", "Fault", "Faults"]

Kind = Literal["error", "latency", "lost_reply", "crash", "crash_after"]
_KINDS = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. Names are shell patterns; `service` `external` with the effect's class name as `operation` reaches outside work.

    `error` refuses the call before it does anything; `lost_reply` lets it happen and then fails the caller (the classic ambiguous
    outcome); `latency` delays it by `seconds`. `crash` ends the process of the function that makes the call before it has happened,
    `crash_after` once it has happened; both pass calls that no function makes, and functions whose SDK sends no trace header.

    A rule applies with `probability`, at most `times` times, between `start` and `end` (epoch seconds on the engine's clock).
    """

    service: str
    operation: str = "*"
    resource: str = "*"
    kind: Kind = "error"
    code: str = "InternalFailure"
    status: int = 500
    message: str = "A fault was injected"
    seconds: float = 0.0
    probability: float = 1.0
    times: int | None = None
    start: float | None = None
    end: float | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Fault:
        """A rule from JSON data. Raises EmulatorError on an unknown member or kind."""
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise EmulatorError(
                f"a fault has no member {', '.join(unknown)}; it has {', '.join(cls.__dataclass_fields__)}"
            )
        if data.get("kind", "error") not in _KINDS:
            raise EmulatorError(f"fault kind {data['kind']!r} is none of {', '.join(_KINDS)}")
        if "service" not in data:
            raise EmulatorError("a fault needs a service (a shell pattern such as 's3' or '*')")
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say about one call."""

    before: AwsError | None = None
    after: AwsError | None = None
    delay_seconds: float = 0.0
    crash: Literal["", "before", "after"] = ""
    """Whether, and when, the function that calls ends."""


_NOTHING = Decision()


class Faults:
    """The rules in force and how often each was applied."""

    def __init__(self, seed: int = 0, rules: Iterable[Fault] = ()) -> None:
        self._random = random.Random(f"faults {seed}")
        self._rules: dict[int, Fault] = {}
        self._applied: dict[int, int] = {}
        self._next_id = 1
        for rule in rules:
            self.add(rule)

    def add(self, rule: Fault) -> int:
        """Put a rule in force; the id by which it is removed."""
        number, self._next_id = self._next_id, self._next_id + 1
        self._rules[number] = rule
        self._applied[number] = 0
        return number

    def remove(self, number: int) -> None:
        """Lift a rule. Raises EmulatorError where there is none of that id."""
        if self._rules.pop(number, None) is None:
            raise EmulatorError(f"there is no fault {number}; in force: {sorted(self._rules) or 'none'}")

    def clear(self) -> None:
        """Lift all rules."""
        self._rules.clear()

    def listing(self) -> list[dict[str, Any]]:
        """The rules in force, with their ids and how often each was applied."""
        return [
            {"id": number, "applied": self._applied[number]}
            | {name: getattr(rule, name) for name in Fault.__dataclass_fields__}
            for number, rule in self._rules.items()
        ]

    def decide(self, service: str, operation: str, resource: str, now: float, span: str = "") -> Decision:
        """What happens to this call, which an invocation makes where it has a `span`. With no rule in force this costs one truth test."""
        if not self._rules:
            return _NOTHING
        before: AwsError | None = None
        after: AwsError | None = None
        delay = 0.0
        crash: Literal["", "before", "after"] = ""
        for number, rule in self._rules.items():
            if rule.kind in ("crash", "crash_after") and span == "":
                continue
            if not self._applies(number, rule, service, operation, resource, now):
                continue
            self._applied[number] += 1
            if rule.kind == "latency":
                delay += rule.seconds
            elif rule.kind == "crash":
                crash = "before"
            elif rule.kind == "crash_after":
                crash = crash or "after"
            elif rule.kind == "error":
                before = before or AwsError.named(rule.code, rule.message, status=rule.status)
            else:
                after = after or AwsError.named(rule.code, rule.message, status=rule.status)
        return Decision(before, after, delay, crash)

    def _applies(self, number: int, rule: Fault, service: str, operation: str, resource: str, now: float) -> bool:
        return (
            fnmatchcase(service, rule.service)
            and fnmatchcase(operation, rule.operation)
            and fnmatchcase(resource, rule.resource)
            and (rule.times is None or self._applied[number] < rule.times)
            and (rule.start is None or now >= rule.start)
            and (rule.end is None or now < rule.end)
            and (rule.probability >= 1.0 or self._random.random() < rule.probability)
        )
