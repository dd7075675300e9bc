"""From an event on a bus to the deliveries that its rules make of it."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.effects import Effect, Spawn
from emulator.services.events.delivery import Delivery
from emulator.services.events.http_calls import HttpCalls
from emulator.services.events.state import Event, EventBus, Rule

__all__ = ["Router"]


class Router(HttpCalls):
    """Finds the rules that match, and starts one delivery for each of their targets."""

    def accepted(self, bus: EventBus, event: Event) -> Iterator[Effect]:
        """The deliveries of an event that came to a bus, which its archives keep."""
        for archive in self.archives.values():
            if archive.source_arn == bus.arn:
                archive.keep(event)
        for rule in bus.rules.values():
            if rule.enabled and rule.pattern is not None and rule.pattern.matches(event.fields):
                yield from self.sent(rule, event)

    def sent(self, rule: Rule, event: Event) -> Iterator[Spawn]:
        """The deliveries of an event to all targets of a rule, in the order of their ids' making."""
        for target in tuple(rule.targets.values()):
            delivery = Delivery(self, rule, target, event)
            yield Spawn(
                f"event {event.id} to {target.arn}", delivery.run, delivery=True, trace_id=event.trace_header or ""
            )
