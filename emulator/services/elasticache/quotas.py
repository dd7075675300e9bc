"""ElastiCache's quotas and bounds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ElasticacheQuotas"]


@dataclass(frozen=True, slots=True)
class ElasticacheQuotas:
    """Defaults of a new account. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html"""

    nodes_per_region: int = 300
    parameter_groups_per_region: int = 150
    subnet_groups_per_region: int = 150
    subnets_per_subnet_group: int = 20

    # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
    nodes_per_replication_group: int = 6
    identifier_characters: int = 40
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html
    min_auth_token_characters: int = 16
    max_auth_token_characters: int = 128
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Tagging-Resources.html
    tags_per_resource: int = 50
    # https://valkey.io/topics/strings/: no node type of ElastiCache lets proto-max-bulk-len be changed.
    value_bytes: int = 512 << 20
