"""Whatever the contract does not allow is refused with the field that is wrong, and leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.targets import Pipeline
from fixtures.facts import Stored
from fixtures.oracle import assert_persisted, send
from fixtures.payload import binary, text
from fixtures.request_body import meta_data, request_body

PAYLOAD = binary(10)
REQUIRED = ("sourceSystemID", "messageType", "sourceTransactionID", "dateTime")
WRONG_VALUES: tuple[Any, ...] = (None, 0, 1.5, True, False, "", [], {}, ["x"])
WRONG_DATES = (
    "yesterday",
    "2024-02-30T00:00:00Z",
    "2024-01-01",
    "2024-01-01T25:00:00",
    "29.02.2024 12:00",
    "1709251198",
)


def _meta_without(name: str) -> dict[str, Any]:
    return {key: value for key, value in meta_data().items() if key != name}


def _members(**members: Any) -> bytes:
    return json.dumps(members).encode()


BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "no body": (b"", "body"),
    "not JSON": (b"{messagePayload:", "body"),
    "a list": (b"[]", "body"),
    "a string": (b'"text"', "body"),
    "null": (b"null", "body"),
    "NaN": (b'{"messageMetaData":{},"messagePayload":NaN}', "body"),
    "text after the object": (request_body(PAYLOAD) + b"x", "body"),
    "no metadata": (_members(messagePayload="eA=="), "messageMetaData"),
    "no payload": (_members(messageMetaData=meta_data()), "messagePayload"),
    "empty payload": (_members(messageMetaData=meta_data(), messagePayload=""), "messagePayload"),
    "unknown member": (_members(messageMetaData=meta_data(), messagePayload="eA==", more=0), "more"),
    **{
        f"metadata is {value!r}": (_members(messageMetaData=value, messagePayload="eA=="), "messageMetaData")
        for value in (None, 0, "", "text", [], False)
    },
    **{
        f"{name} is missing": (request_body(PAYLOAD, _meta_without(name)), f"messageMetaData.{name}")
        for name in REQUIRED
    },
    **{
        f"{name} is {value!r}": (request_body(PAYLOAD, meta_data(**{name: value})), f"messageMetaData.{name}")
        for name in REQUIRED
        for value in WRONG_VALUES
    },
    **{
        f"dateTime is {value!r}": (request_body(PAYLOAD, meta_data(dateTime=value)), "messageMetaData.dateTime")
        for value in WRONG_DATES
    },
}


@pytest.mark.parametrize(("body", "field"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_malformed_request_is_refused_with_its_field(windtunnel: Pipeline, body: bytes, field: str) -> None:
    before = Stored.count(windtunnel)
    answer = windtunnel.post(body)
    assert answer.status == 400, answer.body
    assert json.loads(answer.body)["field"] == field
    assert json.loads(answer.body)["message"] != ""
    assert Stored.count(windtunnel) == before


@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"x-api-key": "wrong"}, {"Authorization": "x"}])
def test_request_without_a_valid_key_is_forbidden(windtunnel: Pipeline, headers: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html"""
    before = Stored.count(windtunnel)
    answer = windtunnel.post(request_body(PAYLOAD), headers={"Content-Type": "application/json", **headers})
    assert (answer.status, json.loads(answer.body)) == (403, {"message": "Forbidden"})
    assert Stored.count(windtunnel) == before


def test_string_that_is_no_base64_is_accepted_as_text(windtunnel: Pipeline) -> None:
    """Not refused: the contract takes any JSON, and a string is only normally base64."""
    for value in ("eA=", "eA==\n", "not base64", "-_-_"):
        payload = text(value)
        assert_persisted(send(windtunnel, payload), payload, meta_data())
