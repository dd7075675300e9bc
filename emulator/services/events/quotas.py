"""EventBridge's quotas.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EventsQuotas"]


@dataclass(frozen=True, slots=True)
class EventsQuotas:
    """Sizes in bytes, times in seconds."""

    entries_bytes: int = 1_048_576
    """All entries of one PutEvents together."""
    time_bytes: int = 14
    """What an entry's Time counts."""
    nesting: int = 1_000
    event_buses: int = 100
    rules_per_bus: int = 300
    targets_per_rule: int = 5
    pattern_characters: int = 2_048
    policy_characters: int = 10_240
    connections: int = 3_000
    api_destinations: int = 3_000
    archives: int = 100
    active_replays: int = 10
    replay_start_seconds: float = 2.0
    """How long a replay is STARTING before its first event; no quota of AWS, where it takes longer."""
    tags: int = 50
    list_page: int = 100
    retry_attempts: int = 185
    event_age_seconds: int = 86_400
    # AWS publishes that retries back off exponentially with jitter; the two ends are this emulator's.
    shortest_retry_delay_seconds: float = 1.0
    longest_retry_delay_seconds: float = 600.0
    api_destination_seconds: float = 5.0
    api_destination_rate: int = 300
    """Invocations per second of an API destination that names no rate of its own."""
    authorization_seconds: float = 2.0
    """How long a connection stays AUTHORIZING before its token is fetched; no quota of AWS."""
    bus_hops: int = 16
    """How often one event may go from bus to bus; no quota of AWS, whose account such a loop would empty."""
