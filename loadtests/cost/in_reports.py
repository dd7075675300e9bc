"""What a run's report says of dollars; the lines behind the sum are `windtunnel cost`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadtests.cost.estimate import estimate
from loadtests.cost.prices import load_prices
from loadtests.gate.counters import Counters

__all__ = ["cost_of"]


def cost_of(per_message: Mapping[str, float]) -> dict[str, Any] | None:
    """Return dollars per million messages and what has no price; None where nothing was counted."""
    if not per_message:
        return None
    cost = estimate(Counters(1, per_message), load_prices())
    return {
        "region": cost.region,
        "prices_of": cost.date,
        "dollars_per_million": round(cost.dollars, 4),
        "units_per_message": {name: value for name, value in per_message.items() if name.startswith("units/")},
        "unpriced": [row.counter for row in cost.unpriced],
    }
