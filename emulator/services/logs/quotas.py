"""CloudWatch Logs' quotas. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LogsQuotas"]


@dataclass(frozen=True, slots=True)
class LogsQuotas:
    """Sizes in bytes, spans in seconds. The last two bound this emulator's memory; they are no quotas of AWS."""

    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    batch_bytes: int = 1_048_576
    batch_events: int = 10_000
    event_overhead_bytes: int = 26
    event_bytes: int = 1_048_576
    batch_span_seconds: int = 86_400
    newest_seconds: int = 7_200
    oldest_seconds: int = 1_209_600

    events_page: int = 10_000
    events_page_bytes: int = 1_048_576
    describe_page: int = 50
    name_length: int = 512
    tags: int = 50
    subscription_filters: int = 2
    metric_filters: int = 100
    resource_policies: int = 10

    kept_bytes_per_group: int = 67_108_864
    """With what Python takes beside the text: some 200,000 lines."""
    kept_streams_per_group: int = 10_000
