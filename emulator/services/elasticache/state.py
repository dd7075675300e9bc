"""What ElastiCache keeps: replication groups, clusters, subnet groups, parameter groups, events; and how they are
described.

Life of a cache: creating -> available or create-failed; available -> modifying -> available; any but creating and
modifying -> deleting -> gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.cache.effects import CacheEndpoint

__all__ = ["BUSY", "Cache", "CacheEvent", "ParameterGroup", "SubnetGroup"]

BUSY = frozenset({"creating", "modifying", "deleting"})


@dataclass(slots=True)
class SubnetGroup:
    """A name for subnets; the server is on loopback all the same."""

    name: str
    arn: str
    description: str
    subnet_ids: tuple[str, ...]
    vpc_id: str

    def describe(self) -> dict[str, Any]:
        """The CacheSubnetGroup shape."""
        return {
            "CacheSubnetGroupName": self.name,
            "CacheSubnetGroupDescription": self.description,
            "VpcId": self.vpc_id,
            "Subnets": [{"SubnetIdentifier": subnet, "SupportedNetworkTypes": ["ipv4"]} for subnet in self.subnet_ids],
            "ARN": self.arn,
            "SupportedNetworkTypes": ["ipv4"],
        }


@dataclass(slots=True)
class ParameterGroup:
    """Parameters of caches; `settings` holds those that differ from the family's defaults."""

    name: str
    arn: str
    family: str
    description: str
    settings: dict[str, str] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """The CacheParameterGroup shape."""
        return {
            "CacheParameterGroupName": self.name,
            "CacheParameterGroupFamily": self.family,
            "Description": self.description,
            "IsGlobal": False,
            "ARN": self.arn,
        }


@dataclass(frozen=True, slots=True)
class CacheEvent:
    """One row of DescribeEvents: why a cache could not be created is told here."""

    source: str
    source_type: str
    message: str
    time: float

    def describe(self) -> dict[str, Any]:
        """The Event shape."""
        return {
            "SourceIdentifier": self.source,
            "SourceType": self.source_type,
            "Message": self.message,
            "Date": self.time,
        }


@dataclass(slots=True, kw_only=True)
class Cache:
    """One cache with one server: a replication group, or a cluster of its own (`is_group` tells)."""

    id: str
    arn: str
    is_group: bool
    description: str
    engine: str
    engine_version: str
    node_type: str
    nodes: int
    parameter_group: str
    subnet_group: str | None
    security_group_ids: tuple[str, ...]
    auth_tokens: tuple[str, ...] = field(repr=False)
    tls: bool
    at_rest_encryption: bool
    kms_key_id: str | None
    automatic_failover: bool
    multi_az: bool
    created: float
    auth_token_modified: float | None
    zone: str
    maintenance_window: str
    snapshot_retention: int
    snapshot_window: str
    auto_minor_version_upgrade: bool
    status: str = "creating"
    endpoint: CacheEndpoint | None = None

    @property
    def member_ids(self) -> list[str]:
        """The clusters of a group: `<id>-001`, ..."""
        return [f"{self.id}-{number:03d}" for number in range(1, self.nodes + 1)] if self.is_group else [self.id]

    def describe_group(self) -> dict[str, Any]:
        """The ReplicationGroup shape; endpoints appear when the server runs, as on AWS."""
        data = {
            "ReplicationGroupId": self.id,
            "Description": self.description,
            "Status": self.status,
            "PendingModifiedValues": {},
            "MemberClusters": self.member_ids,
            "AutomaticFailover": "enabled" if self.automatic_failover else "disabled",
            "MultiAZ": "enabled" if self.multi_az else "disabled",
            "SnapshotRetentionLimit": self.snapshot_retention,
            "SnapshotWindow": self.snapshot_window,
            "ClusterEnabled": False,
            "ClusterMode": "disabled",
            "CacheNodeType": self.node_type,
            "ReplicationGroupCreateTime": self.created,
            "ARN": self.arn,
            "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade,
            "Engine": self.engine,
            **self._security(),
        }
        if self.kms_key_id is not None:
            data["KmsKeyId"] = self.kms_key_id
        if self.endpoint is not None:
            data["NodeGroups"] = [self._node_group(_endpoint(self.endpoint))]
        return data

    def describe_members(self, *, with_nodes: bool) -> list[dict[str, Any]]:
        """The CacheCluster shape of each cluster."""
        return [self._member(member, with_nodes) for member in self.member_ids]

    def _security(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "AuthTokenEnabled": bool(self.auth_tokens),
            "TransitEncryptionEnabled": self.tls,
            "AtRestEncryptionEnabled": self.at_rest_encryption,
            "NetworkType": "ipv4",
            "IpDiscovery": "ipv4",
        }
        if self.tls:
            data["TransitEncryptionMode"] = "required"
        if self.auth_token_modified is not None:
            data["AuthTokenLastModifiedDate"] = self.auth_token_modified
        return data

    def _node_group(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        # One server plays primary and replicas: there is no replication lag here, and a replica's endpoint takes
        # writes.
        return {
            "NodeGroupId": "0001",
            "Status": self.status,
            "PrimaryEndpoint": endpoint,
            "ReaderEndpoint": endpoint,
            "NodeGroupMembers": [
                {
                    "CacheClusterId": member,
                    "CacheNodeId": "0001",
                    "ReadEndpoint": endpoint,
                    "PreferredAvailabilityZone": self.zone,
                    "CurrentRole": "primary" if number == 0 else "replica",
                }
                for number, member in enumerate(self.member_ids)
            ],
        }

    def _member(self, member: str, with_nodes: bool) -> dict[str, Any]:
        data = {
            "CacheClusterId": member,
            "CacheNodeType": self.node_type,
            "Engine": self.engine,
            "EngineVersion": self.engine_version,
            "CacheClusterStatus": self.status,
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": self.zone,
            "CacheClusterCreateTime": self.created,
            "PreferredMaintenanceWindow": self.maintenance_window,
            "PendingModifiedValues": {},
            "CacheSecurityGroups": [],
            "CacheParameterGroup": {
                "CacheParameterGroupName": self.parameter_group,
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade,
            "SecurityGroups": [{"SecurityGroupId": group, "Status": "active"} for group in self.security_group_ids],
            "SnapshotRetentionLimit": self.snapshot_retention,
            "SnapshotWindow": self.snapshot_window,
            "ARN": f"{self.arn.rpartition(':replicationgroup:')[0]}:cluster:{member}" if self.is_group else self.arn,
            "ReplicationGroupLogDeliveryEnabled": False,
            **self._security(),
        }
        if self.subnet_group is not None:
            data["CacheSubnetGroupName"] = self.subnet_group
        if self.is_group:
            data["ReplicationGroupId"] = self.id
        if with_nodes and self.endpoint is not None:
            data["CacheNodes"] = [
                {
                    "CacheNodeId": "0001",
                    "CacheNodeStatus": self.status,
                    "CacheNodeCreateTime": self.created,
                    "Endpoint": _endpoint(self.endpoint),
                    "ParameterGroupStatus": "in-sync",
                    "CustomerAvailabilityZone": self.zone,
                }
            ]
        return data


def _endpoint(endpoint: CacheEndpoint) -> dict[str, Any]:
    return {"Address": endpoint.host, "Port": endpoint.port}
