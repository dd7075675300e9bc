"""The failure function: an object that can be ingested again, and a pointer to it."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from audit_message.salvage import Salvage
from botocore.exceptions import ClientError

from system.audit_ingest.tests.doubles import RecordingClient, aws_error

RECORD: dict[str, Any] = {
    "failureID": "f-1",
    "failedAt": "2024-03-01T00:00:00.000Z",
    "exception": {"type": "ConnectionError", "message": "gone"},
    "event": {"body": '{"a": "\u00e9"}', "isBase64Encoded": False, "headers": {}, "requestContext": {}},
}
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/ingest-dlq"


@pytest.fixture
def app(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("ingest_failure")


def test_the_record_is_written_and_the_queue_points_to_it(app: ModuleType) -> None:
    s3, sqs = RecordingClient("s3"), RecordingClient("sqs")
    answer = app.save(Salvage(s3, sqs, "failed", QUEUE_URL), RECORD)
    assert answer == {"failureID": "f-1", "key": "f-1.json", "pointerSent": True}
    written = s3.only_call("put_object")
    assert (written["Bucket"], written["Key"]) == ("failed", "f-1.json")
    assert json.loads(written["Body"]) == RECORD
    sent = sqs.only_call("send_message")
    assert sent["QueueUrl"] == QUEUE_URL
    assert json.loads(sent["MessageBody"]) == {
        "message": "A message could not be ingested",
        "failureID": "f-1",
        "bucket": "failed",
        "key": "f-1.json",
        "exception": RECORD["exception"],
    }


def test_a_record_that_cannot_be_written_is_an_error_and_has_no_pointer(app: ModuleType) -> None:
    s3, sqs = RecordingClient("s3", put_object=aws_error("SlowDown")), RecordingClient("sqs")
    with pytest.raises(ClientError):
        app.save(Salvage(s3, sqs, "failed", QUEUE_URL), RECORD)
    assert sqs.calls == []


def test_a_pointer_that_cannot_be_sent_is_reported(app: ModuleType) -> None:
    s3, sqs = RecordingClient("s3"), RecordingClient("sqs", send_message=aws_error("AccessDenied"))
    assert app.save(Salvage(s3, sqs, "failed", QUEUE_URL), RECORD)["pointerSent"] is False


def test_the_function_answers_before_ingest_gives_up_on_it(app: ModuleType, load: Callable[[str], ModuleType]) -> None:
    needed = app.OBJECT_BUDGET.worst_seconds + app.POINTER_BUDGET.worst_seconds
    load("ingest_message")
    import salvage_path

    assert needed < salvage_path.INVOKE_BUDGET.read_seconds
