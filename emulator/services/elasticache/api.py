"""Amazon ElastiCache (node-based, cluster mode disabled): one class, put together by resource.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from emulator.account import Account
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.elasticache.cache_cluster_operations import CacheClusterOperations
from emulator.services.elasticache.engines import ENGINE_VERSIONS
from emulator.services.elasticache.group_operations import ParameterGroupOperations, SubnetGroupOperations
from emulator.services.elasticache.quotas import ElasticacheQuotas
from emulator.services.elasticache.replication_group_operations import ReplicationGroupOperations
from emulator.services.elasticache.store import Store, page

__all__ = ["ElasticacheService"]

DEFAULT_QUOTAS = ElasticacheQuotas()


class ElasticacheService(
    ReplicationGroupOperations, CacheClusterOperations, SubnetGroupOperations, ParameterGroupOperations, Service
):
    """The control plane of caches. A change of status notifies the topic `("elasticache", id)`."""

    service_id = "elasticache"
    resource_members = (
        "ReplicationGroupId",
        "CacheClusterId",
        "CacheSubnetGroupName",
        "CacheParameterGroupName",
        "ResourceName",
    )

    def __init__(self, account: Account, quotas: ElasticacheQuotas = DEFAULT_QUOTAS) -> None:
        super().__init__(account)
        self.store = Store(account, quotas)

    @operation("AddTagsToResource")
    def add_tags_to_resource(self, params: Params, context: CallContext) -> Reply:
        arn = params["ResourceName"]
        self.store.require_arn(arn)
        self.store.set_tags(arn, params["Tags"])
        return Reply({"TagList": self.store.tag_list(arn)})

    @operation("RemoveTagsFromResource")
    def remove_tags_from_resource(self, params: Params, context: CallContext) -> Reply:
        arn = params["ResourceName"]
        self.store.require_arn(arn)
        self.store.remove_tags(arn, params["TagKeys"])
        return Reply({"TagList": self.store.tag_list(arn)})

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, params: Params, context: CallContext) -> Reply:
        self.store.require_arn(params["ResourceName"])
        return Reply({"TagList": self.store.tag_list(params["ResourceName"])})

    @operation("DescribeEvents", unsupported=("StartTime", "EndTime", "Duration"))
    def describe_events(self, params: Params, context: CallContext) -> Reply:
        """What happened to caches, newest first; also why one could not be created."""
        rows = [
            event.describe()
            for event in reversed(self.store.events)
            if params.get("SourceIdentifier", event.source) == event.source
            and params.get("SourceType", event.source_type) == event.source_type
        ]
        return Reply(page(rows, params, "Events"))

    @operation("DescribeCacheEngineVersions", unsupported=("DefaultOnly",))
    def describe_cache_engine_versions(self, params: Params, context: CallContext) -> Reply:
        rows = [
            {
                "Engine": row.engine,
                "EngineVersion": row.version,
                "CacheParameterGroupFamily": row.family,
                "CacheEngineDescription": row.engine,
                "CacheEngineVersionDescription": f"{row.engine} {row.version}",
            }
            for row in ENGINE_VERSIONS
            if params.get("Engine", row.engine) == row.engine
            and params.get("EngineVersion", row.version) == row.version
            and params.get("CacheParameterGroupFamily", row.family) == row.family
        ]
        return Reply(page(rows, params, "CacheEngineVersions"))
