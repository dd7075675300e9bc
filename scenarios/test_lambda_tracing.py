"""The trace of a request through a function into the AWS calls that it makes.

https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from emulator.targets import EmbeddedTarget, Target
from emulator.targets.eventually import eventually
from fixtures.http import http

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
SOURCE = """
import boto3, os
queues = boto3.client("sqs")

def handler(event, context):
    queues.send_message(QueueUrl=os.environ["QUEUE"], MessageBody="traced")
    return os.environ["_X_AMZN_TRACE_ID"]
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("tracing")
    (folder / "template.yaml").write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}")
    with EmbeddedTarget.start(template=folder / "template.yaml") as running:
        yield running


def test_trace_of_a_call_goes_on_in_the_calls_of_the_function(target: Target, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SOURCE)
    queue = target.client("sqs").create_queue(QueueName="traced")["QueueUrl"]
    client = target.client("lambda")
    client.create_function(
        FunctionName="traced",
        Runtime="python3.11",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/runner",
        Timeout=20,
        Environment={"Variables": {"QUEUE": queue}},
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="traced")

    def add_header(request: object, **_: object) -> None:
        request.headers["X-Amzn-Trace-Id"] = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"  # type: ignore[attr-defined]

    client.meta.events.register("before-sign.lambda.Invoke", add_header)
    answer = client.invoke(FunctionName="traced", Payload=b"{}")
    header = json.loads(answer["Payload"].read())
    parts = dict(part.split("=") for part in header.split(";"))
    assert parts["Root"] == ROOT
    assert parts["Parent"] != "53995c3f42cd8ad8", "the function is a segment of its own"

    def operations() -> list[str]:
        _, _, body = http(f"{target.control_url}/journal?{urlencode({'trace_id': ROOT, 'kind': 'call'})}")
        return [f"{entry['service']}:{entry['operation']}" for entry in map(json.loads, body.splitlines())]

    assert eventually(lambda: {"lambda:Invoke", "sqs:SendMessage"} <= set(operations()), 5.0), operations()
