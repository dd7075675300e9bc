"""Waiting for something outside: look, and look again, until it is so or the time is up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from emulator.clock import stopwatch
from emulator.targets.duration import seconds_of

__all__ = ["eventually"]

FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.25


def eventually(check: Callable[[], bool], within: str | float) -> bool:
    """Whether `check` came true within `within` of real time. It is asked at least twice, ever less often."""
    deadline = stopwatch() + seconds_of(within)
    pause = FIRST_PAUSE_SECONDS
    never = threading.Event()
    while not check():
        if stopwatch() > deadline:
            return check()
        never.wait(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    return True
