"""Verbs on a pipeline: what is sent, what is asked of the control API, and what a failed wait says."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from emulator.errors import EmulatorError
from emulator.targets import Pipeline, Target
from emulator.targets.message import MessageIncomplete

ENTRY = {"sequence": 1, "time": 1.5, "started": 1.0, "kind": "call", "service": "s3", "operation": "PutObject"}


class Played(ThreadingHTTPServer):
    """Answers as the API and the control API would, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.answers: dict[str, tuple[int, Any]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Played

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, body, headers))
        status, answer = self.server.answers.get(f"{self.command} {self.path}", (404, {"error": "no such thing"}))
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Amzn-Trace-Id", "Root=1-trace;Sampled=1")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def played() -> Iterator[Played]:
    server = Played()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pipeline(played: Played) -> Pipeline:
    target = Target(
        name="embedded",
        endpoint_url=played.url,
        region="us-east-1",
        access_key_id="a",
        secret_access_key="b",
        stack_name="s",
        outputs={"ArchiveBucketName": "archive", "MetadataTableName": "table"},
        api_url=f"{played.url}/Prod/ingest",
        api_key="the key",
        control_url=f"{played.url}/_windtunnel",
        capabilities=frozenset({"control", "journal", "faults", "cache_outage", "virtual_time"}),
    )
    return Pipeline(target)


def test_bytes_travel_as_base64_with_the_key_and_the_required_fields(played: Played, pipeline: Pipeline) -> None:
    played.answers["POST /Prod/ingest"] = (200, {"messageID": "m1"})
    message = pipeline.send(b"\0\xff", metadata={"custom": 0})
    assert (message.status, message.message_id, message.trace_id) == (200, "m1", "1-trace")
    ((_, _, body, headers),) = played.asked
    sent = json.loads(body)
    assert headers["x-api-key"] == "the key"
    assert base64.b64decode(sent["messagePayload"]) == message.expected == b"\0\xff"
    assert sent["messageMetaData"]["custom"] == 0
    assert {"sourceSystemID", "messageType", "sourceTransactionID", "dateTime"} < set(sent["messageMetaData"])


def test_json_travels_as_it_is_and_must_be_archived_as_its_text(played: Played, pipeline: Pipeline) -> None:
    played.answers["POST /Prod/ingest"] = (200, {"messageID": "m1"})
    message = pipeline.send({"a": [0, False, None]})
    assert json.loads(played.asked[0][2])["messagePayload"] == {"a": [0, False, None]}
    assert message.expected in played.asked[0][2]


def test_refused_message_cannot_be_waited_for(played: Played, pipeline: Pipeline) -> None:
    played.answers["POST /Prod/ingest"] = (403, {"message": "Forbidden"})
    with pytest.raises(MessageIncomplete, match=r"not accepted: 403 .*Forbidden"):
        pipeline.send(b"x").wait_for(archived=True)


def test_failed_wait_names_what_is_missing_and_draws_the_path(
    played: Played, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    played.answers["POST /Prod/ingest"] = (200, {"messageID": "m1"})
    played.answers["GET /_windtunnel/journal?after=0&trace_id=1-trace"] = (200, json.dumps(ENTRY).encode() + b"\n")
    message = pipeline.send(b"x")
    kind = type(message)
    monkeypatch.setattr(kind, "objects", lambda self: {})
    monkeypatch.setattr(kind, "items", lambda self: [{}])
    monkeypatch.setattr(kind, "notifications", lambda self, stage=None: [])
    with pytest.raises(MessageIncomplete) as caught:
        message.wait_for(archived=True, indexed=True, notified="final", within="50ms")
    text = str(caught.value)
    assert "not archived: 0 objects" in text
    assert "no final notification (arrived: none)" in text
    assert "indexed" not in text
    assert "s3 PutObject" in text
    with pytest.raises(MessageIncomplete, match="indexed, which it should not be"):
        message.wait_for(indexed=False, within="10ms")
    assert message.wait_for(archived=False, indexed=True, within="10ms") is message


def test_clock_faults_and_caches_are_asked_of_the_control_api(played: Played, pipeline: Pipeline) -> None:
    played.answers |= {
        "POST /_windtunnel/clock/advance": (200, {"now": 7200.0}),
        "POST /_windtunnel/faults": (201, {"id": 3}),
        "DELETE /_windtunnel/faults/3": (200, {}),
        "GET /_windtunnel/caches": (200, {"caches": [{"id": "my cache"}]}),
        "POST /_windtunnel/caches/my%20cache/down": (200, {}),
        "POST /_windtunnel/caches/my%20cache/up": (200, {}),
    }
    assert pipeline.clock.advance("2h") == 7200.0
    with pytest.raises(ZeroDivisionError), pipeline.faults.add("s3", "PutObject", times=2):
        raise ZeroDivisionError
    with pipeline.caches.down() as name:
        assert name == "my cache"
    bodies = [(method, path.removeprefix("/_windtunnel"), body) for method, path, body, _ in played.asked]
    assert bodies == [
        ("POST", "/clock/advance", b'{"seconds": 7200.0}'),
        ("POST", "/faults", b'{"service": "s3", "operation": "PutObject", "times": 2}'),
        ("DELETE", "/faults/3", b""),
        ("GET", "/caches", b""),
        ("POST", "/caches/my%20cache/down", b'{"keep_data": true}'),
        ("POST", "/caches/my%20cache/up", b""),
    ]


def test_refusal_of_the_control_api_is_told_in_its_words(played: Played, pipeline: Pipeline) -> None:
    played.answers["POST /_windtunnel/clock/advance"] = (400, {"error": "only a virtual clock can be advanced"})
    with pytest.raises(EmulatorError, match="only a virtual clock"):
        pipeline.clock.advance(1)


def test_target_without_powers_says_so() -> None:
    target = Target(
        name="aws",
        endpoint_url=None,
        region="us-east-1",
        access_key_id="a",
        secret_access_key="b",
        stack_name="s",
        outputs={},
    )
    with pytest.raises(EmulatorError, match="target aws cannot do control"):
        _ = Pipeline(target).faults
    with pytest.raises(EmulatorError, match="no output that is the URL of an API"):
        Pipeline(target).send(b"x")


def test_server_that_does_not_answer_is_named(pipeline: Pipeline, played: Played) -> None:
    played.shutdown()
    played.server_close()
    with pytest.raises(EmulatorError, match=rf"127.0.0.1:{played.server_address[1]}"):
        pipeline.control.info()
