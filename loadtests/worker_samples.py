"""What workers of the load generator measured, as histograms that add up: beside the message log, which has every message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadtests.percentiles import Durations

__all__ = ["WorkerSamples"]


class WorkerSamples:
    """What a worker measured, as histograms: they add up over workers, and show that no row was lost on the way."""

    def __init__(self) -> None:
        self.from_schedule = Durations()
        self.service = Durations()
        self.start_lag = Durations()

    def record(self, row: Mapping[str, Any]) -> None:
        """Count one answered message."""
        if row["ended_seconds"] is not None:
            self.from_schedule.record(row["ended_seconds"] - row["intended_seconds"])
            self.service.record(row["ended_seconds"] - row["started_seconds"])
            self.start_lag.record(row["started_seconds"] - row["intended_seconds"])

    def encoded(self) -> dict[str, str]:
        """Return all histograms as text."""
        return {name: durations.encoded() for name, durations in vars(self).items()}

    def add(self, encoded: Mapping[str, str]) -> None:
        """Add what another worker measured."""
        for name, durations in vars(self).items():
            durations.add_encoded(encoded[name])
