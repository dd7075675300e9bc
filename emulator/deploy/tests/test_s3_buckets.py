"""Templates' buckets against the service itself: made, changed in place, refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.deploy.catalogue import CATALOGUE
from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import coerce, unsupported
from emulator.deploy.resource_type import HalfMade, Made, Request
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.operation import CallContext
from emulator.services.s3 import S3Service

BUCKET = CATALOGUE["AWS::S3::Bucket"]
DESTINATION = {"BucketArn": "arn:aws:s3:::reports", "Format": "CSV", "Prefix": "p"}


class Deployer:
    """Runs the bucket's provider on an engine with S3."""

    def __init__(self, region: str = "us-east-1") -> None:
        self.account = Account("http://127.0.0.1:4566", region=region)
        self.engine = Engine(VirtualClock())
        self.engine.register("s3", S3Service(self.account))

    def run(self, step: str, properties: dict[str, Any], previous: dict[str, Any] | None = None) -> Made:
        shaped = [coerce(BUCKET.shape, {"BucketName": "bucket", **given}, "") for given in (properties, previous or {})]
        request = Request(
            "Bucket",
            BUCKET.name,
            shaped[0],
            "stack",
            "id",
            self.account,
            physical_id="" if previous is None else "bucket",
            previous={} if previous is None else shaped[1],
        )
        outcome: list[tuple[Any, BaseException | None]] = []
        self.engine.spawn(step, getattr(BUCKET, step)(request), done=lambda *ended: outcome.append(ended))
        made: Made = self._ended(outcome)
        return made

    def call(self, name: str, **params: Any) -> Any:
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(self.engine.clock.now(), "r", principal="arn:aws:iam::000000000000:root")
        self.engine.call("s3", name, {"Bucket": "bucket", **params}, context, lambda *ended: outcome.append(ended))
        return self._ended(outcome)

    def _ended(self, outcome: list[tuple[Any, BaseException | None]]) -> Any:
        self.engine.run_ready()
        [(value, error)] = outcome
        if error is not None:
            raise error
        return value


@pytest.mark.parametrize(
    ("region", "host"), [("us-east-1", "s3-website-us-east-1"), ("eu-north-1", "s3-website.eu-north-1")]
)
def test_attributes_are_those_of_the_region(region: str, host: str) -> None:
    made = Deployer(region).run("create", {})
    assert made.physical_id == "bucket"
    assert made.attributes == {
        "Arn": "arn:aws:s3:::bucket",
        "DomainName": "bucket.s3.amazonaws.com",
        "DualStackDomainName": f"bucket.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"bucket.s3.{region}.amazonaws.com",
        "WebsiteURL": f"http://bucket.{host}.amazonaws.com",
    }


def test_configurations_with_ids_are_added_changed_and_taken_away_one_by_one() -> None:
    deployer = Deployer()
    before: dict[str, Any] = {
        "AnalyticsConfigurations": [
            {
                "Id": "a",
                "TagFilters": [{"Key": "k", "Value": "v"}],
                "StorageClassAnalysis": {"DataExport": {"Destination": DESTINATION, "OutputSchemaVersion": "V_1"}},
            }
        ],
        "InventoryConfigurations": [
            {
                "Id": name,
                "Enabled": "true",
                "Destination": DESTINATION,
                "IncludedObjectVersions": "All",
                "ScheduleFrequency": "Daily",
                "Prefix": "x",
            }
            for name in ("one", "two")
        ],
        "MetricsConfigurations": [{"Id": "m", "Prefix": "p", "TagFilters": [{"Key": "k", "Value": "v"}]}],
    }
    deployer.run("create", before)
    exported = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV", "Prefix": "p"}}
    assert deployer.call("ListBucketAnalyticsConfigurations")["AnalyticsConfigurationList"] == [
        {
            "Id": "a",
            "Filter": {"Tag": {"Key": "k", "Value": "v"}},
            "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": exported}},
        }
    ]
    assert deployer.call("GetBucketInventoryConfiguration", Id="two")["InventoryConfiguration"] == {
        "Id": "two",
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Filter": {"Prefix": "x"},
        "Destination": exported,
        "Schedule": {"Frequency": "Daily"},
    }
    [metrics] = deployer.call("ListBucketMetricsConfigurations")["MetricsConfigurationList"]
    assert metrics["Filter"] == {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}]}}
    weekly = {**before["InventoryConfigurations"][1], "ScheduleFrequency": "Weekly"}
    deployer.run("update", {"InventoryConfigurations": [weekly]}, before)
    [left] = deployer.call("ListBucketInventoryConfigurations")["InventoryConfigurationList"]
    assert (left["Id"], left["Schedule"]) == ("two", {"Frequency": "Weekly"})
    assert "MetricsConfigurationList" not in deployer.call("ListBucketMetricsConfigurations")


