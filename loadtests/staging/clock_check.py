"""How far this machine's clock is from AWS's, as far as whole seconds in a Date header can tell.

An answer's Date says that the server's clock was within a certain second at some moment between question and answer, which bounds the
offset from both sides; several answers bound it closer. What lies between the bounds cannot be told.
https://www.rfc-editor.org/rfc/rfc9110#name-date
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from loadtests.clock import wall
from loadtests.staging.check import Check, failed, ok

__all__ = ["LIMIT_SECONDS", "OffsetBounds", "check_clock", "offset_bounds"]

SUBJECT = "clock"
# Objects of a run are looked for from one second before it began, by times that this machine writes into the messages, and several
# generators on machines that keep time start together to within this. SigV4 itself would bear five minutes.
LIMIT_SECONDS = 1.0
_EXCHANGES = 4


@dataclass(frozen=True, slots=True)
class OffsetBounds:
    """AWS's clock is ahead of this one by at least `low` and at most `high` seconds."""

    low: float
    high: float

    @property
    def proven_seconds(self) -> float:
        """The smallest offset, without sign, that fits."""
        return max(0.0, self.low, -self.high)


def offset_bounds(ask: Callable[[], str], now: Callable[[], float] = wall, exchanges: int = _EXCHANGES) -> OffsetBounds:
    """Return the bounds of the offset, by answers' Date headers that `ask` returns."""
    low, high = float("-inf"), float("inf")
    for _ in range(exchanges):
        before = now()
        said = parsedate_to_datetime(ask()).timestamp()
        after = now()
        low, high = max(low, said - after), min(high, said + 1 - before)
    return OffsetBounds(low, high)


def check_clock(ask: Callable[[], str], now: Callable[[], float] = wall) -> Check:
    """Return whether this machine's clock fits."""
    bounds = offset_bounds(ask, now)
    shown = f"AWS is ahead by {bounds.low:+.2f} to {bounds.high:+.2f} s (a Date header tells no more)"
    if bounds.low > bounds.high:
        return failed(
            SUBJECT, "the clock jumped while it was looked at", "let it settle: chronyc tracking, or timedatectl"
        )
    if bounds.proven_seconds > LIMIT_SECONDS:
        return failed(
            SUBJECT,
            f"{shown}, more than {LIMIT_SECONDS:g} s",
            "set this machine's clock: chronyc makestep, or timedatectl set-ntp true",
        )
    return ok(SUBJECT, f"{shown}; {LIMIT_SECONDS:g} s are allowed")
