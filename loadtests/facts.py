"""What is known of a run besides its messages: enough, together with the message log, to make every report again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from loadtests.ledger import Unclaimed
from loadtests.plan import RunPlan

__all__ = ["SCHEMA_VERSION", "Pulse", "RunFacts", "UseSample"]

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Pulse:
    """The generator's counters at a moment, in seconds since the start of the load."""

    at_seconds: float
    started: int
    finished: int
    dropped: int


@dataclass(frozen=True, slots=True)
class UseSample:
    """CPU seconds used until a moment, by part, and by everything on the machine."""

    at_seconds: float
    parts: Mapping[str, float]
    machine: float


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run. `wall_start` and `epoch_wall` (the start of the load) are epoch seconds, `load_seconds` is the time from the first
    intended start to the last answer.

    `failure` says why a run ended early, and `failure_code` with what; `size_limit` and `floor` are None where they were not asked for.
    `workers` has each process of the generator, with what it sent and used; `histograms` all that they measured, encoded.
    """

    plan: RunPlan
    target: str
    url: str
    wall_start: float
    load_seconds: float
    drain_seconds: float
    readback_seconds: float
    machine: Mapping[str, Any]
    thresholds: tuple[str, ...] = ()
    max_refused_percent: float = 0.0
    size_limit: Mapping[str, Any] | None = None
    floor: Mapping[str, Any] | None = None
    pulses: tuple[Pulse, ...] = ()
    processor_use: tuple[UseSample, ...] = ()
    unclaimed: Unclaimed = field(default_factory=Unclaimed)
    tcp_no_delay: bool = False
    interrupted: bool = False
    failure: str | None = None
    failure_code: int | None = None
    epoch_wall: float | None = None
    workers: tuple[Mapping[str, Any], ...] = ()
    histograms: Mapping[str, str] | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def complete(self) -> bool:
        """Whether the run came to its end. If not, what is missing may only not have been looked for."""
        return not self.interrupted and self.failure is None

    def write(self, path: Path) -> None:
        """Write these facts as JSON."""
        path.write_bytes(orjson.dumps({**asdict(self), "plan": self.plan.to_json()}, option=orjson.OPT_INDENT_2))

    @staticmethod
    def read(path: Path) -> RunFacts:
        """Return the facts that `write` wrote. Raises `ValueError` for another version's."""
        value = orjson.loads(path.read_bytes())
        if value["schema_version"] != SCHEMA_VERSION:
            raise ValueError(
                f"{path} has schema version {value['schema_version']}; this program reads {SCHEMA_VERSION}"
            )
        return RunFacts(
            **{
                **value,
                "plan": RunPlan.from_json(value["plan"]),
                "thresholds": tuple(value["thresholds"]),
                "pulses": tuple(Pulse(**pulse) for pulse in value["pulses"]),
                "processor_use": tuple(UseSample(**sample) for sample in value["processor_use"]),
                "workers": tuple(value["workers"]),
                "unclaimed": Unclaimed(**{kind: tuple(found) for kind, found in value["unclaimed"].items()}),
            }
        )
