"""The request of the contract: what is taken as it is, and what is refused with the field that is wrong."""

import base64
import json
from typing import Any

import pytest
from audit_message.invalid_request import InvalidRequest
from audit_message.meta_data import MAX_BYTES, MAX_DEPTH
from audit_message.request import read_request
from hypothesis import given
from hypothesis import strategies as st

META_DATA = {
    "messageType": "invoice",
    "sourceSystemID": "billing",
    "sourceTransactionID": "4711",
    "dateTime": "2024-02-29T23:59:58Z",
}


def body_with(**meta_data: Any) -> str:
    return json.dumps({"messageMetaData": {**META_DATA, **meta_data}, "messagePayload": "aGVsbG8="})


def without(field: str) -> str:
    kept = {name: value for name, value in META_DATA.items() if name != field}
    return json.dumps({"messageMetaData": kept, "messagePayload": "aGVsbG8="})


def raw_payload(text: str) -> str:
    return f'{{"messageMetaData": {json.dumps(META_DATA)}, "messagePayload":{text}}}'


REFUSED = [
    ("no body", None, "body"),
    ("empty body", "", "body"),
    ("body that is parsed already", {"messageMetaData": META_DATA, "messagePayload": "aGVsbG8="}, "body"),
    ("text", "hello", "body"),
    ("array", "[1]", "body"),
    ("two objects", raw_payload("1") + "{}", "body"),
    ("cut off", raw_payload('"aGVs'), "body"),
    ("no comma", '{"messagePayload": 1 "messageMetaData": {}}', "body"),
    ("trailing comma", raw_payload("1,"), "body"),
    ("no colon", '{"messagePayload" 1}', "body"),
    ("name without quotes", "{messagePayload: 1}", "body"),
    ("NaN, which is no JSON", raw_payload("NaN"), "body"),
    ("Infinity inside, which is no JSON", raw_payload('{"a": [-Infinity]}'), "body"),
    ("control character in a string", raw_payload('"a\nb"'), "body"),
    ("byte order mark", "\ufeff" + raw_payload("1"), "body"),
    ("nested beyond the parser", raw_payload("[" * 200_000 + "]" * 200_000), "body"),
    ("payload named twice", raw_payload('1, "messagePayload": 2'), "body"),
    ("empty object", "{}", "messageMetaData"),
    ("no payload", json.dumps({"messageMetaData": META_DATA}), "messagePayload"),
    ("no metadata", json.dumps({"messagePayload": "aGVsbG8="}), "messageMetaData"),
    ("metadata is a list", json.dumps({"messageMetaData": [], "messagePayload": 1}), "messageMetaData"),
    ("metadata is null", json.dumps({"messageMetaData": None, "messagePayload": 1}), "messageMetaData"),
    ("field beside the two", raw_payload('1, "checksum": "x"'), "checksum"),
    ("empty payload", raw_payload('""'), "messagePayload"),
    ("half a surrogate pair in the payload", raw_payload(r'"\ud800"'), "messagePayload"),
    ("half a surrogate pair in the metadata", body_with(note="\ud800"), "messageMetaData"),
    *((f"no {name}", without(name), f"messageMetaData.{name}") for name in META_DATA),
    *((f"empty {name}", body_with(**{name: ""}), f"messageMetaData.{name}") for name in META_DATA),
    *((f"null {name}", body_with(**{name: None}), f"messageMetaData.{name}") for name in META_DATA),
    *((f"number as {name}", body_with(**{name: 1}), f"messageMetaData.{name}") for name in META_DATA),
    ("date without a time", body_with(dateTime="2024-02-29"), "messageMetaData.dateTime"),
    ("day that is none", body_with(dateTime="2023-02-29T00:00:00"), "messageMetaData.dateTime"),
    ("other order", body_with(dateTime="29.02.2024 10:00"), "messageMetaData.dateTime"),
    ("letter between date and time", body_with(dateTime="2024-02-29x10:00:00"), "messageMetaData.dateTime"),
    ("before the year 1 in UTC", body_with(dateTime="0001-01-01T00:00:00+01:00"), "messageMetaData.dateTime"),
    ("39 digits", body_with(amount=10**38 + 1), "messageMetaData.amount"),
    ("beyond DynamoDB", body_with(a={"b": [0, 1e200]}), "messageMetaData.a.b.1"),
    ("5,000 digits", body_with(a="@").replace('"@"', "1" * 5_000), "messageMetaData.a"),
    ("closer to zero than DynamoDB", body_with(amount=1e-200), "messageMetaData.amount"),
    ("beyond a double", body_with(a="@").replace('"@"', "1e400"), "messageMetaData.a"),
    ("field without a name", body_with(a={"": 1}), "messageMetaData.a"),
    ("too large", body_with(note="x" * MAX_BYTES), "messageMetaData"),
    ("too deep", body_with(a="@").replace('"@"', "[" * MAX_DEPTH + "]" * MAX_DEPTH), "messageMetaData"),
]


