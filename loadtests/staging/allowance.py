"""What a sender may still send: counted before each message, so that a cap holds even where a schedule or a bug would cross it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil, inf

__all__ = ["Allowance", "SendingCaps"]

# A generator that was held up sends what is overdue at once, so a rate is counted over some seconds and with the second that it may
# catch up; one that is later than that has no valid figures anyway.
_WINDOW_SECONDS = 5.0
_CATCH_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SendingCaps:
    """What a load may send in all: messages a second, bytes, messages (None: any number), and until when (epoch seconds)."""

    per_second: float
    total_bytes: int
    messages: int | None
    until: float


class Allowance:
    """The share of one of `workers` senders; `None` caps allow everything. `epoch` is when the load begins, in epoch seconds."""

    def __init__(self, caps: SendingCaps | None, epoch: float, workers: int = 1) -> None:
        self._caps = caps
        whole = SendingCaps(inf, 0, None, inf) if caps is None else caps
        self._bytes = whole.total_bytes / workers
        self._messages = inf if whole.messages is None else ceil(whole.messages / workers)
        self._seconds = whole.until - epoch
        in_window = whole.per_second * (_WINDOW_SECONDS + _CATCH_UP_SECONDS) / workers
        self._in_window = inf if in_window == inf else ceil(in_window)
        self._recent: deque[float] = deque()

    def refusal(self, body_bytes: int, at_seconds: float) -> str | None:
        """Return which cap a message of `body_bytes` would cross at a moment of the load, or None, and then it counts as sent."""
        if self._caps is None:
            return None
        while self._recent and self._recent[0] <= at_seconds - _WINDOW_SECONDS:
            self._recent.popleft()
        if at_seconds > self._seconds:
            return f"the cap on duration ({self._seconds:.1f} s were left of it for the load)"
        if body_bytes > self._bytes:
            return f"the cap on bytes ({self._caps.total_bytes} were left of it for the load)"
        if self._messages < 1:
            return f"the cap on cost ({self._caps.messages} messages were left of it for the load)"
        if len(self._recent) >= self._in_window:
            return f"the cap on rate ({self._caps.per_second:g} messages a second)"
        self._bytes -= body_bytes
        self._messages -= 1
        self._recent.append(at_seconds)
        return None
