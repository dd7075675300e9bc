"""Amazon SQS: standard queues whose operations cost the same at any depth."""

from emulator.services.sqs.api import SqsService
from emulator.services.sqs.quotas import SqsQuotas

__all__ = ["SqsQuotas", "SqsService"]
