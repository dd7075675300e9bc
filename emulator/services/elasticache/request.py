"""A request for a cache, checked: what CreateReplicationGroup and CreateCacheCluster have in common.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
"""

from __future__ import annotations

import re

from emulator.operation import CallContext, Params
from emulator.services.elasticache.engines import engine_version
from emulator.services.elasticache.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    NodeQuotaForCustomerExceededFault,
)
from emulator.services.elasticache.life_cycle import settings_of
from emulator.services.elasticache.node_types import DEFAULT_NODE_TYPE
from emulator.services.elasticache.state import Cache
from emulator.services.elasticache.store import Store

__all__ = ["check_auth_token", "new_cache"]

_AUTH_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]*")


def new_cache(
    store: Store, params: Params, context: CallContext, *, identifier: str, is_group: bool, nodes: int
) -> Cache:
    """The cache that a request describes, not stored yet. Raises AWS's errors for what does not fit together."""
    engine = params.get("Engine", "redis")
    version = engine_version(engine, params.get("EngineVersion"))
    group = store.parameter_group(params.get("CacheParameterGroupName", f"default.{version.family}"))
    if group.family != version.family:
        raise InvalidParameterCombinationException(
            f"Expected a parameter group of family {version.family} but found one of family {group.family}"
        )
    subnet_group = params.get("CacheSubnetGroupName")
    if subnet_group is not None:
        subnet_group = store.subnet_group(subnet_group).name
    tls = params.get("TransitEncryptionEnabled", False)
    token = params.get("AuthToken")
    if token is not None:
        if not tls:
            raise InvalidParameterCombinationException(
                "The AUTH token can be set only when encryption in transit is enabled (TransitEncryptionEnabled)."
            )
        check_auth_token(store, token)
    if sum(cache.nodes for cache in store.caches.values()) + nodes > store.quotas.nodes_per_region:
        raise NodeQuotaForCustomerExceededFault(
            f"The request would exceed the {store.quotas.nodes_per_region} cache nodes that a customer may have"
        )
    node_type = params.get("CacheNodeType", DEFAULT_NODE_TYPE)
    settings_of(store, node_type, group.name)  # an unknown node type is refused now, not when the server starts
    failover = params.get("AutomaticFailoverEnabled", False)
    multi_az = params.get("MultiAZEnabled", False)
    _check_failover(failover, multi_az, nodes)
    return Cache(
        id=identifier,
        arn=store.arn("replicationgroup" if is_group else "cluster", identifier),
        is_group=is_group,
        description=params.get("ReplicationGroupDescription", ""),
        engine=engine,
        engine_version=version.version,
        node_type=node_type,
        nodes=nodes,
        parameter_group=group.name,
        subnet_group=subnet_group,
        security_group_ids=tuple(params.get("SecurityGroupIds", ())),
        auth_tokens=() if token is None else (token,),
        tls=tls,
        at_rest_encryption=params.get("AtRestEncryptionEnabled", False),
        kms_key_id=params.get("KmsKeyId"),
        automatic_failover=failover,
        multi_az=multi_az,
        created=context.now,
        auth_token_modified=None if token is None else context.now,
        zone=params.get("PreferredAvailabilityZone", f"{store.account.region}a"),
        maintenance_window=params.get("PreferredMaintenanceWindow", "sun:05:00-sun:06:00"),
        snapshot_retention=params.get("SnapshotRetentionLimit", 0),
        snapshot_window=params.get("SnapshotWindow", "03:00-04:00"),
        auto_minor_version_upgrade=params.get("AutoMinorVersionUpgrade", True),
    )


def check_auth_token(store: Store, token: str) -> None:
    """Raise InvalidParameterValue unless ElastiCache takes the token.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html
    """
    quotas = store.quotas
    if not quotas.min_auth_token_characters <= len(token) <= quotas.max_auth_token_characters:
        raise InvalidParameterValueException(
            f"Invalid AuthToken provided. It must have {quotas.min_auth_token_characters} to "
            f"{quotas.max_auth_token_characters} characters."
        )
    if _AUTH_TOKEN.fullmatch(token) is None:
        raise InvalidParameterValueException(
            "Invalid AuthToken provided. It must be printable ASCII, and of special characters may only have ! & # $ ^ < > -"
        )


def _check_failover(failover: bool, multi_az: bool, nodes: int) -> None:
    if failover and nodes == 1:
        raise InvalidParameterCombinationException(
            "When using automatic failover, there must be at least 2 cache clusters in the replication group."
        )
    if multi_az and not failover:
        raise InvalidParameterCombinationException("Multi-AZ needs automatic failover (AutomaticFailoverEnabled).")
