"""What a run will do: all that is needed to repeat it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from loadtests.bodies import BodyTemplate
from loadtests.schedule import Arrival, ArrivalProcess, arrivals
from loadtests.sizes import MessageSize

__all__ = ["RunPlan", "is_key", "message_key", "probe_key", "probe_prefix"]

_KEY_DIGITS = 7
_KEY = re.compile(rf"\S+-(\d{{{_KEY_DIGITS}}}|p\d{{{_KEY_DIGITS - 1}}})")


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A load. Times in seconds, rates in messages per second.

    `drain_seconds` is how long after its answer a message may take to be persisted; `max_start_lag_seconds` how late, at p99, the
    generator may start a message before its figures mean nothing; `max_in_flight_bytes` what it may hold before it drops one.
    """

    run_id: str
    sizes: tuple[MessageSize, ...]
    rate_per_second: float
    duration_seconds: float
    seed: int
    arrival_process: ArrivalProcess = "constant"
    drain_seconds: float = 60.0
    request_timeout_seconds: float = 40.0
    max_start_lag_seconds: float = 0.05
    max_in_flight_bytes: int = 1_000_000_000

    def arrivals(self) -> list[Arrival]:
        """Return the schedule, empty before the sizes are known; every process of a run computes the same one."""
        if not self.sizes:
            return []
        weights = [size.weight for size in self.sizes]
        return arrivals(self.arrival_process, self.rate_per_second, self.duration_seconds, weights, self.seed)

    def template(self, size: MessageSize) -> BodyTemplate:
        """Return the bodies of one size."""
        return BodyTemplate(size.body_bytes, len(message_key(self.run_id, 0)), self.seed)

    def to_json(self) -> dict[str, Any]:
        """Return this plan as JSON."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> RunPlan:
        """Return the plan that `to_json` wrote."""
        return RunPlan(**{**value, "sizes": tuple(MessageSize(**size) for size in value["sizes"])})


def message_key(run_id: str, index: int) -> str:
    """Return the `sourceTransactionID` of a message; all keys of a run have the same length."""
    return f"{run_id}-{index:0{_KEY_DIGITS}d}"


def probe_key(run_id: str, index: int) -> str:
    """Return the key of a message that is sent before the load and counted nowhere."""
    return f"{probe_prefix(run_id)}{index:0{_KEY_DIGITS - 1}d}"


def is_key(text: str) -> bool:
    """Return whether a text has the form of a key, of this run or of another."""
    return _KEY.fullmatch(text) is not None


def probe_prefix(run_id: str) -> str:
    """Return what the keys of a run's probes begin with, and no other key of it."""
    return f"{run_id}-p"
