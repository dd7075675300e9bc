"""What S3 tells EventBridge, and how it gets from a bucket to a rule's queue.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.operation import CallContext
from emulator.services.events import EventsService
from emulator.services.s3 import S3Service
from emulator.services.s3.tests.wire_driver import START, Recorder

QUEUE = "arn:aws:sqs:us-east-1:000000000000:told"
DAY = 86_400.0


class Bridged:
    """S3 and EventBridge, with a rule for all of S3's events and a recorder in place of its queue."""

    def __init__(self, pattern: dict[str, Any] | None = None) -> None:
        self.clock = VirtualClock(START)
        self.engine = Engine(self.clock)
        account = Account("http://127.0.0.1:4566")
        self.queue = Recorder("sqs")
        for name, service in (("s3", S3Service(account)), ("events", EventsService(account)), ("sqs", self.queue)):
            self.engine.register(name, service)
        self.call("CreateBucket", Bucket="bucket")
        self.call(
            "PutBucketNotificationConfiguration",
            Bucket="bucket",
            NotificationConfiguration={"EventBridgeConfiguration": {}},
        )
        wanted = json.dumps({"source": ["aws.s3"], **(pattern or {})})
        self.call("PutRule", service="events", Name="rule", EventPattern=wanted)
        self.call("PutTargets", service="events", Rule="rule", Targets=[{"Id": "queue", "Arn": QUEUE}])

    def call(self, name: str, /, *, service: str = "s3", **params: Any) -> Any:
        outcome: list[tuple[Any, BaseException | None]] = []
        principal = "arn:aws:iam::000000000000:root"
        context = CallContext(
            self.clock.now(), "11111111-2222-4333-8444-555555555555", principal=principal, source_ip="192.0.2.7"
        )
        self.engine.call(service, name, params, context, lambda *ended: outcome.append(ended))
        self.settle()
        [(result, error)] = outcome
        if error is not None:
            raise error
        return result

    def settle(self) -> None:
        self.engine.release_background(0.0)
        while self.engine.has_ready:
            self.engine.run_ready()
            self.engine.release_background(0.0)

    def advance(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while (due := self.engine.timers.next_deadline()) is not None and due <= end:
            self.clock.move_to(due)
            self.engine.fire_due()
            self.settle()
        self.clock.move_to(end)

    def told(self) -> list[dict[str, Any]]:
        """The events that came since the last look."""
        found = [json.loads(params["MessageBody"]) for _, params, _ in self.queue.calls]
        self.queue.calls.clear()
        return found


@pytest.fixture
def s3() -> Bridged:
    return Bridged()


def test_an_event_goes_from_the_bucket_over_the_default_bus_to_a_rules_queue(s3: Bridged) -> None:
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    put = s3.call("PutObject", Bucket="bucket", Key="a b+ü", Body=b"body")
    [event] = s3.told()
    assert int(event["detail"]["object"].pop("sequencer"), 16) > 0
    assert len(event.pop("id")) == 36
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::bucket"],
        "detail": {
            "version": "0",
            "bucket": {"name": "bucket"},
            "object": {"key": "a b+ü", "size": 4, "etag": put["ETag"].strip('"'), "version-id": put["VersionId"]},
            "request-id": "1111111122224333",
            "requester": "000000000000",
            "source-ip-address": "192.0.2.7",
            "reason": "PutObject",
        },
    }


def test_each_kind_of_event_has_its_members(s3: Bridged) -> None:
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"body", StorageClass="GLACIER")
    s3.call("PutObjectTagging", Bucket="bucket", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.call("DeleteObjectTagging", Bucket="bucket", Key="k")
    s3.call("RestoreObject", Bucket="bucket", Key="k", RestoreRequest={"Days": 1})
    s3.advance(10 * DAY)
    s3.call("DeleteObject", Bucket="bucket", Key="k")
    s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.call("DeleteObject", Bucket="bucket", Key="k")
    events = s3.told()
    assert [(event["detail-type"], event["detail"].get("reason")) for event in events] == [
        ("Object Created", "PutObject"),
        ("Object Tags Added", None),
        ("Object Tags Deleted", None),
        ("Object Restore Initiated", None),
        ("Object Restore Completed", None),
        ("Object Restore Expired", None),
        ("Object Deleted", "DeleteObject"),
        ("Object Deleted", "DeleteObject"),
    ]
    common = {"version", "bucket", "object", "request-id", "requester"}
    by_request = common | {"source-ip-address"}
    members = [set(event["detail"]) for event in events]
    assert members == [
        by_request | {"reason"},
        by_request,
        by_request,
        by_request | {"source-storage-class"},
        common | {"source-storage-class", "restore-expiry-time"},
        common,
        by_request | {"reason", "deletion-type"},
        by_request | {"reason", "deletion-type"},
    ]
    objects = [sorted(event["detail"]["object"]) for event in events]
    assert objects == [
        ["etag", "key", "sequencer", "size"],
        ["etag", "key"],
        ["etag", "key"],
        *([["etag", "key", "size"]] * 3),
        ["key", "sequencer"],
        ["etag", "key", "sequencer", "version-id"],
    ]
    assert [event["detail"]["requester"] for event in events[3:6]] == ["000000000000", *["s3.amazonaws.com"] * 2]
    assert events[4]["detail"]["source-storage-class"] == "GLACIER"
    kinds = [event["detail"]["deletion-type"] for event in events[6:]]
    assert kinds == ["Permanently Deleted", "Delete Marker Created"]


def test_what_a_lifecycle_deletes_is_told_without_an_address(s3: Bridged) -> None:
    rule = {"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.call("PutBucketLifecycleConfiguration", Bucket="bucket", LifecycleConfiguration={"Rules": [rule]})
    for key in ("a", "b"):
        s3.call("PutObject", Bucket="bucket", Key=key, Body=b"body")
    s3.told()
    s3.advance(3 * DAY)
    event, other = s3.told()
    assert [told["detail"]["object"]["key"] for told in (event, other)] == ["a", "b"]
    s3.call("PutObject", Bucket="bucket", Key="later", Body=b"body")
    s3.advance(3 * DAY)
    assert [told["detail-type"] for told in s3.told()] == ["Object Created", "Object Deleted"]
    detail = event["detail"]
    assert (event["detail-type"], detail["reason"], detail["requester"], detail["deletion-type"]) == (
        "Object Deleted",
        "Lifecycle Expiration",
        "s3.amazonaws.com",
        "Permanently Deleted",
    )
    assert "source-ip-address" not in detail


def test_a_rule_chooses_by_bucket_and_key() -> None:
    detail = {"bucket": {"name": ["bucket"]}, "object": {"key": [{"prefix": "in/"}], "size": [{"numeric": [">", 2]}]}}
    s3 = Bridged({"detail-type": ["Object Created"], "detail": detail})
    for key, body in (("in/a", b"abc"), ("in/b", b"ab"), ("out/a", b"abc")):
        s3.call("PutObject", Bucket="bucket", Key=key, Body=body)
    s3.call("DeleteObject", Bucket="bucket", Key="in/a")
    assert [event["detail"]["object"]["key"] for event in s3.told()] == ["in/a"]


def test_a_bucket_without_the_configuration_tells_nothing(s3: Bridged) -> None:
    s3.call("PutBucketNotificationConfiguration", Bucket="bucket", NotificationConfiguration={})
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"body")
    assert s3.told() == []