def test_a_lifecycle_in_old_and_new_words_is_what_the_api_calls_it() -> None:
    deployer = Deployer()
    rule = {
        "Status": "Enabled",
        "Id": "r",
        "ObjectSizeGreaterThan": "100",
        "ExpirationDate": "2030-01-02",
        "NoncurrentVersionExpirationInDays": 60,
        "Transition": {"StorageClass": "GLACIER", "TransitionDate": "2029-01-01T00:00:00.000Z"},
        "NoncurrentVersionTransition": {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
    }
    smallest = "varies_by_storage_class"
    deployer.run(
        "create", {"LifecycleConfiguration": {"Rules": [rule], "TransitionDefaultMinimumObjectSize": smallest}}
    )
    kept = deployer.call("GetBucketLifecycleConfiguration")
    assert kept["TransitionDefaultMinimumObjectSize"] == smallest
    assert kept["Rules"] == [
        {
            "ID": "r",
            "Status": "Enabled",
            "Filter": {"ObjectSizeGreaterThan": 100},
            "Expiration": {"Date": 1_893_542_400.0},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 60},
            "Transitions": [{"StorageClass": "GLACIER", "Date": 1_861_920_000.0}],
            "NoncurrentVersionTransitions": [{"StorageClass": "STANDARD_IA", "NoncurrentDays": 30}],
        }
    ]


def test_a_setting_that_leaves_the_template_leaves_the_bucket() -> None:
    deployer = Deployer()
    before: dict[str, Any] = {
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        "VersioningConfiguration": {"Status": "Enabled"},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    deployer.run("create", before)
    assert deployer.call("GetBucketNotificationConfiguration") == {"EventBridgeConfiguration": {}}
    deployer.run("update", {}, before)
    assert deployer.call("GetBucketNotificationConfiguration") == {}
    assert deployer.call("GetBucketVersioning")["Status"] == "Suspended"
    with pytest.raises(AwsError, match="TagSet"):
        deployer.call("GetBucketTagging")


def test_eventbridge_can_be_turned_off_by_name() -> None:
    deployer = Deployer()
    deployer.run("create", {"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": "false"}}})
    assert deployer.call("GetBucketNotificationConfiguration") == {}


def test_object_lock_comes_later_and_never_goes() -> None:
    deployer = Deployer()
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    deployer.run("create", versioned)
    locked = {**versioned, "ObjectLockEnabled": True}
    deployer.run("update", locked, versioned)
    assert deployer.call("GetObjectLockConfiguration")["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    with pytest.raises(ProvisioningError, match="cannot be disabled"):
        deployer.run("update", versioned, locked)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"AccessControl": "public-read"}, "AccessControl: public-read is not one of"),
        (
            {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationDate": "soon"}]}},
            "'soon' is not a date",
        ),
        ({"CorsConfiguration": {}}, r"required key \[CorsRules\] not found"),
        ({"MetricsConfigurations": [{"Prefix": "a"}]}, r"required key \[Id\] not found"),
        ({"NotificationConfiguration": {"QueueConfigurations": [{"Queue": "q"}]}}, r"required key \[Event\] not found"),
        ({"LoggingConfiguration": {"DestinationBucketName": "none"}}, "target bucket"),
    ],
)
def test_what_s3_does_not_take_fails_and_the_bucket_can_be_rolled_back(properties: dict[str, Any], reason: str) -> None:
    with pytest.raises(HalfMade, match=reason) as failed:
        Deployer().run("create", properties)
    assert failed.value.made.physical_id == "bucket"


def test_what_is_not_supported_is_named() -> None:
    given = {
        "ReplicationConfiguration": {"Role": "r"},
        "MetadataTableConfiguration": {},
        "NotificationConfiguration": {"QueueConfigurations": [{"Queue": "q", "Colour": 1}]},
    }
    assert sorted(unsupported(BUCKET.shape, given)) == [
        "MetadataTableConfiguration",
        "NotificationConfiguration.QueueConfigurations.Colour",
        "ReplicationConfiguration",
    ]
