"""How much a run against a deployed stack may do at most. Each cap has a careful default; a settings file sets others."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Caps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Most messages a second, bytes of request bodies in all, seconds from the first byte to the last start, and dollars.

    Everything that is sent counts, single messages before the load included. `max_cost_usd` of None is no cap on cost; an estimate of
    cost rests on what was counted of messages before, in the file `counters`.
    """

    max_rate: float = 10.0
    max_bytes: int = 1_000_000_000
    max_duration: float = 300.0
    max_cost_usd: float | None = 1.0
    counters: str = "baselines/audit-ingest.json"
