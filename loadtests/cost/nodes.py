"""Which cache nodes a template runs: a cost by the hour, whatever comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emulator.limits import read_view

__all__ = ["cache_nodes"]


def cache_nodes(template: Path) -> dict[tuple[str, str], int]:
    """Return the number of nodes by engine and node type. Raises `EmulatorError` for what is no template."""
    view = read_view(template)
    nodes: dict[tuple[str, str], int] = {}
    for resource in view.of_type("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster"):
        values = {name: view.plain(value, resource.stack) for name, value in resource.properties.items()}
        key = str(values.get("Engine", "redis")), str(values.get("CacheNodeType", "unknown"))
        nodes[key] = nodes.get(key, 0) + _count(values)
    return nodes


def _count(values: dict[str, Any]) -> int:
    """How many nodes one resource has: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html"""
    for name in ("NumCacheClusters", "NumCacheNodes"):
        if values.get(name) is not None:
            return int(values[name])
    groups, replicas = values.get("NumNodeGroups"), values.get("ReplicasPerNodeGroup")
    return int(groups or 1) * (int(replicas or 0) + 1)
