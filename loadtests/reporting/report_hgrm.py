"""Percentile distributions in HdrHistogram's own text form (`.hgrm`), for its plotters: http://hdrhistogram.github.io/HdrHistogram/plotFiles.html

Values are in milliseconds. Each size has one file for the latency from the schedule and one for the service time, because one
without the other misleads: the first has the stalls, the second says what a single request costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import floor, log2, sqrt

from loadtests.percentiles import Bucket, Durations
from loadtests.summary import Summary

__all__ = ["distribution", "distributions"]

_TICKS_PER_HALF_DISTANCE = 5
_MILLISECONDS = 1000.0
_NOT_IN_NAMES = re.compile(r"[^\w.-]")


def distributions(summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file: `256KiB-from-schedule.hgrm`, `256KiB-service.hgrm`, `all-persisted.hgrm`, ..."""
    for figures in (*summary.sizes, summary.total):
        kinds: dict[str, Durations] = {
            "from-schedule": figures.ingest,
            "service": figures.service,
            "persisted": figures.persisted,
        }
        for kind, durations in kinds.items():
            if durations.count:
                yield f"{_NOT_IN_NAMES.sub('', figures.size)}-{kind}.hgrm", distribution(durations)


def distribution(durations: Durations) -> str:
    """Return all percentiles of some durations, as HdrHistogram writes them: ever finer towards the longest.

    The library's own writer takes a second for each file, because it walks over all counters again and again; it leaves the
    standard deviation in another unit than the rest, and does not round the steps as the original does.
    """
    lines = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}", ""]
    buckets, whole, level = durations.buckets(), durations.count, 0.0
    for bucket in buckets:
        while 100 * bucket.counted / whole >= level:
            lines.append(f"{_row(bucket, level)} {1 / (1 - level / 100):14.2f}")
            level += 100 / (_TICKS_PER_HALF_DISTANCE * 2 ** (floor(log2(100 / (100 - level))) + 1))
            if bucket.counted == whole:
                break
    lines.append(_row(buckets[-1], 100.0))
    middles = [((bucket.low_seconds + bucket.high_seconds) / 2 * _MILLISECONDS, bucket.count) for bucket in buckets]
    mean = sum(value * count for value, count in middles) / whole
    deviation = sqrt(sum((value - mean) ** 2 * count for value, count in middles) / whole)
    lines.append(f"#[Mean    = {mean:12.3f}, StdDeviation   = {deviation:12.3f}]")
    lines.append(f"#[Max     = {buckets[-1].high_seconds * _MILLISECONDS:12.3f}, TotalCount     = {whole:12.3f}]")
    # Those of a histogram of three digits up to an hour in microseconds.
    lines.append(f"#[Buckets = {22:12d}, SubBuckets     = {2048:12d}]")
    return "\n".join(lines) + "\n"


def _row(bucket: Bucket, percentile: float) -> str:
    return f"{bucket.high_seconds * _MILLISECONDS:12.3f} {percentile / 100:2.12f} {bucket.counted:10d}"
