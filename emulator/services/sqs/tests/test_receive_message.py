"""ReceiveMessage, DeleteMessage, ChangeMessageVisibility.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

from __future__ import annotations

import pytest

from emulator.services.sqs.errors import (
    InvalidParameterValue,
    MessageNotInflight,
    QueueDoesNotExist,
    ReceiptHandleIsInvalid,
)


def test_receive_hides_message_until_visibility_timeout(sqs):
    url = sqs.queue("q", VisibilityTimeout="10")
    sqs.send(url)
    [first] = sqs.receive(url, AttributeNames=["All"])
    assert sqs.receive(url) == []
    sqs.advance(10.0)
    [second] = sqs.receive(url, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert first["Attributes"]["ApproximateReceiveCount"] == "1"
    assert first["Attributes"]["SentTimestamp"] == "1000000000"
    assert second["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert first["ReceiptHandle"] != second["ReceiptHandle"]


def test_empty_receive_has_no_messages_member(sqs):
    assert sqs.call("ReceiveMessage", QueueUrl=sqs.queue("q")) == {}


def test_delete_by_the_latest_handle_also_after_its_visibility_ended(sqs):
    url = sqs.queue("q", VisibilityTimeout="10")
    sqs.send(url)
    [message] = sqs.receive(url)
    sqs.advance(11.0)
    sqs.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sqs.counts(url) == (0, 0, 0)
    assert sqs.receive(url) == []
    sqs.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_delete_by_an_older_handle_leaves_the_message(sqs):
    url = sqs.queue("q", VisibilityTimeout="1")
    sqs.send(url)
    [old] = sqs.receive(url)
    sqs.advance(1.0)
    sqs.receive(url)
    sqs.call("DeleteMessage", QueueUrl=url, ReceiptHandle=old["ReceiptHandle"])
    assert sqs.counts(url) == (0, 1, 0)


@pytest.mark.parametrize("handle", ["", "nonsense", "AQEBnonsense", "AQEBYSBi"])
def test_bad_handle(sqs, handle):
    with pytest.raises(ReceiptHandleIsInvalid):
        sqs.call("DeleteMessage", QueueUrl=sqs.queue("q"), ReceiptHandle=handle)


def test_handle_of_another_queue(sqs):
    url, other = sqs.queue("q"), sqs.queue("other")
    sqs.send(url)
    [message] = sqs.receive(url)
    with pytest.raises(ReceiptHandleIsInvalid):
        sqs.call("DeleteMessage", QueueUrl=other, ReceiptHandle=message["ReceiptHandle"])


def test_visibility_can_be_prolonged_and_ended(sqs):
    url = sqs.queue("q", VisibilityTimeout="10")
    sqs.send(url)
    [message] = sqs.receive(url)
    change = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.call("ChangeMessageVisibility", **change, VisibilityTimeout=100)
    sqs.advance(50.0)
    assert sqs.receive(url) == []
    sqs.call("ChangeMessageVisibility", **change, VisibilityTimeout=0)
    assert sqs.counts(url) == (1, 0, 0)
    with pytest.raises(MessageNotInflight):
        sqs.call("ChangeMessageVisibility", **change, VisibilityTimeout=5)
    assert len(sqs.receive(url)) == 1


def test_total_visibility_is_at_most_twelve_hours(sqs):
    url = sqs.queue("q", VisibilityTimeout="43200")
    sqs.send(url)
    [message] = sqs.receive(url)
    sqs.advance(1.0)
    with pytest.raises(InvalidParameterValue, match="beyond the limit"):
        sqs.call(
            "ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=43200
        )


def test_message_attribute_names_select(sqs):
    url = sqs.queue("q", VisibilityTimeout="0")
    value = {"DataType": "String", "StringValue": "v"}
    sqs.send(url, MessageAttributes={"a.x": value, "a.y": value, "b": value})
    for names, selected in ((["a.*"], {"a.x", "a.y"}), (["b", "no"], {"b"}), ([".*"], {"a.x", "a.y", "b"})):
        [message] = sqs.receive(url, MessageAttributeNames=names)
        assert message["MessageAttributes"].keys() == selected
    assert "MessageAttributes" not in sqs.receive(url)[0]


def test_trace_header_travels(sqs):
    url = sqs.queue("q")
    header = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}
    sqs.send(url, MessageSystemAttributes=header)
    [message] = sqs.receive(url, AttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-2-3"}


@pytest.mark.parametrize(
    "params",
    [{"MaxNumberOfMessages": 11}, {"MaxNumberOfMessages": 0}, {"WaitTimeSeconds": 21}, {"VisibilityTimeout": -1}],
)
def test_values_out_of_range(sqs, params):
    with pytest.raises(InvalidParameterValue):
        sqs.receive(sqs.queue("q"), **params)


# -- long polling ----------------------------------------------------------------------------------------------------


def test_long_poll_returns_with_the_first_message(sqs):
    url = sqs.queue("q")
    poll = sqs.start("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    sqs.advance(5.0)
    assert poll == []
    sqs.send(url)
    sqs.engine.run_ready()
    [(result, error)] = poll
    assert error is None
    assert len(result["Messages"]) == 1
    assert sqs.counts(url) == (0, 1, 0)


def test_long_poll_ends_empty_after_its_time(sqs):
    url = sqs.queue("q", ReceiveMessageWaitTimeSeconds="3")
    poll = sqs.start("ReceiveMessage", QueueUrl=url)
    sqs.advance(2.9)
    assert poll == []
    sqs.advance(0.2)
    assert poll == [({}, None)]


@pytest.mark.parametrize("when", ["before", "during"])
def test_long_poll_wakes_when_a_delay_ends(sqs, when):
    url = sqs.queue("q")
    if when == "before":
        sqs.send(url, DelaySeconds=7)
    poll = sqs.start("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    if when == "during":
        sqs.send(url, DelaySeconds=7)
    sqs.advance(6.9)
    assert poll == []
    sqs.advance(0.2)
    assert len(poll[0][0]["Messages"]) == 1


def test_long_poll_wakes_when_a_visibility_timeout_ends_that_began_later(sqs):
    url = sqs.queue("q")
    sqs.send(url)
    poll = []

    [message] = sqs.receive(url, VisibilityTimeout=100)
    poll = sqs.start("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    sqs.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=4)
    sqs.advance(4.0)
    assert len(poll[0][0]["Messages"]) == 1


def test_two_long_polls_share_one_message(sqs):
    url = sqs.queue("q")
    polls = [sqs.start("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20, VisibilityTimeout=2) for _ in range(2)]
    sqs.send(url)
    sqs.engine.run_ready()
    assert [len(poll) for poll in polls] == [1, 0]
    sqs.advance(2.0)
    assert len(polls[1][0][0]["Messages"]) == 1


def test_long_poll_of_a_deleted_queue_ends_with_an_error(sqs):
    url = sqs.queue("q")
    poll = sqs.start("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    sqs.call("DeleteQueue", QueueUrl=url)
    sqs.engine.run_ready()
    assert isinstance(poll[0][1], QueueDoesNotExist)
