"""Quotas of SQS.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SqsQuotas"]


@dataclass(frozen=True, slots=True)
class SqsQuotas:
    """Sizes in bytes, times in seconds."""

    message_bytes: int = 1_048_576
    smallest_maximum_message_bytes: int = 1_024
    batch_bytes: int = 1_048_576
    batch_entries: int = 10
    max_number_of_messages: int = 10
    message_attributes: int = 10
    delay_seconds: int = 900
    visibility_timeout_seconds: int = 43_200
    default_visibility_timeout_seconds: int = 30
    wait_time_seconds: int = 20
    shortest_retention_seconds: int = 60
    longest_retention_seconds: int = 1_209_600
    default_retention_seconds: int = 345_600
    in_flight_messages: int = 120_000
    max_receive_count: int = 1_000
    redrive_allow_arns: int = 10
    purge_interval_seconds: float = 60.0
    recreate_wait_seconds: float = 60.0
    queue_name_characters: int = 80
    list_page: int = 1_000
    tags: int = 50
    messages_moved_per_second: int = 500
