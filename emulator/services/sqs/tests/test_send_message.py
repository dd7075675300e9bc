"""SendMessage. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""

from __future__ import annotations

import pytest

from emulator.services.sqs import SqsQuotas
from emulator.services.sqs.errors import InvalidMessageContents, InvalidParameterValue, QueueDoesNotExist


def test_result_has_id_and_digests(sqs):
    """The digest of attributes is the one that AWS's page and SDKs compute."""
    url = sqs.queue("q")
    attributes = {
        "tv": {"DataType": "String", "StringValue": "sony"},
        "n": {"DataType": "Number", "StringValue": "1"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    result = sqs.send(url, "This is a test message", MessageAttributes=attributes)
    assert result["MD5OfMessageBody"] == "fafb00f5732ab283681e124bf8747ed1"
    [message] = sqs.receive(url, MessageAttributeNames=["All"])
    assert message["MessageId"] == result["MessageId"]
    assert message["MD5OfMessageAttributes"] == result["MD5OfMessageAttributes"]
    assert message["MessageAttributes"] == attributes


def test_digest_of_one_string_attribute_by_hand(sqs):
    import hashlib
    import struct

    parts = (b"name", b"String", b"\x01", b"value")
    raw = b"".join(part if part == b"\x01" else struct.pack(">I", len(part)) + part for part in parts)
    result = sqs.send(sqs.queue("q"), MessageAttributes={"name": {"DataType": "String", "StringValue": "value"}})
    assert result["MD5OfMessageAttributes"] == hashlib.md5(raw).hexdigest()


def test_body_and_attributes_up_to_the_limit_and_not_a_byte_more(sqs):
    url = sqs.queue("q", MaximumMessageSize="1024")
    attributes = {"a": {"DataType": "String", "StringValue": "é"}}
    sqs.send(url, "x" * (1024 - 9), MessageAttributes=attributes)
    with pytest.raises(InvalidParameterValue, match="Message must be shorter than 1024 bytes"):
        sqs.send(url, "x" * (1024 - 8), MessageAttributes=attributes)


def test_default_limit_is_one_mebibyte(sqs):
    url = sqs.queue("q")
    sqs.send(url, "x" * 1_048_576)
    with pytest.raises(InvalidParameterValue, match="shorter than 1048576 bytes"):
        sqs.send(url, "x" * 1_048_577)


@pytest.mark.parametrize("body", ["a\x00b", "\x0b", "\ufffe", "\ud800"])
def test_characters_that_sqs_does_not_carry(sqs, body):
    with pytest.raises(InvalidMessageContents):
        sqs.send(sqs.queue("q"), body)


@pytest.mark.parametrize("body", ["tab\tline\n", "\x7f", "\ue000", "\U0010ffff", "ü"])
def test_characters_that_sqs_carries(sqs, body):
    url = sqs.queue("q")
    sqs.send(url, body)
    assert sqs.receive(url)[0]["Body"] == body


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("aws.x", {"DataType": "String", "StringValue": "v"}),
        ("a..b", {"DataType": "String", "StringValue": "v"}),
        (".a", {"DataType": "String", "StringValue": "v"}),
        ("a", {"DataType": "Text", "StringValue": "v"}),
        ("a", {"DataType": "String", "StringValue": ""}),
        ("a", {"DataType": "Number", "StringValue": "one"}),
        ("a", {"DataType": "Binary", "StringValue": "v"}),
    ],
)
def test_attributes_that_are_none(sqs, name, attribute):
    with pytest.raises(InvalidParameterValue):
        sqs.send(sqs.queue("q"), MessageAttributes={name: attribute})


def test_delay_hides_a_message(sqs):
    url = sqs.queue("q")
    sqs.send(url, DelaySeconds=5)
    assert sqs.counts(url) == (0, 0, 1)
    sqs.advance(4.9)
    assert sqs.receive(url) == []
    sqs.advance(0.1)
    assert len(sqs.receive(url)) == 1
    with pytest.raises(InvalidParameterValue, match="DelaySeconds"):
        sqs.send(url, DelaySeconds=901)


def test_queue_delay_applies_unless_the_message_has_its_own(sqs):
    url = sqs.queue("q", DelaySeconds="5")
    sqs.send(url)
    sqs.send(url, DelaySeconds=0)
    assert sqs.counts(url) == (1, 0, 1)


def test_unknown_queue(sqs):
    with pytest.raises(QueueDoesNotExist) as caught:
        sqs.send("http://127.0.0.1:4566/000000000000/nothing")
    assert caught.value.query_code == "AWS.SimpleQueueService.NonExistentQueue"


def test_old_messages_are_gone_after_the_retention_period(sqs):
    url = sqs.queue("q", MessageRetentionPeriod="60")
    sqs.send(url, "old")
    sqs.advance(30.0)
    sqs.send(url, "new")
    sqs.advance(30.0)
    assert sqs.counts(url) == (1, 0, 0)
    assert [message["Body"] for message in sqs.receive(url, MaxNumberOfMessages=10)] == ["new"]


def test_in_flight_limit_is_over_limit(make_sqs):
    from emulator.services.sqs.errors import OverLimit

    sqs = make_sqs(SqsQuotas(in_flight_messages=2))
    url = sqs.queue("q")
    for _ in range(3):
        sqs.send(url)
    assert len(sqs.receive(url, MaxNumberOfMessages=10)) == 2
    with pytest.raises(OverLimit):
        sqs.receive(url)
