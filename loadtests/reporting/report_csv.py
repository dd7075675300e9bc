"""The report for spreadsheets: a row for each size and persona, and one for each message. Times in seconds; unknown is empty."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loadtests.message import STAGES, Message
from loadtests.message_table import message_rows
from loadtests.percentiles import PERCENTILES, Durations
from loadtests.summary import COUNTS, SizeFigures, Summary

__all__ = ["write_messages_csv", "write_sizes_csv"]

# As people call them, where the figures have another name.
_HEADINGS = {"recorded": "metadata", "announced": "final_notice"}


def write_sizes_csv(path: Path, summary: Summary) -> None:
    """Write a row for each size, for each persona where there are several, and for all messages together."""
    personas = summary.personas if len(summary.personas) > 1 else ()
    groups = (("size", summary.sizes), ("persona", personas), ("all", (summary.total,)))
    _write(path, ({"kind": kind, **_figures(figures)} for kind, members in groups for figures in members))


def _figures(figures: SizeFigures) -> dict[str, Any]:
    timed = {
        "ingest": figures.ingest,
        "service": figures.service,
        "persisted": figures.persisted,
        **{f"{stage}_notice": figures.stages[stage] for stage in STAGES},
    }
    return {
        "name": figures.size,
        "body_bytes": figures.body_bytes,
        **{_HEADINGS.get(name, name): getattr(figures, name) for name in COUNTS},
        **{name: value for metric, durations in timed.items() for name, value in _durations(metric, durations)},
        "floor_p50_seconds": figures.floor_p50_seconds,
        "floor_ratio": figures.floor_ratio,
    }


def _durations(metric: str, durations: Durations) -> Iterator[tuple[str, float | None]]:
    """Every percentile has its column; it is empty where the sample is too small for it."""
    for percentile in PERCENTILES:
        yield f"{metric}_p{percentile:g}_seconds", durations.supported(percentile)
    yield f"{metric}_max_seconds", durations.maximum if durations.count else None


def write_messages_csv(path: Path, messages: Sequence[Message]) -> None:
    """Write a row for each message, with what became of it."""
    _write(path, message_rows(messages))


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(stream, list(row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
