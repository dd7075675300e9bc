"""Provisioned throughput, on-demand maxima and warm throughput: what is asked for, what is allowed, how it is shown.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.dynamodb.errors import LimitExceededException, ValidationException
from emulator.services.dynamodb.quotas import DynamodbQuotas

__all__ = ["Throughput", "check_bounds", "check_maxima", "check_warm"]

DAY_SECONDS = 86_400.0
INVALID = "One or more parameter values were invalid: "


@dataclass(slots=True)
class Throughput:
    """The provisioned capacity of a table or of a global secondary index; zeroes where it is on demand."""

    read: int = 0
    write: int = 0
    last_increase: float | None = None
    last_decrease: float | None = None
    decreases: int = 0
    """Since midnight UTC of `last_decrease`."""

    @classmethod
    def of(cls, wire: Mapping[str, int] | None) -> Throughput:
        """From the wire's ProvisionedThroughput."""
        return cls() if wire is None else cls(wire["ReadCapacityUnits"], wire["WriteCapacityUnits"])

    def decreases_today(self, now: float) -> int:
        """How often it was lowered today, in UTC."""
        if self.last_decrease is None or self.last_decrease // DAY_SECONDS != now // DAY_SECONDS:
            return 0
        return self.decreases

    def describe(self, now: float) -> dict[str, Any]:
        """The wire's ProvisionedThroughputDescription."""
        shown: dict[str, Any] = {
            "NumberOfDecreasesToday": self.decreases_today(now),
            "ReadCapacityUnits": self.read,
            "WriteCapacityUnits": self.write,
        }
        if self.last_increase is not None:
            shown["LastIncreaseDateTime"] = self.last_increase
        if self.last_decrease is not None:
            shown["LastDecreaseDateTime"] = self.last_decrease
        return shown

    def check_change(self, wire: Mapping[str, int], now: float, quotas: DynamodbQuotas, index: str = "") -> None:
        """Raise where a change to `wire` is none, or is one decrease too many today."""
        read, write = wire["ReadCapacityUnits"], wire["WriteCapacityUnits"]
        what = f"index {index}" if index else "table"
        if (read, write) == (self.read, self.write):
            raise ValidationException(
                f"The provisioned throughput for the {what} will not change. The requested value equals the current value. "
                f"Current ReadCapacityUnits provisioned for the {what}: {self.read}. Requested ReadCapacityUnits: {read}. "
                f"Current WriteCapacityUnits provisioned for the {what}: {self.write}. Requested WriteCapacityUnits: {write}. "
                "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
            )
        if (read < self.read or write < self.write) and self.decreases_today(now) >= quotas.decreases_per_day:
            raise LimitExceededException(
                "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first "
                "4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "
                f"Number of decreases today: {self.decreases}."
            )

    def change(self, wire: Mapping[str, int], now: float) -> None:
        """Set it to `wire`."""
        read, write = wire["ReadCapacityUnits"], wire["WriteCapacityUnits"]
        if read > self.read or write > self.write:
            self.last_increase = now
        if read < self.read or write < self.write:
            self.decreases = self.decreases_today(now) + 1
            self.last_decrease = now
        self.read, self.write = read, write


def check_bounds(wire: Mapping[str, int], quotas: DynamodbQuotas) -> None:
    """Raise where a capacity is beyond what any account may have."""
    for name in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if wire[name] > quotas.capacity_units_bound:
            raise ValidationException(f"Given value {wire[name]} for {name} is out of bounds")


def check_maxima(wire: Mapping[str, int] | None, *, on_demand: bool, index: str = "") -> None:
    """Raise where on-demand maxima do not fit the billing mode, or are neither positive nor -1."""
    if wire is None:
        return
    if not on_demand:
        where = f" for index: {index}" if index else ""
        raise ValidationException(
            f"{INVALID}OnDemandThroughput should not be specified{where} when BillingMode is PROVISIONED"
        )
    for name in ("MaxReadRequestUnits", "MaxWriteRequestUnits"):
        if name in wire and wire[name] < 1 and wire[name] != -1:
            raise ValidationException(
                f"{INVALID}{name} must be greater than or equal to 1, or -1 to remove the maximum"
            )


def check_warm(
    wire: Mapping[str, int] | None, provisioned: Mapping[str, int] | None, quotas: DynamodbQuotas, index: str = ""
) -> None:
    """Raise where warm throughput is asked for that is below what there is anyway."""
    if wire is None:
        return
    what = f"index {index}" if index else "table"
    for name, capacity, least in (
        ("ReadUnitsPerSecond", "ReadCapacityUnits", quotas.warm_read_units),
        ("WriteUnitsPerSecond", "WriteCapacityUnits", quotas.warm_write_units),
    ):
        bound = least if provisioned is None else provisioned[capacity]
        if name in wire and wire[name] < bound:
            end = "initial throughput for OnDemand" if provisioned is None else f"{capacity} of ProvisionedThroughput"
            raise ValidationException(f"{INVALID}Requested {name} for WarmThroughput for {what} is lower than {end}")
