"""Amazon DynamoDB tables.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, INT, JSON, STR, TAGS, Shape
from emulator.deploy.providers.dynamodb_settings import configure, encryption
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process, Sleep

__all__ = ["INDEX_PROPERTIES", "LONGEST_CHANGE_SECONDS", "TABLE_PROPERTIES", "TYPES", "create_table", "update_table"]

LONGEST_CHANGE_SECONDS = 60.0
_SCALARS = (
    "BillingMode",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)
_INDEX_THROUGHPUTS = ("OnDemandThroughput", "ProvisionedThroughput", "WarmThroughput")


def create_table(request: Request, properties: Mapping[str, Any]) -> Process:
    """Create a table of a template's properties: its description when it is ACTIVE."""
    name = properties.get("TableName") or request.generated_name(255)
    params: dict[str, Any] = {
        "TableName": name,
        **pick(
            properties,
            "AttributeDefinitions",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "Tags",
            *_SCALARS,
        ),
    }
    params.setdefault("BillingMode", "PROVISIONED")
    if "StreamSpecification" in properties:
        view = properties["StreamSpecification"]["StreamViewType"]
        params["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    if "SSESpecification" in properties:
        params["SSESpecification"] = encryption(properties["SSESpecification"])
    if "ResourcePolicy" in properties:
        params["ResourcePolicy"] = orjson.dumps(properties["ResourcePolicy"]["PolicyDocument"]).decode()
    yield Call("dynamodb", "CreateTable", params)
    return (yield from finished(Made(name), _finish(name, properties)))


def _finish(name: str, properties: Mapping[str, Any]) -> Process:
    table = yield from settled(name)
    yield from configure(name, table["TableArn"], {}, {**properties, "Tags": [], "ResourcePolicy": None})
    return table


def settled(name: str) -> Process:
    """The table's description when it is ACTIVE, with all its indexes. Raises ProvisioningError where that takes too long."""
    waited = 0.0
    while True:
        table = (yield Call("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
        if _is_settled(table):
            return table
        if waited > LONGEST_CHANGE_SECONDS:
            raise ProvisioningError(f"table {name} did not become ACTIVE")
        yield Sleep(0.1)
        waited += 0.1


def _is_settled(table: Mapping[str, Any]) -> bool:
    indexes = table.get("GlobalSecondaryIndexes", [])
    return table["TableStatus"] == "ACTIVE" and all(index.get("IndexStatus", "ACTIVE") == "ACTIVE" for index in indexes)


def update_table(request: Request, before: Mapping[str, Any], after: Mapping[str, Any]) -> Process:
    """Change a table from the properties `before` to those `after`: its description."""
    name = request.physical_id
    changed = {member: after[member] for member in _SCALARS if member in after and after[member] != before.get(member)}
    if (
        after.get("BillingMode", "PROVISIONED") == "PROVISIONED"
        and "BillingMode" in before
        and "BillingMode" not in after
    ):
        changed["BillingMode"] = "PROVISIONED"
    if after.get("DeletionProtectionEnabled") is None and before.get("DeletionProtectionEnabled"):
        changed["DeletionProtectionEnabled"] = False
    if after.get("SSESpecification") != before.get("SSESpecification"):
        changed["SSESpecification"] = encryption(after.get("SSESpecification", {"SSEEnabled": False}))
    old, new = _indexes(before), _indexes(after)
    throughputs = [
        {"Update": {"IndexName": index, **parts}}
        for index in old.keys() & new.keys()
        if (parts := _changed_throughput(index, old[index], new[index]))
    ]
    if throughputs:
        changed["GlobalSecondaryIndexUpdates"] = throughputs
    if changed:
        yield Call("dynamodb", "UpdateTable", {"TableName": name, **changed})
    yield from _change_indexes(name, old, new, after)
    yield from _change_stream(name, before.get("StreamSpecification"), after.get("StreamSpecification"))
    table = yield from settled(name)
    yield from configure(name, table["TableArn"], before, after)
    return table


def _indexes(properties: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}


def _changed_throughput(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    if any(old.get(part) != new.get(part) for part in ("KeySchema", "Projection")):
        raise ProvisioningError(
            f"Cannot update GSI's properties other than Provisioned Throughput and Contributor Insights Specification: {name}. You can "
            "create a new GSI with a different name."
        )
    return {part: new[part] for part in _INDEX_THROUGHPUTS if part in new and new[part] != old.get(part)}


def _change_indexes(
    name: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], after: Mapping[str, Any]
) -> Process:
    gone, made = [index for index in old if index not in new], [index for index in new if index not in old]
    if len(gone) + len(made) > 1:
        raise ProvisioningError("Cannot perform more than one GSI creation or deletion in a single update")
    for index in gone:
        change = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index}}]}
        yield Call("dynamodb", "UpdateTable", {"TableName": name, **change})
        yield from settled(name)
    for index in made:
        change = {"GlobalSecondaryIndexUpdates": [{"Create": dict(new[index])}]}
        definitions = {"AttributeDefinitions": after["AttributeDefinitions"]}
        yield Call("dynamodb", "UpdateTable", {"TableName": name, **definitions, **change})
        yield from settled(name)


