"""The tables of one ElastiCache, and the rules that every operation shares: names, look-ups, pages, tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from emulator.account import Account
from emulator.errors import UnsupportedOperation
from emulator.operation import Params
from emulator.services.elasticache.engines import FAMILIES
from emulator.services.elasticache.errors import (
    CacheClusterNotFoundFault,
    CacheParameterGroupNotFoundFault,
    CacheSubnetGroupNotFoundFault,
    InvalidARNFault,
    InvalidParameterValueException,
    ReplicationGroupNotFoundFault,
    TagNotFoundFault,
    TagQuotaPerResourceExceeded,
)
from emulator.services.elasticache.quotas import ElasticacheQuotas
from emulator.services.elasticache.state import Cache, CacheEvent, ParameterGroup, SubnetGroup

__all__ = ["Store", "only", "page"]

_IDENTIFIER = re.compile(r"[a-z](?!.*--)[a-z0-9-]*(?<!-)")
PAGE_ROWS = 100


class Store:
    """Everything that one account's ElastiCache holds."""

    def __init__(self, account: Account, quotas: ElasticacheQuotas) -> None:
        self.account = account
        self.quotas = quotas
        self.caches: dict[str, Cache] = {}
        self.subnet_groups: dict[str, SubnetGroup] = {}
        self.parameter_groups: dict[str, ParameterGroup] = {
            name: ParameterGroup(
                name, self.arn("parametergroup", name), family, f"Default parameter group for {family}"
            )
            for family in sorted(FAMILIES)
            for name in (f"default.{family}",)
        }
        self.events: list[CacheEvent] = []
        self.tags: dict[str, dict[str, str]] = {}

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource, e.g. `arn:aws:elasticache:us-east-1:000000000000:replicationgroup:my-group`."""
        return self.account.arn("elasticache", f"{kind}:{name}")

    def identifier(self, member: str, value: str) -> str:
        """A cache's identifier as AWS stores it, in lower case. Raises InvalidParameterValue."""
        name = value.lower()
        if _IDENTIFIER.fullmatch(name) is None or len(name) > self.quotas.identifier_characters:
            raise InvalidParameterValueException(
                f"The parameter {member} is not a valid identifier. Identifiers must begin with a letter; "
                "must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
                f"consecutive hyphens or a total of more than {self.quotas.identifier_characters} characters."
            )
        return name

    def group(self, identifier: str) -> Cache:
        """A replication group. Raises ReplicationGroupNotFoundFault."""
        cache = self.caches.get(identifier.lower())
        if cache is None or not cache.is_group:
            raise ReplicationGroupNotFoundFault(f"ReplicationGroup {identifier} not found.")
        return cache

    def cluster(self, identifier: str) -> Cache:
        """A cluster that belongs to no group. Raises CacheClusterNotFoundFault."""
        cache = self.caches.get(identifier.lower())
        if cache is None or cache.is_group:
            raise CacheClusterNotFoundFault(f"CacheCluster not found: {identifier}")
        return cache

    def subnet_group(self, name: str) -> SubnetGroup:
        """A subnet group. Raises CacheSubnetGroupNotFoundFault."""
        group = self.subnet_groups.get(name.lower())
        if group is None:
            raise CacheSubnetGroupNotFoundFault(f"Cache Subnet Group {name} does not exist.")
        return group

    def parameter_group(self, name: str) -> ParameterGroup:
        """A parameter group. Raises CacheParameterGroupNotFoundFault."""
        group = self.parameter_groups.get(name.lower())
        if group is None:
            raise CacheParameterGroupNotFoundFault(f"CacheParameterGroup {name} not found.")
        return group

    def set_tags(self, arn: str, tags: Sequence[Params]) -> None:
        """Add tags. Raises TagQuotaPerResourceExceeded, and changes nothing then."""
        merged = self.tags.get(arn, {}) | {tag["Key"]: tag.get("Value", "") for tag in tags}
        if len(merged) > self.quotas.tags_per_resource:
            raise TagQuotaPerResourceExceeded(
                f"The resource {arn} can have at most {self.quotas.tags_per_resource} tags"
            )
        self.tags[arn] = merged

    def remove_tags(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags. Raises TagNotFoundFault where the resource has not all of them."""
        held = self.tags.get(arn, {})
        missing = [key for key in keys if key not in held]
        if missing:
            raise TagNotFoundFault(f"The tag {missing[0]} is not on {arn}")
        self.tags[arn] = {key: value for key, value in held.items() if key not in keys}

    def tag_list(self, arn: str) -> list[dict[str, str]]:
        """A resource's tags in the TagList shape."""
        return [{"Key": key, "Value": value} for key, value in self.tags.get(arn, {}).items()]

    def require_arn(self, arn: str) -> None:
        """Raise unless `arn` names something that exists here: InvalidARN, or the kind's not-found fault."""
        parts = arn.split(":", 6)
        if len(parts) != 7 or parts[2] != "elasticache":
            raise InvalidARNFault(f"{arn} is not a valid ElastiCache ARN")
        kind, name = parts[5], parts[6]
        lookups = {
            "replicationgroup": self.group,
            "cluster": self._cluster_or_member,
            "subnetgroup": self.subnet_group,
            "parametergroup": self.parameter_group,
        }
        if kind not in lookups:
            raise UnsupportedOperation(f"tags of an ElastiCache {kind} are not supported by this emulator")
        lookups[kind](name)

    def _cluster_or_member(self, identifier: str) -> Cache:
        for cache in self.caches.values():
            if identifier.lower() in cache.member_ids:
                return cache
        raise CacheClusterNotFoundFault(f"CacheCluster not found: {identifier}")


def page(rows: Sequence[Any], params: Params, member: str) -> dict[str, Any]:
    """One page of `rows` under `member`; the marker is the position of the next row. Raises InvalidParameterValue."""
    marker = params.get("Marker", "0")
    if not marker.isdecimal():
        raise InvalidParameterValueException(f"The parameter Marker is not one that was returned: {marker!r}")
    start, count = int(marker), params.get("MaxRecords", PAGE_ROWS)
    data: dict[str, Any] = {member: list(rows[start : start + count])}
    if start + count < len(rows):
        data["Marker"] = str(start + count)
    return data


def only(operation: str, params: Params, **supported: tuple[Any, ...]) -> None:
    """Raise UnsupportedOperation where a parameter has a value that this emulator does not do."""
    for name, values in supported.items():
        value = params.get(name)
        if value is not None and value not in values:
            said = " or ".join(repr(one) for one in values)
            raise UnsupportedOperation(
                f"elasticache:{operation}: {name}={value!r} is not supported by this emulator; {said} is"
            )
