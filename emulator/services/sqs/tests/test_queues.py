"""Operations on queues, and batches."""

from __future__ import annotations

import json

import pytest

from emulator.errors import UnsupportedOperation
from emulator.services.sqs.errors import (
    AccessDenied,
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidBatchEntryId,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    TooManyEntriesInBatchRequest,
)


def test_create_is_idempotent_for_the_same_attributes(sqs):
    url = sqs.queue("q", VisibilityTimeout="40")
    assert url == "http://127.0.0.1:4566/000000000000/q"
    assert sqs.queue("q") == sqs.queue("q", VisibilityTimeout="40") == url
    with pytest.raises(QueueNameExists, match="VisibilityTimeout"):
        sqs.queue("q", VisibilityTimeout="41")


@pytest.mark.parametrize("name", ["", "a b", "x" * 81, "a.b"])
def test_names_that_are_none(sqs, name):
    with pytest.raises(InvalidParameterValue):
        sqs.queue(name)


def test_fifo_is_refused_by_name(sqs):
    with pytest.raises(UnsupportedOperation, match="FIFO"):
        sqs.queue("orders.fifo", FifoQueue="true")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VisibilityTimeout", "43201"),
        ("DelaySeconds", "-1"),
        ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"),
        ("ReceiveMessageWaitTimeSeconds", "soon"),
        ("Policy", "[]"),
    ],
)
def test_attribute_values_out_of_range(sqs, name, value):
    with pytest.raises(InvalidAttributeValue, match=name):
        sqs.queue("q", **{name: value})


def test_attributes_can_be_read_and_set(sqs):
    url = sqs.queue("q")
    sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "3", "KmsMasterKeyId": "alias/k"})
    shown = sqs.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert shown["DelaySeconds"] == "3"
    assert shown["MaximumMessageSize"] == "1048576"
    assert shown["MessageRetentionPeriod"] == "345600"
    assert shown["QueueArn"] == sqs.arn(url)
    assert (shown["KmsMasterKeyId"], shown["SqsManagedSseEnabled"]) == ("alias/k", "false")
    assert sqs.call("GetQueueAttributes", QueueUrl=url) == {}
    for attributes in ({"QueueArn": "x"}, {"Nothing": "x"}):
        with pytest.raises(InvalidAttributeName):
            sqs.call("SetQueueAttributes", QueueUrl=url, Attributes=attributes)


def test_deleted_name_is_free_again_after_60_seconds(sqs):
    url = sqs.queue("q")
    sqs.call("DeleteQueue", QueueUrl=url)
    with pytest.raises(QueueDoesNotExist):
        sqs.call("GetQueueUrl", QueueName="q")
    sqs.advance(59.0)
    with pytest.raises(QueueDeletedRecently):
        sqs.queue("q")
    sqs.advance(1.0)
    assert sqs.queue("q") == url


def test_purge_removes_everything_once_a_minute(sqs):
    url = sqs.queue("q")
    sqs.send(url)
    sqs.send(url, DelaySeconds=1)
    sqs.receive(url)
    sqs.call("PurgeQueue", QueueUrl=url)
    assert sqs.counts(url) == (0, 0, 0)
    with pytest.raises(PurgeQueueInProgress):
        sqs.call("PurgeQueue", QueueUrl=url)
    sqs.advance(60.0)
    sqs.call("PurgeQueue", QueueUrl=url)


def test_list_queues_pages(sqs):
    urls = [sqs.queue(f"a{number}") for number in range(3)]
    sqs.queue("b")
    first = sqs.call("ListQueues", QueueNamePrefix="a", MaxResults=2)
    rest = sqs.call("ListQueues", QueueNamePrefix="a", MaxResults=2, NextToken=first["NextToken"])
    assert first["QueueUrls"] + rest["QueueUrls"] == urls
    assert "NextToken" not in rest


def test_tags(sqs):
    url = sqs.queue("q")
    sqs.call("TagQueue", QueueUrl=url, Tags={"a": "1", "b": "2"})
    sqs.call("UntagQueue", QueueUrl=url, TagKeys=["a"])
    assert sqs.call("ListQueueTags", QueueUrl=url) == {"Tags": {"b": "2"}}


