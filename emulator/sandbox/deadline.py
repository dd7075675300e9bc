"""The one deadline that an environment has at a time: of init, of an invocation, of a shutdown. Real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Deadline"]


class Deadline:
    """Setting it anew forgets what it was for before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether something is due."""
        return self._timer is not None

    def set(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` in `seconds`."""
        self.clear()

        def fire() -> None:
            self._timer = None
            action()

        self._timer = self._loop.call_later(max(0.0, seconds), fire)

    def clear(self) -> None:
        """Nothing is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
