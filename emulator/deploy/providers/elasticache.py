"""Amazon ElastiCache. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElastiCache.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, INT, STR, TAGS, Each
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process, WaitFor
from emulator.errors import AwsError

__all__ = ["TYPES"]

LONGEST_CREATION_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 5.0
"""The service tells each change of a cache; this is only for the one that it may not tell."""
_NO_OTHER_NODE = "one server process stands for all nodes"
_REPORTS = "snapshots, maintenance and notifications do not happen on this machine"


def _until_available(operation: str, params: Mapping[str, Any], listed: str, status: str) -> Process:
    """Describe a resource until it is `available`: the description."""
    waited = 0.0
    while True:
        answer = yield Call("elasticache", operation, params)
        description: Mapping[str, Any] = answer[listed][0]
        if description[status] == "available":
            return description
        if description[status] in ("create-failed", "deleted", "deleting") or waited > LONGEST_CREATION_SECONDS:
            raise ProvisioningError(f"{next(iter(params.values()))} is {description[status]}")
        woken = yield WaitFor(_topic(params), LOOK_AGAIN_SECONDS)
        waited += 0.0 if woken else LOOK_AGAIN_SECONDS


def _topic(params: Mapping[str, Any]) -> tuple[str, str]:
    """What the service notifies when a cache changes; a wait for it ends without moving a virtual clock."""
    return "elasticache", next(iter(params.values()))


def _until_gone(operation: str, params: Mapping[str, Any]) -> Process:
    """Describe a resource until it is not there any more; what it used cannot be deleted before."""
    waited = 0.0
    while waited < LONGEST_CREATION_SECONDS:
        try:
            yield Call("elasticache", operation, params)
        except AwsError as error:
            if "NotFound" in error.code:
                return
            raise
        woken = yield WaitFor(_topic(params), LOOK_AGAIN_SECONDS)
        waited += 0.0 if woken else LOOK_AGAIN_SECONDS
    raise ProvisioningError(f"{next(iter(params.values()))} is still being deleted")


def _identifier(request: Request, name: str, longest: int) -> str:
    given: str | None = request.get(name)
    # The generated name keeps the random end: it begins with letters and holds no two hyphens in a row, as the API wants.
    return given or request.generated_name(longest, lower=True).replace("--", "-")


# -- ReplicationGroup ------------------------------------------------------------------------------------------------------------

GROUP_PARAMETERS = {
    "AtRestEncryptionEnabled": BOOL,
    "AuthToken": STR,
    "AutoMinorVersionUpgrade": BOOL,
    "AutomaticFailoverEnabled": BOOL,
    "CacheNodeType": STR,
    "CacheParameterGroupName": STR,
    "CacheSubnetGroupName": STR,
    "Engine": STR,
    "EngineVersion": STR,
    "KmsKeyId": STR,
    "MultiAZEnabled": BOOL,
    "NumCacheClusters": INT,
    "NumNodeGroups": INT,
    "Port": INT,
    "ReplicasPerNodeGroup": INT,
    "ReplicationGroupDescription": STR,
    "SecurityGroupIds": STR,
    "Tags": TAGS,
    "TransitEncryptionEnabled": BOOL,
    "TransitEncryptionMode": STR,
}


def _group_attributes(group: Mapping[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    shards = group.get("NodeGroups", [])
    for name, endpoint in (
        ("PrimaryEndPoint", shards[0].get("PrimaryEndpoint") if shards else None),
        ("ReaderEndPoint", shards[0].get("ReaderEndpoint") if shards else None),
        ("ConfigurationEndPoint", group.get("ConfigurationEndpoint")),
    ):
        if endpoint is not None:
            attributes[f"{name}.Address"] = endpoint["Address"]
            attributes[f"{name}.Port"] = str(endpoint["Port"])
    return attributes


def _create_group(request: Request) -> Process:
    group_id = _identifier(request, "ReplicationGroupId", 40)
    params = {"ReplicationGroupId": group_id, **pick(request.properties, *GROUP_PARAMETERS)}
    yield Call("elasticache", "CreateReplicationGroup", params)
    where = {"ReplicationGroupId": group_id}
    group = yield from finished(
        Made(group_id), _until_available("DescribeReplicationGroups", where, "ReplicationGroups", "Status")
    )
    return Made(group_id, _group_attributes(group))


def _delete_group(request: Request) -> Process:
    where = {"ReplicationGroupId": request.physical_id}
    yield Call("elasticache", "DeleteReplicationGroup", where)
    yield from _until_gone("DescribeReplicationGroups", where)


# -- CacheCluster ----------------------------------------------------------------------------------------------------------------

CLUSTER_PARAMETERS = {
    "AutoMinorVersionUpgrade": BOOL,
    "CacheNodeType": STR,
    "CacheParameterGroupName": STR,
    "CacheSubnetGroupName": STR,
    "Engine": STR,
    "EngineVersion": STR,
    "NumCacheNodes": INT,
    "Port": INT,
    "Tags": TAGS,
    "TransitEncryptionEnabled": BOOL,
}


def _create_cluster(request: Request) -> Process:
    cluster_id = _identifier(request, "ClusterName", 50)
    params = {
        "CacheClusterId": cluster_id,
        **pick(request.properties, *CLUSTER_PARAMETERS, VpcSecurityGroupIds="SecurityGroupIds"),
    }
    yield Call("elasticache", "CreateCacheCluster", params)
    where = {"CacheClusterId": cluster_id, "ShowCacheNodeInfo": True}
    cluster = yield from finished(
        Made(cluster_id), _until_available("DescribeCacheClusters", where, "CacheClusters", "CacheClusterStatus")
    )
    endpoint = cluster["CacheNodes"][0]["Endpoint"]
    attributes = {"RedisEndpoint.Address": endpoint["Address"], "RedisEndpoint.Port": str(endpoint["Port"])}
    return Made(cluster_id, attributes)


def _delete_cluster(request: Request) -> Process:
    where = {"CacheClusterId": request.physical_id}
    yield Call("elasticache", "DeleteCacheCluster", where)
    yield from _until_gone("DescribeCacheClusters", where)


# -- SubnetGroup and ParameterGroup ----------------------------------------------------------------------------------------------


def _create_subnet_group(request: Request) -> Process:
    name = _identifier(request, "CacheSubnetGroupName", 255)
    params = {
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": request["Description"],
        **pick(request.properties, "SubnetIds", "Tags"),
    }
    yield Call("elasticache", "CreateCacheSubnetGroup", params)
    return Made(name)


def _delete_subnet_group(request: Request) -> Process:
    yield Call("elasticache", "DeleteCacheSubnetGroup", {"CacheSubnetGroupName": request.physical_id})


def _create_parameter_group(request: Request) -> Process:
    name = _identifier(request, "CacheParameterGroupName", 255)
    params = {
        "CacheParameterGroupName": name,
        **pick(request.properties, "CacheParameterGroupFamily", "Description", "Tags"),
    }
    yield Call("elasticache", "CreateCacheParameterGroup", params)
    yield from finished(Made(name), _set_parameters(request, name))
    return Made(name)


def _set_parameters(request: Request, name: str) -> Process:
    values = [
        {"ParameterName": parameter, "ParameterValue": value}
        for parameter, value in request.get("Properties", {}).items()
        if request.previous.get("Properties", {}).get(parameter) != value
    ]
    if values:
        params = {"CacheParameterGroupName": name, "ParameterNameValues": values}
        yield Call("elasticache", "ModifyCacheParameterGroup", params)


def _update_parameter_group(request: Request) -> Process:
    yield from _set_parameters(request, request.physical_id)
    return Made(request.physical_id)


def _delete_parameter_group(request: Request) -> Process:
    yield Call("elasticache", "DeleteCacheParameterGroup", {"CacheParameterGroupName": request.physical_id})


_ACCEPTED = {
    "NotificationTopicArn": _REPORTS,
    "PreferredMaintenanceWindow": _REPORTS,
    "SnapshotRetentionLimit": _REPORTS,
    "SnapshotWindow": _REPORTS,
}

TYPES = (
    ResourceType(
        "AWS::ElastiCache::ReplicationGroup",
        {"ReplicationGroupId": STR, **GROUP_PARAMETERS},
        _create_group,
        _delete_group,
        attributes=tuple(
            f"{endpoint}.{part}"
            for endpoint in ("ConfigurationEndPoint", "PrimaryEndPoint", "ReaderEndPoint")
            for part in ("Address", "Port")
        ),
        replacing=frozenset(
            {
                "AtRestEncryptionEnabled",
                "CacheSubnetGroupName",
                "KmsKeyId",
                "Port",
                "ReplicationGroupId",
            }
        ),
        accepted={
            **_ACCEPTED,
            "PreferredCacheClusterAZs": _NO_OTHER_NODE,
        },
        required=("ReplicationGroupDescription",),
    ),
    ResourceType(
        "AWS::ElastiCache::CacheCluster",
        {"ClusterName": STR, "VpcSecurityGroupIds": STR, **CLUSTER_PARAMETERS},
        _create_cluster,
        _delete_cluster,
        attributes=("RedisEndpoint.Address", "RedisEndpoint.Port"),
        replacing=frozenset({"CacheSubnetGroupName", "ClusterName", "Engine", "Port"}),
        accepted={**_ACCEPTED, "AZMode": _NO_OTHER_NODE, "PreferredAvailabilityZone": _NO_OTHER_NODE},
        required=("CacheNodeType", "Engine", "NumCacheNodes"),
    ),
    ResourceType(
        "AWS::ElastiCache::SubnetGroup",
        {"CacheSubnetGroupName": STR, "Description": STR, "SubnetIds": STR, "Tags": TAGS},
        _create_subnet_group,
        _delete_subnet_group,
        replacing=EVERY_PROPERTY,
        required=("Description", "SubnetIds"),
    ),
    ResourceType(
        "AWS::ElastiCache::ParameterGroup",
        {
            "CacheParameterGroupFamily": STR,
            "CacheParameterGroupName": STR,
            "Description": STR,
            "Properties": Each(STR),
            "Tags": TAGS,
        },
        _create_parameter_group,
        _delete_parameter_group,
        update=_update_parameter_group,
        updatable=frozenset({"Properties"}),
        replacing=frozenset({"CacheParameterGroupFamily", "CacheParameterGroupName", "Description"}),
        required=("CacheParameterGroupFamily", "Description"),
    ),
)
