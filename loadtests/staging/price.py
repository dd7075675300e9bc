"""What a message costs in dollars, for the cap on cost: by what was counted of messages before, and list prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import orjson

from loadtests.cost import estimate, load_prices
from loadtests.cost.prices import regions
from loadtests.failures import UsageError
from loadtests.gate.counters import Counters

__all__ = ["CountedPrice", "MessagePrice"]

_DEFAULT_REGION = "us-east-1"
# Where there is no price file of a region, twice the prices of us-east-1: an estimate for a cap is better too high.
_OTHER_REGION_FACTOR = 2.0


class MessagePrice(Protocol):
    """Knows what a message costs, and on what that rests."""

    @property
    def basis(self) -> str:
        """What the estimate rests on, for people."""

    def dollars(self, body_bytes: float) -> float:
        """Return what one message with a body of so many bytes costs."""


@dataclass(frozen=True, slots=True)
class CountedPrice:
    """The price of messages like those that were counted; a larger one costs more in proportion, a smaller one no less."""

    basis: str
    dollars_per_message: float
    counted_bytes: float

    def dollars(self, body_bytes: float) -> float:
        """Return what one message with a body of so many bytes costs."""
        return self.dollars_per_message * max(1.0, body_bytes / self.counted_bytes)

    @staticmethod
    def of_baseline(path: Path, region: str) -> CountedPrice:
        """Return the price by the counters of a baseline. Raises `UsageError` where there is none."""
        if not path.is_file():
            raise UsageError(
                f"there is no {path}, which says what a message needs, so max_cost_usd cannot be held: count some with "
                '`windtunnel baseline save` and name the file in [staging] counters, or say [staging] max_cost_usd = "unlimited"'
            )
        try:
            content = orjson.loads(path.read_bytes())
            counters = Counters.from_json(content["counters"])
            sizes = content["plan"]["sizes"]
            mean = sum(sizes) / len(sizes)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise UsageError(f"{path} is no baseline: {error!r}; make one with `windtunnel baseline save`") from error
        known = region in regions()
        cost = estimate(counters, load_prices(region if known else _DEFAULT_REGION), per=1000)
        factor = 1.0 if known else _OTHER_REGION_FACTOR
        where = f"list prices of {cost.region} as of {cost.date}"
        where += "" if known else f", times {factor:g} since there is no price file of {region}"
        left_out = f"; not priced: {', '.join(row.counter for row in cost.unpriced)}" if cost.unpriced else ""
        return CountedPrice(f"{path}, {where}{left_out}", cost.dollars / 1000 * factor, mean)
