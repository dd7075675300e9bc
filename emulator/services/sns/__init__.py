"""Amazon SNS: standard topics that deliver to SQS queues and Lambda functions."""

from emulator.services.sns.api import SnsService
from emulator.services.sns.quotas import SnsQuotas

__all__ = ["SnsQuotas", "SnsService"]
