import json

import pytest
from hypothesis import given, settings

from fixtures.formats import broken_envelopes, envelopes
from loadtests.notices import notice_row

NOTICE = {
    "message": "Final state",
    "messageID": "id",
    "messageMetaData": {"sourceTransactionID": "key"},
    "state": {"S3": True, "metaData": False},
}


def envelope(notice: object, **attributes: object) -> str:
    stage = {"stage": {"Type": "String", "Value": "final"}}
    return json.dumps({"MessageId": "n", "Message": json.dumps(notice), "MessageAttributes": stage, **attributes})


def test_notice_is_read_out_of_its_sns_envelope() -> None:
    assert notice_row(envelope(NOTICE), 1.5) == {
        "at": 1.5,
        "stage": "final",
        "key": "key",
        "message_id": "id",
        "s3": True,
        "metadata": False,
        "notification": "n",
    }


@pytest.mark.parametrize("state", ["$.body.storageContext.persistence", None, {}, {"S3": "true", "metaData": 1}])
def test_flag_that_is_no_boolean_is_none(state: object) -> None:
    row = notice_row(envelope({**NOTICE, "state": state}), 0)
    assert row is not None
    assert (row["s3"], row["metadata"]) == (None, None)


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "3", '{"Message": "x"}', envelope(NOTICE, MessageAttributes=None), envelope([])]
)
def test_body_that_is_no_notice_is_none(body: str) -> None:
    assert notice_row(body, 0) is None


@settings(max_examples=50)
@given(envelopes())
def test_notice_of_the_pipeline_is_read(body: str) -> None:
    row = notice_row(body, 1.0)
    assert row is not None
    assert row["stage"] in ("started", "archived", "metadata", "final")
    assert isinstance(row["s3"], bool)


@settings(max_examples=50)
@given(broken_envelopes())
def test_anything_else_in_the_queue_is_no_notice_or_a_whole_one(body: str) -> None:
    """One broken notification must not end the collector, with all messages that it follows."""
    row = notice_row(body, 1.0)
    assert row is None or all(isinstance(row[name], str) for name in ("stage", "key", "message_id"))
