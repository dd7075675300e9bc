"""Service level objectives of a run, as people write them: `ingest p99 < 1s`, `4MB persisted p50 < 800 ms`, `lost == 0`.

Times are from the intended start, except `service`. Counts are of messages; `archived`, `metadata` and `final` are shares of the
accepted ones and `accepted` and `refused` also of the sent ones where the limit is in percent.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from loadtests.failures import UsageError

__all__ = ["COUNTS", "METRICS", "Count", "Threshold", "parse_threshold"]

METRICS = ("ingest", "service", "persisted", "started", "archived", "metadata", "final")
# As people write them, and as the figures name them.
COUNTS = {
    "sent": "sent",
    "accepted": "accepted",
    "refused": "refused",
    "unanswered": "unanswered",
    "dropped": "dropped",
    "archived": "archived",
    "metadata": "recorded",
    "final": "announced",
    "lost": "lost",
    "duplicated": "duplicated",
    "corrupt": "corrupt",
    "false_flags": "false_flags",
}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_TIME = re.compile(r"(?:(\S+)\s+)?(\w+)[.\s]\s*p(\d+(?:\.\d+)?)\s*<=?\s*(\d+(?:\.\d+)?)\s*(ms|s)")
_COUNT = re.compile(r"(?:(\S+)\s+)?(\w+)\s*(<=|>=|==|<|>)\s*(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(frozen=True, slots=True)
class Threshold:
    """`metric` at `percentile` must stay below `seconds`, for one size (None: all messages together)."""

    text: str
    size: str | None
    metric: str
    percentile: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Count:
    """A count of messages, or its share in percent, must compare with `limit` as `comparison` says."""

    text: str
    size: str | None
    metric: str
    comparison: str
    limit: float
    percent: bool

    def holds(self, value: float) -> bool:
        """Return whether a value is as it must be."""
        return _OPERATORS[self.comparison](value, self.limit)


def parse_threshold(text: str) -> Threshold | Count:
    """Return a threshold. Raises `UsageError`, with the form that is understood."""
    stripped = text.strip()
    match = _TIME.fullmatch(stripped)
    if match is not None and match[2] in METRICS and 0 < float(match[3]) < 100:
        seconds = float(match[4]) / (1000 if match[5] == "ms" else 1)
        return Threshold(stripped, match[1], match[2], float(match[3]), seconds)
    match = _COUNT.fullmatch(stripped)
    if match is not None and match[2] in COUNTS:
        return Count(stripped, match[1], match[2], match[3], float(match[4]), bool(match[5]))
    raise UsageError(
        f"{text!r} is no threshold: write e.g. 'ingest p99 < 1s', '4MB persisted p50 < 800 ms', 'lost == 0' or "
        "'archived == 100%'"
    )
