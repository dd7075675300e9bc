"""Metadata survives the way through Step Functions, SNS and DynamoDB: nothing is lost, rounded or turned into
something else.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.targets import Pipeline
from fixtures.oracle import assert_persisted, send
from fixtures.payload import Payload, binary
from fixtures.request_body import meta_data
from fixtures.strategies import json_values, payloads

# One pipeline takes the messages of all examples, as it does in life.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

VALUES: dict[str, Any] = {
    "zero": 0,
    "empty text": "",
    "false": False,
    "null": None,
    "empty list": [],
    "empty object": {},
    "nested falsy": {"a": [0, "", False, None, {"b": []}]},
    "fraction": 0.1,
    "negative": -12.5,
    "38 digits": 12345678901234567890123456789012345678,
    "beyond 2**53": 9007199254740993,
    "non-ASCII": "\u00e4\u20ac\u65e5\u672c\U0001f600",
    "looks like a path": "$.storageContext",
    "looks like an intrinsic": "States.Format('{}', $.x)",
    "quotes and backslashes": '"\\\n\t\u0001</x>&amp;',
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_value_survives(windtunnel: Pipeline, value: Any) -> None:
    meta, payload = meta_data(custom=value), binary(20)
    assert_persisted(send(windtunnel, payload, meta), payload, meta)


@settings(SHARED, max_examples=15)
@given(custom=json_values(), payload=payloads())
def test_any_allowed_message_survives(windtunnel: Pipeline, custom: Any, payload: Payload) -> None:
    meta = meta_data(custom=custom)
    assert_persisted(send(windtunnel, payload, meta), payload, meta)


@settings(SHARED, max_examples=5)
@given(name=st.sampled_from(["$", "a.b", "messageID", "Message.$", "\u00e4", " ", "__proto__"]), value=json_values())
def test_any_name_of_a_field_survives(windtunnel: Pipeline, name: str, value: Any) -> None:
    meta, payload = meta_data(**{name: value}), binary(5)
    assert_persisted(send(windtunnel, payload, meta), payload, meta)
