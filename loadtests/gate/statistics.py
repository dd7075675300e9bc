"""Is head slower than base? A verdict from paired differences, one for each round, with its error rates known beforehand.

The unit is the round, which is a block of each side in fresh processes: requests within one share a process, a moment and a neighbour,
so that a test that pools them calls two identical programs different most of the time. The difference of a round is a logarithm of head
over base. Wilcoxon's signed-rank test needs no normal distribution; its inversion gives the bounds (Hodges and Lehmann, 1963). A margin
is what is too small to matter: without one, any difference becomes significant in the end.

    regression     the difference is above the margin: the lower bound says so
    pass           the difference is below the margin: the upper bound says so (non-inferiority)
    inconclusive   neither is known yet

Looking more than once is paid for: the looks share the error probability. The first one gets most of it, because with so few rounds the
test can only give few probabilities, the smallest of them 2**-rounds, and because most comparisons should end there. With several
metrics, a regression is called by Holm's procedure, and a pass needs every metric, which costs nothing (an intersection-union test).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import expm1, inf, log1p, pi, sqrt
from statistics import NormalDist, median, stdev

from loadtests.gate.signed_rank import signed_rank_p

__all__ = [
    "Decision",
    "Finding",
    "Rule",
    "centre",
    "decide",
    "lower_bound",
    "smallest_detectable",
    "smallest_passing",
    "upper_bound",
]

_POWER = 0.8
# What Wilcoxon's test loses against the t-test where the noise happens to be normal.
_EFFICIENCY = sqrt(pi / 3)
_FIRST_SHARE = 0.8


class Finding(StrEnum):
    """What is known of a difference."""

    REGRESSION = "regression"
    PASS = "pass"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Rule:
    """How to decide: the margin as a fraction (0.1: 10 %), the error probability over all looks, and the rounds at which to look."""

    margin: float = 0.10
    alpha: float = 0.05
    looks: tuple[int, ...] = (7, 10, 14)

    def alpha_at(self, rounds: int) -> float:
        """Return the error probability of the look after so many rounds: four fifths of all at the first, equal shares later."""
        if len(self.looks) == 1:
            return self.alpha
        if rounds <= self.looks[0]:
            return self.alpha * _FIRST_SHARE
        return self.alpha * (1 - _FIRST_SHARE) / (len(self.looks) - 1)

    def first_decisive(self, metrics: int) -> int | None:
        """Return the first look that can call a single one of so many metrics a regression; None where none can."""
        return next((look for look in self.looks if 0.5**look <= self.alpha_at(look) / metrics), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rounds so far say of one metric. Changes are fractions: 0.07 is 7 % more than base.

    `detectable` is the smallest change that this many rounds with this noise would call a regression 8 times out of 10; None for
    fewer than two rounds.
    """

    metric: str
    finding: Finding
    rounds: int
    change: float
    lower: float
    upper: float
    detectable: float | None


def decide(differences: Mapping[str, Sequence[float]], rule: Rule) -> dict[str, Decision]:
    """Return what is known of each metric. Metrics that are only shown are not to be passed in: each one costs power."""
    limit = log1p(rule.margin)
    alpha = rule.alpha_at(max(map(len, differences.values()), default=0))
    worse = {metric: signed_rank_p([d - limit for d in found]) for metric, found in differences.items()}
    regressed = _holm(worse, alpha)
    decisions = {}
    for metric, found in differences.items():
        passed = signed_rank_p([limit - d for d in found]) <= alpha
        finding = Finding.REGRESSION if metric in regressed else Finding.PASS if passed else Finding.INCONCLUSIVE
        decisions[metric] = Decision(
            metric=metric,
            finding=finding,
            rounds=len(found),
            change=expm1(centre(found)) if found else 0.0,
            lower=expm1(lower_bound(found, alpha)),
            upper=expm1(min(upper_bound(found, alpha), 100.0)),
            detectable=smallest_detectable(found, rule, metrics=len(differences)),
        )
    return decisions


def _holm(p_values: Mapping[str, float], alpha: float) -> set[str]:
    """The metrics whose hypothesis is rejected, with the probability of any false one at most alpha (Holm, 1979)."""
    rejected: set[str] = set()
    for place, metric in enumerate(sorted(p_values, key=p_values.__getitem__)):
        if p_values[metric] > alpha / (len(p_values) - place):
            break
        rejected.add(metric)
    return rejected


def _walsh(differences: Sequence[float]) -> list[float]:
    """The means of all pairs, each with itself included; their median estimates the centre (Hodges and Lehmann)."""
    return sorted((a + b) / 2 for index, a in enumerate(differences) for b in differences[index:])


def centre(differences: Sequence[float]) -> float:
    return median(_walsh(differences))


def lower_bound(differences: Sequence[float], alpha: float) -> float:
    """Return what the centre exceeds with probability 1 - alpha; -inf where there are too few differences to say."""
    candidates = _walsh(differences)
    good = -1
    low, high = 0, len(candidates) - 1
    while low <= high:
        middle = (low + high) // 2
        # Just below a candidate: the differences that make it up then lie above.
        at = candidates[middle] - 1e-12
        if signed_rank_p([d - at for d in differences]) <= alpha:
            good, low = middle, middle + 1
        else:
            high = middle - 1
    return candidates[good] if good >= 0 else -inf


def upper_bound(differences: Sequence[float], alpha: float) -> float:
    """Return what exceeds the centre with probability 1 - alpha; inf where there are too few differences to say."""
    return -lower_bound([-d for d in differences], alpha)


def smallest_detectable(
    differences: Sequence[float], rule: Rule, rounds: int | None = None, metrics: int = 1
) -> float | None:
    """Return the smallest change that `rounds` (None: as many as there were) would call a regression 8 times out of 10, where it
    touches one of `metrics` gated ones.

    From the spread of the differences, by the normal approximation. None for fewer than two.
    """
    if len(differences) < 2:
        return None
    count = len(differences) if rounds is None else rounds
    return expm1(log1p(rule.margin) + _reach(differences, count, rule.alpha_at(count) / metrics))


def smallest_passing(differences: Sequence[float], rule: Rule, rounds: int) -> float | None:
    """Return the smallest margin with which the look after `rounds` would pass an identical tree 8 times out of 10.

    From the spread of the differences, by the normal approximation. None for fewer than two.
    """
    if len(differences) < 2:
        return None
    return expm1(_reach(differences, rounds, rule.alpha_at(rounds)))


def _reach(differences: Sequence[float], rounds: int, alpha: float) -> float:
    """How far from a limit the centre must lie for a bound at `alpha` to be on the right side of it 8 times out of 10."""
    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha) + normal.inv_cdf(_POWER)) * stdev(differences) * _EFFICIENCY / sqrt(rounds)
