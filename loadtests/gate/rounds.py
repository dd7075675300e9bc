"""One round of a comparison: base and head, each in fresh processes, side by side, message by message in the order ABBA.

Whatever else the machine does, it does to both. A round is one observation: what differs between two starts of the same program
(memory layout, hash seeds) is in it, as it is in the next deployment.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from loadtests.gate.side import MessageTimes, Side, running_side

__all__ = ["GATED", "METRICS", "Plan", "Round", "ingest_function_seconds", "round_of", "run_round"]

# What a round measures of each side, and how people call it.
METRICS = {
    "ingest": "ingest",
    "ingest_function": "the function behind it",
    "persisted": "persisted",
    "cpu": "CPU time of the target",
}
# Every further one costs power.
GATED = tuple(METRICS)


@dataclass(frozen=True, slots=True)
class Plan:
    """What each round does: `messages` of `body_bytes` through each side, after `warm_up` ones that are not counted."""

    template: Path
    body_bytes: int = 256 * 1024
    messages: int = 40
    warm_up: int = 8
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """Both sides' medians in seconds, and how much more head took as a logarithm (0: the same), by metric.

    The difference of a latency is the median over pairs of neighbours, which saw the same machine; CPU time is that of all messages.
    """

    base: Mapping[str, float]
    head: Mapping[str, float]
    differences: Mapping[str, float]


def run_round(plan: Plan, base: Path | None, head: Path | None, number: int) -> Round:
    """Run one round between two trees (None: this one). Raises `EnvironmentNotReady` where a side does not work."""
    trees = {"base": base, "head": head}
    order = ("base", "head") if number % 2 == 0 else ("head", "base")
    with ExitStack() as stack:
        sides = {
            name: stack.enter_context(
                running_side(trees[name], plan.template, f"gate-{number:03d}-{name}", plan.seed + number)
            )
            for name in order
        }
        for _ in range(plan.warm_up):
            for name in order:
                sides[name].send(plan.body_bytes)
                sides[name].settle()
        return _measure(plan, sides, order)


def _measure(plan: Plan, sides: Mapping[str, Side], order: Sequence[str]) -> Round:
    times: dict[str, list[MessageTimes]] = {name: [] for name in sides}
    cpu_before = {name: side.cpu_seconds() for name, side in sides.items()}
    sequences = {name: side.last_sequence() for name, side in sides.items()}
    for index in range(plan.messages):
        # A B, B A, A B, ...: neither side always follows the other.
        for name in order if index % 2 == 0 else reversed(order):
            times[name].append(sides[name].send(plan.body_bytes))
    used = {name: side.cpu_seconds() - cpu_before[name] for name, side in sides.items()}
    series = {
        name: {
            "ingest": [time.ingest_seconds for time in times[name]],
            "ingest_function": ingest_function_seconds(side.journal(after=sequences[name])),
            "persisted": [time.persisted_seconds for time in times[name]],
            "cpu": [used[name] / plan.messages],
        }
        for name, side in sides.items()
    }
    return round_of(series["base"], series["head"])


def round_of(base: Mapping[str, Sequence[float]], head: Mapping[str, Sequence[float]]) -> Round:
    """Return the figures of a round from each side's series, whose places belong together."""
    return Round(
        base={metric: statistics.median(values) for metric, values in base.items()},
        head={metric: statistics.median(values) for metric, values in head.items()},
        differences={
            metric: statistics.median(log(b / a) for a, b in zip(values, head[metric], strict=True))
            for metric, values in base.items()
        },
    )


def ingest_function_seconds(entries: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return how long the function behind each request ran, in order: the first invocation to end under the request's trace."""
    found: dict[str, float] = {}
    for entry in entries:
        if entry["kind"] == "invocation":
            found.setdefault(str(entry.get("trace_id")), float(entry["detail"]["duration_ms"]) / 1000)
    return list(found.values())
