"""Subscribers: they can filter by stage, and they hear the truth even when everything is delivered twice and out of
order.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

from emulator.targets import Pipeline
from emulator.targets.eventually import eventually
from emulator.targets.subscriber import Subscriber
from fixtures.oracle import STAGES, assert_persisted, send
from fixtures.payload import binary
from fixtures.request_body import meta_data


def _topic_may_send(topic_arn: str, queue_arn: str) -> str:
    """Without such a policy nothing arrives:
    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_subscriber_that_filters_by_stage_gets_that_stage_alone(windtunnel: Pipeline) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html"""
    target = windtunnel.target
    sqs, sns = target.client("sqs"), target.client("sns")
    url = sqs.create_queue(QueueName="final-only")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = target.output("NotificationTopicArn")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _topic_may_send(topic, arn)})
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"FilterPolicy": '{"stage": ["final"]}'},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    try:
        payload = binary(100)
        message = send(windtunnel, payload)
        assert_persisted(message, payload, meta_data())
        filtered = Subscriber(target, url)
        assert eventually(lambda: len(filtered.notifications(str(message.message_id))) > 0, "10s")
        assert [one.stage for one in filtered.notifications(str(message.message_id))] == ["final"]
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def test_many_messages_arrive_exactly_once_under_the_worst_delivery_that_aws_allows(
    windtunnel_fresh: Callable[..., Pipeline],
) -> None:
    """Duplicates and any order on topic and queue: one object and one item each, and every stage is heard."""
    pipeline = windtunnel_fresh(delivery="contract")
    seeds = itertools.count()
    # The policy repeats one delivery in twenty: in one round of twelve messages out of ten none is, which proves nothing.
    for count in (12, 24, 36, 48, 60, 72):
        sent = [(send(pipeline, payload), payload) for payload in (binary(2000, next(seeds)) for _ in range(12))]
        for message, payload in sent:
            assert_persisted(message, payload, meta_data(), within="60s")
            assert {one.stage for one in message.notifications()} == set(STAGES)
        if pipeline.subscriber.deliveries > count * len(STAGES):
            return
    raise AssertionError("the policy has repeated nothing: it proves nothing")
