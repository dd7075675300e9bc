"""What all operations share: the buses, rules, connections and API destinations of one account and region, and how they are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.account import Account
from emulator.operation import Params, Service
from emulator.services.events.archives import Archive, Replay
from emulator.services.events.errors import ResourceNotFoundException, ValidationException
from emulator.services.events.quotas import EventsQuotas
from emulator.services.events.state import DEFAULT_BUS, ApiDestination, Connection, EventBus, Rule

__all__ = ["EventsStore"]


class EventsStore(Service):
    """The base of the operation classes. The default bus is as old as the account: its times are not known."""

    def __init__(self, account: Account, quotas: EventsQuotas | None = None) -> None:
        super().__init__(account)
        self.quotas = EventsQuotas() if quotas is None else quotas
        self.buses: dict[str, EventBus] = {
            DEFAULT_BUS: EventBus(account.arn("events", f"event-bus/{DEFAULT_BUS}"), DEFAULT_BUS, 0.0, 0.0)
        }
        self.connections: dict[str, Connection] = {}
        self.api_destinations: dict[str, ApiDestination] = {}
        self.archives: dict[str, Archive] = {}
        self.replays: dict[str, Replay] = {}

    def bus(self, name_or_arn: str | None) -> EventBus:
        """A bus by name or ARN; the default one where nothing is named. Raises ResourceNotFoundException."""
        name = bus_name(name_or_arn)
        bus = self.buses.get(name)
        if bus is None:
            raise ResourceNotFoundException(f"Event bus {name} does not exist.")
        return bus

    def rule(self, params: Params, member: str = "Name") -> Rule:
        """The rule that a call names. Raises ResourceNotFoundException."""
        bus = self.bus(params.get("EventBusName"))
        rule = bus.rules.get(params[member])
        if rule is None:
            raise ResourceNotFoundException(f"Rule {params[member]} does not exist on EventBus {bus.name}.")
        return rule

    def page(self, member: str, items: Sequence[Any], params: Params) -> dict[str, Any]:
        """One page of a listing; the token is the index of the next item. Raises ValidationException."""
        token = params.get("NextToken") or "0"
        if not token.isdecimal():
            raise ValidationException("The nextToken provided is invalid.")
        start, size = int(token), params.get("Limit") or self.quotas.list_page
        shown: dict[str, Any] = {member: list(items[start : start + size])}
        if start + size < len(items):
            shown["NextToken"] = str(start + size)
        return shown


def bus_name(name_or_arn: str | None) -> str:
    """The name of a bus, of which the ARN or the name is given; `default` where nothing is."""
    if name_or_arn is None or name_or_arn == "":
        return DEFAULT_BUS
    return name_or_arn.rpartition(":event-bus/")[2]
