"""Engines, their versions and parameter families, and which parameters reach the server's own configuration.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.errors import UnsupportedOperation
from emulator.services.elasticache.errors import InvalidParameterValueException

__all__ = [
    "DEFAULT_RESERVED_PERCENT",
    "ENGINE_VERSIONS",
    "FAMILIES",
    "EngineVersion",
    "check_parameter",
    "engine_version",
]

DEFAULT_RESERVED_PERCENT = 25


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """One row of DescribeCacheEngineVersions."""

    engine: str
    version: str
    family: str


ENGINE_VERSIONS: tuple[EngineVersion, ...] = (
    EngineVersion("redis", "6.2", "redis6.x"),
    EngineVersion("redis", "7.0", "redis7"),
    EngineVersion("redis", "7.1", "redis7"),
    EngineVersion("valkey", "7.2", "valkey7"),
    EngineVersion("valkey", "8.0", "valkey8"),
    EngineVersion("valkey", "8.1", "valkey8"),
    EngineVersion("valkey", "8.2", "valkey8"),
)
"""Oldest first. The server that runs is one and the same; `CacheServers.describe()` names it."""

FAMILIES = frozenset(row.family for row in ENGINE_VERSIONS)

MODIFIABLE: Mapping[str, str] = {
    "activedefrag": "flag",
    "activerehashing": "flag",
    "hash-max-listpack-entries": "number",
    "hash-max-listpack-value": "number",
    "lazyfree-lazy-eviction": "flag",
    "lazyfree-lazy-expire": "flag",
    "lazyfree-lazy-server-del": "flag",
    "lazyfree-lazy-user-del": "flag",
    "list-compress-depth": "number",
    "maxmemory-policy": "policy",
    "maxmemory-samples": "number",
    "notify-keyspace-events": "events",
    "reserved-memory-percent": "percent",
    "set-max-intset-entries": "number",
    "slowlog-log-slower-than": "number",
    "slowlog-max-len": "number",
    "tcp-keepalive": "number",
    "timeout": "number",
}
"""Parameters that a parameter group may set here, and the kind of their values."""

POLICIES = (
    "volatile-lru",
    "allkeys-lru",
    "volatile-lfu",
    "allkeys-lfu",
    "volatile-random",
    "allkeys-random",
    "volatile-ttl",
    "noeviction",
)


def engine_version(engine: str, version: str | None) -> EngineVersion:
    """The version that a request names (`7.x` means the newest 7), or the engine's newest. Raises
    InvalidParameterValue.
    """
    rows = [row for row in ENGINE_VERSIONS if row.engine == engine]
    if version is not None:
        prefix = version.removesuffix("x")
        rows = [row for row in rows if row.version == version or (prefix != version and row.version.startswith(prefix))]
    if not rows:
        # The text is AWS's as users report it; not verified against the service.
        raise InvalidParameterValueException(f"Cannot find version {version} for {engine}")
    return rows[-1]


def check_parameter(name: str, value: str) -> None:
    """Raise unless a parameter group may set `name` to `value`: InvalidParameterValue, or UnsupportedOperation by
    name.
    """
    kind = MODIFIABLE.get(name)
    if kind is None:
        raise UnsupportedOperation(
            f"cache parameter {name} is not supported by this emulator; it has {', '.join(MODIFIABLE)}"
        )
    allowed = {
        "flag": value in ("yes", "no"),
        "number": value.removeprefix("-").isdecimal(),
        "policy": value in POLICIES,
        "events": set(value) <= set("KEg$lshzxeAtmdn"),
        "percent": value.isdecimal() and int(value) <= 100,
    }
    if not allowed[kind]:
        raise InvalidParameterValueException(f"The parameter value for {name} is invalid: {value!r}")
