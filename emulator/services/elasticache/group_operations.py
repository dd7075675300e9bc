"""Subnet groups and parameter groups.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheSubnetGroup.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheParameterGroup.html
"""

from __future__ import annotations

from emulator.effects import Call, Process
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.elasticache.engines import FAMILIES, check_parameter
from emulator.services.elasticache.errors import (
    CacheParameterGroupAlreadyExistsFault,
    CacheParameterGroupQuotaExceededFault,
    CacheSubnetGroupAlreadyExistsFault,
    CacheSubnetGroupInUse,
    CacheSubnetGroupQuotaExceededFault,
    CacheSubnetQuotaExceededFault,
    InvalidCacheParameterGroupStateFault,
    InvalidParameterValueException,
)
from emulator.services.elasticache.state import ParameterGroup, SubnetGroup
from emulator.services.elasticache.store import Store, page

__all__ = ["ParameterGroupOperations", "SubnetGroupOperations"]


class SubnetGroupOperations:
    """The operations on subnet groups."""

    store: Store

    @operation("CreateCacheSubnetGroup")
    def create_cache_subnet_group(self, params: Params, context: CallContext) -> Process:
        store = self.store
        name = params["CacheSubnetGroupName"].lower()
        if name in store.subnet_groups:
            raise CacheSubnetGroupAlreadyExistsFault(f"Cache subnet group {name} already exists.")
        if len(store.subnet_groups) >= store.quotas.subnet_groups_per_region:
            raise CacheSubnetGroupQuotaExceededFault(
                f"There are {store.quotas.subnet_groups_per_region} cache subnet groups, which is the most allowed"
            )
        subnet_ids = tuple(params["SubnetIds"])
        if len(subnet_ids) > store.quotas.subnets_per_subnet_group:
            raise CacheSubnetQuotaExceededFault(
                f"A cache subnet group has at most {store.quotas.subnets_per_subnet_group} subnets"
            )
        # EC2 answers for an unknown subnet; its error reaches the caller as it is.
        found = yield Call("ec2", "DescribeSubnets", {"SubnetIds": list(subnet_ids)})
        group = SubnetGroup(
            name,
            store.arn("subnetgroup", name),
            params["CacheSubnetGroupDescription"],
            subnet_ids,
            found["Subnets"][0]["VpcId"],
        )
        store.set_tags(group.arn, params.get("Tags", ()))
        store.subnet_groups[name] = group
        return Reply({"CacheSubnetGroup": group.describe()})

    @operation("DescribeCacheSubnetGroups")
    def describe_cache_subnet_groups(self, params: Params, context: CallContext) -> Reply:
        wanted = params.get("CacheSubnetGroupName")
        groups = list(self.store.subnet_groups.values()) if wanted is None else [self.store.subnet_group(wanted)]
        return Reply(page([group.describe() for group in groups], params, "CacheSubnetGroups"))

    @operation("DeleteCacheSubnetGroup")
    def delete_cache_subnet_group(self, params: Params, context: CallContext) -> Reply:
        group = self.store.subnet_group(params["CacheSubnetGroupName"])
        users = sorted(cache.id for cache in self.store.caches.values() if cache.subnet_group == group.name)
        if users:
            raise CacheSubnetGroupInUse(f"Cache subnet group {group.name} is currently in use by {', '.join(users)}.")
        del self.store.subnet_groups[group.name]
        self.store.tags.pop(group.arn, None)
        return Reply()


class ParameterGroupOperations:
    """The operations on parameter groups."""

    store: Store

    @operation("CreateCacheParameterGroup")
    def create_cache_parameter_group(self, params: Params, context: CallContext) -> Reply:
        store = self.store
        name, family = params["CacheParameterGroupName"].lower(), params["CacheParameterGroupFamily"]
        if name in store.parameter_groups:
            raise CacheParameterGroupAlreadyExistsFault(f"Cache parameter group {name} already exists.")
        if family not in FAMILIES:
            raise InvalidParameterValueException(
                f"CacheParameterGroupFamily {family} is not a valid parameter group family: {', '.join(sorted(FAMILIES))}"
            )
        if len(store.parameter_groups) - len(FAMILIES) >= store.quotas.parameter_groups_per_region:
            raise CacheParameterGroupQuotaExceededFault(
                f"There are {store.quotas.parameter_groups_per_region} cache parameter groups, which is the most allowed"
            )
        group = ParameterGroup(name, store.arn("parametergroup", name), family, params["Description"])
        store.set_tags(group.arn, params.get("Tags", ()))
        store.parameter_groups[name] = group
        return Reply({"CacheParameterGroup": group.describe()})

    @operation("DescribeCacheParameterGroups")
    def describe_cache_parameter_groups(self, params: Params, context: CallContext) -> Reply:
        wanted = params.get("CacheParameterGroupName")
        groups = list(self.store.parameter_groups.values()) if wanted is None else [self.store.parameter_group(wanted)]
        return Reply(page([group.describe() for group in groups], params, "CacheParameterGroups"))

    @operation("ModifyCacheParameterGroup")
    def modify_cache_parameter_group(self, params: Params, context: CallContext) -> Reply:
        group = self._own_group(params["CacheParameterGroupName"])
        users = self._users(group)
        if users:
            raise UnsupportedOperation(
                f"elasticache:ModifyCacheParameterGroup: {group.name} is in use by {', '.join(users)}; this emulator "
                "gives a server its parameters when it starts, so set them before the cache is created"
            )
        changes = {row["ParameterName"]: row.get("ParameterValue", "") for row in params["ParameterNameValues"]}
        for name, value in changes.items():
            check_parameter(name, value)
        group.settings.update(changes)
        return Reply({"CacheParameterGroupName": group.name})

    @operation("DescribeCacheParameters")
    def describe_cache_parameters(self, params: Params, context: CallContext) -> Reply:
        """Only the parameters that the group sets itself (Source `user`); the family's defaults are not listed."""
        if params.get("Source") != "user":
            raise UnsupportedOperation(
                "elasticache:DescribeCacheParameters without Source=user is not supported by this emulator"
            )
        group = self.store.parameter_group(params["CacheParameterGroupName"])
        rows = [
            {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
            for name, value in sorted(group.settings.items())
        ]
        return Reply(page(rows, params, "Parameters"))

    @operation("DeleteCacheParameterGroup")
    def delete_cache_parameter_group(self, params: Params, context: CallContext) -> Reply:
        group = self._own_group(params["CacheParameterGroupName"])
        users = self._users(group)
        if users:
            raise InvalidCacheParameterGroupStateFault(
                f"One or more cache clusters are still members of this parameter group {group.name}, so the group "
                f"cannot be deleted: {', '.join(users)}"
            )
        del self.store.parameter_groups[group.name]
        self.store.tags.pop(group.arn, None)
        return Reply()

    def _own_group(self, name: str) -> ParameterGroup:
        group = self.store.parameter_group(name)
        if group.name.startswith("default."):
            raise InvalidParameterValueException(
                f"The default parameter group {group.name} can be neither changed nor deleted."
            )
        return group

    def _users(self, group: ParameterGroup) -> list[str]:
        return sorted(cache.id for cache in self.store.caches.values() if cache.parameter_group == group.name)
