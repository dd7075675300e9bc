"""Every size from one byte to the largest that Lambda's request limit leaves arrives byte for byte."""

from __future__ import annotations

import pytest

from emulator.targets import Pipeline
from fixtures.facts import Stored
from fixtures.largest import body_of_length, largest_accepted
from fixtures.oracle import assert_persisted, send
from fixtures.payload import Payload, binary, json_text, text
from fixtures.request_body import meta_data

KIB = 1024
MIB = 1024 * KIB

SIZES = {
    "1 B": 1,
    "2 B": 2,
    "3 B": 3,
    "256 KiB - 1": 256 * KIB - 1,
    "256 KiB": 256 * KIB,
    "256 KiB + 1": 256 * KIB + 1,
    "1 MiB": MIB,
    "4 MB": 4_000_000,
}


@pytest.mark.parametrize("size_bytes", SIZES.values(), ids=SIZES.keys())
def test_binary_payload_arrives_byte_for_byte(windtunnel: Pipeline, size_bytes: int) -> None:
    payload = binary(size_bytes)
    assert_persisted(send(windtunnel, payload), payload, meta_data())


OTHER_PAYLOADS = {
    "text": text("no base64: \u00e4\u20ac\U0001f600"),
    "text of one letter": text("a"),
    "object, spaces and digits kept": json_text('{ "amount" : 1.10, "big": 1e400, "a": 0, "a": "" }'),
    "zero": json_text("0"),
    "false": json_text("false"),
    "null": json_text("null"),
    "empty object": json_text("{}"),
    "empty list": json_text("[ ]"),
}


@pytest.mark.parametrize("payload", OTHER_PAYLOADS.values(), ids=OTHER_PAYLOADS.keys())
def test_payload_that_is_no_base64_is_archived_as_it_was_written(windtunnel: Pipeline, payload: Payload) -> None:
    assert_persisted(send(windtunnel, payload), payload, meta_data())


def test_largest_accepted_body_arrives_and_one_byte_more_is_refused(windtunnel: Pipeline) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB for the whole synchronous
    request.
    """
    length = largest_accepted(windtunnel)
    assert 6_291_456 - 16_384 < length < 6_291_456
    body, payload = body_of_length(length)
    message = send(windtunnel, payload)
    assert len(body) == length
    assert_persisted(message, payload, meta_data(), within="30s")
    before = Stored.count(windtunnel)
    answer = windtunnel.post(body_of_length(length + 1)[0])
    assert answer.status == 413
    assert Stored.count(windtunnel) == before


def test_body_above_the_limit_of_the_api_is_refused_with_413(windtunnel: Pipeline) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html: 10 MB."""
    before = Stored.count(windtunnel)
    assert windtunnel.post(body_of_length(10 * MIB + 1)[0]).status == 413
    assert Stored.count(windtunnel) == before
