"""Schedule expressions of rules: `rate(5 minutes)` and `cron(0 10 ? * MON-FRI *)`, in UTC.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.services.events.cron import Cron, CronError

__all__ = ["Schedule", "ScheduleError"]

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}


class ScheduleError(ValueError):
    """The text is no schedule expression."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule fires. Either `every_seconds` from its creation on, or by `cron`."""

    text: str
    every_seconds: int | None = None
    cron: Cron | None = None

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raises ScheduleError."""
        rate = _RATE.fullmatch(text)
        if rate is not None:
            if (rate[1] == "1") == (rate[3] == "s"):
                raise ScheduleError(f"one {rate[2]}, but several {rate[2]}s")
            return cls(text, every_seconds=int(rate[1]) * _SECONDS[rate[2]])
        cron = _CRON.fullmatch(text)
        if cron is None:
            raise ScheduleError("neither rate(...) nor cron(...)")
        try:
            return cls(text, cron=Cron.parse(cron[1]))
        except CronError as error:
            raise ScheduleError(str(error)) from error

    def after(self, moment: float, started: float) -> float | None:
        """The next time to fire after `moment`, in epoch seconds; None where there is none any more. `started` is when a rate began."""
        if self.every_seconds is not None:
            passed = int((moment - started) // self.every_seconds)
            return started + (passed + 1) * self.every_seconds
        assert self.cron is not None
        return self.cron.after(moment)
