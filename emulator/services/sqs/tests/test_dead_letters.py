"""Redrive to a dead-letter queue, and back.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import json

import pytest

from emulator.services.sqs.errors import InvalidParameterValue, ResourceNotFoundException


@pytest.fixture
def pair(sqs):
    dead = sqs.queue("dead")
    policy = {"deadLetterTargetArn": sqs.arn(dead), "maxReceiveCount": "2"}
    return sqs.queue("q", RedrivePolicy=json.dumps(policy), VisibilityTimeout="1"), dead


def fail(sqs, url):
    """Receive a message twice without deleting it."""
    for _ in range(2):
        assert len(sqs.receive(url)) == 1
        sqs.advance(1.0)


def test_message_moves_at_the_receive_after_the_last_allowed_one(sqs, pair):
    url, dead = pair
    sent = sqs.send(url, "poison")
    fail(sqs, url)
    assert sqs.receive(url) == []
    [message] = sqs.receive(dead, AttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "poison")
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == sqs.arn(url)
    assert message["Attributes"]["SentTimestamp"] == "1000000000"
    assert sqs.counts(url) == (0, 0, 0)


def test_redrive_wakes_a_poll_of_the_dead_letter_queue(sqs, pair):
    url, dead = pair
    sqs.send(url)
    fail(sqs, url)
    poll = sqs.start("ReceiveMessage", QueueUrl=dead, WaitTimeSeconds=20)
    sqs.receive(url)
    sqs.engine.run_ready()
    assert len(poll[0][0]["Messages"]) == 1


def test_list_dead_letter_source_queues(sqs, pair):
    url, dead = pair
    assert sqs.call("ListDeadLetterSourceQueues", QueueUrl=dead) == {"queueUrls": [url]}


def test_move_task_brings_messages_back(sqs, pair):
    url, dead = pair
    sqs.send(url)
    fail(sqs, url)
    sqs.receive(url)
    sqs.call("StartMessageMoveTask", SourceArn=sqs.arn(dead))
    sqs.engine.run_ready()
    [task] = sqs.call("ListMessageMoveTasks", SourceArn=sqs.arn(dead))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert len(sqs.receive(url)) == 1


def test_move_task_keeps_to_its_rate_and_can_be_cancelled(sqs, pair):
    _, dead = pair
    other = sqs.queue("other")
    for _ in range(5):
        sqs.send(dead)
    started = sqs.call(
        "StartMessageMoveTask", SourceArn=sqs.arn(dead), DestinationArn=sqs.arn(other), MaxNumberOfMessagesPerSecond=2
    )
    sqs.engine.run_ready()
    assert sqs.counts(other) == (2, 0, 0)
    sqs.advance(1.0)
    assert sqs.counts(other) == (4, 0, 0)
    sqs.call("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])
    sqs.advance(5.0)
    assert sqs.counts(other) == (4, 0, 0)
    assert sqs.counts(dead) == (1, 0, 0)
    assert sqs.call("ListMessageMoveTasks", SourceArn=sqs.arn(dead))["Results"][0]["Status"] == "CANCELLED"


def test_move_task_needs_a_dead_letter_queue(sqs, pair):
    url, _ = pair
    with pytest.raises(InvalidParameterValue, match="Dead Letter Queue"):
        sqs.call("StartMessageMoveTask", SourceArn=sqs.arn(url))
    with pytest.raises(ResourceNotFoundException):
        sqs.call("StartMessageMoveTask", SourceArn=sqs.arn(url) + "x")


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:nothing", "maxReceiveCount": 1},
        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"},
        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1001},
        {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:dead", "maxReceiveCount": 1},
    ],
)
def test_redrive_policy_that_is_none(sqs, pair, policy):
    with pytest.raises(InvalidParameterValue):
        sqs.queue("new", RedrivePolicy=json.dumps(policy))


def test_redrive_allow_policy_refuses_a_source(sqs):
    dead = sqs.queue("dead", RedriveAllowPolicy=json.dumps({"redrivePermission": "denyAll"}))
    with pytest.raises(InvalidParameterValue, match="RedriveAllowPolicy"):
        sqs.queue("q", RedrivePolicy=json.dumps({"deadLetterTargetArn": sqs.arn(dead), "maxReceiveCount": 1}))