@pytest.mark.parametrize(("body", "field"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_malformed_input_is_refused_and_the_field_is_named(body: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_request({"body": body})
    assert refused.value.field == field
    assert refused.value.message


def test_an_event_without_a_body_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        read_request({})


def test_a_base64_encoded_body_is_decoded() -> None:
    encoded = base64.b64encode(body_with().encode()).decode()
    assert read_request({"body": encoded, "isBase64Encoded": True}).payload == b"aGVsbG8="


@pytest.mark.parametrize("body", ["%%%", base64.b64encode(b"\xff").decode()])
def test_a_base64_encoded_body_that_holds_no_text_is_refused(body: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_request({"body": body, "isBase64Encoded": True})
    assert refused.value.field == "body"


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "1.10",
        "1e400",
        "7" * 5_000,
        "null",
        "false",
        "{}",
        "[]",
        '{"b":1, "a" : 2,"b":3}',
        '{"x":"\\u00e9 \u00e9"}',
    ],
)
def test_a_payload_that_is_no_string_keeps_the_text_that_was_sent(text: str) -> None:
    request = read_request({"body": raw_payload(f" \n{text}\t")})
    assert (request.payload, request.payload_type) == (text.encode(), "json")


@pytest.mark.parametrize("text", ["aGVsbG8=", "plain", "\u00fc\U0001f600", '"', "true"])
def test_a_payload_that_is_a_string_is_its_own_text(text: str) -> None:
    request = read_request({"body": raw_payload(json.dumps(text))})
    assert (request.payload, request.payload_type) == (text.encode(), "string")


def test_metadata_keeps_every_field_as_it_is() -> None:
    extra = {"zero": 0, "empty": "", "no": False, "nothing": None, "deep": {"list": [1.5, -0.25, "\u00e9", {}, []]}}
    request = read_request({"body": body_with(**extra)})
    assert request.meta_data == {**META_DATA, **extra}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(payload=JSON_VALUES, spaces=st.sampled_from([None, 2]), first=st.booleans())
def test_any_json_payload_comes_out_as_it_was_written(payload: Any, spaces: int | None, first: bool) -> None:
    members = {"messagePayload": payload, "messageMetaData": META_DATA}
    if not first:
        members = dict(reversed(members.items()))
    body = json.dumps(members, indent=spaces)
    if payload == "":
        return
    request = read_request({"body": body})
    if isinstance(payload, str):
        assert request.payload == payload.encode()
    else:
        assert json.loads(request.payload) == payload
        assert request.payload.decode() in body


@given(st.text(max_size=60) | st.text(alphabet='{}[]":,\\ 01eE.-truefalsn\n', max_size=60))
def test_whatever_the_body_is_it_is_a_request_or_refused(body: str) -> None:
    with pytest.raises(InvalidRequest):
        read_request({"body": body})
