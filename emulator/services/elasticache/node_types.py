"""How much memory a node type has: the bound that decides when a cache evicts or refuses writes.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.errors import UnsupportedOperation

__all__ = ["DEFAULT_NODE_TYPE", "memory_bytes"]

DEFAULT_NODE_TYPE = "cache.t3.small"  # what CreateReplicationGroup takes where none is named, for current engines

_GIBIBYTE = 1 << 30
_BURSTABLE = {"micro": 0.5, "small": 1.37, "medium": 3.09}
_GENERAL = {"large": 6.38, "xlarge": 12.93, "2xlarge": 26.04, "4xlarge": 52.26, "8xlarge": 103.68, "12xlarge": 157.12}
_MEMORY = {"large": 13.07, "xlarge": 26.32, "2xlarge": 52.82, "4xlarge": 105.81, "8xlarge": 209.55, "12xlarge": 317.77}

GIBIBYTES: Mapping[str, Mapping[str, float]] = {
    "t3": _BURSTABLE,
    "t4g": _BURSTABLE,
    "m5": _GENERAL,
    "m6g": _GENERAL,
    "m7g": _GENERAL,
    "r5": _MEMORY,
    "r6g": _MEMORY,
    "r7g": _MEMORY,
}
"""Memory in GiB by family and size, from the pricing page; the 24xlarge sizes of m5 and r5 are left out."""


def memory_bytes(node_type: str, reserved_percent: int) -> int:
    """The server's `maxmemory` on a node: its memory less `reserved-memory-percent`. Raises UnsupportedOperation.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/redis-memory-management.html
    """
    prefix, _, rest = node_type.partition(".")
    family, _, size = rest.partition(".")
    sizes = GIBIBYTES.get(family)
    if prefix != "cache" or sizes is None or size not in sizes:
        known = ", ".join(f"cache.{name}" for name in GIBIBYTES)
        raise UnsupportedOperation(f"cache node type {node_type!r} is not known to this emulator; it knows {known}")
    return int(sizes[size] * _GIBIBYTE) * (100 - reserved_percent) // 100
