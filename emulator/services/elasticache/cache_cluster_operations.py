"""Cache clusters: clusters of their own, and the members of replication groups as DescribeCacheClusters shows them.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheCluster.html
"""

from __future__ import annotations

from emulator.effects import Notify, Spawn
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.elasticache import life_cycle
from emulator.services.elasticache.errors import (
    CacheClusterAlreadyExistsFault,
    CacheClusterNotFoundFault,
    InvalidCacheClusterStateFault,
    InvalidParameterValueException,
)
from emulator.services.elasticache.request import new_cache
from emulator.services.elasticache.state import BUSY
from emulator.services.elasticache.store import Store, only, page

__all__ = ["CacheClusterOperations"]

_CREATE_UNSUPPORTED = (
    "CacheSecurityGroupNames",
    "LogDeliveryConfigurations",
    "NotificationTopicArn",
    "OutpostMode",
    "PreferredOutpostArn",
    "PreferredOutpostArns",
    "ReplicationGroupId",
    "SnapshotArns",
    "SnapshotName",
)


class CacheClusterOperations:
    """The operations on cache clusters."""

    store: Store

    @operation("CreateCacheCluster", unsupported=_CREATE_UNSUPPORTED)
    def create_cache_cluster(self, params: Params, context: CallContext) -> Reply:
        only("CreateCacheCluster", params, NetworkType=("ipv4",), IpDiscovery=("ipv4",), AZMode=("single-az",))
        if params.get("Engine", "memcached") == "memcached":
            raise UnsupportedOperation(
                "elasticache:CreateCacheCluster: Engine memcached is not supported by this emulator; redis and valkey are"
            )
        if params.get("NumCacheNodes", 1) != 1:
            raise InvalidParameterValueException(
                "A cluster of Valkey or Redis OSS has one node: NumCacheNodes must be 1."
            )
        identifier = self.store.identifier("CacheClusterId", params["CacheClusterId"])
        taken = {member for cache in self.store.caches.values() for member in (cache.id, *cache.member_ids)}
        if identifier in taken:
            raise CacheClusterAlreadyExistsFault(f"Cache cluster {identifier} already exists.")
        cache = new_cache(self.store, params, context, identifier=identifier, is_group=False, nodes=1)
        self.store.set_tags(cache.arn, params.get("Tags", ()))
        self.store.caches[identifier] = cache
        effects = (Spawn(f"create cache {identifier}", lambda: life_cycle.start(self.store, cache)),)
        return Reply({"CacheCluster": cache.describe_members(with_nodes=False)[0]}, effects)

    @operation("DescribeCacheClusters")
    def describe_cache_clusters(self, params: Params, context: CallContext) -> Reply:
        with_nodes = params.get("ShowCacheNodeInfo") is True
        alone = params.get("ShowCacheClustersNotInReplicationGroups") is True
        rows = [
            row
            for cache in self.store.caches.values()
            if not (alone and cache.is_group)
            for row in cache.describe_members(with_nodes=with_nodes)
        ]
        wanted = params.get("CacheClusterId")
        if wanted is not None:
            rows = [row for row in rows if row["CacheClusterId"] == wanted.lower()]
            if not rows:
                raise CacheClusterNotFoundFault(f"CacheCluster not found: {wanted}")
        return Reply(page(rows, params, "CacheClusters"))

    @operation("DeleteCacheCluster", unsupported=("FinalSnapshotIdentifier",))
    def delete_cache_cluster(self, params: Params, context: CallContext) -> Reply:
        cluster = self.store.cluster(params["CacheClusterId"])
        if cluster.status in BUSY:
            raise InvalidCacheClusterStateFault(
                f"Cache cluster {cluster.id} has status {cluster.status} which is not valid for this operation."
            )
        cluster.status = "deleting"
        effects = (
            Spawn(f"delete cache {cluster.id}", lambda: life_cycle.stop(self.store, cluster)),
            Notify(("elasticache", cluster.id)),
        )
        return Reply({"CacheCluster": cluster.describe_members(with_nodes=False)[0]}, effects)
