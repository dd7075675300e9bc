"""How much a count of successes says of the rate behind it: the exact interval of Clopper and Pearson (1934)."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

__all__ = ["rate_interval"]

_STEPS = 60


def rate_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the rates between which the true one lies with at least this confidence; 0 and 1 without any trial."""
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    lowest = 0.0 if successes == 0 else _crossing(lambda rate: _at_least(successes, trials, rate), tail)
    highest = (
        1.0 if successes == trials else 1 - _crossing(lambda rate: _at_least(trials - successes, trials, rate), tail)
    )
    return lowest, highest


def _at_least(successes: int, trials: int, rate: float) -> float:
    return sum(comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(successes, trials + 1))


def _crossing(rising: Callable[[float], float], level: float) -> float:
    """Where a function that rises over the rates reaches a level."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return (low + high) / 2
