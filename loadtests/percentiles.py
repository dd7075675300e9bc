"""Percentiles of durations, from a histogram with three significant digits (HdrHistogram: http://hdrhistogram.org/).

Locust's own percentiles have two digits, an error of up to a third for short times. Histograms add up; percentiles do not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from hdrh.histogram import HdrHistogram

__all__ = ["PERCENTILES", "Bucket", "Durations", "Quantile", "required_samples"]

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)
_MICROSECONDS = 1_000_000
_HOUR = 3600 * _MICROSECONDS
_DIGITS = 3
# 99.9 % of 1000 is 999, whatever floats make of it.
_ROUNDING = 1e-9
# A percentile with fewer samples beyond it is the luck of a few messages.
_SAMPLES_BEYOND = 10


def required_samples(percentile: float) -> int:
    """Return how many samples a percentile needs: ten beyond it."""
    return round(_SAMPLES_BEYOND / (1 - percentile / 100))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A percentile in seconds; `supported` is false when the sample is too small to state it."""

    percentile: float
    seconds: float
    supported: bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """Durations that the histogram does not tell apart: how many, and how many together with all shorter ones."""

    low_seconds: float
    high_seconds: float
    count: int
    counted: int


class Durations:
    """Counts durations between 1 microsecond and 1 hour. A longer one counts as an hour, a shorter one as a microsecond."""

    def __init__(self, seconds: Iterable[float | None] = ()) -> None:
        self._histogram = HdrHistogram(1, _HOUR, _DIGITS)
        self.minimum = float("inf")
        self.maximum = 0.0
        # The library walks over all its counters for each question; those that counted something are few.
        self._buckets: list[Bucket] | None = None
        for value in seconds:
            if value is not None:
                self.record(value)

    def record(self, seconds: float) -> None:
        """Count one duration."""
        self._buckets = None
        self._histogram.record_value(min(_HOUR, max(1, round(seconds * _MICROSECONDS))))
        self.minimum = min(self.minimum, seconds)
        self.maximum = max(self.maximum, seconds)

    def encoded(self) -> str:
        """Return the histogram as text, in HdrHistogram's own compressed form: a few KB, however many were counted."""
        return bytes(self._histogram.encode()).decode("ascii")

    def buckets(self) -> list[Bucket]:
        """Return every bucket of the histogram that counted something, the shortest durations first."""
        if self._buckets is None:
            counts = self._histogram.counts[: self._histogram.encoder.payload.counts_len]
            self._buckets, counted = [], 0
            for index, count in enumerate(counts):
                if count:
                    counted += count
                    low = self._histogram.get_value_from_index(index)
                    high = self._histogram.get_highest_equivalent_value(low)
                    self._buckets.append(Bucket(low / _MICROSECONDS, high / _MICROSECONDS, count, counted))
        return self._buckets

    def add(self, other: Durations) -> None:
        """Count all that another counted."""
        self._buckets = None
        if other.count:
            self._histogram.add(other._histogram)
            self.minimum = min(self.minimum, other.minimum)
            self.maximum = max(self.maximum, other.maximum)

    def add_encoded(self, text: str) -> None:
        """Count all that another process counted and `encoded`."""
        other = HdrHistogram.decode(text)
        self._buckets = None
        if other.get_total_count():
            self._histogram.add(other)
            self.minimum = min(self.minimum, other.get_min_value() / _MICROSECONDS)
            self.maximum = max(self.maximum, other.get_max_value() / _MICROSECONDS)

    @property
    def count(self) -> int:
        """How many were counted."""
        return int(self._histogram.get_total_count())

    def at(self, percentile: float) -> float | None:
        """Return the duration that `percentile` percent do not exceed, or None without any."""
        if self.count == 0:
            return None
        # The library rounds the rank to the nearest, which for few samples names a value that too many exceed.
        rank = max(1, ceil(self.count * percentile / 100 - _ROUNDING))
        buckets = self.buckets()
        value = buckets[bisect_left(buckets, rank, key=lambda bucket: bucket.counted)].high_seconds
        return min(max(value, self.minimum), self.maximum)

    def quantiles(self) -> list[Quantile]:
        """Return all percentiles that reports show, each with whether the sample supports it."""
        return [
            Quantile(percentile, value, self.count >= required_samples(percentile))
            for percentile in PERCENTILES
            if (value := self.at(percentile)) is not None
        ]

    def supported(self, percentile: float) -> float | None:
        """Return the duration at a percentile if the sample supports it."""
        return self.at(percentile) if self.count >= required_samples(percentile) else None
