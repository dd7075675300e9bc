"""The one deadline that an environment has at a time: of init, of an invocation, of a shutdown. Real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Deadline"]


class Deadline:
    """Setting it anew forgets what it was for before.

    One that `lasts` (it is of seconds, and nearly never comes) leaves its timer in the loop when it is cleared: the timer looks what is due
    when it fires, so that a warm invocation sets and cancels none.
    """

    __slots__ = ("_action", "_due", "_lasts", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, lasts: bool = False) -> None:
        self._loop = loop
        self._lasts = lasts
        self._due = 0.0
        self._action: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether something is due."""
        return self._action is not None

    def set(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` in `seconds`."""
        self._due, self._action = self._loop.time() + max(0.0, seconds), action
        timer = self._timer
        if timer is None or timer.when() > self._due:
            self._stop()
            self._timer = self._loop.call_at(self._due, self._fire)

    def clear(self) -> None:
        """Nothing is due."""
        self._action = None
        if not self._lasts:
            self._stop()

    def close(self) -> None:
        """Nothing will ever be due."""
        self._action = None
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        timer, self._timer = self._timer, None
        action = self._action
        if action is None or timer is None:
            return
        if self._due > timer.when():
            self._timer = self._loop.call_at(self._due, self._fire)
            return
        self._action = None
        action()
