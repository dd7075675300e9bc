"""Does the gate do what it says? Trees whose truth is known, through the gate as it is, again and again.

identical    this tree against a copy of itself: a regression would be a false alarm
slow-down    a handler that takes longer by a known share: no regression would be a miss
extra call   one AWS call more for each message: the counters must say so, every time
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.gate.baseline import differences
from loadtests.gate.checkout import copy_of
from loadtests.gate.counter_run import CounterPlan, run_counters
from loadtests.gate.injection import EXTRA_CALL, inject, slow_down
from loadtests.gate.relative import Relative, compare_trees
from loadtests.gate.rounds import Plan
from loadtests.gate.statistics import Finding, Rule

__all__ = ["CASES", "Proof", "Trial", "prove"]

CASES = ("identical", "slow-down", "extra call")


@dataclass(frozen=True, slots=True)
class Trial:
    """One time through the gate. `right` says whether it found what is true, `detail` what it saw; None is inconclusive."""

    case: str
    finding: str
    right: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Proof:
    """All trials."""

    percent: float
    trials: tuple[Trial, ...]

    def count(self, case: str, right: bool | None) -> int:
        """Return how many trials of a case were right, wrong (False), or said nothing (None)."""
        return sum(trial.case == case and trial.right is right for trial in self.trials)

    @property
    def holds(self) -> bool:
        """Whether no trial was wrong, and every case has one that was right."""
        cases = {trial.case for trial in self.trials}
        return all(trial.right is not False for trial in self.trials) and all(self.count(case, True) for case in cases)

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        cases = [case for case in CASES if any(trial.case == case for trial in self.trials)]
        return {
            "schema_version": 1,
            "slow_down_percent": self.percent,
            "holds": self.holds,
            "cases": {
                case: {
                    "right": self.count(case, True),
                    "wrong": self.count(case, False),
                    "inconclusive": self.count(case, None),
                }
                for case in cases
            },
            "trials": [
                {"case": trial.case, "finding": trial.finding, "right": trial.right, "detail": trial.detail}
                for trial in self.trials
            ],
        }


def prove(
    tree: Path,
    plan: Plan,
    rule: Rule,
    repeats: int,
    cases: Sequence[str] = CASES,
    percent: float = 20.0,
    progress: Callable[[Trial], None] | None = None,
) -> Proof:
    """Send known changes of `tree` through the gate. Raises `EnvironmentNotReady`; `progress` hears of each trial."""
    trials: list[Trial] = []
    for number in range(repeats):
        for case in cases:
            trials.append(_trial(case, tree, plan, rule, percent, number))
            if progress is not None:
                progress(trials[-1])
    return Proof(percent, tuple(trials))


def _trial(case: str, tree: Path, plan: Plan, rule: Rule, percent: float, number: int) -> Trial:
    with copy_of(tree) as head, copy_of(tree) as base:
        if case == "extra call":
            inject(head, EXTRA_CALL)
            return _counted(
                case, CounterPlan(plan.template, (plan.body_bytes,), 3, seed=plan.seed + number), base, head
            )
        if case == "slow-down":
            inject(head, slow_down(percent))
        found = compare_trees(plan, rule, base, head)
        return Trial(case, str(found.finding), _is_right(case, found), "; ".join(found.lines()))


def _is_right(case: str, found: Relative) -> bool | None:
    if found.finding is Finding.INCONCLUSIVE:
        return None
    return (found.finding is Finding.REGRESSION) == (case == "slow-down")


def _counted(case: str, plan: CounterPlan, base: Path, head: Path) -> Trial:
    changes = differences(run_counters(plan, base), run_counters(plan, head))
    worse = [change.text for change in changes if change.worse]
    seen = any("calls/" in text for text in worse)
    return Trial(case, "caught" if seen else "missed", seen, "; ".join(worse))
