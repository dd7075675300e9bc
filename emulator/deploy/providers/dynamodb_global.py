"""A DynamoDB global table of one replica, in the region that is played: what the CDK's `TableV2` makes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, INT, STR, TAGS, Shape
from emulator.deploy.providers.dynamodb import INDEX_PROPERTIES, TABLE_PROPERTIES, create_table, update_table
from emulator.deploy.resource_type import Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

_OWN = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
    "WarmThroughput",
)
_OF_THE_REPLICA = (
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)


def _table(request: Request, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of the one table that a global table here is. Raises ProvisioningError for what needs more."""
    region = request.account.region
    replicas = properties["Replicas"]
    others = [replica["Region"] for replica in replicas if replica["Region"] != region]
    if others or len(replicas) != 1:
        raise ProvisioningError(
            f"replicas in other regions ({', '.join(others)}) are not supported by this emulator: it plays {region} alone"
        )
    if properties.get("BillingMode", "PROVISIONED") != "PAY_PER_REQUEST":
        raise ProvisioningError(
            "BillingMode PROVISIONED of a global table needs auto scaling, which is not supported by this emulator"
        )
    table = {**pick(properties, *_OWN), **pick(replicas[0], *_OF_THE_REPLICA)}
    maxima = {
        **properties.get("WriteOnDemandThroughputSettings", {}),
        **replicas[0].get("ReadOnDemandThroughputSettings", {}),
    }
    if maxima:
        table["OnDemandThroughput"] = maxima
    encryption = properties.get("SSESpecification")
    if encryption is not None and encryption.get("SSEEnabled"):
        key = replicas[0].get("SSESpecification", {})
        table["SSESpecification"] = {**pick(encryption, "SSEEnabled", "SSEType"), **pick(key, "KMSMasterKeyId")}
    return table


def _attributes(table: Mapping[str, Any]) -> dict[str, str]:
    attributes = {"Arn": table["TableArn"], "TableId": table["TableId"]}
    if "StreamSpecification" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return attributes


def _create(request: Request) -> Process:
    table = yield from create_table(request, _table(request, request.properties))
    return Made(table["TableName"], _attributes(table))


def _update(request: Request) -> Process:
    before = _table(request, request.previous) if request.previous else {}
    after = _table(request, request.properties)
    table = yield from update_table(request, before, after)
    return Made(request.physical_id, _attributes(table))


def _delete(request: Request) -> Process:
    yield Call("dynamodb", "DeleteTable", {"TableName": request.physical_id})


_REPLICA: Mapping[str, Any] = {
    **{name: TABLE_PROPERTIES[name] for name in _OF_THE_REPLICA},
    "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": INT},
    "Region": STR,
    "SSESpecification": {"KMSMasterKeyId": STR},
    "Tags": TAGS,
}
_PROPERTIES: Mapping[str, Shape] = {
    **{name: TABLE_PROPERTIES[name] for name in _OWN},
    "GlobalSecondaryIndexes": {
        name: shape
        for name, shape in INDEX_PROPERTIES.items()
        if name not in ("OnDemandThroughput", "ProvisionedThroughput")
    },
    "Replicas": _REPLICA,
    "SSESpecification": {"SSEEnabled": BOOL, "SSEType": STR},
    "WriteOnDemandThroughputSettings": {"MaxWriteRequestUnits": INT},
}
_FIXED = frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"})

TYPES = (
    ResourceType(
        "AWS::DynamoDB::GlobalTable",
        _PROPERTIES,
        _create,
        _delete,
        attributes=("Arn", "StreamArn", "TableId"),
        update=_update,
        updatable=frozenset(_PROPERTIES) - _FIXED,
        replacing=_FIXED,
        required=("AttributeDefinitions", "KeySchema", "Replicas"),
    ),
)
