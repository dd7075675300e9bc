"""A stand-in pipeline: a loopback front that does what audit ingest promises, or breaks its promises on purpose.

`python -m loadtests.tests.stand_in good` (or `bad`) serves until its standard input ends, and prints the target as JSON.
The services behind it are moto's, in the same process.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from emulator.targets import Target

LIMIT_BYTES = 6 * 1024 * 1024 - 1234
FAULTS = ("lose", "no final", "corrupt", "duplicate", "false flag", "break", "refuse")


def fault_of(number: int, spared: int = 6) -> str:
    """Which fault strikes the message with a number, counted from 1: every third one, after the first few, which are probes."""
    struck, rest = divmod(number - spared, 3)
    return FAULTS[struck % len(FAULTS)] if number > spared and rest == 0 else "none"


@contextmanager
def running(kind: str = "good") -> Iterator[Target]:
    process = subprocess.Popen(
        [sys.executable, "-m", "loadtests.tests.stand_in", kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert process.stdout is not None
        yield Target.from_json(process.stdout.readline())
    finally:
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
        process.wait(20)


class Pipeline:
    def __init__(self, target: Target, bad: bool) -> None:
        self._bad = bad
        self._sqs, self._sns = target.client("sqs"), target.client("sns")
        self._s3, self._dynamodb = target.client("s3"), target.client("dynamodb")
        self._outputs = target.outputs
        self._count = 0
        self._lock = threading.Lock()

    def ingest(self, text: bytes) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self._count += 1
            fault = fault_of(self._count) if self._bad else "none"
        if len(text) > LIMIT_BYTES:
            return 413, {"message": "Request Entity Too Large"}
        if fault == "refuse":
            return 503, {"message": "Service Unavailable"}
        if fault == "break":
            return 502, {"message": "Internal server error"}
        message = json.loads(text)
        message_id = str(uuid.uuid4())
        threading.Thread(target=self._process, args=(message, message_id, fault)).start()
        return 200, {"messageID": message_id}

    def _process(self, message: dict[str, Any], message_id: str, fault: str) -> None:
        if fault == "lose":
            return
        payload = base64.b64decode(message["messagePayload"])
        moment = datetime.fromisoformat(message["messageMetaData"]["dateTime"])
        key = f"{moment:%Y/%m/%d/%H/%M/%S}/{message_id}"
        meta = message["messageMetaData"]
        self._publish("started", message_id, meta, False, False)
        body = payload[:10] + bytes([payload[10] ^ 1]) + payload[11:] if fault == "corrupt" else payload
        if fault != "false flag":
            self._s3.put_object(Bucket=self._outputs["ArchiveBucketName"], Key=key, Body=body)
        if fault == "duplicate":
            twin = f"{moment:%Y/%m/%d/%H/%M/%S}/{uuid.uuid4()}"
            self._s3.put_object(Bucket=self._outputs["ArchiveBucketName"], Key=twin, Body=body)
        self._publish("archived", message_id, meta, True, False)
        item = {
            "messageID": message_id,
            "timestampValue": int(moment.timestamp() * 1000),
            "messageMetaData": meta,
            "storageContext": {"S3Reference": {"key": key}, "persistence": {"S3": True, "metaData": True}},
        }
        serialize = TypeSerializer().serialize
        self._dynamodb.put_item(
            TableName=self._outputs["MetadataTableName"], Item={name: serialize(value) for name, value in item.items()}
        )
        self._publish("metadata", message_id, meta, False, True)
        if fault != "no final":
            self._publish("final", message_id, meta, True, True)

    def _publish(self, stage: str, message_id: str, meta: dict[str, Any], s3: bool, metadata: bool) -> None:
        notice = {
            "message": stage,
            "messageID": message_id,
            "messageMetaData": meta,
            "state": {"S3": s3, "metaData": metadata},
        }
        self._sns.publish(
            TopicArn=self._outputs["NotificationTopicArn"],
            Message=json.dumps(notice),
            MessageAttributes={"stage": {"DataType": "String", "StringValue": stage}},
        )


def _deploy(endpoint_url: str) -> Target:
    bare = Target(
        name="stand-in",
        endpoint_url=endpoint_url,
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",
        stack_name="stand-in",
        outputs={},
        api_key="stand-in-key",
    )
    name = hashlib.sha256(endpoint_url.encode()).hexdigest()[:12]
    bare.client("s3").create_bucket(Bucket=name)
    bare.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "messageID", "KeyType": "HASH"},
            {"AttributeName": "timestampValue", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "messageID", "AttributeType": "S"},
            {"AttributeName": "timestampValue", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = bare.client("sns").create_topic(Name=name)["TopicArn"]
    queue = bare.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = bare.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bare.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    outputs = {
        "ArchiveBucketName": name,
        "MetadataTableName": name,
        "NotificationTopicArn": topic,
        "SubscriberQueueUrl": queue,
    }
    return replace(bare, outputs=outputs)


def serve(kind: str) -> None:
    if kind not in ("good", "bad"):
        raise SystemExit(f"no stand-in is {kind!r}: good or bad")
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    target = _deploy(f"http://{host}:{port}")
    pipeline = Pipeline(target, kind == "bad")

    class Front(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["x-api-key"] != target.api_key:
                status, answer = 403, {"message": "Forbidden"}
            else:
                status, answer = pipeline.ingest(text)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            return

    front = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    front.daemon_threads = True
    threading.Thread(target=front.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{front.server_port}/Prod/ingestMessage"
    print(replace(target, api_url=url).to_json(), flush=True)
    sys.stdin.read()
    front.shutdown()
    moto.stop()


if __name__ == "__main__":
    serve(sys.argv[1])
