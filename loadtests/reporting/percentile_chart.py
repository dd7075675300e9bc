"""Latency over percentile, the high percentiles stretched: how often a message waits how long."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from loadtests.console import format_seconds
from loadtests.percentiles import Durations, required_samples
from loadtests.reporting.charts import colour_of, mark
from loadtests.reporting.plot import Axis, Plot, log_axis
from loadtests.summary import Summary

__all__ = ["percentile_spectrum"]

_SHOWN_PERCENTILES = (0.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99)
_PER_DECADE = 20


def percentile_spectrum(summary: Summary, metric: str, thin: str | None = None) -> str:
    """Draw one line for each size, and a thin one for a second metric; dashed where too few messages lie beyond."""
    series = [getattr(figures, metric) for figures in summary.sizes]
    others = [] if thin is None else [getattr(figures, thin) for figures in summary.sizes]
    counted = [durations for durations in (*series, *others) if durations.count]
    if not counted:
        return ""
    most = max(durations.count for durations in counted)
    shown = [percentile for percentile in _SHOWN_PERCENTILES if percentile == 0 or most >= 100 / (100 - percentile)]
    x = Axis(
        "percent of messages that took at most this long",
        lambda percentile: _nines(percentile) / _nines(shown[-1]) if shown[-1] else 0.0,
        [(percentile, "fastest" if percentile == 0 else f"{percentile:g} %") for percentile in shown],
    )
    y = log_axis("", min(d.minimum for d in counted), max(d.maximum for d in counted), mark)
    plot = Plot(f"{metric} latency by percentile", x, y, height=320)
    for index, durations in enumerate(others):
        if durations.count:
            name = f"{summary.sizes[index].size}, service time"
            _spectrum(plot, durations, name, colour_of(index), shown, thin=True)
    for index, durations in enumerate(series):
        if durations.count:
            name = f"{summary.sizes[index].size}, from schedule"
            _spectrum(plot, durations, name, colour_of(index), shown, thin=False)
    return plot.svg()


def _nines(percentile: float) -> float:
    """Stretch the high percentiles: 90, 99 and 99.9 are equally far apart."""
    return -log10(1 - min(percentile, 99.999) / 100)


def _spectrum(plot: Plot, durations: Durations, name: str, colour: str, shown: Sequence[float], *, thin: bool) -> None:
    last = shown[-1]
    steps = (min(last, 100 * (1 - 10 ** (-step / _PER_DECADE))) for step in range(int(_nines(last) * _PER_DECADE) + 2))
    percentiles = sorted({*steps, *shown})
    points = [(percentile, durations.at(percentile) or 0.0) for percentile in percentiles]
    # The fastest half needs the messages of a median.
    firm = [durations.count >= required_samples(max(percentile, 50.0)) for percentile in percentiles]
    solid = [point for point, supported in zip(points, firm, strict=True) if supported]
    width = 1.1 if thin else 2.2
    plot.line(points[max(0, len(solid) - 1) :], colour, dashed=True, width=width, title=f"{name}: too few messages")
    plot.line(solid, colour, width=width, title=f"{name}, n = {durations.count}")
    for percentile in () if thin else shown:
        value = durations.at(percentile)
        if value is not None:
            supported = durations.count >= required_samples(max(percentile, 50.0))
            stated = format_seconds(value) if supported else "n too small"
            plot.dot(
                (percentile, value), colour, f"{name}: p{percentile:g} = {stated}", 3.5, 1.0 if supported else 0.35
            )
