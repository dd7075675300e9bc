"""Capacity units: what a read or a write costs, and how a reply shows it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.table import Change, Table
from emulator.services.dynamodb.values import Item, equal

__all__ = ["Consumption", "read_units", "same_item", "write_consumption", "write_units", "write_usage"]


def read_units(size: int, quotas: DynamodbQuotas, *, consistent: bool) -> float:
    """Units to read so many bytes: one per 4 KB begun, half of it where the read is eventually consistent."""
    units = max(1, -(-size // quotas.read_unit_bytes))
    return float(units) if consistent else units / 2


def write_units(size: int, quotas: DynamodbQuotas) -> float:
    """Units to write so many bytes: one per 1 KB begun."""
    return float(max(1, -(-size // quotas.write_unit_bytes)))


def same_item(left: Item, right: Item) -> bool:
    """Whether two items have the same attributes with equal values."""
    return left == right or (
        left.keys() == right.keys() and all(equal(value, right[name]) for name, value in left.items())
    )


@dataclass(slots=True)
class Consumption:
    """What was consumed of one table and its indexes."""

    table: float = 0.0
    indexes: dict[str, float] = field(default_factory=dict)

    def add(self, other: Consumption) -> None:
        """Count another one in."""
        self.table += other.table
        for name, units in other.indexes.items():
            self.indexes[name] = self.indexes.get(name, 0.0) + units

    def times(self, factor: float) -> Consumption:
        """So many times as much."""
        return Consumption(self.table * factor, {name: units * factor for name, units in self.indexes.items()})

    @property
    def total(self) -> float:
        """Of the table and its indexes."""
        return self.table + sum(self.indexes.values())

    def describe(self, table: Table, detail: str | None, *, kind: str = "") -> dict[str, Any] | None:
        """The wire's ConsumedCapacity for ReturnConsumedCapacity `detail`, or None.

        `kind` is `Read` or `Write` in transactions, which tell that too.
        """
        if detail is None or detail == "NONE":
            return None
        shown: dict[str, Any] = {"TableName": table.name, **_units(self.total, kind)}
        if detail == "INDEXES":
            shown["Table"] = _units(self.table, kind)
            for member, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
                parts = {
                    name: _units(units, kind)
                    for name, units in self.indexes.items()
                    if name in table.indexes and table.indexes[name].is_global is is_global
                }
                if parts:
                    shown[member] = parts
        return shown


def _units(units: float, kind: str) -> dict[str, float]:
    return {"CapacityUnits": units, f"{kind}CapacityUnits": units}


def write_consumption(change: Change, quotas: DynamodbQuotas) -> Consumption:
    """What a write costs: the greater of the item before and after; an index entry only where the write changes it."""
    before = 0 if change.before is None else change.before.size
    after = 0 if change.after is None else change.after.size
    consumption = Consumption(write_units(max(before, after), quotas))
    for part in change.indexes:
        old = 0.0 if part.before is None else write_units(part.before.size, quotas)
        new = 0.0 if part.after is None else write_units(part.after.size, quotas)
        if part.old_place != part.new_place or part.before is None or part.after is None:
            consumption.indexes[part.index.name] = old + new
        elif not same_item(part.before.item, part.after.item):
            consumption.indexes[part.index.name] = max(old, new)
    return consumption


def write_usage(change: Change, quotas: DynamodbQuotas) -> dict[str, float]:
    """What a write is billed: its units, and by how much the stored bytes grow."""
    before = 0 if change.before is None else change.before.size
    after = 0 if change.after is None else change.after.size
    units = write_consumption(change, quotas).total if change.indexes else write_units(max(before, after), quotas)
    return {"write_units": units, "stored_bytes": after - before}
