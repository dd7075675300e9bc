"""The only place that reads the machine's clock: a wall clock and a virtual one, both in epoch seconds.

Service timers follow the clock; handler code always runs in real time. The virtual clock never moves by itself: the engine's
runner moves it, and only while no handler or other outside work is in flight (the trap described in trio's `_mock_clock.py`).
"""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "VirtualClock", "WallClock", "stopwatch"]

stopwatch = time.perf_counter  # seconds, for durations of real work only


class Clock(Protocol):
    """What the engine asks of a clock: the time now, in epoch seconds."""

    def now(self) -> float: ...


class WallClock:
    """Real time that never steps backwards: the start in epoch seconds plus monotonic seconds since."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()


class VirtualClock:
    """Time that stands still until it is moved."""

    __slots__ = ("_now",)

    def __init__(self, start: float = 1_767_225_600.0) -> None:  # 2026-01-01T00:00:00Z
        self._now = start

    def now(self) -> float:
        return self._now

    def move_to(self, moment: float) -> None:
        """Move to `moment` (epoch seconds); a moment in the past leaves the clock as it is."""
        self._now = max(self._now, moment)
