import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.bodies import BodyTemplate, key_in_payload
from loadtests.clock import iso_milliseconds
from loadtests.failures import UsageError
from loadtests.plan import is_key, message_key, probe_key

MOMENT = iso_milliseconds(1_795_000_000.123)


@settings(max_examples=60, deadline=None)
@given(st.integers(400, 70_000), st.integers(0, 9_999_999), st.integers(0, 2**31))
def test_body_has_its_exact_size_and_the_digest_is_that_of_its_payload(size: int, index: int, seed: int) -> None:
    key = message_key("20261122-102030-beef", index)
    template = BodyTemplate(size, len(key), seed)
    body = template.body(key, MOMENT)
    assert len(body) == size
    message = json.loads(body)
    payload = base64.b64decode(message["messagePayload"], validate=True)
    assert len(payload) == template.payload_bytes
    assert hashlib.sha256(payload).hexdigest() == template.payload_sha256(key)
    assert key_in_payload(payload) == key
    assert message["messageMetaData"]["sourceTransactionID"] == key
    assert message["messageMetaData"]["dateTime"] == MOMENT


def test_every_message_has_its_own_payload() -> None:
    template = BodyTemplate(1000, len(message_key("run", 0)), 1)
    assert len({template.payload_sha256(message_key("run", index)) for index in range(100)}) == 100


def test_same_seed_gives_the_same_body_and_another_seed_another() -> None:
    key = message_key("run", 1)
    bodies = [BodyTemplate(5000, len(key), seed).body(key, MOMENT) for seed in (1, 1, 2)]
    assert bodies[0] == bodies[1] != bodies[2]


def test_payload_does_not_compress() -> None:
    import zlib

    key = message_key("run", 1)
    payload = base64.b64decode(json.loads(BodyTemplate(100_000, len(key), 1).body(key, MOMENT))["messagePayload"])
    assert len(zlib.compress(payload)) > 0.99 * len(payload)


def test_size_below_the_envelope_is_refused_with_the_smallest_one() -> None:
    key = message_key("run", 1)
    with pytest.raises(UsageError, match=r"the smallest has (\d+)") as refusal:
        BodyTemplate(100, len(key), 1)
    smallest = int(str(refusal.value).rsplit(" ", 1)[1])
    assert len(BodyTemplate(smallest, len(key), 1).body(key, MOMENT)) == smallest


def test_key_of_another_length_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="bytes"):
        BodyTemplate(1000, 5, 1).body("four", MOMENT)


def test_probe_keys_are_as_long_as_message_keys_and_never_equal_one() -> None:
    assert len(probe_key("run", 3)) == len(message_key("run", 3))
    assert probe_key("run", 3) != message_key("run", 3)
    assert is_key(probe_key("run", 3))
    assert is_key(message_key("run", 3))
    assert not is_key("run-3")
    assert not is_key("\ufffdx")
