"""One round of a comparison: base and head, each in fresh processes, side by side, message by message in the order ABBA.

Whatever else the machine does, it does to both. A round is one observation: what differs between two starts of the same program
(memory layout, hash seeds) is in it, as it is in the next deployment. Both sides start at the same time, and each message is followed to
the end of its workflow before the next, so that neither side ever works while the other is measured.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import Any

from loadtests.gate.side import MessageTimes, Side, running_sides
from loadtests.percentiles import Durations

__all__ = ["METRICS", "Plan", "Round", "gated", "ingest_function_seconds", "measure_round", "round_of", "run_round"]

# What a round measures of each side, and how people call it.
METRICS = {
    "ingest": "ingest p50",
    "ingest_p90": "ingest p90",
    "function": "ingest function p50",
    "function_cpu": "CPU of the ingest function",
    "persisted": "persisted p50",
    "cpu": "CPU of the target",
}
_TAIL = 90.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What each round does: `messages` of `body_bytes` through each side, after `warm_up` ones that are not counted."""

    template: Path
    body_bytes: int = 256 * 1024
    messages: int = 40
    warm_up: int = 4
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """Both sides' figures in seconds, and how much more head took as a logarithm (0: the same), by metric.

    The difference of a median is the median over pairs of neighbours, which saw the same machine; CPU time is that of all messages.
    `times` has every message's durations by side and metric, from which percentiles over all rounds are made.
    """

    base: Mapping[str, float]
    head: Mapping[str, float]
    differences: Mapping[str, float]
    times: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)


def gated(rounds: Sequence[Round]) -> tuple[str, ...]:
    """Return the metrics that every round has: a machine that hides the CPU time of its functions has fewer."""
    return tuple(metric for metric in METRICS if rounds and all(metric in found.differences for found in rounds))


def run_round(plan: Plan, base: Path | None, head: Path | None, number: int) -> Round:
    """Run one round between two trees (None: this one). Raises `EnvironmentNotReady` where a side does not work."""
    order = ("base", "head") if number % 2 == 0 else ("head", "base")
    trees = {"base": base, "head": head}
    with running_sides(
        {name: trees[name] for name in order},
        plan.template,
        f"gate-{number:03d}",
        plan.seed + number,
        warm_up=plan.warm_up,
        body_bytes=plan.body_bytes,
    ) as sides:
        return measure_round(plan, sides, order)


def measure_round(plan: Plan, sides: Mapping[str, Side], order: Sequence[str]) -> Round:
    """Send the messages of a round through two sides that are warm."""
    times: dict[str, list[MessageTimes]] = {name: [] for name in sides}
    functions = {name: side.ingest_function() for name, side in sides.items()}
    sequences = {name: side.last_sequence() for name, side in sides.items()}
    before = {name: _cpu(side, functions[name]) for name, side in sides.items()}
    for index in range(plan.messages):
        # A B, B A, A B, ...: neither side always follows the other.
        for name in order if index % 2 == 0 else reversed(order):
            times[name].append(sides[name].send(plan.body_bytes))
            sides[name].settle()
    used = {
        name: {metric: seconds - before[name][metric] for metric, seconds in _cpu(side, functions[name]).items()}
        for name, side in sides.items()
    }
    series = {
        name: {
            "ingest": [time.ingest_seconds for time in times[name]],
            "function": ingest_function_seconds(side.journal(after=sequences[name])),
            "persisted": [time.persisted_seconds for time in times[name]],
        }
        for name, side in sides.items()
    }
    per_message = {
        name: {metric: seconds / plan.messages for metric, seconds in found.items()} for name, found in used.items()
    }
    return round_of(series, per_message)


def _cpu(side: Side, function: str | None) -> dict[str, float]:
    return {"cpu": side.cpu_seconds(), "function_cpu": 0.0 if function is None else side.cpu_seconds(function)}


def round_of(
    times: Mapping[str, Mapping[str, Sequence[float]]], per_message: Mapping[str, Mapping[str, float]]
) -> Round:
    """Return the figures of a round from each side's durations, whose places belong together, and its means per message."""
    figures = {
        name: {
            **{metric: statistics.median(values) for metric, values in times[name].items()},
            **{metric: value for metric, value in per_message[name].items() if value > 0},
            **_tail(times[name]["ingest"]),
        }
        for name in ("base", "head")
    }
    differences = {
        metric: log(figures["head"][metric] / value)
        for metric, value in figures["base"].items()
        if metric in figures["head"]
    }
    for metric, values in times["base"].items():
        differences[metric] = statistics.median(
            log(after / before) for before, after in zip(values, times["head"][metric], strict=True)
        )
    return Round(figures["base"], figures["head"], differences, times)


def _tail(ingest: Sequence[float]) -> dict[str, float]:
    value = Durations(ingest).supported(_TAIL)
    return {} if value is None else {"ingest_p90": value}


def ingest_function_seconds(entries: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return how long the function behind each request ran, in order: the first invocation to end under the request's trace."""
    found: dict[str, float] = {}
    for entry in entries:
        if entry["kind"] == "invocation":
            found.setdefault(str(entry.get("trace_id")), float(entry["detail"]["duration_ms"]) / 1000)
    return list(found.values())
