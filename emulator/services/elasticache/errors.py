"""ElastiCache's errors, named as botocore names their shapes.

AwsError
  InvalidParameterValueException, InvalidParameterCombinationException
  <Resource>AlreadyExistsFault, <Resource>NotFoundFault, <Resource>QuotaExceededFault
  InvalidReplicationGroupStateFault, InvalidCacheClusterStateFault, ...    the resource is busy, or in use
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "CacheClusterAlreadyExistsFault",
    "CacheClusterNotFoundFault",
    "CacheParameterGroupAlreadyExistsFault",
    "CacheParameterGroupNotFoundFault",
    "CacheParameterGroupQuotaExceededFault",
    "CacheSubnetGroupAlreadyExistsFault",
    "CacheSubnetGroupInUse",
    "CacheSubnetGroupNotFoundFault",
    "CacheSubnetGroupQuotaExceededFault",
    "CacheSubnetQuotaExceededFault",
    "InvalidARNFault",
    "InvalidCacheClusterStateFault",
    "InvalidCacheParameterGroupStateFault",
    "InvalidParameterCombinationException",
    "InvalidParameterValueException",
    "InvalidReplicationGroupStateFault",
    "NodeQuotaForCustomerExceededFault",
    "ReplicationGroupAlreadyExistsFault",
    "ReplicationGroupNotFoundFault",
    "TagNotFoundFault",
    "TagQuotaPerResourceExceeded",
]


class InvalidParameterValueException(AwsError):
    code = "InvalidParameterValue"


class InvalidParameterCombinationException(AwsError):
    code = "InvalidParameterCombination"


class ReplicationGroupAlreadyExistsFault(AwsError):
    code = "ReplicationGroupAlreadyExists"


class ReplicationGroupNotFoundFault(AwsError):
    status = 404


class InvalidReplicationGroupStateFault(AwsError):
    code = "InvalidReplicationGroupState"


class CacheClusterAlreadyExistsFault(AwsError):
    code = "CacheClusterAlreadyExists"


class CacheClusterNotFoundFault(AwsError):
    code = "CacheClusterNotFound"
    status = 404


class InvalidCacheClusterStateFault(AwsError):
    code = "InvalidCacheClusterState"


class NodeQuotaForCustomerExceededFault(AwsError):
    code = "NodeQuotaForCustomerExceeded"


class CacheSubnetGroupAlreadyExistsFault(AwsError):
    code = "CacheSubnetGroupAlreadyExists"


class CacheSubnetGroupNotFoundFault(AwsError):
    pass


class CacheSubnetGroupInUse(AwsError):
    pass


class CacheSubnetGroupQuotaExceededFault(AwsError):
    code = "CacheSubnetGroupQuotaExceeded"


class CacheSubnetQuotaExceededFault(AwsError):
    pass


class CacheParameterGroupAlreadyExistsFault(AwsError):
    code = "CacheParameterGroupAlreadyExists"


class CacheParameterGroupNotFoundFault(AwsError):
    code = "CacheParameterGroupNotFound"
    status = 404


class CacheParameterGroupQuotaExceededFault(AwsError):
    code = "CacheParameterGroupQuotaExceeded"


class InvalidCacheParameterGroupStateFault(AwsError):
    code = "InvalidCacheParameterGroupState"


class InvalidARNFault(AwsError):
    code = "InvalidARN"


class TagNotFoundFault(AwsError):
    code = "TagNotFound"
    status = 404


class TagQuotaPerResourceExceeded(AwsError):
    pass
