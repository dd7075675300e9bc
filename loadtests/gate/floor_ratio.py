"""Ingest over the floor of the same machine in the same minute: a latency that can be compared with that of another machine.

What else the machine does may hit one of the two and not the other. So a ratio is called too high only if it is so in every attempt,
and an attempt that agrees with the baseline ends the search. That is coarse; changes of some percent are the relative gate's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from loadtests.floor import Floor, measure_floor
from loadtests.gate.side import running_side

__all__ = ["FloorRatios", "measure_ingest", "measure_ratios"]

_WARM_UP = 3
_MESSAGES = 9


@dataclass(slots=True)
class FloorRatios:
    """Ingest over floor by size, one value for each attempt; `why_not` says why there is none."""

    attempts: dict[int, list[float]] = field(default_factory=dict)
    why_not: str | None = None

    def add(self, ingest: Mapping[int, float], floor: Floor) -> None:
        """Take in another attempt: medians in seconds by size."""
        for size, seconds in floor.p50_seconds.items():
            if seconds > 0 and size in ingest:
                self.attempts.setdefault(size, []).append(ingest[size] / seconds)
        self.why_not = floor.why_not

    @property
    def typical(self) -> dict[int, float]:
        """The middle of the attempts: what to agree on."""
        return {size: median(ratios) for size, ratios in self.attempts.items()}

    @property
    def lowest(self) -> dict[int, float]:
        """The best attempt: what is too slow even then is no accident."""
        return {size: min(ratios) for size, ratios in self.attempts.items()}


def measure_ingest(template: Path, sizes: Sequence[int], seed: int) -> dict[int, float]:
    """Return the median ingest of each size on a warm pipeline, one message at a time."""
    times: dict[int, list[float]] = {size: [] for size in sizes}
    with running_side(None, template, f"ratio-{seed}", seed) as side:
        for _ in range(_WARM_UP):
            side.send(sizes[0])
            side.settle()
        for _ in range(_MESSAGES):
            for size in sizes:
                times[size].append(side.send(size).ingest_seconds)
    return {size: median(found) for size, found in times.items()}


def measure_ratios(
    attempts: int,
    ingest: Callable[[int], Mapping[int, float]],
    enough: Callable[[FloorRatios], bool],
    floor: Callable[[Sequence[int]], Floor] = measure_floor,
) -> FloorRatios:
    """Measure until `enough` or `attempts` are over; `ingest` gets the attempt's number."""
    found = FloorRatios()
    for attempt in range(attempts):
        times = ingest(attempt)
        found.add(times, floor(list(times)))
        if found.why_not is not None or enough(found):
            break
    return found
