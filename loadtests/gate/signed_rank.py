"""Wilcoxon's signed-rank test, exact and one-sided, for the few observations that a gate has (Wilcoxon, 1945).

SciPy's does the same a thousand times slower for so few numbers; the tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import floor

__all__ = ["signed_rank_p"]


def signed_rank_p(differences: Sequence[float]) -> float:
    """Return the probability of differences that lie this much above 0, or more, if their centre is 0.

    Equal sizes share their ranks, and a 0 counts half for each side; both make the result no smaller than it should be.
    """
    if not differences:
        return 1.0
    ranked = sorted(differences, key=abs)
    statistic = 0.0
    first = 0
    while first < len(ranked):
        last = first
        while last + 1 < len(ranked) and abs(ranked[last + 1]) == abs(ranked[first]):
            last += 1
        rank = (first + last) / 2 + 1
        for value in ranked[first : last + 1]:
            statistic += rank if value > 0 else rank / 2 if value == 0 else 0.0
        first = last + 1
    ways = _ways(len(ranked))
    return float(sum(ways[floor(statistic) :]) / 2 ** len(ranked))


@cache
def _ways(count: int) -> tuple[int, ...]:
    """How many of the 2**count choices of signs give each sum of positive ranks."""
    ways = [1]
    for rank in range(1, count + 1):
        padded = ways + [0] * rank
        ways = [padded[total] + (ways[total - rank] if total >= rank else 0) for total in range(len(padded))]
    return tuple(ways)
