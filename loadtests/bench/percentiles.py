"""How wrong percentiles are: ours, merged over workers as in a distributed run, and Locust's own, against the exact ones.

    python -m loadtests.bench.percentiles [--samples 100000] [--workers 4] [--json]

The exact percentile of n durations is the one at rank ceil(n * p / 100). Samples are drawn with a seed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import ceil

import orjson

from loadtests.percentiles import PERCENTILES, Durations

__all__ = ["DISTRIBUTIONS", "Error", "errors", "exact"]

# Durations in seconds, as loads have them.
DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {
    "log-normal, median 20 ms": lambda source: source.lognormvariate(-3.912, 0.5),
    "fast, median 1.5 ms": lambda source: source.lognormvariate(-6.502, 0.3),
    "a stall of 40 ms in 1 of 10": lambda source: source.lognormvariate(-5.809, 0.3) + 0.04 * (source.random() < 0.1),
    "heavy tail (Pareto 1.2)": lambda source: min(3000.0, 0.005 * source.paretovariate(1.2)),
}
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Error:
    """One percentile of one distribution: what it is, and by which part of it ours and Locust's differ."""

    distribution: str
    percentile: float
    exact_seconds: float
    ours: float
    locust: float


def exact(ordered: Sequence[float], percentile: float) -> float:
    """Return the percentile of ordered durations."""
    return ordered[max(0, ceil(len(ordered) * percentile / 100 - _ROUNDING) - 1)]


def errors(samples: int, workers: int, seed: int = 1) -> list[Error]:
    """Draw from each distribution and compare. Runs Locust's part in another process."""
    drawn = [_sample(name, samples, seed) for name in DISTRIBUTIONS]
    found = []
    for name, seconds, locust in zip(DISTRIBUTIONS, drawn, _locust(drawn), strict=True):
        merged = Durations()
        for worker in range(workers):
            merged.add_encoded(Durations(seconds[worker::workers]).encoded())
        ordered = sorted(seconds)
        for percentile in PERCENTILES:
            value, ours = exact(ordered, percentile), merged.at(percentile)
            assert ours is not None
            theirs = locust[str(percentile)]
            found.append(Error(name, percentile, value, abs(ours / value - 1), abs(theirs / value - 1)))
    return found


def _sample(name: str, count: int, seed: int) -> list[float]:
    source = random.Random(f"{seed}/{name}")
    return [DISTRIBUTIONS[name](source) for _ in range(count)]


def _locust(samples: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """Locust patches the standard library when it is imported, so it works elsewhere."""
    asked = orjson.dumps({"samples": samples, "percentiles": PERCENTILES})
    command = [sys.executable, "-m", "loadtests.generator.locust_percentiles"]
    answer = subprocess.run(command, input=asked, capture_output=True, check=True).stdout
    found: list[dict[str, float]] = orjson.loads(answer)
    return found


def main() -> None:
    """Print the errors, and the largest of each percentile."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.percentiles", description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = errors(options.samples, options.workers)
    if options.json:
        print(orjson.dumps([asdict(error) for error in found], option=orjson.OPT_INDENT_2).decode())
        return
    print(f"relative error over {options.samples} samples from {options.workers} workers")
    print(f"{'distribution':30} {'p':>5} {'exact':>12} {'ours':>9} {'Locust':>9}")
    for error in found:
        print(
            f"{error.distribution:30} {error.percentile:5g} {error.exact_seconds * 1000:9.3f} ms {error.ours:9.3%} {error.locust:9.2%}"
        )
    for percentile in PERCENTILES:
        of_it = [error for error in found if error.percentile == percentile]
        worst = (max(error.ours for error in of_it), max(error.locust for error in of_it))
        print(f"{'largest':30} {percentile:5g} {'':12} {worst[0]:9.3%} {worst[1]:9.2%}")


if __name__ == "__main__":
    main()
