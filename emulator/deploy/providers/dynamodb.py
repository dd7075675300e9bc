"""Amazon DynamoDB.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, INT, STR, TAGS
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process, Sleep

__all__ = ["TYPES"]

LONGEST_CREATION_SECONDS = 60.0


def _create(request: Request) -> Process:
    name = request.get("TableName") or request.generated_name(255)
    params: dict[str, Any] = {
        "TableName": name,
        **pick(
            request.properties,
            "AttributeDefinitions",
            "BillingMode",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "ProvisionedThroughput",
            "TableClass",
            "Tags",
        ),
    }
    params.setdefault("BillingMode", "PROVISIONED")
    if "StreamSpecification" in request.properties:
        view = request["StreamSpecification"]["StreamViewType"]
        params["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    if "SSESpecification" in request.properties:
        params["SSESpecification"] = pick(
            request["SSESpecification"], KMSMasterKeyId="KMSMasterKeyId", SSEEnabled="Enabled", SSEType="SSEType"
        )
    answer = yield Call("dynamodb", "CreateTable", params)
    table = yield from finished(Made(name), _settle(request, name, answer["TableDescription"]))
    attributes = {"Arn": table["TableArn"]}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Made(name, attributes)


def _settle(request: Request, name: str, table: Mapping[str, Any]) -> Process:
    waited = 0.0
    while table["TableStatus"] != "ACTIVE":
        if waited > LONGEST_CREATION_SECONDS:
            raise ProvisioningError(f"table {name} did not become ACTIVE")
        yield Sleep(0.1)
        waited += 0.1
        table = (yield Call("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    yield from _configure(request, name)
    return table


def _configure(request: Request, name: str) -> Process:
    before, after = request.previous, request.properties
    expiry = "TimeToLiveSpecification"
    if expiry in after and after[expiry] != before.get(expiry):
        yield Call("dynamodb", "UpdateTimeToLive", {"TableName": name, expiry: after[expiry]})
    recovery = "PointInTimeRecoverySpecification"
    if recovery in after and after[recovery] != before.get(recovery):
        yield Call("dynamodb", "UpdateContinuousBackups", {"TableName": name, recovery: after[recovery]})


def _update(request: Request) -> Process:
    names = ("BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput", "TableClass")
    before, after = request.previous, request.properties
    changed = {name: after[name] for name in names if name in after and after[name] != before.get(name)}
    if changed:
        yield Call("dynamodb", "UpdateTable", {"TableName": request.physical_id, **changed})
    yield from _configure(request, request.physical_id)
    return Made(request.physical_id, request.attributes)


def _delete(request: Request) -> Process:
    yield Call("dynamodb", "DeleteTable", {"TableName": request.physical_id})


_KEYS = {"AttributeName": STR, "KeyType": STR}
_PROJECTION = {"NonKeyAttributes": STR, "ProjectionType": STR}
_THROUGHPUT = {"ReadCapacityUnits": INT, "WriteCapacityUnits": INT}

TYPES = (
    ResourceType(
        "AWS::DynamoDB::Table",
        {
            "AttributeDefinitions": {"AttributeName": STR, "AttributeType": STR},
            "BillingMode": STR,
            "DeletionProtectionEnabled": BOOL,
            "GlobalSecondaryIndexes": {
                "IndexName": STR,
                "KeySchema": _KEYS,
                "Projection": _PROJECTION,
                "ProvisionedThroughput": _THROUGHPUT,
            },
            "KeySchema": _KEYS,
            "LocalSecondaryIndexes": {"IndexName": STR, "KeySchema": _KEYS, "Projection": _PROJECTION},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": BOOL},
            "ProvisionedThroughput": _THROUGHPUT,
            "SSESpecification": {"KMSMasterKeyId": STR, "SSEEnabled": BOOL, "SSEType": STR},
            "StreamSpecification": {"StreamViewType": STR},
            "TableClass": STR,
            "TableName": STR,
            "Tags": TAGS,
            "TimeToLiveSpecification": {"AttributeName": STR, "Enabled": BOOL},
        },
        _create,
        _delete,
        attributes=("Arn", "StreamArn"),
        update=_update,
        updatable=frozenset(
            {
                "BillingMode",
                "DeletionProtectionEnabled",
                "PointInTimeRecoverySpecification",
                "ProvisionedThroughput",
                "TableClass",
                "TimeToLiveSpecification",
            }
        ),
        replacing=frozenset({"AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "TableName"}),
        accepted={"ContributorInsightsSpecification": "contributor insights are a report of AWS's own"},
        required=("AttributeDefinitions", "KeySchema"),
    ),
)
