"""The charts of a run's report, each one from the message log and the run's facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log10

from loadtests.console import format_seconds
from loadtests.facts import RunFacts
from loadtests.message import Message
from loadtests.percentiles import Durations, required_samples
from loadtests.plot import Axis, Plot, linear_axis, log_axis
from loadtests.summary import OTHERS, Summary

__all__ = [
    "PARTS",
    "SIZE_COLOURS",
    "in_flight",
    "messages_over_time",
    "percentile_spectrum",
    "processors",
    "stages",
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
_MAX_DOTS = 4000
_SHOWN_PERCENTILES = (0.0, 50.0, 90.0, 95.0, 99.0, 99.9)


def _mark(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{round(seconds * 1000, 3):g} ms"


def colour_of(index: int) -> str:
    """Return the colour of a size."""
    return SIZE_COLOURS[index % len(SIZE_COLOURS)]


def percentile_spectrum(summary: Summary, metric: str) -> str:
    """Draw latency over percentile, one line for each size; dashed where too few messages lie beyond."""
    series = [getattr(figures, metric) for figures in summary.sizes]
    counted = [durations for durations in series if durations.count]
    if not counted:
        return ""
    most = max(durations.count for durations in counted)
    shown = [percentile for percentile in _SHOWN_PERCENTILES if percentile == 0 or most >= 100 / (100 - percentile)]
    x = Axis(
        "percent of messages that took at most this long",
        lambda percentile: _nines(percentile) / _nines(shown[-1]) if shown[-1] else 0.0,
        [(percentile, "fastest" if percentile == 0 else f"{percentile:g} %") for percentile in shown],
    )
    y = log_axis("", min(d.minimum for d in counted), max(d.maximum for d in counted), _mark)
    plot = Plot(f"{metric} latency by percentile", x, y)
    for index, (figures, durations) in enumerate(zip(summary.sizes, series, strict=True)):
        if durations.count:
            _spectrum(plot, durations, figures.size, colour_of(index), shown[-1])
    return plot.svg()


def _nines(percentile: float) -> float:
    """Stretch the high percentiles: 90, 99 and 99.9 are equally far apart."""
    return -log10(1 - min(percentile, 99.999) / 100)


def _spectrum(plot: Plot, durations: Durations, size: str, colour: str, last: float) -> None:
    steps = (min(last, 100 * (1 - 10 ** (-step / 20))) for step in range(int(_nines(last) * 20) + 2))
    percentiles = sorted({*steps, *(percentile for percentile in _SHOWN_PERCENTILES if percentile <= last)})
    points = [
        (percentile, durations.at(percentile) or 0.0, durations.count >= required_samples(percentile))
        for percentile in percentiles
    ]
    solid = [
        (percentile, seconds)
        for percentile, seconds, supported in points
        if supported or percentile < 50 <= durations.count
    ]
    dashed = [(percentile, seconds) for percentile, seconds, _ in points[max(0, len(solid) - 1) :]]
    plot.line(dashed, colour, dashed=True, title=f"{size}: too few messages for these percentiles")
    plot.line(solid, colour, title=f"{size}, n = {durations.count}")
    for percentile in _SHOWN_PERCENTILES:
        value = durations.at(percentile)
        if value is not None and percentile <= last:
            plot.dot((percentile, value), colour, f"{size}: p{percentile:g} = {format_seconds(value)}", 3.5, 1.0)


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
        log_axis("", min(latencies), max(latencies), _mark),
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
    due = Counter(int(message.intended_seconds) for message in messages)
    answered = Counter(
        int(message.ended_seconds) for message in messages if message.accepted and message.ended_seconds is not None
    )
    persisted = Counter(
        int(message.intended_seconds + message.persisted_seconds)
        for message in messages
        if message.persisted_seconds is not None
    )
    if not due:
        return ""
    end = max((*due, *answered, *persisted)) + 1
    highest = max((*due.values(), *answered.values(), *persisted.values()))
    plot = Plot(
        "messages per second",
        linear_axis("seconds since the start", 0, end, snug=True),
        linear_axis("messages per second", 0, highest * 1.05),
    )
    for second in range(end):
        plot.bar(
            (second + 0.08, 0),
            (second + 0.92, answered[second]),
            "--one",
            f"second {second}: {answered[second]} accepted",
        )
    plot.line([(second, float(due[second])) for second in range(end + 1)], "--text-soft", steps=True, title="due")
    plot.line([(second + 0.5, float(persisted[second])) for second in range(end)], "--two", title="persisted")
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
    plot.line(_thinned(at_pipeline), "--two", steps=True, title="accepted, not yet persisted")
    plot.line(_thinned(at_answer), "--one", steps=True, title="waiting for an answer")
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
    labels = ("answer", "started notice", "archived notice", "metadata notice", "final notice")
    y = Axis("", lambda value: 1 - (value + 0.5) / len(names), [(index, label) for index, label in enumerate(labels)])
    plot = Plot(
        "median time to each stage",
        linear_axis("seconds from the intended start (median)", 0, max(known)),
        y,
        height=240,
        left=112,
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
