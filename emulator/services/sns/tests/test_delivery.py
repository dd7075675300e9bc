"""What subscribers get, and what happens when they do not.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import json
from itertools import islice, pairwise

import pytest

from emulator.errors import AwsError
from emulator.services.sns import SnsQuotas
from emulator.services.sns.delivery import retry_delays

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
ATTRIBUTES = {
    "stage": {"DataType": "String", "StringValue": "final"},
    "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
}


def test_queue_gets_the_envelope(sns):
    topic, queue = sns.topic(), sns.queue()
    subscription = sns.subscribe(topic, queue)
    published = sns.call("Publish", TopicArn=topic, Message="hi", Subject="s", MessageAttributes=ATTRIBUTES)
    [message] = sns.messages(queue)
    assert message["Body"].startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    envelope = json.loads(message["Body"])
    assert len(envelope.pop("Signature")) == 344
    assert envelope == {
        "Type": "Notification",
        "MessageId": published["MessageId"],
        "TopicArn": topic,
        "Subject": "s",
        "Message": "hi",
        "Timestamp": "2026-01-01T12:00:00.123Z",
        "SignatureVersion": "1",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem",
        "UnsubscribeURL": f"http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn={subscription}",
        "MessageAttributes": {
            "stage": {"Type": "String", "Value": "final"},
            "raw": {"Type": "Binary", "Value": "AAE="},
        },
    }
    assert "MessageAttributes" not in message
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-2-3"


def test_raw_delivery_sends_the_message_and_its_attributes(sns):
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue, RawMessageDelivery="true")
    sns.call("Publish", TopicArn=topic, Message="hi", MessageAttributes=ATTRIBUTES)
    [message] = sns.messages(queue)
    assert (message["Body"], message["MessageAttributes"]) == ("hi", ATTRIBUTES)


def test_function_gets_one_record(sns):
    topic = sns.topic()
    subscription = sns.subscribe(topic, FUNCTION)
    published = sns.call("Publish", TopicArn=topic, Message="hi")
    [event] = sns.function.events
    [record] = event["Records"]
    details = record.pop("Sns")
    assert record == {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription}
    assert details.pop("Signature")
    assert details.pop("SigningCertUrl")
    assert details.pop("UnsubscribeUrl").endswith(subscription)
    assert details == {
        "Type": "Notification",
        "MessageId": published["MessageId"],
        "TopicArn": topic,
        "Subject": None,
        "Message": "hi",
        "Timestamp": "2026-01-01T12:00:00.123Z",
        "SignatureVersion": "1",
        "MessageAttributes": {},
    }


def test_message_structure_json_has_a_text_per_protocol(sns):
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue, RawMessageDelivery="true")
    sns.subscribe(topic, FUNCTION)
    message = json.dumps({"default": "for all", "sqs": "for queues"})
    sns.call("Publish", TopicArn=topic, Message=message, MessageStructure="json")
    assert sns.messages(queue)[0]["Body"] == "for queues"
    assert sns.function.events[0]["Records"][0]["Sns"]["Message"] == "for all"


def test_queue_whose_policy_does_not_let_sns_in_gets_nothing_and_the_journal_says_so(sns):
    topic, queue = sns.topic(), sns.queue(open_to_sns=False)
    subscription = sns.subscribe(topic, queue)
    sns.call("Publish", TopicArn=topic, Message="hi")
    sns.advance(3600.0)
    assert sns.messages(queue) == []
    [entry] = sns.failures()
    assert (entry.resource, entry.outcome, entry.detail["attempts"]) == (subscription, "AccessDenied", 1)
    assert "policy" in entry.detail["error"]


def test_client_error_goes_to_the_dead_letter_queue_at_once(sns):
    topic, dead = sns.topic(), sns.queue("dead")
    sns.subscribe(topic, FUNCTION, RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}))
    sns.function.errors = [AwsError.named("ResourceNotFoundException", "Function not found", status=404)]
    sns.call("Publish", TopicArn=topic, Message="hi")
    [message] = sns.messages(dead)
    assert json.loads(message["Body"])["Message"] == "hi"
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "ResourceNotFoundException"
    assert sns.failures()[0].detail["attempts"] == 1


@pytest.mark.parametrize("status", [500, 429])
def test_server_error_and_throttle_are_retried(sns, status):
    topic = sns.topic()
    sns.subscribe(topic, FUNCTION)
    sns.function.errors = [AwsError.named("ServiceException", "later", status=status) for _ in range(5)]
    start = sns.clock.now()
    sns.call("Publish", TopicArn=topic, Message="hi")
    sns.advance(60.0)
    assert [round(time - start, 3) for time in sns.function.attempts] == [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]
    assert len(sns.function.events) == 1
    assert sns.failures() == []


def test_retries_end_in_the_dead_letter_queue(make_sns):
    sns = make_sns(SnsQuotas(immediate_retries=1, pre_backoff_retries=0, backoff_retries=0, post_backoff_retries=1))
    topic, dead = sns.topic(), sns.queue("dead")
    sns.subscribe(topic, FUNCTION, RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}))
    sns.function.errors = [AwsError.named("ServiceException", "down", status=500) for _ in range(3)]
    sns.call("Publish", TopicArn=topic, Message="hi")
    assert sns.messages(dead) == []
    sns.advance(20.0)
    assert len(sns.messages(dead)) == 1
    assert sns.failures()[0].detail["attempts"] == 3


def test_delays_are_those_of_aws_managed_endpoints():
    """3 without delay, 2 after 1 s, 10 from 1 to 20 s, 100,000 after 20 s: 23 days together."""
    quotas = SnsQuotas()
    delays = list(retry_delays(quotas))
    assert len(delays) == 100_015
    assert delays[:6] == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert list(islice(delays, 14, 17)) == [20.0, 20.0, 20.0]
    assert all(before <= after for before, after in pairwise(delays))
    assert 23.0 < sum(delays) / 86_400 < 23.5


def test_subscriber_is_chosen_when_the_message_is_published(sns):
    topic, queue = sns.topic(), sns.queue()
    subscription = sns.subscribe(topic, queue)
    sns.call("Unsubscribe", SubscriptionArn=subscription)
    sns.call("Publish", TopicArn=topic, Message="hi")
    assert sns.messages(queue) == []
