"""Operations on topics and subscriptions, and what Publish refuses."""

from __future__ import annotations

import json

import pytest

from emulator.errors import UnsupportedOperation
from emulator.services.sns import SnsQuotas
from emulator.services.sns.errors import (
    BatchEntryIdsNotDistinctException,
    BatchRequestTooLongException,
    EmptyBatchRequestException,
    FilterPolicyLimitExceededException,
    InvalidBatchEntryIdException,
    InvalidParameterException,
    NotFoundException,
    ResourceNotFoundException,
    TooManyEntriesInBatchRequestException,
)

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def test_create_is_idempotent(sns):
    arn = sns.topic("orders")
    assert arn == "arn:aws:sns:us-east-1:000000000000:orders" == sns.topic("orders")
    assert sns.call("ListTopics") == {"Topics": [{"TopicArn": arn}]}
    sns.call("DeleteTopic", TopicArn=arn)
    sns.call("DeleteTopic", TopicArn=arn)
    with pytest.raises(NotFoundException):
        sns.call("GetTopicAttributes", TopicArn=arn)


@pytest.mark.parametrize("name", ["", "a b", "x" * 257])
def test_names_that_are_none(sns, name):
    with pytest.raises(InvalidParameterException):
        sns.topic(name)


def test_fifo_and_other_protocols_are_refused_by_name(sns):
    with pytest.raises(UnsupportedOperation, match="FIFO"):
        sns.topic("orders.fifo", FifoTopic="true")
    with pytest.raises(UnsupportedOperation, match="protocol email"):
        sns.call("Subscribe", TopicArn=sns.topic(), Protocol="email", Endpoint="a@example.com")


def test_topic_attributes(sns):
    topic = sns.topic(DisplayName="d")
    sns.subscribe(topic, FUNCTION)
    attributes = sns.call("GetTopicAttributes", TopicArn=topic)["Attributes"]
    assert (attributes["DisplayName"], attributes["SubscriptionsConfirmed"]) == ("d", "1")
    with pytest.raises(InvalidParameterException, match="AttributeName"):
        sns.call("SetTopicAttributes", TopicArn=topic, AttributeName="Nothing", AttributeValue="x")


