"""Messages of every format through the functions that read them: what is good is taken whole, what is broken is refused in words."""

import hashlib
import json
import types
from decimal import Decimal
from typing import Any

import pytest
from audit_message.archive import Archive
from audit_message.internal_message import archive_key_of, primary_key_of
from audit_message.invalid_request import InvalidRequest
from audit_message.meta_data_table import to_item
from audit_message.payload import decode_payload
from audit_message.request import read_request
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.breakages import BREAKAGES
from fixtures.formats import broken, drafts, internal_messages, items, redis_values
from fixtures.incoming import Draft, build
from fixtures.strategies import json_values


@given(drafts(boundaries=("metadata", "levels", "digits")))
def test_request_is_taken_whole_up_to_the_limit_and_refused_above(draft: Draft) -> None:
    incoming = build(draft, "t-1")
    if incoming.refused_field is not None:
        with pytest.raises(InvalidRequest) as refused:
            read_request({"body": incoming.body.decode()})
        assert refused.value.field == incoming.refused_field
        return
    request = read_request({"body": incoming.body.decode()})
    assert decode_payload(request.payload, request.payload_type)[0] == incoming.payload.expected
    assert request.meta_data == json.loads(json.dumps(incoming.meta))


@given(st.sampled_from([*BREAKAGES]), drafts())
def test_broken_request_is_refused_with_its_field(name: str, draft: Draft) -> None:
    body, field = BREAKAGES[name](build(draft, "t-1").meta, build(draft, "t-1").payload)
    with pytest.raises(InvalidRequest) as refused:
        read_request({"body": body.decode()})
    assert refused.value.field == field


@settings(max_examples=60)
@given(broken(drafts().map(lambda draft: json.loads(build(Draft(extra=draft.extra), "t-1").body))))
def test_request_with_anything_anywhere_is_taken_or_refused_and_nothing_else(value: Any) -> None:
    try:
        read_request({"body": json.dumps(value)})
    except InvalidRequest as refused:
        assert refused.message
        assert refused.field


@given(st.text() | json_values().map(json.dumps))
def test_any_text_is_refused_or_taken(text: str) -> None:
    try:
        read_request({"body": text})
    except InvalidRequest as refused:
        assert refused.field


@given(redis_values())
def test_value_in_redis_becomes_the_bytes_of_the_archive(held: tuple[bytes, str, bytes]) -> None:
    received, kind, expected = held
    body, content_type = decode_payload(received, kind)
    assert body == expected
    assert content_type


@given(items())
def test_item_is_the_internal_message_again(item: dict[str, Any]) -> None:
    stored = to_item(item)
    deserializer = TypeDeserializer()
    assert set(stored) == set(item)
    assert deserializer.deserialize(stored["timestampValue"]) == Decimal(item["timestampValue"])
    assert deserializer.deserialize(stored["messageID"]) == item["messageID"]


@given(internal_messages())
def test_keys_come_from_the_internal_message_alone(message: dict[str, Any]) -> None:
    key, primary = archive_key_of(message), primary_key_of(message)
    assert key.endswith("/" + message["messageID"])
    assert key.count("/") == 6
    assert primary["messageID"] == message["messageID"]
    assert archive_key_of(json.loads(json.dumps(message))) == key


class _S3:
    """Keeps what is put, once for each key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.exceptions = types.SimpleNamespace()

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        self.objects.setdefault(parameters["Key"], parameters["Body"])
        return {}


@given(redis_values(), internal_messages())
def test_object_in_the_archive_has_the_digest_that_was_received(
    held: tuple[bytes, str, bytes], message: dict[str, Any]
) -> None:
    received, kind, expected = held
    s3 = _S3()
    Archive(s3, "archive").write(archive_key_of(message), *decode_payload(received, kind))
    ((key, body),) = s3.objects.items()
    assert key == archive_key_of(message)
    assert hashlib.sha256(body).digest() == hashlib.sha256(expected).digest()
