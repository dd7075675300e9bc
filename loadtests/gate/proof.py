"""Does the gate do what it says? Trees whose truth is known, through the gate as it is, again and again.

identical       this tree against a copy of itself: a regression would be a false alarm
slow-down       an ingest handler that works longer by a known share of its own time: no regression would be a miss
slow wait       one that waits longer by as much, and so uses no more CPU; only tried where it is asked for
same counters   this tree against a copy of itself, counted: any difference would be a false alarm
extra call      one AWS call more for each message, counted: the gate must say so, every time
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.clock import monotonic
from loadtests.gate.binomial import rate_interval
from loadtests.gate.checkout import copy_of
from loadtests.gate.confirmation import MOST_LOOKS, confirmed_differences
from loadtests.gate.counter_run import CounterPlan, run_counters
from loadtests.gate.injection import EXTRA_CALL, inject, slow_down
from loadtests.gate.relative import Relative, compare_trees
from loadtests.gate.rounds import Plan, Round
from loadtests.gate.statistics import Finding, Rule

__all__ = ["CASES", "FURTHER_CASES", "Proof", "Rate", "Trial", "prove"]

CASES = ("identical", "slow-down", "same counters", "extra call")
FURTHER_CASES = ("slow wait",)
# Those in which something is worse.
_CHANGED = ("slow-down", "slow wait", "extra call")
_COUNTED = ("same counters", "extra call")
_COUNTED_MESSAGES = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """One time through the gate. `right` says whether it found what is true, `detail` what it saw; None is inconclusive.

    `changes` has the change that was measured of each metric, as a fraction.
    """

    case: str
    finding: str
    right: bool | None
    detail: str
    seconds: float = 0.0
    rounds: int = 0
    changes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often the gate called a case worse: `name` is `false alarms` or `detections`, with the exact 95 % interval of the rate."""

    case: str
    name: str
    count: int
    trials: int
    inconclusive: int
    seconds: float

    @property
    def interval(self) -> tuple[float, float]:
        """The rates that so many trials do not rule out (Clopper and Pearson)."""
        return rate_interval(self.count, self.trials)

    @property
    def text(self) -> str:
        """The rate for people."""
        low, high = self.interval
        text = f"{self.case}: {self.count} {self.name} in {self.trials} ({self.count / self.trials:.0%}, 95 % interval "
        text += f"{low:.0%} to {high:.0%})"
        return f"{text}; {self.inconclusive} inconclusive" if self.case not in _COUNTED else text


@dataclass(frozen=True, slots=True)
class Proof:
    """All trials. `asked` is how many of each case there were to be; fewer, where the time was over."""

    percent: float
    trials: tuple[Trial, ...]
    asked: int = 0
    rule: Rule = field(default_factory=Rule)

    @property
    def rates(self) -> list[Rate]:
        """The rate of each case that was tried."""
        found = []
        for case in (*CASES, *FURTHER_CASES):
            trials = [trial for trial in self.trials if trial.case == case]
            if trials:
                called = [trial for trial in trials if trial.right is (case in _CHANGED)]
                name = "detections" if case in _CHANGED else "false alarms"
                unknown = sum(trial.right is None for trial in trials)
                seconds = sum(trial.seconds for trial in trials)
                found.append(Rate(case, name, len(called), len(trials), unknown, seconds))
        return found

    @property
    def holds(self) -> bool:
        """Whether no trial was wrong, and every case has one that was right."""
        right = {trial.case for trial in self.trials if trial.right is True}
        return all(trial.right is not False for trial in self.trials) and right == {trial.case for trial in self.trials}

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {
            "schema_version": 2,
            "slow_down_percent": self.percent,
            "slow_down_of": "the ingest handler's own time",
            "asked": self.asked,
            "margin": self.rule.margin,
            "alpha": self.rule.alpha,
            "looks": list(self.rule.looks),
            "holds": self.holds,
            "cases": {
                rate.case: {
                    rate.name.replace(" ", "_"): rate.count,
                    "trials": rate.trials,
                    "inconclusive": rate.inconclusive,
                    "rate": rate.count / rate.trials,
                    "interval_95": list(rate.interval),
                    "seconds": round(rate.seconds, 1),
                }
                for rate in self.rates
            },
            "trials": [asdict(trial) for trial in self.trials],
        }


def prove(
    tree: Path,
    plan: Plan,
    rule: Rule,
    repeats: int,
    cases: Sequence[str] = CASES,
    percent: float = 20.0,
    progress: Callable[[Trial], None] | None = None,
    minutes: float | None = None,
    round_progress: Callable[[int, Round], None] | None = None,
    looks_at_counters: int = MOST_LOOKS,
) -> Proof:
    """Send known changes of `tree` through the gate. Raises `EnvironmentNotReady`; `progress` hears of each trial, `round_progress` of
    each round of one.

    No trial begins that would not be over after `minutes`, going by the longest one of its case.
    """
    begun = monotonic()
    trials: list[Trial] = []

    def fits(case: str) -> bool:
        longest = max((trial.seconds for trial in trials if trial.case == case), default=0.0)
        return minutes is None or monotonic() - begun + longest <= minutes * 60

    with copy_of(tree) as pristine:
        for number, case in itertools.product(
            range(repeats), (one for one in (*CASES, *FURTHER_CASES) if one in cases)
        ):
            if fits(case):
                trials.append(_trial(case, pristine, plan, rule, percent, number, round_progress, looks_at_counters))
                if progress is not None:
                    progress(trials[-1])
    return Proof(percent, tuple(trials), repeats, rule)


def _trial(
    case: str,
    tree: Path,
    plan: Plan,
    rule: Rule,
    percent: float,
    number: int,
    round_progress: Callable[[int, Round], None] | None,
    looks_at_counters: int,
) -> Trial:
    begun = monotonic()
    with copy_of(tree) as head, copy_of(tree) as base:
        if case in _CHANGED:
            inject(head, EXTRA_CALL if case == "extra call" else slow_down(percent, waiting=case == "slow wait"))
        if case in _COUNTED:
            counted = CounterPlan(plan.template, (plan.body_bytes,), _COUNTED_MESSAGES, seed=plan.seed + number)
            return _counted(case, counted, base, head, begun, looks_at_counters)
        found = compare_trees(plan, rule, base, head, round_progress)
        changes = {metric: round(decision.change, 4) for metric, decision in found.decisions.items()}
        return Trial(
            case,
            str(found.finding),
            _is_right(case, found),
            "; ".join(found.lines()),
            round(monotonic() - begun, 1),
            len(found.rounds),
            changes,
        )


def _is_right(case: str, found: Relative) -> bool | None:
    if found.finding is Finding.INCONCLUSIVE:
        return None
    return (found.finding is Finding.REGRESSION) == (case in _CHANGED)


def _counted(case: str, plan: CounterPlan, base: Path, head: Path, begun: float, looks: int) -> Trial:
    _, changes = confirmed_differences(lambda: run_counters(plan, base), lambda: run_counters(plan, head), looks)
    compared = [change for change in changes if change.compared]
    seen = any(change.worse and change.name.startswith("calls/") for change in compared)
    right = seen if case in _CHANGED else not compared
    finding = "different" if compared else "equal"
    return Trial(case, finding, right, "; ".join(change.text for change in compared), round(monotonic() - begun, 1))
