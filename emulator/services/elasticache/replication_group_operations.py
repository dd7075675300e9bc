"""Replication groups: create, describe, modify, delete.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
"""

from __future__ import annotations

from emulator.effects import Effect, Notify, Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.elasticache import life_cycle
from emulator.services.elasticache.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    InvalidReplicationGroupStateFault,
    ReplicationGroupAlreadyExistsFault,
)
from emulator.services.elasticache.request import check_auth_token, new_cache
from emulator.services.elasticache.state import BUSY, Cache
from emulator.services.elasticache.store import Store, only, page

__all__ = ["ReplicationGroupOperations"]

_CREATE_UNSUPPORTED = (
    "CacheSecurityGroupNames",
    "Durability",
    "GlobalReplicationGroupId",
    "LogDeliveryConfigurations",
    "NodeGroupConfiguration",
    "NotificationTopicArn",
    "PrimaryClusterId",
    "ServerlessCacheSnapshotName",
    "SnapshotArns",
    "SnapshotName",
    "UserGroupIds",
)
_MODIFY_UNSUPPORTED = (
    "CacheNodeType",
    "CacheParameterGroupName",
    "CacheSecurityGroupNames",
    "ClusterMode",
    "Durability",
    "Engine",
    "EngineVersion",
    "IpDiscovery",
    "LogDeliveryConfigurations",
    "NodeGroupId",
    "NotificationTopicArn",
    "NotificationTopicStatus",
    "PrimaryClusterId",
    "RemoveUserGroups",
    "SnapshottingClusterId",
    "TransitEncryptionEnabled",
    "TransitEncryptionMode",
    "UserGroupIdsToAdd",
    "UserGroupIdsToRemove",
)


class ReplicationGroupOperations:
    """The operations on replication groups."""

    store: Store

    @operation("CreateReplicationGroup", unsupported=_CREATE_UNSUPPORTED)
    def create_replication_group(self, params: Params, context: CallContext) -> Reply:
        only(
            "CreateReplicationGroup",
            params,
            NumNodeGroups=(1,),
            ClusterMode=("disabled",),
            DataTieringEnabled=(False,),
            NetworkType=("ipv4",),
            IpDiscovery=("ipv4",),
            TransitEncryptionMode=("required",),
        )
        identifier = self.store.identifier("ReplicationGroupId", params["ReplicationGroupId"])
        if identifier in self.store.caches:
            raise ReplicationGroupAlreadyExistsFault(f"Replication group {identifier} already exists.")
        if params.get("Engine", "redis") == "memcached":
            raise InvalidParameterValueException("A replication group's engine is valkey or redis.")
        cache = new_cache(self.store, params, context, identifier=identifier, is_group=True, nodes=self._nodes(params))
        self.store.set_tags(cache.arn, params.get("Tags", ()))
        self.store.caches[identifier] = cache
        effects = (Spawn(f"create cache {identifier}", lambda: life_cycle.start(self.store, cache)),)
        return Reply({"ReplicationGroup": cache.describe_group()}, effects)

    @operation("DescribeReplicationGroups")
    def describe_replication_groups(self, params: Params, context: CallContext) -> Reply:
        wanted = params.get("ReplicationGroupId")
        groups = [cache for cache in self.store.caches.values() if cache.is_group]
        if wanted is not None:
            groups = [self.store.group(wanted)]
        return Reply(page([group.describe_group() for group in groups], params, "ReplicationGroups"))

    @operation("ModifyReplicationGroup", unsupported=_MODIFY_UNSUPPORTED)
    def modify_replication_group(self, params: Params, context: CallContext) -> Reply:
        group = self._idle_group(params["ReplicationGroupId"])
        tokens = self._tokens_after(group, params)
        if tokens is not None and params.get("ApplyImmediately") is not True:
            raise InvalidParameterCombinationException(
                "The AUTH token is changed at once or not at all: ApplyImmediately must be true."
            )
        if "ReplicationGroupDescription" in params:
            group.description = params["ReplicationGroupDescription"]
        if "SecurityGroupIds" in params:
            group.security_group_ids = tuple(params["SecurityGroupIds"])
        group.automatic_failover = params.get("AutomaticFailoverEnabled", group.automatic_failover)
        group.multi_az = params.get("MultiAZEnabled", group.multi_az)
        group.maintenance_window = params.get("PreferredMaintenanceWindow", group.maintenance_window)
        group.snapshot_retention = params.get("SnapshotRetentionLimit", group.snapshot_retention)
        group.snapshot_window = params.get("SnapshotWindow", group.snapshot_window)
        group.auto_minor_version_upgrade = params.get("AutoMinorVersionUpgrade", group.auto_minor_version_upgrade)
        effects: tuple[Effect, ...] = ()
        if tokens is not None:
            group.status = "modifying"
            process = life_cycle.change_auth_tokens
            effects = (
                Spawn(f"modify cache {group.id}", lambda: process(self.store, group, tokens)),
                Notify(("elasticache", group.id)),
            )
        return Reply({"ReplicationGroup": group.describe_group()}, effects)

    @operation("DeleteReplicationGroup", unsupported=("FinalSnapshotIdentifier",))
    def delete_replication_group(self, params: Params, context: CallContext) -> Reply:
        only("DeleteReplicationGroup", params, RetainPrimaryCluster=(False,))
        group = self._idle_group(params["ReplicationGroupId"])
        group.status = "deleting"
        effects = (
            Spawn(f"delete cache {group.id}", lambda: life_cycle.stop(self.store, group)),
            Notify(("elasticache", group.id)),
        )
        return Reply({"ReplicationGroup": group.describe_group()}, effects)

    def _idle_group(self, identifier: str) -> Cache:
        group = self.store.group(identifier)
        if group.status in BUSY:
            raise InvalidReplicationGroupStateFault(
                f"Replication group {group.id} has status {group.status} which is not valid for this operation."
            )
        return group

    def _nodes(self, params: Params) -> int:
        replicas = params.get("ReplicasPerNodeGroup")
        nodes: int = params.get("NumCacheClusters", 1 if replicas is None else replicas + 1)
        limit = self.store.quotas.nodes_per_replication_group
        if not 1 <= nodes <= limit:
            raise InvalidParameterValueException(
                f"The number of cache clusters in a replication group must be from 1 to {limit}; {nodes} is not."
            )
        return nodes

    def _tokens_after(self, group: Cache, params: Params) -> tuple[str, ...] | None:
        """The tokens that a change asks for; None where it leaves them alone.

        https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html: ROTATE adds one and keeps the newest old
        one, SET leaves one.
        """
        token, strategy = params.get("AuthToken"), params.get("AuthTokenUpdateStrategy", "ROTATE")
        if strategy == "DELETE":
            only("ModifyReplicationGroup", params, AuthTokenUpdateStrategy=("ROTATE", "SET"))
        if token is None:
            return None
        if not group.tls:
            raise InvalidParameterCombinationException(
                "The AUTH token can be set only when encryption in transit is enabled (TransitEncryptionEnabled)."
            )
        check_auth_token(self.store, token)
        return (token,) if strategy == "SET" else (*group.auth_tokens[-1:], token)
