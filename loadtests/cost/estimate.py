"""The estimate itself: counters times prices, with everything that has no price named.

It is arithmetic without input or output: the same counters and the same price file always give the same dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from loadtests.cost.prices import Price, PriceFile
from loadtests.failures import UsageError
from loadtests.gate.counters import Counters

__all__ = ["Cost", "CostLine", "FixedLine", "Unpriced", "estimate"]

_Value = TypeVar("_Value")

_DAYS_PER_MONTH = 30.0
_HOURS_PER_MONTH = 730.0


@dataclass(frozen=True, slots=True)
class CostLine:
    """What `quantity` units of one price cost for the estimate's messages; `share` is its part of the whole, 0 to 1.

    `measured` marks a line that rests on times of this machine.
    """

    service: str
    what: str
    quantity: float
    unit: str
    price_dollars: float
    dollars: float
    share: float
    source: str
    measured: bool


@dataclass(frozen=True, slots=True)
class FixedLine:
    """What runs whether messages come or not, in dollars a month."""

    service: str
    what: str
    dollars_per_month: float
    source: str


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A counter that costs something, or may, and has no price: an estimate with one of these is too low."""

    counter: str
    per_message: float
    reason: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What `messages` messages cost in a region, by list prices of a date. Fixed lines are not in `dollars`: they are per month."""

    region: str
    date: str
    messages: int
    retention_days: float
    lines: tuple[CostLine, ...]
    fixed: tuple[FixedLine, ...]
    unpriced: tuple[Unpriced, ...]
    excluded: Mapping[str, str]

    @property
    def dollars(self) -> float:
        """The sum of all lines."""
        return sum(line.dollars for line in self.lines)

    @property
    def fixed_dollars_per_month(self) -> float:
        """The sum of what runs anyhow."""
        return sum(line.dollars_per_month for line in self.fixed)

    @property
    def complete(self) -> bool:
        """Whether everything that was counted has a price."""
        return not self.unpriced

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON, with its sums."""
        return {
            **asdict(self),
            "excluded": dict(self.excluded),
            "dollars": self.dollars,
            "dollars_per_message": self.dollars / self.messages,
            "fixed_dollars_per_month": self.fixed_dollars_per_month,
            "complete": self.complete,
        }


def estimate(
    counters: Counters,
    prices: PriceFile,
    *,
    per: int = 1_000_000,
    retention_days: float = 30.0,
    nodes: Mapping[tuple[str, str], int] | None = None,
    free_tier: bool = False,
) -> Cost:
    """Return what `per` messages like the counted ones cost.

    What is stored is paid for `retention_days`. `nodes` says how many cache nodes run, by engine (`valkey`, `redis`) and node type.
    `free_tier` takes off what is free for ever in a month, as though the messages came in one month and were alone in their account.
    Raises `UsageError` where no message was counted, since nothing can be said per message then.
    """
    if counters.messages <= 0:
        raise UsageError("no message was counted, so nothing is known of what one costs: send some, then count again")
    if per <= 0:
        raise UsageError(f"--per {per} must be a number of messages above 0")
    per_message = counters.per_message()
    rows = [(price, _quantity(price, per_message, retention_days) * per) for price in prices.prices]
    if free_tier:
        rows = [(price, max(0.0, quantity - price.free_units)) for price, quantity in rows]
    spent = [(price, quantity, quantity * price.dollars) for price, quantity in rows if quantity]
    total = sum(dollars for *_, dollars in spent)
    lines = [
        CostLine(
            price.service,
            price.what,
            quantity,
            price.unit,
            price.dollars,
            dollars,
            dollars / total if total else 0.0,
            price.source,
            price.measured,
        )
        for price, quantity, dollars in sorted(spent, key=lambda row: -row[2])
    ]
    fixed, unknown_nodes = _fixed(prices, nodes or {})
    return Cost(
        region=prices.region,
        date=prices.date,
        messages=per,
        retention_days=retention_days,
        lines=tuple(lines),
        fixed=fixed,
        unpriced=(*_unpriced(per_message, prices), *unknown_nodes),
        excluded=prices.excluded,
    )


def _quantity(price: Price, per_message: Mapping[str, float], retention_days: float) -> float:
    counted = sum(per_message.get(counter, 0.0) for counter in price.counters)
    months = retention_days / _DAYS_PER_MONTH if price.monthly else 1.0
    return counted / price.counted_per_unit * months


def _fixed(
    prices: PriceFile, nodes: Mapping[tuple[str, str], int]
) -> tuple[tuple[FixedLine, ...], tuple[Unpriced, ...]]:
    lines, unknown = [], []
    for (engine, node_type), number in nodes.items():
        node = prices.nodes.get(node_type)
        hourly = None if node is None else node.dollars_per_hour.get(engine)
        if node is None or hourly is None:
            reason = f"the price file has no price of a {engine} node of type {node_type}"
            unknown.append(Unpriced(f"nodes/{engine}.{node_type}", 0.0, reason))
            continue
        what = f"{number} x {node_type} ({engine}), {_HOURS_PER_MONTH:.0f} hours"
        lines.append(FixedLine("ElastiCache", what, number * hourly * _HOURS_PER_MONTH, node.source))
    return tuple(lines), tuple(unknown)


def _unpriced(per_message: Mapping[str, float], prices: PriceFile) -> list[Unpriced]:
    """Units without a price, calls that nothing knows, and calls whose unit was not counted."""
    found = []
    for counter, value in per_message.items():
        if not value:
            continue
        if counter.startswith("units/") and not prices.covers(counter):
            found.append(Unpriced(counter, value, "the price file has no price of this unit"))
        if not counter.startswith("calls/"):
            continue
        units = _matching(prices.billed, counter)
        if units is None and _matching(prices.free, counter) is None:
            found.append(Unpriced(counter, value, "the price file does not say how this call is billed"))
        elif units is not None and not any(per_message.get(unit) for unit in units):
            found.append(Unpriced(counter, value, f"billed by {' or '.join(units)}, which was not counted"))
    return found


def _matching(table: Mapping[str, _Value], counter: str) -> _Value | None:
    exact = table.get(counter)
    if exact is not None:
        return exact
    return next((value for pattern, value in table.items() if fnmatchcase(counter, pattern)), None)
