"""CloudWatch Logs: the service that plays it, put together from its parts."""

from __future__ import annotations

from emulator.services.logs.destination_operations import DestinationOperations
from emulator.services.logs.event_operations import EventOperations
from emulator.services.logs.group_operations import GroupOperations
from emulator.services.logs.resource_policy_operations import ResourcePolicyOperations

__all__ = ["LogsService"]


class LogsService(GroupOperations, EventOperations, ResourcePolicyOperations, DestinationOperations):
    """Groups, streams and events, policies and destinations. Live tail and Insights are not played."""

    service_id = "logs"
    resource_members = ("logGroupName", "logGroupIdentifier", "resourceArn")
