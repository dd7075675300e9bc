"""The noise of this machine: the same tree against itself, and the smallest change that a gate would see here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import expm1
from pathlib import Path
from statistics import stdev
from typing import Any

import orjson

from loadtests.failures import UsageError
from loadtests.gate.machine import fingerprint, machine
from loadtests.gate.rounds import Plan, Round, gated, run_round
from loadtests.gate.statistics import Rule, smallest_detectable

__all__ = ["Calibration", "calibrate", "calibration_of"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Spread of each metric between rounds (a fraction), and the smallest detectable change for each count of rounds at a look."""

    rounds: int
    spread: Mapping[str, float]
    detectable: Mapping[int, Mapping[str, float]]

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON, with the machine that it is for."""
        return {
            "schema_version": 1,
            "rounds": self.rounds,
            "spread": dict(self.spread),
            "detectable": {str(count): dict(changes) for count, changes in self.detectable.items()},
            "machine": machine(),
            "fingerprint": fingerprint(),
        }

    def write(self, path: Path) -> None:
        """Write it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(self.to_json(), option=orjson.OPT_INDENT_2))


def calibrate(plan: Plan, rule: Rule, rounds: int, progress: Callable[[int, Round], None]) -> Calibration:
    """Compare this tree with itself. Raises `EnvironmentNotReady`."""
    if rounds < 3:
        raise UsageError("a spread needs 3 rounds at least, and means something from 8 on")
    found = []
    for number in range(rounds):
        found.append(run_round(plan, None, None, number))
        progress(number + 1, found[-1])
    return calibration_of(found, rule)


def calibration_of(rounds: Sequence[Round], rule: Rule) -> Calibration:
    """Return what rounds of a tree against itself say of the machine."""
    series = {metric: [found.differences[metric] for found in rounds] for metric in gated(rounds)}
    detectable = {
        look: {
            metric: change
            for metric, differences in series.items()
            if (change := smallest_detectable(differences, rule, look, len(series))) is not None
        }
        for look in rule.looks
    }
    return Calibration(len(rounds), {metric: expm1(stdev(found)) for metric, found in series.items()}, detectable)
