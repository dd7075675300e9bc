"""Re-driving salvaged messages: what is accepted leaves the bucket, everything else stays."""

import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from system.audit_ingest import redrive
from system.audit_ingest.redrive import Redrive
from system.audit_ingest.tests.doubles import RecordingClient, invocation


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="failed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def salvage(s3: Any, failure_id: str) -> str:
    record = {"failureID": failure_id, "exception": {}, "event": {"body": f'{{"é": "{failure_id}"}}', "headers": {}}}
    s3.put_object(Bucket="failed", Key=f"{failure_id}.json", Body=json.dumps(record))
    return f"{failure_id}.json"


def left(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket="failed").get("Contents", [])]


def response(status: int, **body: Any) -> Any:
    return lambda _: invocation({"statusCode": status, "body": json.dumps(body)})


def test_an_accepted_message_takes_the_normal_path_under_its_own_id(s3: Any) -> None:
    key = salvage(s3, "f-1")
    lambda_ = RecordingClient("lambda", invoke=response(200, messageID="f-1"))
    outcome = Redrive(s3, lambda_, None, "failed", "ingest").one(key)
    assert (outcome.accepted, outcome.detail) == (True, "f-1")
    call = lambda_.only_call("invoke")
    assert call["FunctionName"] == "ingest"
    assert json.loads(call["Payload"]) == {
        "body": '{"é": "f-1"}',
        "headers": {},
        "redrive": {"messageID": "f-1"},
    }
    assert left(s3) == []


@pytest.mark.parametrize(
    "answer",
    [
        response(503, message="later", salvaged=True),
        response(400, message="no"),
        lambda _: invocation({"errorMessage": "timed out"}, "Unhandled"),
    ],
    ids=["fails again", "refused", "function error"],
)
def test_a_message_that_is_not_accepted_stays(s3: Any, answer: Any) -> None:
    key = salvage(s3, "f-1")
    outcome = Redrive(s3, RecordingClient("lambda", invoke=answer), None, "failed", "ingest").one(key)
    assert outcome.accepted is False
    assert left(s3) == [key]


def test_all_goes_through_the_bucket(s3: Any) -> None:
    keys = [salvage(s3, f"f-{number}") for number in range(3)]
    lambda_ = RecordingClient("lambda", invoke=response(200, messageID="x"))
    outcomes = list(Redrive(s3, lambda_, None, "failed", "ingest").all())
    assert [outcome.key for outcome in outcomes] == keys
    assert left(s3) == []


def test_the_queue_loses_the_pointers_of_what_is_settled_and_no_other(s3: Any) -> None:
    salvage(s3, "f-1")
    salvage(s3, "f-2")
    sqs = boto3.client("sqs")
    queue_url = sqs.create_queue(QueueName="dlq")["QueueUrl"]
    for failure_id in ("f-1", "f-2", "gone"):
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps({"key": f"{failure_id}.json"}))

    def ingest(call: dict[str, Any]) -> dict[str, Any]:
        accepted = json.loads(call["Payload"])["redrive"]["messageID"] == "f-1"
        body = {"statusCode": 200 if accepted else 503, "body": json.dumps({"messageID": "f-1"})}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(body).encode())}

    lambda_ = RecordingClient("lambda", invoke=ingest)
    outcomes = list(Redrive(s3, lambda_, sqs, "failed", "ingest", wait_seconds=0).queue(queue_url))
    assert {outcome.key: outcome.accepted for outcome in outcomes} == {
        "f-1.json": True,
        "f-2.json": False,
        "gone.json": True,
    }
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert attributes["ApproximateNumberOfMessages"] == "0"


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_command_tells_a_script_whether_everything_was_accepted(
    s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, code: int
) -> None:
    salvage(s3, "f-1")
    lambda_ = RecordingClient("lambda", invoke=response(status, messageID="f-1"))
    monkeypatch.setattr("boto3.client", lambda service: lambda_ if service == "lambda" else s3)
    assert redrive.main(["--bucket", "failed", "--function", "ingest", "--all"]) == code
    assert "f-1.json" in capsys.readouterr().out


def test_the_command_wants_to_know_which_messages() -> None:
    with pytest.raises(SystemExit) as refused:
        redrive.main(["--bucket", "failed", "--function", "ingest"])
    assert refused.value.code == 2
