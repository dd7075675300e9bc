"""The noise of this machine: the same tree against itself, the smallest change that a gate would see here, and the margin it needs."""

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
from loadtests.gate.statistics import Rule, smallest_detectable, smallest_passing

__all__ = ["FILE_NAME", "Calibration", "calibrate", "calibration_of", "hint"]

FILE_NAME = "calibration.json"
_SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """Spread of each metric between rounds (a fraction). For each count of rounds at a look: the smallest change of each metric that is
    called a regression 8 times of 10 (`detectable`), and the smallest margin with which an identical tree passes as often (`passing`).
    """

    rounds: int
    spread: Mapping[str, float]
    detectable: Mapping[int, Mapping[str, float]]
    passing: Mapping[int, Mapping[str, float]]

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON, with the machine that it is for."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "rounds": self.rounds,
            "spread": dict(self.spread),
            "detectable": {str(count): dict(changes) for count, changes in self.detectable.items()},
            "passing_margin": {str(count): dict(margins) for count, margins in self.passing.items()},
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
    detectable: dict[int, dict[str, float]] = {look: {} for look in rule.looks}
    passing: dict[int, dict[str, float]] = {look: {} for look in rule.looks}
    for look in rule.looks:
        for metric, differences in series.items():
            change = smallest_detectable(differences, rule, look, len(series))
            margin = smallest_passing(differences, rule, look)
            if change is not None and margin is not None:
                detectable[look][metric], passing[look][metric] = change, margin
    spread = {metric: expm1(stdev(found)) for metric, found in series.items()}
    return Calibration(len(rounds), spread, detectable, passing)


def hint(path: Path, rule: Rule) -> str:
    """Return what a calibration of this machine says of a comparison that is about to begin; or that there is none."""
    advice = "`windtunnel calibrate` measures this machine's noise, and so what a comparison sees here"
    if not path.is_file():
        return f"not calibrated: {advice}"
    value = orjson.loads(path.read_bytes())
    if value.get("schema_version") != _SCHEMA_VERSION or value.get("fingerprint") != fingerprint():
        return f"calibrated for another machine or version: {advice}"
    for look in rule.looks:
        needed = value["passing_margin"].get(str(look))
        if needed and max(needed.values()) <= rule.margin:
            seen = min(value["detectable"][str(look)].values())
            return (
                f"by this machine's calibration {look} rounds are enough to pass, and see a change from {seen:.0%} on"
            )
    return f"by this machine's calibration a margin of {rule.margin:.0%} is too small to pass: a quieter machine, or more --looks"
