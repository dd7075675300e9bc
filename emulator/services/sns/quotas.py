"""Quotas of SNS.

https://docs.aws.amazon.com/general/latest/gr/sns.html
https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SnsQuotas"]


@dataclass(frozen=True, slots=True)
class SnsQuotas:
    """Sizes in bytes, times in seconds."""

    message_bytes: int = 262_144
    smallest_maximum_message_bytes: int = 1_024
    largest_maximum_message_bytes: int = 1_048_576
    subscriptions_of_large_messages: int = 100
    subject_characters: int = 100
    batch_entries: int = 10
    topic_name_characters: int = 256
    topics: int = 100_000
    subscriptions_per_topic: int = 12_500_000
    filter_policy_keys: int = 5
    filter_policy_combinations: int = 150
    filter_policy_bytes: int = 262_144
    filter_policy_wildcards: int = 3
    filter_policies_per_topic: int = 200
    list_page: int = 100
    tags: int = 50
    # The delivery policy of AWS-managed endpoints: 3 at once, 2 a second apart, 10 from 1 to 20 s, 100,000 every 20 s.
    immediate_retries: int = 3
    pre_backoff_retries: int = 2
    backoff_retries: int = 10
    post_backoff_retries: int = 100_000
    shortest_retry_delay_seconds: float = 1.0
    longest_retry_delay_seconds: float = 20.0
