"""CloudWatch Logs: the service that plays it, put together from its parts."""

from __future__ import annotations

from emulator.services.logs.event_operations import EventOperations
from emulator.services.logs.group_operations import GroupOperations

__all__ = ["LogsService"]


class LogsService(GroupOperations, EventOperations):
    """Groups, streams and events. Live tail and Insights are not played."""

    service_id = "logs"
    resource_members = ("logGroupName", "logGroupIdentifier", "resourceArn")
