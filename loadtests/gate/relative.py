"""The relative gate: rounds between two trees until something is known, or the last look is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.gate.rounds import METRICS, Plan, Round, gated, run_round
from loadtests.gate.statistics import Decision, Finding, Rule, decide
from loadtests.percentiles import PERCENTILES, Durations

__all__ = ["Relative", "compare_trees", "judge_rounds"]


@dataclass(frozen=True, slots=True)
class Relative:
    """What the rounds between base and head say."""

    finding: Finding
    decisions: Mapping[str, Decision]
    rounds: tuple[Round, ...]
    rule: Rule

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {
            "finding": str(self.finding),
            "margin": self.rule.margin,
            "alpha": self.rule.alpha,
            "looks": list(self.rule.looks),
            "metrics": {metric: asdict(decision) for metric, decision in self.decisions.items()},
            "percentiles": self.percentiles(),
            "rounds": [
                {"base": dict(found.base), "head": dict(found.head), "differences": dict(found.differences)}
                for found in self.rounds
            ],
        }

    def percentiles(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return what all rounds together say of each duration, by metric, side and percentile in seconds: shown, not gated.

        Only the percentiles that so many messages support.
        """
        found: dict[str, dict[str, dict[str, float]]] = {}
        for metric in sorted({metric for one in self.rounds for times in one.times.values() for metric in times}):
            for side in ("base", "head"):
                durations = Durations(seconds for one in self.rounds for seconds in one.times[side][metric])
                values = {f"p{p:g}": value for p in PERCENTILES if (value := durations.supported(p)) is not None}
                found.setdefault(metric, {})[side] = values
        return found

    def lines(self) -> list[str]:
        """Return it for people, a line a metric."""
        return [
            f"{METRICS[metric]}: {_percent(decision.change)} ({_bounds(decision)}), {decision.finding}"
            + (
                f"; a change of {decision.detectable:.0%} would be seen"
                if decision.finding is Finding.INCONCLUSIVE and decision.detectable is not None
                else ""
            )
            for metric, decision in self.decisions.items()
        ]


def _percent(change: float) -> str:
    return f"{change:+.1%}"


def _bounds(decision: Decision) -> str:
    low = "-" if decision.lower <= -1 else _percent(decision.lower)
    high = "-" if decision.upper > 90 else _percent(decision.upper)
    return f"from {low} to {high}"


def judge_rounds(rounds: Sequence[Round], rule: Rule) -> Relative:
    """Return what rounds say. A regression of any metric is one; a pass needs all of them."""
    decisions = decide({metric: [found.differences[metric] for found in rounds] for metric in gated(rounds)}, rule)
    findings = {decision.finding for decision in decisions.values()}
    if Finding.REGRESSION in findings:
        finding = Finding.REGRESSION
    else:
        finding = Finding.PASS if findings == {Finding.PASS} else Finding.INCONCLUSIVE
    return Relative(finding, decisions, tuple(rounds), rule)


def compare_trees(
    plan: Plan,
    rule: Rule,
    base: Path | None,
    head: Path | None,
    progress: Callable[[int, Round], None] | None = None,
) -> Relative:
    """Compare two trees (None: this one), looking where the rule says and nowhere else. Raises `EnvironmentNotReady`.

    `progress` hears of each round.
    """
    rounds: list[Round] = []
    for look in rule.looks:
        while len(rounds) < look:
            rounds.append(run_round(plan, base, head, len(rounds)))
            if progress is not None:
                progress(len(rounds), rounds[-1])
        found = judge_rounds(rounds, rule)
        if found.finding is not Finding.INCONCLUSIVE:
            return found
    return found
