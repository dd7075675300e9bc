"""The clocks of a load run. What is measured here is real time: this is the one place that reads it.

`monotonic` counts from an origin that all processes of a machine share (CLOCK_MONOTONIC), so what two of them saw can be compared.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["cpu_seconds", "iso_milliseconds", "monotonic", "sleep", "wall"]

cpu_seconds = time.process_time
monotonic = time.monotonic  # noqa: TID251
sleep = time.sleep  # noqa: TID251
wall = time.time  # noqa: TID251


def iso_milliseconds(epoch_seconds: float) -> str:
    """Return a moment as `2026-11-22T10:20:30.123Z`."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