def test_message_size_follows_the_topics_attribute(sns):
    topic = sns.topic()
    sns.call("Publish", TopicArn=topic, Message="x" * 262_144)
    with pytest.raises(InvalidParameterException, match="Message too long"):
        sns.call("Publish", TopicArn=topic, Message="x" * 262_145)
    sns.call("SetTopicAttributes", TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1048576")
    attributes = {"a": {"DataType": "String", "StringValue": "12345"}}
    sns.call("Publish", TopicArn=topic, Message="x" * (1_048_576 - 12), MessageAttributes=attributes)
    with pytest.raises(InvalidParameterException, match="Message too long"):
        sns.call("Publish", TopicArn=topic, Message="x" * (1_048_576 - 11), MessageAttributes=attributes)
    with pytest.raises(InvalidParameterException, match="MaximumMessageSize"):
        sns.call("SetTopicAttributes", TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1048577")


def test_large_messages_allow_few_subscriptions(make_sns):
    sns = make_sns(SnsQuotas(subscriptions_of_large_messages=1))
    topic = sns.topic(MaximumMessageSize="300000")
    sns.subscribe(topic, FUNCTION)
    with pytest.raises(InvalidParameterException, match="MaximumMessageSize"):
        sns.subscribe(topic, FUNCTION + "2")


@pytest.mark.parametrize(
    "params",
    [
        {"Message": ""},
        {"Message": "m", "Subject": ""},
        {"Message": "m", "Subject": "x" * 101},
        {"Message": "m", "Subject": "two\nlines"},
        {"Message": "m", "MessageStructure": "json"},
        {"Message": '{"sqs":"m"}', "MessageStructure": "json"},
        {"Message": "m", "MessageStructure": "xml"},
        {"Message": "m", "MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}},
        {"Message": "m", "MessageAttributes": {"a": {"DataType": "String"}}},
        {"Message": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "x"}}},
        {"Message": "m", "MessageAttributes": {"a": {"DataType": "String.Array", "StringValue": "x"}}},
        {"Message": "m", "MessageAttributes": {"aws.a": {"DataType": "String", "StringValue": "x"}}},
    ],
)
def test_messages_that_are_refused(sns, params):
    with pytest.raises(InvalidParameterException):
        sns.call("Publish", TopicArn=sns.topic(), **params)


def test_publish_to_nowhere(sns):
    with pytest.raises(NotFoundException):
        sns.call("Publish", TopicArn="arn:aws:sns:us-east-1:000000000000:nothing", Message="m")
    with pytest.raises(InvalidParameterException):
        sns.call("Publish", Message="m")
    with pytest.raises(UnsupportedOperation, match="PhoneNumber"):
        sns.call("Publish", PhoneNumber="+1", Message="m")


def test_subscription_attributes_can_be_read_and_set(sns):
    topic, queue = sns.topic(), sns.queue()
    arn = sns.subscribe(topic, queue, FilterPolicy='{"a":{"b":["x"]}}', FilterPolicyScope="MessageBody")
    assert sns.subscribe(topic, queue) == arn
    with pytest.raises(InvalidParameterException, match="different attributes"):
        sns.subscribe(topic, queue, FilterPolicyScope="MessageAttributes")
    shown = sns.call("GetSubscriptionAttributes", SubscriptionArn=arn)["Attributes"]
    assert (shown["FilterPolicyScope"], shown["PendingConfirmation"]) == ("MessageBody", "false")
    for body, count in (('{"a":{"b":"y"}}', 0), ('{"a":{"b":"x"}}', 1)):
        sns.call("Publish", TopicArn=topic, Message=body)
        assert len(sns.messages(queue)) == count
    sns.call("SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="{}")
    sns.call("Publish", TopicArn=topic, Message="anything")
    assert len(sns.messages(queue)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RawMessageDelivery", "maybe"),
        ("FilterPolicyScope", "Everything"),
        ("FilterPolicy", "no json"),
        ("RedrivePolicy", "{}"),
        ("Nothing", "x"),
    ],
)
def test_subscription_attributes_that_are_refused(sns, name, value):
    with pytest.raises(InvalidParameterException):
        sns.subscribe(sns.topic(), sns.queue(), **{name: value})


def test_filter_policies_per_topic(make_sns):
    sns = make_sns(SnsQuotas(filter_policies_per_topic=1))
    topic = sns.topic()
    sns.subscribe(topic, FUNCTION, FilterPolicy='{"a":["x"]}')
    with pytest.raises(FilterPolicyLimitExceededException):
        sns.subscribe(topic, FUNCTION + "2", FilterPolicy='{"a":["x"]}')


def test_lists_of_subscriptions(sns):
    first, second = sns.topic("a"), sns.topic("b")
    arns = [sns.subscribe(topic, FUNCTION) for topic in (first, second)]
    assert [one["SubscriptionArn"] for one in sns.call("ListSubscriptions")["Subscriptions"]] == arns
    [shape] = sns.call("ListSubscriptionsByTopic", TopicArn=second)["Subscriptions"]
    assert (shape["Protocol"], shape["Endpoint"]) == ("lambda", FUNCTION)


def test_lists_are_paged(make_sns):
    sns = make_sns(SnsQuotas(list_page=2))
    arns = [sns.topic(name) for name in "abc"]
    first = sns.call("ListTopics")
    rest = sns.call("ListTopics", NextToken=first["NextToken"])
    assert [one["TopicArn"] for one in first["Topics"] + rest["Topics"]] == arns


def test_tags(sns):
    topic = sns.topic()
    sns.call("TagResource", ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.call("UntagResource", ResourceArn=topic, TagKeys=["a"])
    assert sns.call("ListTagsForResource", ResourceArn=topic) == {"Tags": [{"Key": "b", "Value": "2"}]}
    with pytest.raises(ResourceNotFoundException):
        sns.call("ListTagsForResource", ResourceArn=topic + "x")


def test_batch_entries_succeed_and_fail_by_themselves(sns):
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue, RawMessageDelivery="true", FilterPolicy=json.dumps({"a": ["x"]}))
    attributes = {"a": {"DataType": "String", "StringValue": "x"}}
    entries = [
        {"Id": "1", "Message": "one", "MessageAttributes": attributes},
        {"Id": "2", "Message": ""},
        {"Id": "3", "Message": "filtered"},
    ]
    result = sns.call("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in result["Successful"]] == ["1", "3"]
    assert [(one["Id"], one["Code"]) for one in result["Failed"]] == [("2", "InvalidParameter")]
    assert [message["Body"] for message in sns.messages(queue)] == ["one"]


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([], EmptyBatchRequestException),
        ([{"Id": str(n), "Message": "m"} for n in range(11)], TooManyEntriesInBatchRequestException),
        ([{"Id": "a", "Message": "m"}] * 2, BatchEntryIdsNotDistinctException),
        ([{"Id": "a b", "Message": "m"}], InvalidBatchEntryIdException),
        ([{"Id": n, "Message": "x" * 131_073} for n in "ab"], BatchRequestTooLongException),
    ],
)
def test_batches_that_are_refused_whole(sns, entries, error):
    with pytest.raises(error):
        sns.call("PublishBatch", TopicArn=sns.topic(), PublishBatchRequestEntries=entries)
