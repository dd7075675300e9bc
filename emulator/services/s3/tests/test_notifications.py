"""Event notifications. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.s3.tests.wire_driver import WireDriver

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
CREATED = ["s3:ObjectCreated:*"]


@pytest.fixture
def s3() -> WireDriver:
    driver = WireDriver()
    driver.call("CreateBucket", Bucket="bucket")
    return driver


def configure(s3: WireDriver, *, bucket: str = "bucket", **configuration: Any) -> None:
    s3.call("PutBucketNotificationConfiguration", Bucket=bucket, NotificationConfiguration=configuration)
    for recorder in s3.recorders.values():
        recorder.calls.clear()


def queue(events: list[str] = CREATED, prefix: str = "", suffix: str = "", **more: Any) -> dict[str, Any]:
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    return {"QueueArn": QUEUE, "Events": events, "Filter": {"Key": {"FilterRules": rules}}, **more}


def records(s3: WireDriver) -> list[dict[str, Any]]:
    return [
        record for _, params, _ in s3.recorders["sqs"].calls for record in json.loads(params["MessageBody"])["Records"]
    ]


def test_a_record_is_complete(s3: WireDriver) -> None:
    configure(s3, QueueConfigurations=[queue(Id="mine")])
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    put = s3.call("PutObject", Bucket="bucket", Key="dir/a b+ü", Body=b"body")
    [(_, _, context)] = s3.recorders["sqs"].calls
    assert (context.principal, context.source_arn) == ("s3.amazonaws.com", "arn:aws:s3:::bucket")
    [record] = records(s3)
    described = record["s3"].pop("object")
    assert int(described.pop("sequencer"), 16) > 0
    assert described == {
        "key": "dir/a+b%2B%C3%BC",
        "size": 4,
        "eTag": put["ETag"].strip('"'),
        "versionId": put["VersionId"],
    }
    identity = record["s3"]["bucket"].pop("ownerIdentity")["principalId"]
    assert identity
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:000000000000"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": record["responseElements"],
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "mine",
            "bucket": {"name": "bucket", "arn": "arn:aws:s3:::bucket"},
        },
    }
    assert sorted(record["responseElements"]) == ["x-amz-id-2", "x-amz-request-id"]


def test_events_are_told_as_they_happen_with_a_growing_sequencer(s3: WireDriver) -> None:
    configure(s3, QueueConfigurations=[queue(["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"])])
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"1")
    s3.call("CopyObject", Bucket="bucket", Key="copy", CopySource="bucket/k")
    s3.call("PutObjectTagging", Bucket="bucket", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.call("DeleteObject", Bucket="bucket", Key="k")
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.call("DeleteObject", Bucket="bucket", Key="copy")
    found = records(s3)
    assert [record["eventName"] for record in found] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectTagging:Put",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
    ]
    assert found[2]["eventVersion"] == "2.3"
    assert "sequencer" not in found[2]["s3"]["object"]
    assert sorted(found[3]["s3"]["object"]) == ["key", "sequencer"]
    sequencers = [record["s3"]["object"]["sequencer"] for record in found if "sequencer" in record["s3"]["object"]]
    assert sequencers == sorted(set(sequencers))
    assert len({len(sequencer) for sequencer in sequencers}) == 1


@pytest.mark.parametrize(
    ("key", "told"), [("in/a.jpg", True), ("in/a.png", False), ("a.jpg", False), ("in/.jpg", True), ("in/a.JPG", False)]
)
def test_a_filter_takes_keys_by_prefix_and_suffix(s3: WireDriver, key: str, told: bool) -> None:
    configure(s3, QueueConfigurations=[queue(prefix="in/", suffix=".jpg")])
    s3.call("PutObject", Bucket="bucket", Key=key, Body=b"")
    assert bool(records(s3)) is told


def test_topics_functions_and_eventbridge_are_told_too(s3: WireDriver) -> None:
    configure(
        s3,
        TopicConfigurations=[{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:Put"]}],
        LambdaFunctionConfigurations=[{"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectRemoved:*"]}],
        EventBridgeConfiguration={},
    )
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"")
    s3.call("DeleteObject", Bucket="bucket", Key="k")
    [(name, published, _)] = s3.recorders["sns"].calls
    assert (name, published["Subject"]) == ("Publish", "Amazon S3 Notification")
    assert json.loads(published["Message"])["Records"][0]["eventName"] == "ObjectCreated:Put"
    [(name, invoked, _)] = s3.recorders["lambda"].calls
    assert (name, invoked["FunctionName"], invoked["InvocationType"]) == ("Invoke", FUNCTION, "Event")
    assert json.loads(invoked["Payload"])["Records"][0]["eventName"] == "ObjectRemoved:Delete"
    events = [params["Entries"][0] for _, params, _ in s3.recorders["events"].calls]
    assert [event["DetailType"] for event in events] == ["Object Created", "Object Deleted"]
    assert json.loads(events[1]["Detail"])["deletion-type"] == "Permanently Deleted"
    assert events[0]["Source"] == "aws.s3"


def test_a_new_target_gets_a_test_event_and_must_take_it(s3: WireDriver) -> None:
    configuration = {
        "QueueConfigurations": [queue()],
        "TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectRemoved:*"]}],
    }
    s3.recorders["sqs"].refusals.append(AwsError.named("AWS.SimpleQueueService.NonExistentQueue", "none"))
    s3.recorders["sns"].refusals.append(AwsError.named("AuthorizationError", "no", status=403))
    error = s3.refused("PutBucketNotificationConfiguration", Bucket="bucket", NotificationConfiguration=configuration)
    assert (error.code, error.message) == (
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    )
    assert error.fields == {
        "ArgumentName1": TOPIC,
        "ArgumentValue1": "Permissions on the destination topic do not allow S3 to publish notifications from this bucket",
        "ArgumentName2": QUEUE,
        "ArgumentValue2": "The destination queue does not exist",
    }
    assert s3.call("GetBucketNotificationConfiguration", Bucket="bucket") == {}
    s3.recorders["sqs"].calls.clear()
    s3.call("PutBucketNotificationConfiguration", Bucket="bucket", NotificationConfiguration=configuration)
    [(_, params, _)] = s3.recorders["sqs"].calls
    told = json.loads(params["MessageBody"])
    assert (told["Service"], told["Event"], told["Bucket"]) == ("Amazon S3", "s3:TestEvent", "bucket")


def test_the_configuration_is_told_with_ids_and_capital_filter_names(s3: WireDriver) -> None:
    configure(s3, QueueConfigurations=[queue(prefix="a")])
    [told] = s3.call("GetBucketNotificationConfiguration", Bucket="bucket")["QueueConfigurations"]
    assert told.pop("Id")
    assert told == {
        "QueueArn": QUEUE,
        "Events": CREATED,
        "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "a"}]}},
    }
    configure(s3)
    assert s3.call("GetBucketNotificationConfiguration", Bucket="bucket") == {}


@pytest.mark.parametrize(
    ("rows", "argument"),
    [
        ([queue(QueueArn="odd")], "Queue"),
        ([queue(QueueArn=TOPIC)], "Queue"),
        ([queue(["s3:Odd"])], "Event"),
        ([{**queue(), "Filter": {"Key": {"FilterRules": [{"Name": "middle", "Value": "x"}]}}}], "FilterRule.Name"),
        ([queue(), queue(["s3:ObjectCreated:Put"])], "Configurations"),
        ([queue(prefix="a"), queue(prefix="ab")], "Configurations"),
    ],
)
def test_a_configuration_that_cannot_be_understood_is_refused(s3: WireDriver, rows: Any, argument: str) -> None:
    configuration = {"QueueConfigurations": rows}
    error = s3.refused(
        "PutBucketNotificationConfiguration",
        Bucket="bucket",
        NotificationConfiguration=configuration,
        SkipDestinationValidation=True,
    )
    assert (error.code, error.fields["ArgumentName"]) == ("InvalidArgument", argument)


def test_a_target_that_fails_is_tried_again_and_one_that_refuses_is_not(s3: WireDriver) -> None:
    configure(s3, QueueConfigurations=[queue()])
    s3.recorders["sqs"].refusals += [
        AwsError.named("InternalError", "", status=500),
        AwsError.named("Throttled", "", status=429),
    ]
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"")
    assert len(s3.recorders["sqs"].calls) == 1
    s3.advance(60.0)
    assert len(s3.recorders["sqs"].calls) == 3
    s3.recorders["sqs"].refusals.append(AwsError.named("AccessDenied", "", status=403))
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"")
    s3.advance(60.0)
    assert len(s3.recorders["sqs"].calls) == 4
    [entry] = [entry for entry in s3.engine.journal.entries() if entry.kind == "delivery_failed"]
    assert (entry.resource, entry.outcome) == (QUEUE, "AccessDenied")
