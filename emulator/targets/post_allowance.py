"""The caps of a deployed stack for messages that are sent one by one, from a test: bytes in all, rate and duration.

What a message costs is counted for loads alone (`windtunnel load`): single messages stay far below any sum that one would cap.
"""

from __future__ import annotations

import threading

from emulator.clock import stopwatch
from emulator.errors import EmulatorError
from emulator.targets.caps import Caps

__all__ = ["PostAllowance"]


class PostAllowance:
    """Counts what one process sends: run tests against a deployed stack without xdist, or each worker has the caps to itself."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._began: float | None = None
        self._sent_bytes = 0
        self._next = 0.0

    def admit(self, body_bytes: int) -> None:
        """Wait until the rate allows one more message. Raises EmulatorError, which names the cap, where the others do not."""
        now = stopwatch()
        self._began = now if self._began is None else self._began
        if self._sent_bytes + body_bytes > self._caps.max_bytes:
            raise EmulatorError(
                f"not sent: {body_bytes} bytes more than the {self._sent_bytes} of before would cross max_bytes = {self._caps.max_bytes}"
            )
        if now - self._began > self._caps.max_duration:
            raise EmulatorError(
                f"not sent: the first message was more than max_duration = {self._caps.max_duration:g} s ago"
            )
        self._sent_bytes += body_bytes
        due, self._next = self._next, max(now, self._next) + 1 / self._caps.max_rate
        threading.Event().wait(max(0.0, due - now))
