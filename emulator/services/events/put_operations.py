"""PutEvents: check the entries, make events of them, let every matching rule have its deliveries.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from emulator.effects import Effect, Record
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import ValidationException
from emulator.services.events.router import Router
from emulator.services.events.state import Event, instant
from emulator.services.events.store import bus_name

__all__ = ["PutOperations"]

_BILLED_BYTES = 65_536
"""What https://aws.amazon.com/eventbridge/pricing/ counts as one event."""


class PutOperations(Router):
    """PutEvents."""

    @operation("PutEvents", unsupported=("EndpointId",))
    def put_events(self, params: Params, context: CallContext) -> Reply:
        """Up to ten events, each of which succeeds or fails by itself. Raises ValidationException where they are too large together.

        An event for a bus that does not exist is accepted and dropped, as on AWS; the journal says so.
        """
        entries = params["Entries"]
        sizes = [self._size(entry) for entry in entries]
        if sum(sizes) > self.quotas.entries_bytes:
            raise ValidationException("Total size of the entries in the request is over the limit.")
        answers: list[dict[str, str]] = []
        effects: list[Effect] = []
        for entry in entries:
            refused = _refused(entry, context)
            if refused is not None:
                answers.append({"ErrorCode": refused[0], "ErrorMessage": refused[1]})
                continue
            event = self._event(entry, context)
            answers.append({"EventId": event.id})
            bus = self.buses.get(bus_name(entry.get("EventBusName")))
            if bus is None:
                effects.append(Record("events", "event_dropped", str(entry.get("EventBusName")), "NoSuchEventBus"))
            else:
                effects.extend(self.accepted(bus, event))
        failed = sum("ErrorCode" in answer for answer in answers)
        result = {"FailedEntryCount": failed, "Entries": answers}
        return Reply(result, tuple(effects), {"events": sum(-(-size // _BILLED_BYTES) for size in sizes)})

    def _event(self, entry: Mapping[str, Any], context: CallContext) -> Event:
        members = {
            "version": "0",
            "id": self.account.identifiers.uuid(),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": self.account.account_id,
            "time": instant(entry.get("Time", context.now)),
            "region": self.account.region,
            "resources": list(entry.get("Resources") or ()),
            "detail": orjson.loads(entry["Detail"]),
        }
        trace = _trace_root(entry.get("TraceHeader")) or context.trace_id
        return Event(members, context.now, trace, detail_text=entry["Detail"])

    def _size(self, entry: Mapping[str, Any]) -> int:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html"""
        texts = [entry.get(member, "") for member in ("Source", "DetailType", "Detail")]
        texts.extend(entry.get("Resources") or ())
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        return size + (self.quotas.time_bytes if "Time" in entry else 0)


def _refused(entry: Mapping[str, Any], context: CallContext) -> tuple[str, str] | None:
    """Why an entry is refused: code and message."""
    for member in ("Source", "DetailType", "Detail"):
        if entry.get(member, "") == "":
            return "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
    if entry["Source"].startswith("aws.") and not context.principal.endswith(".amazonaws.com"):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = orjson.loads(entry["Detail"])
    except orjson.JSONDecodeError:
        detail = None
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")


def _trace_root(header: str | None) -> str:
    """`1-...` of `Root=1-...;Parent=...;Sampled=1`."""
    for part in (header or "").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == "Root":
            return value
    return ""
