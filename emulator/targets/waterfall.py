"""One message's path through the services, drawn from its journal entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["waterfall"]

BAR = 30
LONGEST_RESOURCE = 60


def waterfall(entries: Sequence[Mapping[str, Any]]) -> str:
    """Entries of one trace as text, in order of their start: offset, duration, a bar, what was done, how it ended."""
    # A bridged call is in the journal twice: as the call that it is, and as the work that answers it.
    rows = sorted((row for row in entries if row["operation"] != "BridgeRequest"), key=_started)
    if not rows:
        return "the journal has nothing about this message"
    first = _started(rows[0])
    span = max(max(row["time"] for row in rows) - first, 1e-9)
    return "\n".join(_line(row, first, span) for row in rows)


def _started(row: Mapping[str, Any]) -> float:
    started: float = row.get("started", row["time"])
    return started


def _line(row: Mapping[str, Any], first: float, span: float) -> str:
    start, end = _started(row) - first, row["time"] - first
    left = min(int(start / span * BAR), BAR - 1)
    width = max(1, round((end - start) / span * BAR))
    bar = (" " * left + "#" * min(width, BAR - left)).ljust(BAR)
    what = (
        f"{row['service']} {row['operation']}"
        if row["kind"] in ("call", "external")
        else f"{row['service']} {row['kind']}"
    )
    resource = str(row.get("resource", ""))
    if len(resource) > LONGEST_RESOURCE:
        resource = "..." + resource[3 - LONGEST_RESOURCE :]
    outcome = "" if row.get("outcome", "ok") in ("ok", "200") else f"  {row['outcome']}"
    return f"{start * 1000:10.1f} ms {(end - start) * 1000:9.1f} ms |{bar}| {what} {resource}{outcome}".rstrip()