def _change_stream(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Process:
    if before == after:
        return
    if before is not None:
        yield Call("dynamodb", "UpdateTable", {"TableName": name, "StreamSpecification": {"StreamEnabled": False}})
        yield from settled(name)
    if after is not None:
        specification = {"StreamEnabled": True, "StreamViewType": after["StreamViewType"]}
        yield Call("dynamodb", "UpdateTable", {"TableName": name, "StreamSpecification": specification})


def _attributes(table: Mapping[str, Any]) -> dict[str, str]:
    attributes = {"Arn": table["TableArn"]}
    if "StreamSpecification" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return attributes


def _create(request: Request) -> Process:
    table = yield from create_table(request, request.properties)
    return Made(table["TableName"], _attributes(table))


def _update(request: Request) -> Process:
    table = yield from update_table(request, request.previous, request.properties)
    return Made(request.physical_id, _attributes(table))


def _delete(request: Request) -> Process:
    yield Call("dynamodb", "DeleteTable", {"TableName": request.physical_id})


_KEYS = {"AttributeName": STR, "KeyType": STR}
_PROJECTION = {"NonKeyAttributes": STR, "ProjectionType": STR}
_THROUGHPUT = {"ReadCapacityUnits": INT, "WriteCapacityUnits": INT}
_MAXIMA = {"MaxReadRequestUnits": INT, "MaxWriteRequestUnits": INT}
_WARM = {"ReadUnitsPerSecond": INT, "WriteUnitsPerSecond": INT}

INDEX_PROPERTIES: Mapping[str, Shape] = {
    "IndexName": STR,
    "KeySchema": _KEYS,
    "OnDemandThroughput": _MAXIMA,
    "Projection": _PROJECTION,
    "ProvisionedThroughput": _THROUGHPUT,
    "WarmThroughput": _WARM,
}
TABLE_PROPERTIES: Mapping[str, Shape] = {
    "AttributeDefinitions": {"AttributeName": STR, "AttributeType": STR},
    "BillingMode": STR,
    "DeletionProtectionEnabled": BOOL,
    "GlobalSecondaryIndexes": INDEX_PROPERTIES,
    "KeySchema": _KEYS,
    "LocalSecondaryIndexes": {"IndexName": STR, "KeySchema": _KEYS, "Projection": _PROJECTION},
    "OnDemandThroughput": _MAXIMA,
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": BOOL, "RecoveryPeriodInDays": INT},
    "ProvisionedThroughput": _THROUGHPUT,
    "ResourcePolicy": {"PolicyDocument": JSON},
    "SSESpecification": {"KMSMasterKeyId": STR, "SSEEnabled": BOOL, "SSEType": STR},
    "StreamSpecification": {"StreamViewType": STR},
    "TableClass": STR,
    "TableName": STR,
    "Tags": TAGS,
    "TimeToLiveSpecification": {"AttributeName": STR, "Enabled": BOOL},
    "WarmThroughput": _WARM,
}

TYPES = (
    ResourceType(
        "AWS::DynamoDB::Table",
        TABLE_PROPERTIES,
        _create,
        _delete,
        attributes=("Arn", "StreamArn"),
        update=_update,
        updatable=frozenset(TABLE_PROPERTIES) - {"KeySchema", "LocalSecondaryIndexes", "TableName"},
        replacing=frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"}),
        accepted={"ContributorInsightsSpecification": "contributor insights are a report of AWS's own"},
        required=("AttributeDefinitions", "KeySchema"),
    ),
)
