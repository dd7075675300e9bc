"""Percentile distributions in HdrHistogram's own text form (`.hgrm`), for its plotters: http://hdrhistogram.github.io/HdrHistogram/plotFiles.html

Values are in milliseconds. Each size has one file for the latency from the schedule and one for the service time, because one
without the other misleads: the first has the stalls, the second says what a single request costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loadtests.percentiles import Durations
from loadtests.summary import Summary

__all__ = ["distributions"]

_NOT_IN_NAMES = re.compile(r"[^\w.-]")


def distributions(summary: Summary) -> Iterator[tuple[str, bytes]]:
    """Yield name and text of each file: `256KiB-from-schedule.hgrm`, `256KiB-service.hgrm`, `all-persisted.hgrm`, ..."""
    for figures in (*summary.sizes, summary.total):
        kinds: dict[str, Durations] = {
            "from-schedule": figures.ingest,
            "service": figures.service,
            "persisted": figures.persisted,
        }
        for kind, durations in kinds.items():
            if durations.count:
                yield f"{_NOT_IN_NAMES.sub('', figures.size)}-{kind}.hgrm", durations.distribution()
