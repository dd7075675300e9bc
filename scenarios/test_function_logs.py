"""What a function writes, read by those who read logs: the AWS CLI, our own command, another function.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.targets import Target
from fixtures.function import deployed_function

CLI = Path(sys.executable).with_name("aws")
COLLECTOR = """
import json, os
def handler(event, context):
    print("COLLECTED " + json.dumps(event))
"""
DEADLINE_SECONDS = 30.0


@pytest.fixture(scope="module")
def environment(target: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = Path(__file__).parents[1]
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root),
        "PYTHONUNBUFFERED": "1",
        "HOME": str(tmp_path_factory.mktemp("home")),
        "AWS_ENDPOINT_URL": str(target.endpoint_url),
        "AWS_ACCESS_KEY_ID": target.access_key_id,
        "AWS_SECRET_ACCESS_KEY": target.secret_access_key,
        "AWS_DEFAULT_REGION": target.region,
        "AWS_PAGER": "",
    }


@pytest.fixture(scope="module")
def invoked(client: Callable[..., Any], function: str) -> str:
    """A function that has run, and whose lines are in its log."""
    client("lambda").invoke(FunctionName=function, Payload=b"[]")
    eventually(lambda: "logged" in text_of(client, function), "the line reached the log")
    return function


def text_of(client: Callable[..., Any], function: str) -> str:
    logs = client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return ""
    return "".join(event["message"] for event in events)


def eventually(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_SECONDS  # noqa: TID251  # a deadline of a test
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {DEADLINE_SECONDS:g} s"  # noqa: TID251
        time.sleep(0.1)  # noqa: TID251


READERS = [
    pytest.param(
        [
            str(CLI),
            "logs",
            "filter-log-events",
            "--log-group-name",
            "/aws/lambda/{}",
            "--interleaved",
            "--output",
            "text",
        ],
        id="aws",
    ),
    pytest.param([sys.executable, "-m", "emulator", "logs", "{}", "--since", "1h"], id="windtunnel"),
]


@pytest.mark.parametrize("command", READERS)
def test_log_is_shown(command: list[str], environment: dict[str, str], invoked: str) -> None:
    command = [part.replace("{}", invoked) for part in command]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "START RequestId" in shown
    assert shown.index("printed") < shown.index("logged") < shown.index("REPORT RequestId")


def test_log_is_followed(environment: dict[str, str], invoked: str, client: Callable[..., Any]) -> None:
    lines: list[str] = []
    command = [sys.executable, "-m", "emulator", "logs", invoked, "--follow"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        stream = reader.stdout
        follower = threading.Thread(target=lambda: lines.extend(stream), daemon=True)
        follower.start()
        try:
            eventually(lambda: "printed" in "".join(lines), "what was there is shown")
            before = "".join(lines).count("printed")
            client("lambda").invoke(FunctionName=invoked, Payload=b"[]")
            eventually(lambda: "".join(lines).count("printed") == before + 1, "what came since is shown")
        finally:
            reader.terminate()
            follower.join(10.0)


@pytest.mark.parametrize("pattern", ["logged", "%l.gged%"])
def test_pattern_selects(environment: dict[str, str], invoked: str, pattern: str) -> None:
    command = [sys.executable, "-m", "emulator", "logs", invoked, "--filter", pattern]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert shown
    assert all("logged" in line for line in shown.splitlines())


@pytest.fixture
def collector(client: Callable[..., Any]) -> Iterator[str]:
    with deployed_function(client("lambda"), COLLECTOR) as name:
        yield name


def test_subscription_needs_a_permission_and_sends_what_matches(
    client: Callable[..., Any], invoked: str, collector: str
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample"""
    functions, logs = client("lambda"), client("logs")
    group = f"/aws/lambda/{invoked}"
    arn = functions.get_function_configuration(FunctionName=collector)["FunctionArn"]
    wanted = {"logGroupName": group, "filterName": "n", "filterPattern": "logged", "destinationArn": arn}
    with pytest.raises(logs.exceptions.InvalidParameterException, match="permission to execute your function"):
        logs.put_subscription_filter(**wanted)
    (described,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    functions.add_permission(
        FunctionName=collector,
        StatementId=uuid.uuid4().hex,
        Action="lambda:InvokeFunction",
        Principal=f"logs.{functions.meta.region_name}.amazonaws.com",
        SourceArn=described["arn"],
    )
    logs.put_subscription_filter(**wanted)
    functions.invoke(FunctionName=invoked, Payload=b"[]")
    eventually(lambda: "COLLECTED" in text_of(client, collector), "the subscriber ran")
    line = next(line for line in text_of(client, collector).splitlines() if line.startswith("COLLECTED"))
    data = json.loads(line.removeprefix("COLLECTED "))["awslogs"]["data"]
    document = json.loads(gzip.decompress(base64.b64decode(data)))
    assert (document["logGroup"], document["messageType"]) == (group, "DATA_MESSAGE")
    assert all("logged" in event["message"] for event in document["logEvents"])
    logs.delete_subscription_filter(logGroupName=group, filterName="n")
