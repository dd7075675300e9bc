"""The price file of a region: list prices with their date and source, and where each counted call is billed.

A call is billed by a unit (`billed`), is free for a reason (`free`), or is unknown here, which an estimate says loudly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from loadtests.failures import UsageError

__all__ = ["NodePrice", "Price", "PriceFile", "load_prices", "regions"]

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs, and which counters add up to it.

    `counted_per_unit` is how much of a counter makes one unit (1000 for GB-ms in a GB-second). `monthly` marks what is kept and paid
    each month that it is kept. `evidence` says who read the price where and when.
    """

    service: str
    what: str
    counters: tuple[str, ...]
    counted_per_unit: float
    unit: str
    dollars: float
    source: str
    evidence: str
    monthly: bool = False
    measured: bool = False
    """Whether the counter is a time that this machine took, which AWS's differs from."""
    free_units: float = 0.0
    """Of the free tier, what never expires, a month."""


@dataclass(frozen=True, slots=True)
class NodePrice:
    """What an hour of a node of a type costs, by engine: it runs whether messages come or not."""

    node_type: str
    dollars_per_hour: Mapping[str, float]
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class PriceFile:
    """All prices of one region at one date. The free tier is applied only where it is asked for."""

    region: str
    date: str
    currency: str
    prices: tuple[Price, ...]
    nodes: Mapping[str, NodePrice]
    billed: Mapping[str, tuple[str, ...]]
    free: Mapping[str, str]
    excluded: Mapping[str, str]

    def covers(self, counter: str) -> bool:
        """Whether a unit has a price here."""
        return any(counter in price.counters for price in self.prices)


def regions() -> list[str]:
    """Name the regions with a price file."""
    folder = files("loadtests.cost") / "data"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


@cache
def load_prices(region: str = "us-east-1") -> PriceFile:
    """Return the prices of a region. Raises `UsageError` where there is no file of it."""
    if region not in regions():
        raise UsageError(f"there are no prices of region {region}: --region takes {', '.join(regions())}")
    value = orjson.loads((files("loadtests.cost") / "data" / f"{region}.json").read_bytes())
    return parse_prices(value)


def parse_prices(value: Mapping[str, Any]) -> PriceFile:
    """Return the prices of a file's JSON. Raises `UsageError` for another version's."""
    if value.get("schema_version") != _SCHEMA_VERSION:
        raise UsageError(
            f"this price file has version {value.get('schema_version')}; this program reads {_SCHEMA_VERSION}"
        )
    return PriceFile(
        region=value["region"],
        date=value["date"],
        currency=value["currency"],
        prices=tuple(Price(**{**row, "counters": tuple(row["counters"])}) for row in value["prices"]),
        nodes={row["node_type"]: NodePrice(**row) for row in value["nodes"]},
        billed={call: tuple(units) for call, units in value["billed"].items()},
        free=value["free"],
        excluded=value["excluded"],
    )
