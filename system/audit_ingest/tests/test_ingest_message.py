"""The ingest function: what the caller hears, and what is stored when it hears it."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import fakeredis
import pytest
from audit_message.payload_store import PayloadStore
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from valkey.exceptions import ConnectionError as ValkeyConnectionError
from valkey.exceptions import ResponseError

from system.audit_ingest.tests.doubles import RecordingClient, aws_error, invocation

NOW = datetime(2024, 3, 1, tzinfo=UTC)
Load = Callable[[str], ModuleType]


class BrokenRedis:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def set(self, *_arguments: Any, **_options: Any) -> None:
        raise self._error


class World:
    """The ingest function among doubles of what it talks to."""

    def __init__(self, app: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.redis: Any = fakeredis.FakeStrictRedis()
        self.states = RecordingClient("stepfunctions", describe_execution=aws_error("ExecutionDoesNotExist"))
        self.lambda_ = RecordingClient("lambda", invoke=invocation({"failureID": "x", "key": "x.json"}))
        self.s3 = RecordingClient("s3")
        self.sqs = RecordingClient("sqs")
        self._app = app
        clients = {"lambda": self.lambda_, "s3": self.s3, "sqs": self.sqs}
        monkeypatch.setattr("salvage_path.aws_client", lambda service, _budget: clients[service])

    def ingest(self, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        handler = self._app.Ingest(
            payloads=PayloadStore(self.redis, "redis.example", 6379),
            states=self.states,
            state_machine_arn="arn:aws:states:eu-west-1:123456789012:stateMachine:ingest",
            payload_ttl_seconds=7200,
            salvage_path=self._app.SalvagePath("ingest-failure", "failed", "https://sqs/ingest-dlq"),
        )
        response = handler(event, NOW)
        assert set(response) == {"statusCode", "headers", "isBase64Encoded", "body"}
        return response["statusCode"], json.loads(response["body"])

    def salvage_by_function(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.lambda_.only_call("invoke")["Payload"])
        return record

    def stored_anything(self) -> bool:
        return bool(self.redis.keys() or self.states.calls or self.lambda_.calls or self.s3.calls or self.sqs.calls)


@pytest.fixture
def world(load: Load, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(load("ingest_message"), monkeypatch)


def test_a_receipt_means_that_the_payload_is_in_redis_and_the_workflow_has_started(
    world: World, event: dict[str, Any], meta_data: dict[str, Any]
) -> None:
    status, body = world.ingest(event)
    assert (status, list(body)) == (200, ["messageID"])
    message_id = body["messageID"]
    assert uuid.UUID(message_id).version == 4
    assert world.redis.get(message_id) == b"aGVsbG8="
    assert world.redis.ttl(message_id) == 7200
    started = world.states.only_call("start_execution")
    assert started["name"] == message_id
    assert json.loads(started["input"]) == {
        "messageID": message_id,
        "messageMetaData": meta_data,
        "messageSecurityContext": {
            "principalId": None,
            "apiKeyId": "key-id",
            "sourceIp": "203.0.113.7",
            "userAgent": "curl/8",
            "headers": {"content-type": "application/json", "x-forwarded-for": "203.0.113.7"},
            "receivedAt": "2023-11-14T22:13:20.123Z",
            "requestId": "request-1",
            "payload": {"sha256": hashlib.sha256(b"aGVsbG8=").hexdigest(), "sizeBytes": 8, "type": "string"},
        },
        "storageContext": {
            "redisReference": {"server": "redis.example", "port": 6379, "key": message_id},
            "S3Reference": {"bucket": None, "key": None},
            "metaDataReference": {"dynamoDbTableName": None, "primaryKey": None},
            "persistence": {"S3": False, "metaData": False},
        },
    }


def test_the_payload_is_in_redis_before_the_workflow_starts(world: World, event: dict[str, Any]) -> None:
    seen: list[bytes] = []

    def start_execution(call: dict[str, Any]) -> dict[str, Any]:
        seen.append(world.redis.get(call["name"]))
        return {}

    world.states.answers["start_execution"] = start_execution
    world.ingest(event)
    assert seen == [b"aGVsbG8="]


def test_a_six_megabyte_payload_never_enters_the_workflow(world: World, event: dict[str, Any]) -> None:
    payload = base64.b64encode(bytes(range(256)) * 17_000).decode()
    body = json.loads(event["body"])
    event["body"] = json.dumps({**body, "messagePayload": payload})
    assert len(event["body"]) > 5_800_000
    status, answer = world.ingest(event)
    assert status == 200
    assert world.redis.get(answer["messageID"]) == payload.encode()
    assert len(world.states.only_call("start_execution")["input"]) < 2_000


def test_the_largest_metadata_fits_the_workflow_with_room_for_its_envelope(
    world: World, event: dict[str, Any], meta_data: dict[str, Any]
) -> None:
    note = '"' * 16_000
    event["body"] = json.dumps({"messageMetaData": {**meta_data, "note": note}, "messagePayload": 1})
    assert world.ingest(event)[0] == 200
    text = world.states.only_call("start_execution")["input"]
    # Twice the message (its last notification and a state's copies), each quote escaped again: far below 262,144 bytes.
    assert len(json.dumps(text).encode()) * 2 < 262_144


def test_a_direct_invocation_without_a_request_context_is_ingested(world: World, event: dict[str, Any]) -> None:
    status, _ = world.ingest({"body": event["body"]})
    assert status == 200
    context = json.loads(world.states.only_call("start_execution")["input"])["messageSecurityContext"]
    assert context["receivedAt"] == "2024-03-01T00:00:00.000Z"
    assert context["sourceIp"] is None


def test_the_principal_of_an_authorizer_is_kept(world: World, event: dict[str, Any]) -> None:
    event["requestContext"]["authorizer"] = {"principalId": "alice"}
    world.ingest(event)
    context = json.loads(world.states.only_call("start_execution")["input"])["messageSecurityContext"]
    assert context["principalId"] == "alice"


def test_the_trace_goes_on_in_the_workflow(
    world: World, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
    world.ingest(event)
    assert world.states.only_call("start_execution")["traceHeader"] == "Root=1-5759e988-bd862e3fe1be46a994272793"


@pytest.mark.parametrize("body", ["", "[]", '{"messagePayload": 1}', None])
def test_malformed_input_gets_400_and_stores_nothing(world: World, event: dict[str, Any], body: str | None) -> None:
    status, answer = world.ingest({**event, "body": body})
    assert status == 400
    assert set(answer) == {"message", "field"}
    assert not world.stored_anything()


REDIS_FAILURES = [
    ValkeyConnectionError("connection refused"),
    ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
    aws_error("ResourceNotFoundException", "GetSecretValue"),
]


@pytest.mark.parametrize("error", REDIS_FAILURES, ids=lambda error: type(error).__name__)
def test_a_redis_failure_is_salvaged_and_no_workflow_starts(
    world: World, event: dict[str, Any], error: Exception
) -> None:
    world.redis = BrokenRedis(error)
    status, answer = world.ingest(event)
    assert status == 503
    assert set(answer) == {"message", "failureID", "salvaged"}
    assert answer["salvaged"] is True
    assert world.states.calls == []
    record = world.salvage_by_function()
    assert record["failureID"] == answer["failureID"]
    assert record["exception"] == {"type": type(error).__name__, "message": str(error)}
    assert record["event"]["body"] == event["body"]


START_FAILURES = [
    aws_error("ThrottlingException"),
    aws_error("StateMachineDoesNotExist"),
    EndpointConnectionError(endpoint_url="https://states"),
    ReadTimeoutError(endpoint_url="https://states"),
]


@pytest.mark.parametrize("error", START_FAILURES, ids=lambda error: str(error))
def test_a_workflow_that_cannot_start_is_salvaged(world: World, event: dict[str, Any], error: Exception) -> None:
    world.states.answers["start_execution"] = error
    status, answer = world.ingest(event)
    assert (status, answer["salvaged"]) == (503, True)
    assert world.salvage_by_function()["failureID"] == answer["failureID"]


def test_a_workflow_that_an_earlier_attempt_has_started_is_no_failure(world: World, event: dict[str, Any]) -> None:
    world.states.answers["start_execution"] = aws_error("ExecutionAlreadyExists")
    assert world.ingest(event)[0] == 200
    assert world.lambda_.calls == []


def test_the_callers_api_key_is_neither_salvaged_nor_recorded(world: World, event: dict[str, Any]) -> None:
    world.ingest(event)
    world.redis = BrokenRedis(ValkeyConnectionError("gone"))
    world.ingest(event)
    assert "secret-key" not in world.states.only_call("start_execution")["input"]
    assert b"secret-key" not in world.lambda_.only_call("invoke")["Payload"]


def test_what_is_salvaged_is_ingested_like_the_first_time(world: World, event: dict[str, Any]) -> None:
    world.states.answers["start_execution"] = aws_error("ThrottlingException")
    _, refused = world.ingest(event)
    record = world.salvage_by_function()
    first = world.states.only_call("start_execution")
    world.states.calls.clear()
    del world.states.answers["start_execution"]
    status, accepted = world.ingest({**record["event"], "redrive": {"messageID": record["failureID"]}})
    assert (status, accepted["messageID"]) == (200, refused["failureID"])
    # The same name with the same input: Step Functions starts it once, however often it is asked.
    assert world.states.only_call("start_execution") == first


def test_a_message_that_was_started_after_all_may_be_redriven(world: World, event: dict[str, Any]) -> None:
    world.ingest(event)
    world.states.answers["describe_execution"] = {"input": world.states.only_call("start_execution")["input"]}
    world.states.answers["start_execution"] = aws_error("ExecutionAlreadyExists")
    assert world.ingest({**event, "redrive": {"messageID": "m-1"}}) == (200, {"messageID": "m-1"})


def test_another_body_under_the_id_of_a_message_is_refused_and_overwrites_nothing(
    world: World, event: dict[str, Any]
) -> None:
    world.ingest(event)
    world.states.answers["describe_execution"] = {"input": world.states.only_call("start_execution")["input"]}
    held = {key: world.redis.get(key) for key in world.redis.scan_iter()}
    other = {**event, "body": event["body"].replace("aGVsbG8=", "b3RoZXI="), "redrive": {"messageID": "m-1"}}
    status, answer = world.ingest(other)
    assert (status, answer["field"]) == (409, "redrive.messageID")
    assert {key: world.redis.get(key) for key in world.redis.scan_iter()} == held
    assert len([name for name, _ in world.states.calls if name == "start_execution"]) == 1
    assert world.lambda_.calls == []


def test_a_message_that_fails_again_when_redriven_keeps_its_failure_id(world: World, event: dict[str, Any]) -> None:
    world.redis = BrokenRedis(ValkeyConnectionError("gone"))
    _, first = world.ingest(event)
    record = world.salvage_by_function()
    _, second = world.ingest({**record["event"], "redrive": {"messageID": record["failureID"]}})
    assert second["failureID"] == first["failureID"]


def test_an_event_beyond_the_invoke_limit_is_salvaged_by_ingest_itself(
    world: World, event: dict[str, Any], meta_data: dict[str, Any]
) -> None:
    # The record leaves most of an event out, so what Lambda took fits again. But JSON has many ways to write a text, and
    # nothing may hang on it: here each quote is escaped once more, and the record is larger than 6 MB.
    body = json.dumps({"messageMetaData": meta_data, "messagePayload": ["a"] * 1_100_000})
    assert len(body) < 6 * 1024 * 1024
    world.redis = BrokenRedis(ValkeyConnectionError("gone"))
    status, answer = world.ingest({**event, "body": body})
    assert (status, answer["salvaged"]) == (503, True)
    assert world.lambda_.calls == []
    written = world.s3.only_call("put_object")
    assert (written["Bucket"], written["Key"]) == ("failed", f"{answer['failureID']}.json")
    assert json.loads(written["Body"])["event"]["body"] == body
    pointer = world.sqs.only_call("send_message")
    assert json.loads(pointer["MessageBody"])["failureID"] == answer["failureID"]
    assert len(pointer["MessageBody"]) < 4096


INVOKE_FAILURES = [
    aws_error("TooManyRequestsException"),
    aws_error("RequestEntityTooLargeException"),
    ReadTimeoutError(endpoint_url="https://lambda"),
    lambda _: invocation({"errorMessage": "out of memory"}, "Unhandled"),
]


@pytest.mark.parametrize("answer", INVOKE_FAILURES, ids=["throttled", "too large", "timed out", "function error"])
def test_ingest_salvages_by_itself_when_the_failure_function_does_not(
    world: World, event: dict[str, Any], answer: Any
) -> None:
    world.redis = BrokenRedis(ValkeyConnectionError("gone"))
    world.lambda_.answers["invoke"] = answer
    status, body = world.ingest(event)
    assert (status, body["salvaged"]) == (503, True)
    assert world.s3.only_call("put_object")["Key"] == f"{body['failureID']}.json"


def test_a_pointer_that_cannot_be_sent_leaves_the_message_salvaged(world: World, event: dict[str, Any]) -> None:
    world.redis = BrokenRedis(ValkeyConnectionError("gone"))
    world.lambda_.answers["invoke"] = aws_error("ServiceException")
    world.sqs.answers["send_message"] = aws_error("QueueDoesNotExist")
    status, body = world.ingest(event)
    assert (status, body["salvaged"]) == (503, True)


def test_the_caller_is_told_when_even_the_salvage_fails(world: World, event: dict[str, Any]) -> None:
    world.redis = BrokenRedis(ValkeyConnectionError("gone"))
    world.lambda_.answers["invoke"] = aws_error("ServiceException")
    world.s3.answers["put_object"] = EndpointConnectionError(endpoint_url="https://s3")
    status, body = world.ingest(event)
    assert status == 500
    assert set(body) == {"message", "failureID", "salvaged"}
    assert body["salvaged"] is False
    assert world.sqs.calls == []


def test_a_defect_is_not_taken_for_a_failure_of_aws(world: World, event: dict[str, Any]) -> None:
    world.redis = BrokenRedis(KeyError("a defect"))
    with pytest.raises(KeyError):
        world.ingest(event)
    assert world.lambda_.calls == []


def test_the_function_starts_without_a_redis_and_answers_for_itself(load: Load, event: dict[str, Any]) -> None:
    response = load("ingest_message").lambda_handler({**event, "body": "{}"}, None)
    assert response["statusCode"] == 400


def test_every_way_to_an_answer_is_shorter_than_api_gateway_waits(load: Load) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
    from audit_message import payload_store

    app = load("ingest_message")
    import salvage_path

    tries = 1 + payload_store.RETRIES
    redis_seconds = (
        payload_store.SECRET_BUDGET.worst_seconds
        # Each try may connect twice, and then wait once to write and once to read.
        + tries * (tries * payload_store.CONNECT_SECONDS + 2 * payload_store.SOCKET_SECONDS)
    )
    salvage_seconds = (
        salvage_path.INVOKE_BUDGET.worst_seconds
        + salvage_path.OBJECT_BUDGET.worst_seconds
        + salvage_path.POINTER_BUDGET.worst_seconds
    )
    assert redis_seconds + salvage_seconds < 29
    assert app.START_EXECUTION_BUDGET.worst_seconds + salvage_seconds < 29
