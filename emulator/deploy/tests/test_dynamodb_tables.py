"""Templates' DynamoDB tables against the service itself: made, changed in place, refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.deploy.catalogue import CATALOGUE
from emulator.deploy.errors import ProvisioningError
from emulator.deploy.resource_type import Made, Request
from emulator.engine import Engine
from emulator.operation import CallContext
from emulator.services.dynamodb import DynamodbQuotas, DynamodbService

ACCOUNT = Account("http://127.0.0.1:4566")
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
SIMPLE = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": KEYS,
    "BillingMode": "PAY_PER_REQUEST",
}


class Deployer:
    """Runs a provider's steps on an engine with DynamoDB, whose tables take a second to settle."""

    def __init__(self, quotas: DynamodbQuotas | None = None) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock)
        self.service = DynamodbService(ACCOUNT, DynamodbQuotas(table_status_seconds=1.0) if quotas is None else quotas)
        self.engine.register("dynamodb", self.service)

    def run(self, kind: str, step: str, properties: dict[str, Any], made: Made | None = None, **more: Any) -> Any:
        request = Request(
            "Table",
            kind,
            properties,
            "stack",
            "id",
            ACCOUNT,
            physical_id="" if made is None else made.physical_id,
            attributes={} if made is None else made.attributes,
            **more,
        )
        outcome: list[tuple[Any, BaseException | None]] = []
        process = getattr(CATALOGUE[kind], step)(request)
        self.engine.spawn("step", process, done=lambda value, error: outcome.append((value, error)))
        self.engine.run_ready()
        while not outcome:
            deadline = self.engine.timers.next_deadline()
            assert deadline is not None
            self.clock.move_to(deadline)
            self.engine.fire_due()
            self.engine.run_ready()
        [(value, error)] = outcome
        if error is not None:
            raise error
        return value

    def call(self, operation: str, **params: Any) -> Any:
        reply: Any = self.service.handle(operation, params, CallContext(self.clock.now(), "request"))
        return reply.result


@pytest.fixture
def deployer() -> Deployer:
    return Deployer()


def table(deployer: Deployer, made: Made) -> dict[str, Any]:
    shown: dict[str, Any] = deployer.call("DescribeTable", TableName=made.physical_id)["Table"]
    return shown


def test_table_is_made_with_all_its_settings(deployer: Deployer) -> None:
    properties = {
        **SIMPLE,
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "g", "AttributeType": "N"},
        ],
        "DeletionProtectionEnabled": True,
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "idx",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        "OnDemandThroughput": {"MaxReadRequestUnits": 10},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        "ResourcePolicy": {"PolicyDocument": {"Statement": []}},
        "SSESpecification": {"SSEEnabled": True},
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "Tags": [{"Key": "team", "Value": "data"}],
        "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
    }
    made = deployer.run("AWS::DynamoDB::Table", "create", properties)
    shown = table(deployer, made)
    assert made.attributes == {"Arn": shown["TableArn"], "StreamArn": shown["LatestStreamArn"]}
    assert shown["TableStatus"] == "ACTIVE"
    assert shown["GlobalSecondaryIndexes"][0]["IndexName"] == "idx"
    assert shown["OnDemandThroughput"] == {"MaxReadRequestUnits": 10}
    assert shown["SSEDescription"]["Status"] == "ENABLED"
    assert shown["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert shown["DeletionProtectionEnabled"] is True
    arn = shown["TableArn"]
    assert deployer.call("ListTagsOfResource", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "data"}]
    assert deployer.call("GetResourcePolicy", ResourceArn=arn)["Policy"] == '{"Statement":[]}'
    name = made.physical_id
    assert deployer.call("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]["AttributeName"] == "ttl"
    recovery = deployer.call("DescribeContinuousBackups", TableName=name)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 7


def test_table_is_changed_in_place(deployer: Deployer) -> None:
    before = {
        **SIMPLE,
        "Tags": [{"Key": "a", "Value": "1"}],
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        "TimeToLiveSpecification": {"AttributeName": "old", "Enabled": True},
    }
    made = deployer.run("AWS::DynamoDB::Table", "create", before)
    after = {
        **before,
        "AttributeDefinitions": [*SIMPLE["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}],  # type: ignore[misc]
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "idx",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "Tags": [{"Key": "b", "Value": "2"}],
        "TimeToLiveSpecification": {"AttributeName": "new", "Enabled": True},
    }
    changed = deployer.run("AWS::DynamoDB::Table", "update", after, made, previous=before)
    shown = table(deployer, made)
    assert changed.physical_id == made.physical_id
    assert changed.attributes["StreamArn"] == shown["LatestStreamArn"] != made.attributes["StreamArn"]
    assert shown["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert shown["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    assert deployer.call("ListTagsOfResource", ResourceArn=shown["TableArn"])["Tags"] == [{"Key": "b", "Value": "2"}]
    described = deployer.call("DescribeTimeToLive", TableName=made.physical_id)["TimeToLiveDescription"]
    assert described["AttributeName"] == "new"
    again = {**SIMPLE, "AttributeDefinitions": after["AttributeDefinitions"]}
    bare = deployer.run("AWS::DynamoDB::Table", "update", again, made, previous=after)
    assert "StreamArn" not in bare.attributes
    assert "GlobalSecondaryIndexes" not in table(deployer, made)


def test_one_index_is_changed_at_a_time(deployer: Deployer) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html"""
    made = deployer.run("AWS::DynamoDB::Table", "create", dict(SIMPLE))
    indexes = [
        {"IndexName": name, "KeySchema": KEYS, "Projection": {"ProjectionType": "ALL"}} for name in ("one", "two")
    ]
    with pytest.raises(ProvisioningError, match="more than one GSI creation or deletion in a single update"):
        deployer.run(
            "AWS::DynamoDB::Table", "update", {**SIMPLE, "GlobalSecondaryIndexes": indexes}, made, previous=dict(SIMPLE)
        )


def test_global_table_of_this_region_is_a_table(deployer: Deployer) -> None:
    replica = {"Region": "us-east-1", "DeletionProtectionEnabled": True, "Tags": [{"Key": "a", "Value": "1"}]}
    made = deployer.run("AWS::DynamoDB::GlobalTable", "create", {**SIMPLE, "Replicas": [replica]})
    shown = table(deployer, made)
    assert made.attributes == {"Arn": shown["TableArn"], "TableId": shown["TableId"]}
    assert shown["DeletionProtectionEnabled"] is True
    elsewhere = {**SIMPLE, "Replicas": [replica, {"Region": "eu-west-1"}]}
    with pytest.raises(ProvisioningError, match=r"replicas in other regions \(eu-west-1\) are not supported"):
        deployer.run("AWS::DynamoDB::GlobalTable", "create", elsewhere)


def test_nothing_waits_where_tables_are_active_at_once() -> None:
    """So a stack deploys while virtual time stands still."""
    deployer = Deployer(DynamodbQuotas())
    before = deployer.clock.now()
    deployer.run("AWS::DynamoDB::Table", "create", {**SIMPLE, "StreamSpecification": {"StreamViewType": "KEYS_ONLY"}})
    assert deployer.clock.now() == before
