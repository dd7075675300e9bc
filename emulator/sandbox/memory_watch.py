"""Looks at the memory of environments that work, all of them on one timer: a warm invocation is over long before it fires."""

from __future__ import annotations

import asyncio
from typing import Protocol

__all__ = ["MemoryWatch", "Watched"]

_SECONDS = 0.05


class Watched(Protocol):
    """What is looked at."""

    def check_memory(self) -> None:
        """Measure, and end what takes too much."""


class MemoryWatch:
    """Checks everything that was added, twenty times a second, until it is removed."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watched: Watched) -> None:
        """Begin to check."""
        self._watched.add(watched)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._tick)

    def remove(self, watched: Watched) -> None:
        """Check no longer."""
        self._watched.discard(watched)

    def close(self) -> None:
        """Check nothing any more."""
        self._watched.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._timer = None
        for watched in tuple(self._watched):
            watched.check_memory()
        if self._watched:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._tick)
