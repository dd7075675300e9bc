"""Baselines: what was agreed, in a file beside the code, and how a run differs from it.

A file of `baselines/` holds the counters, which are the same on every machine, the ratios of ingest to the floor, which nearly are, and
the noise of the machine that made it, which is not. Unlike runs are not compared: other messages cost something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from loadtests.failures import UsageError
from loadtests.gate.counters import Counters, varies

__all__ = [
    "DEFAULT_FOLDER",
    "Baseline",
    "Budget",
    "Change",
    "differences",
    "parse_budget",
]

DEFAULT_FOLDER = Path("baselines")
_SCHEMA_VERSION = 1
# Messages hold times as text, whose length changes by some characters.
_BYTES_MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a message may cost of one counter: `calls/s3.PutObject <= 1`; the name may end in `*`, which sums."""

    name: str
    limit: float

    def value(self, per_message: Mapping[str, float]) -> float:
        """Return what a message costs of it."""
        if self.name.endswith("*"):
            return sum(value for name, value in per_message.items() if name.startswith(self.name[:-1]))
        return per_message.get(self.name, 0.0)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was agreed. `ratios` has ingest over floor by size in bytes, `noise` the spread of each metric between rounds."""

    name: str
    plan: Mapping[str, Any]
    counters: Counters
    budgets: tuple[Budget, ...] = ()
    ratios: Mapping[int, float] = field(default_factory=dict)
    noise: Mapping[str, Any] | None = None
    machine: Mapping[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it, for people too: one line a counter."""
        value = {
            "schema_version": _SCHEMA_VERSION,
            "name": self.name,
            "plan": dict(self.plan),
            "counters": self.counters.to_json(),
            "budgets": [asdict(budget) for budget in self.budgets],
            "ratios": {str(size): ratio for size, ratio in self.ratios.items()},
            "noise": self.noise,
            "machine": dict(self.machine),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    @staticmethod
    def read(path: Path) -> Baseline:
        """Return the baseline in a file. Raises `UsageError` where there is none, or one of another version."""
        if not path.is_file():
            raise UsageError(f"there is no baseline {path}: make one with `windtunnel baseline save {path.stem}`")
        value = orjson.loads(path.read_bytes())
        if value.get("schema_version") != _SCHEMA_VERSION:
            raise UsageError(
                f"{path} is a baseline of version {value.get('schema_version')}, not {_SCHEMA_VERSION}: save it again"
            )
        return Baseline(
            name=value["name"],
            plan=value["plan"],
            counters=Counters.from_json(value["counters"]),
            budgets=tuple(Budget(**budget) for budget in value["budgets"]),
            ratios={int(size): float(ratio) for size, ratio in value["ratios"].items()},
            noise=value["noise"],
            machine=value["machine"],
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A counter that is not what it was, per message. `compared` is false for one that varies by its nature."""

    name: str
    before: float
    after: float
    compared: bool

    @property
    def worse(self) -> bool:
        """Whether a message costs more of it than was agreed."""
        return self.compared and self.after > self.before

    @property
    def word(self) -> str:
        """What to think of it: `worse`, `better`, or `varies` for what is shown and not compared."""
        return "varies" if not self.compared else "worse" if self.worse else "better"

    @property
    def text(self) -> str:
        """The change for people."""
        return f"{self.name}: {self.before:g} -> {self.after:g} a message"


def differences(before: Counters, after: Counters) -> list[Change]:
    """Return every counter that differs, per message. Sizes in bytes may differ by two percent: they hold times as text."""
    old, new = before.per_message(), after.per_message()
    changes = []
    for name in sorted({*old, *new}):
        one, other = old.get(name, 0.0), new.get(name, 0.0)
        slack = _BYTES_MARGIN * max(one, other) if "bytes" in name else 1e-9
        if abs(one - other) > slack:
            changes.append(Change(name, one, other, not varies(name)))
    return changes


def parse_budget(text: str) -> Budget:
    """Return the budget of `calls/s3.PutObject <= 1`. Raises `UsageError`."""
    name, separator, limit = text.partition("<=")
    try:
        if separator and name.strip():
            return Budget(name.strip(), float(limit))
    except ValueError:
        pass
    raise UsageError(f"{text!r} is no budget: write e.g. 'calls/s3.PutObject <= 1' or 'calls/* <= 16'")
