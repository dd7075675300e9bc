"""The open model: when each message arrives is decided before the load starts, and nothing that the target does changes it.

A closed model (users who wait for an answer before they send again) slows down together with a slow target and so hides the
wait of everybody who would have come (coordinated omission: https://www.youtube.com/watch?v=lJ8ydIuPFeU, wrk2's README). Here a
message that starts late counts from the moment at which it should have started.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from loadtests.failures import UsageError

__all__ = ["Arrival", "ArrivalProcess", "arrivals", "share"]

ArrivalProcess = Literal["constant", "poisson"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message to come: the `at_seconds` after the start of the load, and which of the sizes it has."""

    index: int
    at_seconds: float
    size_index: int


def arrivals(
    process: ArrivalProcess, rate_per_second: float, duration_seconds: float, weights: Sequence[float], seed: int
) -> list[Arrival]:
    """Return every arrival in `[0, duration_seconds)`, in order; the same arguments give the same list.

    `constant` spaces them evenly. `poisson` draws exponential gaps: arrivals that know nothing of each other come in bursts.
    Each size gets its share of the arrivals to within one message, in random order.
    """
    if process not in get_args(ArrivalProcess):
        raise UsageError(f"{process!r} is no arrival process: one of {', '.join(get_args(ArrivalProcess))}")
    if not rate_per_second > 0 or not duration_seconds > 0:
        raise UsageError("the rate and the duration must be above 0")
    source = random.Random(seed)
    moments = _moments(process, rate_per_second, duration_seconds, source)
    sizes = [index for index, count in enumerate(share(len(moments), weights)) for _ in range(count)]
    source.shuffle(sizes)
    return [Arrival(index, at, size) for index, (at, size) in enumerate(zip(moments, sizes, strict=True))]


def _moments(process: ArrivalProcess, rate: float, duration: float, source: random.Random) -> list[float]:
    if process == "constant":
        return [index / rate for index in range(max(1, round(rate * duration)))]
    moments: list[float] = []
    at = source.expovariate(rate)
    while at < duration:
        moments.append(at)
        at += source.expovariate(rate)
    return moments


def share(total: int, weights: Sequence[float]) -> list[int]:
    """Divide `total` in proportion to `weights` (largest remainder); the parts add up and are off by less than one."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    counts = [int(part) for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts
