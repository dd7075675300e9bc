"""The EventBridge service."""

from __future__ import annotations

from emulator.effects import Process
from emulator.operation import CallContext, Params, Reply
from emulator.services.events.api_destination_operations import ApiDestinationOperations
from emulator.services.events.archive_operations import ArchiveOperations
from emulator.services.events.bus_operations import BusOperations
from emulator.services.events.connection_operations import ConnectionOperations
from emulator.services.events.put_operations import PutOperations
from emulator.services.events.replay_operations import ReplayOperations
from emulator.services.events.rule_operations import RuleOperations
from emulator.services.events.state import DEFAULT_BUS
from emulator.services.events.tag_operations import TagOperations
from emulator.services.events.target_operations import TargetOperations

__all__ = ["EventsService"]


class EventsService(
    BusOperations,
    RuleOperations,
    TargetOperations,
    PutOperations,
    ConnectionOperations,
    ApiDestinationOperations,
    ArchiveOperations,
    ReplayOperations,
    TagOperations,
):
    """EventBridge's event buses, rules, schedules, connections, API destinations, archives and replays."""

    service_id = "events"
    resource_members = (
        "Rule",
        "Name",
        "EventBusName",
        "ArchiveName",
        "ReplayName",
        "ConnectionArn",
        "ResourceARN",
        "TargetArn",
    )

    def listens(self) -> bool:
        """Whether an event on the default bus could come to anything: what announces itself all the time asks before."""
        return bool(self.buses[DEFAULT_BUS].rules or self.archives)

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process:
        """Run one operation. RetrieveConnectionCredentials is an action without an API: only other services get here with it."""
        if name == "RetrieveConnectionCredentials":
            return self.retrieve_connection_credentials(params, context)
        return super().handle(name, params, context)
