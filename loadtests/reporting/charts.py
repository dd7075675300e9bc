"""The charts of a run over time, each one from the message log and the run's facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil

from loadtests.console import format_seconds
from loadtests.facts import RunFacts
from loadtests.message import Message
from loadtests.reporting.plot import Axis, Plot, linear_axis, log_axis
from loadtests.summary import OTHERS, Summary

__all__ = [
    "PARTS",
    "SIZE_COLOURS",
    "colour_of",
    "in_flight",
    "mark",
    "megabytes",
    "messages_over_time",
    "processors",
    "stages",
    "start_lags",
    "throughput",
]

SIZE_COLOURS = ("--one", "--two", "--three", "--four", "--five", "--six")
PARTS = {
    "emulator": "--one",
    "functions": "--two",
    "bridge": "--three",
    "cache": "--seven",
    "load generator": "--four",
    "observer": "--five",
    "run": "--six",
    OTHERS: "--quiet",
}
_MAX_DOTS = 1600
_MAX_BINS = 120


def mark(seconds: float) -> str:
    """Return a time as it stands on an axis."""
    return f"{seconds:g} s" if seconds >= 1 else f"{round(seconds * 1000, 3):g} ms"


def colour_of(index: int) -> str:
    """Return the colour of a size."""
    return SIZE_COLOURS[index % len(SIZE_COLOURS)]


def messages_over_time(facts: RunFacts, messages: Sequence[Message]) -> str:
    """Draw each message as a dot: when it was due, how long its answer took."""
    answered = [message for message in messages if message.ingest_seconds is not None and message.ingest_seconds > 0]
    if not answered:
        return ""
    latencies = [message.ingest_seconds or 0.0 for message in answered]
    end = max(facts.plan.duration_seconds, max(message.intended_seconds for message in answered))
    plot = Plot(
        "ingest latency of each message",
        linear_axis("seconds since the start", 0, end, snug=True),
        log_axis("", min(latencies), max(latencies), mark),
    )
    colours = {size.label: colour_of(index) for index, size in enumerate(facts.plan.sizes)}
    # Every dot would make a page of a long run too heavy; the slow ones are the ones to look at.
    every = len(answered) // _MAX_DOTS + 1
    kept = (
        answered
        if every == 1
        else sorted(answered, key=lambda message: -(message.ingest_seconds or 0))[: _MAX_DOTS // 4] + answered[::every]
    )
    for message in kept:
        title = f"{message.key} ({message.size}): {format_seconds(message.ingest_seconds)}, status {message.status}"
        colour = colours[message.size] if message.accepted else "--bad"
        plot.dot((message.intended_seconds, message.ingest_seconds or 0.0), colour, title, 2.6)
    return plot.svg()


def throughput(facts: RunFacts, messages: Sequence[Message]) -> str:
    """Draw messages per second: due, answered and persisted."""
    width = _bin_seconds(messages)
    due = _per_second(((message.intended_seconds, 1.0) for message in messages), width)
    answered = _per_second(((at, 1.0) for _, at in _answered(messages)), width)
    persisted = _per_second(
        (
            (message.intended_seconds + message.persisted_seconds, 1.0)
            for message in messages
            if message.persisted_seconds is not None
        ),
        width,
    )
    return _rates("messages per second", "messages per second", width, due, answered, persisted)


def megabytes(facts: RunFacts, messages: Sequence[Message]) -> str:
    """Draw megabytes per second: due and answered."""
    width = _bin_seconds(messages)
    due = _per_second(((message.intended_seconds, message.body_bytes / 1e6) for message in messages), width)
    answered = _per_second(((at, message.body_bytes / 1e6) for message, at in _answered(messages)), width)
    return _rates("megabytes per second", "MB per second", width, due, answered, {})


def _answered(messages: Sequence[Message]) -> list[tuple[Message, float]]:
    return [
        (message, message.ended_seconds)
        for message in messages
        if message.accepted and message.ended_seconds is not None
    ]


def _bin_seconds(messages: Sequence[Message]) -> int:
    """How many seconds share a bar: one, unless the run is too long for that."""
    last = max((message.ended_seconds or message.intended_seconds for message in messages), default=0.0)
    return max(1, ceil(last / _MAX_BINS))


def _per_second(counted: Iterable[tuple[float, float]], width: int) -> dict[int, float]:
    rates: defaultdict[int, float] = defaultdict(float)
    for at, amount in counted:
        rates[int(at // width)] += amount / width
    return rates


def start_lags(facts: RunFacts, messages: Sequence[Message]) -> str:
    """Draw each message as a dot: when it was due, how late the generator sent it; dashed: the limit of a valid run."""
    lags = [(message, lag) for message in messages if (lag := message.start_lag_seconds) is not None]
    if not lags:
        return ""
    limit = facts.plan.max_start_lag_seconds
    end = max(facts.plan.duration_seconds, max(message.intended_seconds for message, _ in lags))
    plot = Plot(
        "start lag of each message",
        linear_axis("seconds since the start", 0, end, snug=True),
        log_axis("", 1e-4, max(limit, *(lag for _, lag in lags)), mark),
    )
    colours = {size.label: colour_of(index) for index, size in enumerate(facts.plan.sizes)}
    every = len(lags) // _MAX_DOTS + 1
    latest = sorted(lags, key=lambda pair: -pair[1])[: _MAX_DOTS // 4] if every > 1 else []
    for message, lag in (*latest, *lags[::every]):
        title = f"{message.key} ({message.size}): {format_seconds(lag)} late"
        plot.dot((message.intended_seconds, max(lag, 1e-4)), colours[message.size], title, 2.6)
    plot.line([(0.0, limit), (end, limit)], "--bad", dashed=True, title=f"p99 may be {format_seconds(limit)}")
    return plot.svg()


def _rates(
    title: str, unit: str, width: int, due: dict[int, float], answered: dict[int, float], persisted: dict[int, float]
) -> str:
    if not due:
        return ""
    end = max((*due, *answered, *persisted)) + 1
    highest = max((*due.values(), *answered.values(), *persisted.values()))
    plot = Plot(
        title,
        linear_axis("seconds since the start", 0, end * width, snug=True),
        linear_axis(unit, 0, highest * 1.05),
    )
    for number in range(end):
        value = answered.get(number, 0.0)
        place = f"second {number}" if width == 1 else f"seconds {number * width} to {(number + 1) * width}"
        low, high = (number + 0.08) * width, (number + 0.92) * width
        plot.bar((low, 0), (high, value), "--one", f"{place}: {value:.4g} accepted")
    steps = [(number * width, due.get(number, 0.0)) for number in range(end + 1)]
    plot.line(steps, "--text-soft", steps=True, title="due")
    plot.line(
        [((n + 0.5) * width, persisted.get(n, 0.0)) for n in range(end)] if persisted else [],
        "--two",
        title="persisted",
    )
    return plot.svg()


def in_flight(facts: RunFacts, messages: Sequence[Message]) -> str:
    """Draw how many messages wait for their answer, and how many accepted ones wait to be persisted."""
    changes: list[tuple[float, int, int]] = []
    for message in messages:
        if message.started_seconds is not None and message.ended_seconds is not None:
            changes += [(message.started_seconds, 1, 0), (message.ended_seconds, -1, 0)]
            if message.accepted and message.persisted_seconds is not None:
                persisted = message.intended_seconds + message.persisted_seconds
                changes += [(message.ended_seconds, 0, 1), (max(persisted, message.ended_seconds), 0, -1)]
    if not changes:
        return ""
    changes.sort()
    at_answer, at_pipeline = [(0.0, 0.0)], [(0.0, 0.0)]
    for at, answer, pipeline in changes:
        at_answer.append((at, at_answer[-1][1] + answer))
        at_pipeline.append((at, at_pipeline[-1][1] + pipeline))
    highest = max(value for _, value in (*at_answer, *at_pipeline))
    plot = Plot(
        "messages in flight",
        linear_axis("seconds since the start", 0, changes[-1][0], snug=True),
        linear_axis("messages", 0, max(1, highest)),
    )
    plot.line(_thinned(at_pipeline), "--two", steps=True, width=1.3, title="accepted, not yet persisted")
    plot.line(_thinned(at_answer), "--one", steps=True, width=1.3, title="waiting for an answer")
    return plot.svg()


def _thinned(points: list[tuple[float, float]], most: int = 1200) -> list[tuple[float, float]]:
    """Keep the highest of neighbouring points, so that no peak is lost."""
    size = len(points) // most + 1
    return [max(points[index : index + size], key=lambda point: point[1]) for index in range(0, len(points), size)]


def processors(facts: RunFacts) -> str:
    """Draw the cores in use over time, part on part."""
    samples = [sample for sample in facts.processor_use if sample.at_seconds >= -1]
    if len(samples) < 2:
        return ""
    cores = float(facts.machine["cores"])
    times: list[float] = []
    rows: list[dict[str, float]] = []
    for before, after in pairwise(samples):
        span = after.at_seconds - before.at_seconds
        if span < 0.05:
            continue
        row = {part: (after.parts.get(part, 0.0) - before.parts.get(part, 0.0)) / span for part in PARTS}
        row[OTHERS] = max(0.0, (after.machine - before.machine) / span - sum(row.values()))
        times.append(max(0.0, (before.at_seconds + after.at_seconds) / 2))
        rows.append(row)
    plot = Plot(
        "cores in use",
        linear_axis("seconds since the start", 0, times[-1], snug=True),
        linear_axis("cores", 0, cores * 1.1),
    )
    floor = [(at, 0.0) for at in times]
    for part, colour in PARTS.items():
        top = [(at, below + row[part]) for (at, below), row in zip(floor, rows, strict=True)]
        if any(row[part] > 0.005 for row in rows):
            plot.area(top, floor, colour, part)
        floor = top
    plot.line([(0.0, cores), (times[-1], cores)], "--text-soft", dashed=True, title="all cores")
    return plot.svg()


def stages(summary: Summary) -> str:
    """Draw the median time to each stage, size by size."""
    names = ("ingest", "started", "archived", "metadata", "final")
    medians = [
        (figures.ingest.at(50), *(figures.stages[stage].at(50) for stage in names[1:])) for figures in summary.sizes
    ]
    known = [value for row in medians for value in row if value is not None]
    if not known:
        return ""
    labels = ("answer", *names[1:])
    y = Axis("", lambda value: 1 - (value + 0.5) / len(names), [(index, label) for index, label in enumerate(labels)])
    plot = Plot(
        "median time to each stage",
        linear_axis("seconds from the intended start (median)", 0, max(known)),
        y,
        height=240,
        left=92,
    )
    for index, (figures, row) in enumerate(zip(summary.sizes, medians, strict=True)):
        for stage, value in enumerate(row):
            if value is not None:
                spread = (index - (len(medians) - 1) / 2) * 0.14
                plot.dot(
                    (value, stage + spread),
                    colour_of(index),
                    f"{figures.size}: {labels[stage]} {format_seconds(value)}",
                    5,
                    0.9,
                )
    return plot.svg()
