"""EventBridge for one account and region."""

from emulator.services.events.api import EventsService
from emulator.services.events.quotas import EventsQuotas

__all__ = ["EventsQuotas", "EventsService"]
