"""Ingest over the floor of the same machine in the same second: a latency that can be compared with that of another machine.

The emulator's benchmark takes turns between an ingest and its floor, message by message, in blocks; a block's ratio is one observation.
What is compared is the logarithm of each block's ratio over the agreed one, by the statistics of the relative gate: a bound against a
margin, and three findings. The margin is wide, because processors differ in what they are good at; changes of some percent are the
relative gate's business.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from typing import Any

import orjson

from loadtests.gate.statistics import Decision, Finding, Rule, centre, decide

__all__ = ["MARGIN", "FloorRatios", "RatioCheck", "check_ratios", "measure_ratios", "read_ratios"]

MARGIN = 0.25
_MODULE = "emulator.bench.ingest_ratio"
_BLOCKS = 12
_TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class FloorRatios:
    """Ingest over floor by size in bytes, one value for each block; `why_not` says why there is none."""

    blocks: Mapping[int, Sequence[float]] = field(default_factory=dict)
    why_not: str | None = None

    @property
    def typical(self) -> dict[int, float]:
        """The centre of the blocks: what to agree on."""
        return {size: exp(centre([log(ratio) for ratio in ratios])) for size, ratios in self.blocks.items() if ratios}


@dataclass(frozen=True, slots=True)
class RatioCheck:
    """Ingest over floor for one size, against the baseline's: the same program on another machine has nearly the same."""

    body_bytes: int
    before: float
    decision: Decision
    margin: float

    @property
    def finding(self) -> Finding:
        """What is known of it."""
        return self.decision.finding

    @property
    def after(self) -> float:
        """The ratio now."""
        return self.before * (1 + self.decision.change)

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        low, high = (self.before * (1 + bound) for bound in (self.decision.lower, self.decision.upper))
        return {
            "body_bytes": self.body_bytes,
            "before": self.before,
            "after": self.after,
            "lower": low,
            "upper": high,
            "margin": self.margin,
            "finding": str(self.finding),
            "blocks": self.decision.rounds,
        }


def check_ratios(agreed: Mapping[int, float], found: FloorRatios, margin: float = MARGIN) -> list[RatioCheck]:
    """Return a check for each size that both have."""
    series = {
        str(size): [log(ratio / agreed[size]) for ratio in ratios]
        for size, ratios in sorted(found.blocks.items())
        if size in agreed and ratios
    }
    rule = Rule(margin, looks=(max(map(len, series.values()), default=1),))
    decisions = decide(series, rule)
    return [RatioCheck(int(size), agreed[int(size)], decision, margin) for size, decision in decisions.items()]


def measure_ratios(sizes: Sequence[int], blocks: int = _BLOCKS, module: str = _MODULE) -> FloorRatios:
    """Return the ratios of this tree's pipeline here and now, or why there are none; what fails here never fails a gate."""
    command = [sys.executable, "-m", module, "--sizes", ",".join(map(str, sizes)), "--blocks", str(blocks)]
    try:
        finished = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return FloorRatios(why_not=f"not measured: {module} took longer than {_TIMEOUT_SECONDS:.0f} s")
    if finished.returncode != 0:
        lines = finished.stderr.decode(errors="replace").strip().splitlines()
        return FloorRatios(why_not=f"not measured: {module} failed: {lines[-1] if lines else finished.returncode}")
    return read_ratios(finished.stdout)


def read_ratios(text: bytes) -> FloorRatios:
    """Return the ratios that the benchmark printed."""
    try:
        sizes = orjson.loads(text)["sizes"]
        return FloorRatios(
            {int(size): [float(row["ingest"]) / float(row["floor"]) for row in rows] for size, rows in sizes.items()}
        )
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        return FloorRatios(why_not=f"not measured: the benchmark's answer is not understood: {error!r}")
