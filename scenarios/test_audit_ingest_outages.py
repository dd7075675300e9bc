"""What breaks on the way is retried, reported or salvaged. Accepted = archived + salvaged, always."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from emulator.targets import Message, Pipeline
from fixtures.facts import Stored, queue_bodies, salvaged
from fixtures.oracle import assert_flags_agree, assert_persisted, send
from fixtures.payload import binary
from fixtures.request_body import meta_data, request_body

LONGEST_RETRIES = "1h"
"""Longer than the longest retry path of the workflow."""


def redrive(pipeline: Pipeline, key: str) -> str:
    """Re-drive one salvaged message with the pipeline's own command; what it printed."""
    target = pipeline.target
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": target.access_key_id,
        "AWS_SECRET_ACCESS_KEY": target.secret_access_key,
        "AWS_DEFAULT_REGION": target.region,
        **({} if target.endpoint_url is None else {"AWS_ENDPOINT_URL": target.endpoint_url}),
    }
    command = [sys.executable, "-m", "system.audit_ingest.redrive", "--key", key]
    command += ["--bucket", target.output("FailedMessagesBucketName")]
    command += ["--function", target.output("IngestFunctionName")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_message_is_salvaged_while_redis_is_down_and_arrives_when_it_is_re_driven(windtunnel: Pipeline) -> None:
    payload = binary(300_000)
    send(windtunnel, binary(10))  # the function is warm and holds a connection, which is about to break
    queue_bodies(windtunnel, "IngestDeadLetterQueueUrl")
    before = Stored.count(windtunnel)
    with windtunnel.caches.down():
        answer = windtunnel.post(request_body(payload))
    body = json.loads(answer.body)
    assert (answer.status, body["salvaged"]) == (503, True)
    key = f"{body['failureID']}.json"
    record = salvaged(windtunnel)[key]
    assert record["event"]["body"].encode() == request_body(payload)
    assert [pointer["key"] for pointer in queue_bodies(windtunnel, "IngestDeadLetterQueueUrl")] == [key]
    assert Stored.count(windtunnel).executions == before.executions

    redrive(windtunnel, key)

    message = Message(windtunnel, 200, body["failureID"], "", body, payload.expected)
    assert_persisted(message, payload, meta_data())
    assert key not in salvaged(windtunnel)


def test_redis_that_comes_back_takes_messages_at_once(windtunnel: Pipeline) -> None:
    with windtunnel.caches.down():
        assert windtunnel.post(request_body(binary(10))).status == 503
    payload = binary(1000)
    assert_persisted(send(windtunnel, payload), payload, meta_data())


def test_start_execution_that_fails_is_salvaged(windtunnel: Pipeline) -> None:
    with windtunnel.faults.add("stepfunctions", "StartExecution", code="ServiceUnavailable", status=503):
        answer = windtunnel.post(request_body(binary(10)))
    body = json.loads(answer.body)
    assert (answer.status, body["salvaged"]) == (503, True)
    assert f"{body['failureID']}.json" in salvaged(windtunnel)


def test_start_execution_whose_reply_is_lost_starts_the_message_once(windtunnel: Pipeline) -> None:
    """The classic ambiguous outcome: it happened, and the caller was told that it failed."""
    payload = binary(10)
    lost = {"kind": "lost_reply", "code": "InternalFailure", "status": 500, "times": 1}
    before = Stored.count(windtunnel)
    with windtunnel.faults.add("stepfunctions", "StartExecution", **lost):
        message = send(windtunnel, payload)
    assert_persisted(message, payload, meta_data())
    assert Stored.count(windtunnel).executions == before.executions + 1


def test_salvage_that_fails_too_is_told_to_the_caller(windtunnel: Pipeline) -> None:
    before = Stored.count(windtunnel)
    with windtunnel.caches.down(), windtunnel.faults.add("s3", "PutObject", code="ServiceUnavailable", status=503):
        answer = windtunnel.post(request_body(binary(10)))
    assert (answer.status, json.loads(answer.body)["salvaged"]) == (500, False)
    assert Stored.count(windtunnel) == before


def test_dynamodb_that_throttles_and_recovers_loses_nothing(windtunnel: Pipeline) -> None:
    payload = binary(1000)
    throttle = {"code": "ProvisionedThroughputExceededException", "status": 400, "times": 2}
    with windtunnel.faults.add("dynamodb", "PutItem", **throttle) as fault:
        message = send(windtunnel, payload)
        assert_persisted(message, payload, meta_data(), within="60s")
        assert windtunnel.faults.applied(fault) == 2


@pytest.mark.parametrize("kind", ["crash", "crash_after"])
def test_an_archive_function_that_dies_around_its_write_archives_once(windtunnel: Pipeline, kind: str) -> None:
    """Killed before S3 has the object, or before it could say that it wrote it: the retry finds out."""
    payload = binary(1000)
    bucket = windtunnel.target.output("ArchiveBucketName")
    with windtunnel.faults.add("s3", "PutObject", resource=bucket, kind=kind, times=1) as fault:
        message = send(windtunnel, payload)
        assert_persisted(message, payload, meta_data(), within="60s")
        assert windtunnel.faults.applied(fault) == 1
    assert "exit" in message.explain(), "the function's process has ended"


def test_an_ingest_that_dies_promises_nothing_and_leaves_nothing(windtunnel: Pipeline) -> None:
    before = Stored.count(windtunnel)
    with windtunnel.faults.add("stepfunctions", "StartExecution", kind="crash", times=1):
        assert windtunnel.post(request_body(binary(10))).status == 502
    assert Stored.count(windtunnel) == before


def test_s3_that_fails_for_good_leaves_its_flag_false_and_the_other_branch_true(
    windtunnel_fresh: Callable[..., Pipeline],
) -> None:
    """Retries take minutes: on the virtual clock they take as long as the handlers run."""
    pipeline = windtunnel_fresh(clock="virtual")
    payload = binary(1000)
    bucket = pipeline.target.output("ArchiveBucketName")
    with pipeline.faults.add("s3", "PutObject", resource=bucket, code="ServiceUnavailable", status=503):
        message = send(pipeline, payload)
        assert message.status == 200
        pipeline.clock.advance(LONGEST_RETRIES)
    message.wait_for(archived=False, indexed=True, notified="final", within="20s")
    final = message.notifications("final")[0].content
    assert final["state"] == {"S3": False, "metaData": True}
    assert final["storageContext"]["persistence"]["reason"]["S3"] != ""
    assert "archived" not in [one.stage for one in message.notifications()]
    assert_flags_agree(message)
    (dead,) = queue_bodies(pipeline, "ArchiveDeadLetterQueueUrl")
    assert dead["input"]["messageID"] == message.message_id
    assert queue_bodies(pipeline, "MetadataDeadLetterQueueUrl") == []
    (execution,) = pipeline.target.client("stepfunctions").list_executions(
        stateMachineArn=pipeline.target.output("StateMachineArn")
    )["executions"]
    assert execution["status"] == "FAILED"


def test_dynamodb_that_fails_for_good_leaves_its_flag_false_and_the_archive_true(
    windtunnel_fresh: Callable[..., Pipeline],
) -> None:
    pipeline = windtunnel_fresh(clock="virtual")
    payload = binary(1000)
    with pipeline.faults.add("dynamodb", "PutItem", code="InternalServerError", status=500):
        message = send(pipeline, payload)
        pipeline.clock.advance(LONGEST_RETRIES)
    message.wait_for(archived=True, indexed=False, notified="final", within="20s")
    assert message.notifications("final")[0].content["state"] == {"S3": True, "metaData": False}
    assert_flags_agree(message)
    (dead,) = queue_bodies(pipeline, "MetadataDeadLetterQueueUrl")
    assert dead["input"]["messageID"] == message.message_id
