"""Amazon CloudWatch Logs."""

from emulator.services.logs.api import LogsService
from emulator.services.logs.quotas import LogsQuotas

__all__ = ["LogsQuotas", "LogsService"]
