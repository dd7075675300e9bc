"""CreateTable, DescribeTable, UpdateTable, DeleteTable, ListTables, tags, policies and the switches beside them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb import DynamodbQuotas
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

INVALID = "One or more parameter values were invalid: "
HASH = [{"AttributeName": "pk", "KeyType": "HASH"}]
BOTH = [*HASH, {"AttributeName": "sk", "KeyType": "RANGE"}]


def definitions(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name: str = "idx", keys: Any = None, projection: Any = None, **more: Any) -> dict[str, Any]:
    keys = [{"AttributeName": "g", "KeyType": "HASH"}] if keys is None else keys
    projection = {"ProjectionType": "ALL"} if projection is None else projection
    return {"IndexName": name, "KeySchema": keys, "Projection": projection, **more}


def key(name: str, kind: str = "HASH") -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


THROUGHPUT = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
SIMPLE = {"AttributeDefinitions": definitions("pk"), "KeySchema": HASH, **ON_DEMAND}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no throughput": (
        {"AttributeDefinitions": definitions("pk"), "KeySchema": HASH},
        f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    ),
    "throughput on demand": (
        {**SIMPLE, "ProvisionedThroughput": THROUGHPUT},
        f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    ),
    "more keys than definitions": (
        {**SIMPLE, "KeySchema": BOTH},
        "Invalid KeySchema: Some index key attribute have no definition",
    ),
    "key without definition": (
        {**SIMPLE, "AttributeDefinitions": definitions("other")},
        f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: [other]",
    ),
    "definition too many": (
        {**SIMPLE, "AttributeDefinitions": definitions("pk", "other")},
        f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    ),
    "one key twice": (
        {**SIMPLE, "AttributeDefinitions": definitions("pk", "sk"), "KeySchema": [key("pk"), key("pk", "RANGE")]},
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
    ),
    "range first": (
        {**SIMPLE, "KeySchema": [key("pk", "RANGE")]},
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
    ),
    "hash twice": (
        {**SIMPLE, "AttributeDefinitions": definitions("pk", "sk"), "KeySchema": [key("pk"), key("sk")]},
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
    ),
    "three keys": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "sk", "x"),
            "KeySchema": [*BOTH, key("x", "RANGE")],
        },
        (
            "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=HASH), KeySchemaElement(attributeName=sk, "
            "keyType=RANGE), KeySchemaElement(attributeName=x, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must "
            "have length less than or equal to 2"
        ),
    ),
    "unused definition beside an index": (
        {**SIMPLE, "AttributeDefinitions": definitions("pk", "g", "x"), "GlobalSecondaryIndexes": [index()]},
        f"{INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [pk, g, x], keys used: [pk, g]",
    ),
    "empty global indexes": (
        {**SIMPLE, "GlobalSecondaryIndexes": []},
        f"{INVALID}List of GlobalSecondaryIndexes is empty",
    ),
    "empty local indexes": (
        {**SIMPLE, "AttributeDefinitions": definitions("pk", "sk"), "KeySchema": BOTH, "LocalSecondaryIndexes": []},
        f"{INVALID}List of LocalSecondaryIndexes is empty",
    ),
    "local index of a simple key": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "g"),
            "LocalSecondaryIndexes": [index(keys=[key("pk"), key("g", "RANGE")])],
        },
        f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    ),
    "local index of another partition": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "sk", "g"),
            "KeySchema": BOTH,
            "LocalSecondaryIndexes": [index(keys=[key("g"), key("sk", "RANGE")])],
        },
        (
            f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: idx. "
            "index hash key: g, table hash key: pk"
        ),
    ),
    "local index without range": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "sk"),
            "KeySchema": BOTH,
            "LocalSecondaryIndexes": [index(keys=HASH)],
        },
        f"{INVALID}Index KeySchema does not have a range key for index: idx",
    ),
    "index name twice": (
        {**SIMPLE, "AttributeDefinitions": definitions("pk", "g"), "GlobalSecondaryIndexes": [index(), index()]},
        f"{INVALID}Duplicate index name: idx",
    ),
    "too many global indexes": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "g"),
            "GlobalSecondaryIndexes": [index(f"idx{number}") for number in range(21)],
        },
        f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20",
    ),
    "attributes without include": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "g"),
            "GlobalSecondaryIndexes": [index(projection={"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["a"]})],
        },
        f"{INVALID}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
    ),
    "include without attributes": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "g"),
            "GlobalSecondaryIndexes": [index(projection={"ProjectionType": "INCLUDE"})],
        },
        f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    ),
    "no projection type": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "g"),
            "GlobalSecondaryIndexes": [index(projection={})],
        },
        f"{INVALID}Unknown ProjectionType: null",
    ),
    "index throughput on demand": (
        {
            **SIMPLE,
            "AttributeDefinitions": definitions("pk", "g"),
            "GlobalSecondaryIndexes": [index(ProvisionedThroughput=THROUGHPUT)],
        },
        f"{INVALID}ProvisionedThroughput should not be specified for index: idx when BillingMode is PAY_PER_REQUEST",
    ),
    "index without throughput": (
        {
            "AttributeDefinitions": definitions("pk", "g"),
            "KeySchema": HASH,
            "ProvisionedThroughput": THROUGHPUT,
            "GlobalSecondaryIndexes": [index()],
        },
        f"{INVALID}ProvisionedThroughput must be specified for index: idx",
    ),
}


@pytest.mark.parametrize(("params", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_table_that_cannot_be_is_refused(dynamodb: DynamodbDriver, params: dict[str, Any], message: str) -> None:
    assert dynamodb.error("CreateTable", TableName="items", **params) == ("ValidationException", message)
    assert dynamodb.call("ListTables")["TableNames"] == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ab", "Member must have length greater than or equal to 3"),
        ("a" * 256, "Member must have length less than or equal to 255"),
        ("abc!", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    ],
)
def test_table_name_is_checked(dynamodb: DynamodbDriver, name: str, problem: str) -> None:
    code, message = dynamodb.error("CreateTable", TableName=name, **SIMPLE)
    assert code == "ValidationException"
    assert (
        message == f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: {problem}"
    )


def test_table_is_creating_then_active(make_dynamodb: type[DynamodbDriver]) -> None:
    db = make_dynamodb(DynamodbQuotas(table_status_seconds=10.0))
    made = db.call("CreateTable", TableName="items", **SIMPLE)["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert db.error("PutItem", TableName="items", Item={"pk": av("1")})[0] == "ResourceNotFoundException"
    assert db.error("DeleteTable", TableName="items")[0] == "ResourceInUseException"
    db.advance(10.0)
    assert db.call("DescribeTable", TableName="items")["Table"]["TableStatus"] == "ACTIVE"
    db.put(pk="1")
    assert db.call("DeleteTable", TableName="items")["TableDescription"]["TableStatus"] == "DELETING"
    assert db.call("DescribeTable", TableName="items")["Table"]["TableStatus"] == "DELETING"
    db.advance(10.0)
    assert db.error("DescribeTable", TableName="items") == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: items not found",
    )


def test_table_is_described_as_it_was_made(dynamodb: DynamodbDriver) -> None:
    dynamodb.call(
        "CreateTable",
        TableName="items",
        AttributeDefinitions=definitions("pk", "g"),
        KeySchema=HASH,
        GlobalSecondaryIndexes=[index()],
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 5},
        SSESpecification={"Enabled": True},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        Tags=[{"Key": "team", "Value": "data"}],
    )
    table = dynamodb.call("DescribeTable", TableName="items")["Table"]
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 5}
    assert (table["SSEDescription"]["Status"], table["SSEDescription"]["SSEType"]) == ("ENABLED", "KMS")
    assert table["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:")
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["DeletionProtectionEnabled"] is True
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    assert table["GlobalSecondaryIndexes"][0]["IndexArn"] == f"{table['TableArn']}/index/idx"
    tags = dynamodb.call("ListTagsOfResource", ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "data"}]
    assert dynamodb.error("DeleteTable", TableName="items") == (
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    )
    dynamodb.call("UpdateTable", TableName="items", DeletionProtectionEnabled=False)
    dynamodb.call("DeleteTable", TableName=table["TableArn"])
    assert dynamodb.call("ListTables")["TableNames"] == []


def test_name_is_taken_once(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    assert dynamodb.error("CreateTable", TableName="items", **SIMPLE) == (
        "ResourceInUseException",
        "Table already exists: items",
    )


def test_tables_are_listed_in_order_by_pages(dynamodb: DynamodbDriver) -> None:
    for name in ("ccc", "aaa", "bbb"):
        dynamodb.table(name)
    first = dynamodb.call("ListTables", Limit=2)
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (["aaa", "bbb"], "bbb")
    assert dynamodb.call("ListTables", ExclusiveStartTableName="bbb") == {"TableNames": ["ccc"]}


# -- tags, policies, switches ------------------------------------------------------------------------------------------------


def test_tags_come_and_go(dynamodb: DynamodbDriver) -> None:
    arn = dynamodb.table()
    dynamodb.call("TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    dynamodb.call("UntagResource", ResourceArn=arn, TagKeys=["a", "none"])
    assert dynamodb.call("ListTagsOfResource", ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert (
        dynamodb.error("TagResource", ResourceArn=arn, Tags=[])[1] == "Atleast one Tag needs to be provided as Input."
    )
    missing = arn.replace("items", "none")
    assert dynamodb.error("ListTagsOfResource", ResourceArn=missing) == (
        "ResourceNotFoundException",
        f"Requested resource not found: ResourcArn: {missing} not found",
    )


def test_policy_is_kept_with_its_revision(dynamodb: DynamodbDriver) -> None:
    arn = dynamodb.table()
    assert dynamodb.error("GetResourcePolicy", ResourceArn=arn)[0] == "PolicyNotFoundException"
    revision = dynamodb.call("PutResourcePolicy", ResourceArn=arn, Policy="{}", ExpectedRevisionId="NO_POLICY")[
        "RevisionId"
    ]
    assert dynamodb.call("GetResourcePolicy", ResourceArn=arn) == {"Policy": "{}", "RevisionId": revision}
    assert (
        dynamodb.error("PutResourcePolicy", ResourceArn=arn, Policy="{}", ExpectedRevisionId="1")[0]
        == "PolicyNotFoundException"
    )
    assert dynamodb.call("DeleteResourcePolicy", ResourceArn=arn)["RevisionId"] == revision
    assert dynamodb.call("DeleteResourcePolicy", ResourceArn=arn) == {}


def test_recovery_is_switched(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    shown = dynamodb.call("DescribeContinuousBackups", TableName="items")["ContinuousBackupsDescription"]
    assert shown["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    dynamodb.call(
        "UpdateContinuousBackups",
        TableName="items",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    shown = dynamodb.call("DescribeContinuousBackups", TableName="items")["ContinuousBackupsDescription"]
    assert shown["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert dynamodb.error("DescribeContinuousBackups", TableName="none") == (
        "TableNotFoundException",
        "Table not found: none",
    )


def test_what_is_not_done_is_refused_by_name(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    code, message = dynamodb.error(
        "ExportTableToPointInTime", TableArn="arn:aws:dynamodb:us-east-1:0:table/items", S3Bucket="bucket"
    )
    assert (code, message) == ("NotImplemented", "dynamodb:ExportTableToPointInTime is not supported by this emulator")
    code, message = dynamodb.error(
        "UpdateTable", TableName="items", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
    )
    assert code == "NotImplemented"
    assert "ReplicaUpdates" in message


def test_limits_and_endpoints_are_told(dynamodb: DynamodbDriver) -> None:
    assert dynamodb.call("DescribeLimits")["TableMaxReadCapacityUnits"] == 40_000
    assert dynamodb.call("DescribeEndpoints")["Endpoints"][0]["Address"] == "127.0.0.1:4566"
