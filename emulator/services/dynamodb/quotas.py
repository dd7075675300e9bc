"""Quotas of DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DynamodbQuotas"]


@dataclass(frozen=True, slots=True)
class DynamodbQuotas:
    """Sizes in bytes, times in seconds."""

    # tables
    tables: int = 2_500
    shortest_table_name: int = 3
    longest_table_name: int = 255
    global_secondary_indexes: int = 20
    local_secondary_indexes: int = 5
    projected_attributes: int = 100
    """NonKeyAttributes over all indexes of a table."""
    projected_attributes_of_an_index: int = 20
    key_attributes_of_an_index_part: int = 4
    """Attributes that make up the partition key, or the sort key, of a global secondary index."""
    table_read_capacity_units: int = 40_000
    table_write_capacity_units: int = 40_000
    account_read_capacity_units: int = 80_000
    account_write_capacity_units: int = 80_000
    capacity_units_bound: int = 1_000_000_000_000
    decreases_per_day: int = 27
    tags: int = 50
    warm_read_units: int = 12_000
    warm_write_units: int = 4_000
    table_status_seconds: float = 0.0
    """How long a table, or an index, is CREATING, UPDATING or DELETING. AWS takes seconds to minutes; zero lets waiters return at once."""

    # items
    item_bytes: int = 409_600
    hash_key_bytes: int = 2_048
    range_key_bytes: int = 1_024
    item_collection_bytes: int = 10 * 1024**3

    # requests
    batch_write_requests: int = 25
    batch_get_keys: int = 100
    batch_get_bytes: int = 16 * 1024**2
    page_bytes: int = 1024**2
    transaction_items: int = 100
    transaction_bytes: int = 4 * 1024**2
    idempotency_seconds: float = 600.0

    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/provisioned-capacity-mode.html
    read_unit_bytes: int = 4_096
    write_unit_bytes: int = 1_024
    throttled: bool = False
    """Whether provisioned capacity, and on-demand maxima, are enforced. A local run seldom wants that; a limits profile may."""
    burst_seconds: float = 300.0

    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
    time_to_live_seconds: float = 5.0
    """From an item's expiry to its deletion. AWS takes up to a few days; items that expired are read until then."""
    time_to_live_past_seconds: float = 5 * 365 * 86_400.0
    """An expiry that is longer ago than this is none."""

    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    stream_retention_seconds: float = 86_400.0
    shard_iterator_seconds: float = 900.0
    shard_seconds: float = 14_400.0
    """A shard is closed, and another follows it, after about this time."""
    stream_records_page: int = 1_000
    stream_page_bytes: int = 1024**2
    shards_page: int = 100
    streams_page: int = 100
