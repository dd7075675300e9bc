"""Sizes by percentiles, with each figure's heat: where in its block the time goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from loadtests.console import format_seconds
from loadtests.percentiles import PERCENTILES, Durations, required_samples
from loadtests.summary import SizeFigures, Summary

__all__ = ["HeatBlock", "HeatCell", "HeatRow", "heat_map"]

# Below it, all figures of a block are nearly the same, and colours would exaggerate what differs.
_LEAST_SPREAD = 2.0


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A figure: its text, its heat between 0 (the fastest of the block) and 1, and why it is not stated."""

    text: str
    heat: float | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A size with its figures; `size_index` is None for all sizes together."""

    figures: SizeFigures
    size_index: int | None
    count: int
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatBlock:
    """One kind of time over all sizes."""

    metric: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]


_BLOCKS = (
    ("ingest", "Ingest, from schedule", "from the moment at which a message was due to its answer"),
    ("service", "Ingest, service time", "from the moment at which it was sent to its answer"),
    (
        "persisted",
        "Persisted, from schedule",
        "from the moment at which it was due to the final notice with both flags true",
    ),
)


def heat_map(summary: Summary) -> list[tuple[HeatBlock, str]]:
    """Return a block for each kind of time, with what it means."""
    rows = [*enumerate(summary.sizes), *([(None, summary.total)] if len(summary.sizes) > 1 else [])]
    return [(_block(metric, title, rows), meaning) for metric, title, meaning in _BLOCKS]


def _block(metric: str, title: str, rows: Sequence[tuple[int | None, SizeFigures]]) -> HeatBlock:
    durations = {index: _of(figures, metric) for index, figures in rows}
    most = max((found.count for found in durations.values()), default=0)
    shown = [percentile for percentile in PERCENTILES if percentile <= 99 or most >= required_samples(percentile)]
    stated = [
        value
        for found in durations.values()
        for value in (*(found.supported(percentile) for percentile in shown), found.maximum if found.count else None)
        if value is not None
    ]
    return HeatBlock(
        metric,
        title,
        (*(f"p{percentile:g}" for percentile in shown), "slowest"),
        tuple(
            HeatRow(figures, index, durations[index].count, tuple(_cells(durations[index], shown, stated)))
            for index, figures in rows
        ),
    )


def _of(figures: SizeFigures, metric: str) -> Durations:
    found: Durations = getattr(figures, metric)
    return found


def _cells(durations: Durations, shown: Sequence[float], stated: Sequence[float]) -> list[HeatCell]:
    cells = [_cell(durations, percentile, stated) for percentile in shown]
    slowest = durations.maximum if durations.count else None
    text = "–" if slowest is None else format_seconds(slowest)
    return [*cells, HeatCell(text, None if slowest is None else _heat(slowest, stated))]


def _cell(durations: Durations, percentile: float, stated: Sequence[float]) -> HeatCell:
    if durations.count == 0:
        return HeatCell("–", None)
    value = durations.supported(percentile)
    if value is None:
        needed = required_samples(percentile)
        return HeatCell("n too small", None, f"{durations.count} messages; p{percentile:g} needs {needed}")
    return HeatCell(format_seconds(value), _heat(value, stated))


def _heat(value: float, stated: Sequence[float]) -> float:
    low, high = max(min(stated), 1e-6), max(*stated, 1e-6)
    return round(log(max(value, low) / low) / log(max(high / low, _LEAST_SPREAD)), 3)