def test_permissions_are_statements_of_the_policy(sqs):
    url = sqs.queue("q")
    permission = {"QueueUrl": url, "Label": "l", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}
    sqs.call("AddPermission", **permission)
    [statement] = policy_of(sqs, url)["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::111111111111:root"]}
    with pytest.raises(InvalidParameterValue):
        sqs.call("AddPermission", **permission)
    sqs.call("RemovePermission", QueueUrl=url, Label="l")
    assert sqs.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"]) == {}


def policy_of(sqs, url):
    attributes = sqs.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    return json.loads(attributes["Policy"])


# -- the policy and service principals -----------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


def statement(**more):
    return {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-east-1:000000000000:q",
        **more,
    }


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([statement()], True),
        ([statement(Principal="*")], True),
        ([statement(Principal={"AWS": "*"}, Action=["SQS:*"])], True),
        ([statement(Principal={"Service": "events.amazonaws.com"})], False),
        ([statement(Action="sqs:ReceiveMessage")], False),
        ([statement(Resource="arn:aws:sqs:us-east-1:000000000000:other")], False),
        ([statement(Condition={"ArnEquals": {"aws:SourceArn": TOPIC}})], True),
        ([statement(Condition={"ArnLike": {"aws:SourceArn": ["arn:aws:sns:*:*:u", "arn:aws:sns:*:*:t"]}})], True),
        ([statement(Condition={"StringEquals": {"AWS:SourceArn": TOPIC + "x"}})], False),
        ([statement(), statement(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": False}})], True),
        ([statement(), statement(Effect="Deny")], False),
    ],
)
def test_policy_decides_for_sns(sqs, statements, allowed):
    url = sqs.queue("q", Policy=json.dumps({"Statement": statements}))
    send = {"QueueUrl": url, "MessageBody": "b", "principal": "sns.amazonaws.com", "source_arn": TOPIC}
    if allowed:
        sqs.call("SendMessage", **send)
    else:
        with pytest.raises(AccessDenied, match="queue's policy"):
            sqs.call("SendMessage", **send)


def test_policy_that_is_not_understood_is_refused_by_name(sqs):
    url = sqs.queue(
        "q", Policy=json.dumps({"Statement": [statement(Condition={"IpAddress": {"aws:SourceIp": "10/8"}})]})
    )
    with pytest.raises(UnsupportedOperation, match="IpAddress"):
        sqs.call("SendMessage", QueueUrl=url, MessageBody="b", principal="sns.amazonaws.com")


# -- batches -----------------------------------------------------------------------------------------------------------------


def entries(*ids, **more):
    return [{"Id": name, "MessageBody": name, **more} for name in ids]


def test_entries_succeed_and_fail_by_themselves(sqs):
    url = sqs.queue("q")
    bad = {"Id": "bad", "MessageBody": "\x00"}
    result = sqs.call("SendMessageBatch", QueueUrl=url, Entries=[*entries("a", "b"), bad])
    assert [entry["Id"] for entry in result["Successful"]] == ["a", "b"]
    [failed] = result["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "InvalidMessageContents", True)
    messages = sqs.receive(url, MaxNumberOfMessages=10)
    handles = [{"Id": str(number), "ReceiptHandle": m["ReceiptHandle"]} for number, m in enumerate(messages)]
    changes = [{**handle, "VisibilityTimeout": 100} for handle in handles]
    changed = sqs.call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=changes)
    assert len(changed["Successful"]) == 2
    wrong = {"Id": "wrong", "ReceiptHandle": "x"}
    deleted = sqs.call("DeleteMessageBatch", QueueUrl=url, Entries=[*handles, wrong])
    assert [entry["Id"] for entry in deleted["Successful"]] == ["0", "1"]
    assert deleted["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert sqs.counts(url) == (0, 0, 0)


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        ([], EmptyBatchRequest),
        (entries(*(str(number) for number in range(11))), TooManyEntriesInBatchRequest),
        (entries("a", "a"), BatchEntryIdsNotDistinct),
        (entries("a b"), InvalidBatchEntryId),
        (entries("a", "b", MessageBody="x" * 524_289), BatchRequestTooLong),
    ],
)
def test_batches_that_are_refused_whole(sqs, batch, error):
    with pytest.raises(error):
        sqs.call("SendMessageBatch", QueueUrl=sqs.queue("q"), Entries=batch)
