"""The open model: when each message arrives is decided before the load starts, and nothing that the target does changes it.

A closed model (users who wait for an answer before they send again) slows down together with a slow target and so hides the
wait of everybody who would have come (coordinated omission: https://www.youtube.com/watch?v=lJ8ydIuPFeU, wrk2's README). Here a
message that starts late counts from the moment at which it should have started.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, sqrt
from typing import Protocol

from loadtests.failures import UsageError

__all__ = ["Arrival", "Burst", "Poisson", "Ramp", "Rate", "Schedule", "Stages", "share", "sized"]

# 0.1 * 30 is a little more than 3: a count is not raised by what floats make of it.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message to come: the `at_seconds` after the start of the load, its size and its persona, each by its place in the plan."""

    index: int
    at_seconds: float
    size_index: int
    persona_index: int = 0


class Schedule(Protocol):
    """When messages arrive."""

    def moments(self, duration_seconds: float, source: random.Random) -> list[float]:
        """Return every arrival in `[0, duration_seconds)`, in order; the same state of `source` gives the same list."""

    def __str__(self) -> str:
        """How people write it; `parse_schedule` reads it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Evenly spaced arrivals: `rate(50)` is 50 messages per second."""

    per_second: float

    def __post_init__(self) -> None:
        _require(self.per_second > 0, self)

    def __str__(self) -> str:
        return f"rate({self.per_second:.12g})"

    def moments(self, duration_seconds: float, source: random.Random) -> list[float]:
        """Return the arrivals; at least one, so that a slow rate in a short load is no empty one."""
        count = max(1, ceil(self.per_second * duration_seconds - _ROUNDING))
        return [index / self.per_second for index in range(count)]


@dataclass(frozen=True, slots=True)
class Poisson:
    """Arrivals that know nothing of each other and so come in bursts: `poisson(50)` is 50 messages per second on average."""

    per_second: float

    def __post_init__(self) -> None:
        _require(self.per_second > 0, self)

    def __str__(self) -> str:
        return f"poisson({self.per_second:.12g})"

    def moments(self, duration_seconds: float, source: random.Random) -> list[float]:
        """Return the arrivals; their gaps are exponential."""
        moments: list[float] = []
        at = source.expovariate(self.per_second)
        while at < duration_seconds:
            moments.append(at)
            at += source.expovariate(self.per_second)
        return moments


@dataclass(frozen=True, slots=True)
class Ramp:
    """A rate that changes evenly over the whole load: `ramp(5,100)` begins with 5 messages per second and ends with 100."""

    first_per_second: float
    last_per_second: float

    def __post_init__(self) -> None:
        _require(self.first_per_second >= 0 and self.last_per_second >= 0, self)
        _require(self.first_per_second + self.last_per_second > 0, self)

    def __str__(self) -> str:
        return f"ramp({self.first_per_second:.12g},{self.last_per_second:.12g})"

    def moments(self, duration_seconds: float, source: random.Random) -> list[float]:
        """Return the arrivals: message i comes when the integral of the rate has reached i."""
        first, growth = self.first_per_second, (self.last_per_second - self.first_per_second) / duration_seconds
        count = ceil((first + self.last_per_second) / 2 * duration_seconds - _ROUNDING)
        # first*t + growth*t*t/2 = i, solved in the form that stays exact where the growth is near 0.
        roots = (sqrt(max(0.0, first * first + 2 * growth * index)) for index in range(count))
        return [2 * index / (first + root) if index else 0.0 for index, root in enumerate(roots)]


@dataclass(frozen=True, slots=True)
class Stages:
    """One rate after another: `stages(10:5s,50:10s)` is 10 per second for 5 s, then 50 per second; the last one goes on."""

    stages: tuple[tuple[float, float], ...]
    """Messages per second, and for how many seconds."""

    def __post_init__(self) -> None:
        _require(bool(self.stages), self)
        _require(all(rate >= 0 and seconds > 0 for rate, seconds in self.stages), self)
        _require(any(rate > 0 for rate, _ in self.stages), self)

    def __str__(self) -> str:
        return f"stages({','.join(f'{rate:.12g}:{seconds:.12g}s' for rate, seconds in self.stages)})"

    def moments(self, duration_seconds: float, source: random.Random) -> list[float]:
        """Return the arrivals, evenly spaced within each stage."""
        ends = list(accumulate(seconds for _, seconds in self.stages))
        ends[-1] = max(ends[-1], duration_seconds)
        begins = [0.0, *ends[:-1]]
        moments: list[float] = []
        for (rate, _), begin, end in zip(self.stages, begins, ends, strict=True):
            span = min(end, duration_seconds) - begin
            if rate > 0 and span > 0:
                moments += [begin + index / rate for index in range(ceil(rate * span - _ROUNDING))]
        return moments


@dataclass(frozen=True, slots=True)
class Burst:
    """Many messages at one moment, again and again: `burst(20,5s)` is 20 at once every 5 seconds, from the start on."""

    count: int
    every_seconds: float

    def __post_init__(self) -> None:
        _require(self.count >= 1 and self.every_seconds > 0, self)

    def __str__(self) -> str:
        return f"burst({self.count},{self.every_seconds:.12g}s)"

    def moments(self, duration_seconds: float, source: random.Random) -> list[float]:
        """Return the arrivals."""
        bursts = max(1, ceil(duration_seconds / self.every_seconds - _ROUNDING))
        return [number * self.every_seconds for number in range(bursts) for _ in range(self.count)]


def _require(good: bool, schedule: object) -> None:
    if not good:
        raise UsageError(f"{schedule} is no schedule: rates and spans must be above 0")


def sized(
    schedule: Schedule, duration_seconds: float, weights: Sequence[float], source: random.Random
) -> Iterator[tuple[float, int]]:
    """Yield each arrival with the place of its size: every size has its share of them to within one, in random order.

    Raises `UsageError` unless the duration is above 0.
    """
    if not duration_seconds > 0:
        raise UsageError(f"a load of {duration_seconds:g} s: the duration must be above 0")
    moments = schedule.moments(duration_seconds, source)
    sizes = [index for index, count in enumerate(share(len(moments), weights)) for _ in range(count)]
    source.shuffle(sizes)
    yield from zip(moments, sizes, strict=True)


def share(total: int, weights: Sequence[float]) -> list[int]:
    """Divide `total` in proportion to `weights` (largest remainder); the parts add up and are off by less than one."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    counts = [int(part) for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts
