"""Service level objectives of a run, as people write them: `ingest.p99 < 1s`, `4MB persisted.p50 < 800ms`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loadtests.failures import UsageError

__all__ = ["METRICS", "Threshold", "parse_threshold"]

METRICS = ("ingest", "service", "persisted")
_PATTERN = re.compile(r"(?:(\S+)\s+)?(\w+)\.p(\d+(?:\.\d+)?)\s*<\s*(\d+(?:\.\d+)?)\s*(ms|s)")


@dataclass(frozen=True, slots=True)
class Threshold:
    """`metric` at `percentile` must stay below `seconds`, for one size (None: all messages together)."""

    text: str
    size: str | None
    metric: str
    percentile: float
    seconds: float


def parse_threshold(text: str) -> Threshold:
    """Return a threshold. Raises `UsageError`, with the form that is understood."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None or match[2] not in METRICS or not 0 < float(match[3]) < 100:
        raise UsageError(f"{text!r} is no threshold: write e.g. 'ingest.p99 < 1s' or '4MB persisted.p50 < 800ms'")
    seconds = float(match[4]) / (1000 if match[5] == "ms" else 1)
    return Threshold(text.strip(), match[1], match[2], float(match[3]), seconds)
