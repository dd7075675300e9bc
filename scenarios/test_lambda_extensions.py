"""The life cycle of an extension in eleven steps, and a configuration that changes without a cold start."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from emulator.doctor import findings
from emulator.targets import EmbeddedTarget, Target
from emulator.targets.eventually import eventually

TEMPLATE = Path(__file__).parents[1] / "system" / "lambda_extensions" / "template.yaml"

SHARED_PORTS = not next(found.good for found in findings(os.environ) if found.subject == "ports of functions")
"""Whether this machine cannot give environments ports of their own: then a port can be bound once."""

STEPS = [
    ("extension", "[extension1.sh] Launching extension"),
    ("runtime", "[runtime] Initializing..."),
    ("runtime", "[runtime] Waiting for the next event"),
    ("runtime", "[runtime] Received invocation"),
    ("function", "[function] Received event"),
    ("runtime", "[runtime] Sending the function response"),
    ("runtime", "[runtime] Waiting for the next event"),
    ("extension", "[extension1.sh] Finished processing", "[extension1.sh] Waiting for the next event"),
    ("Lambda", "REPORT RequestId:"),
    ("runtime", "[runtime] Received SIGTERM"),
    ("extension", "[extension1.sh] Received SHUTDOWN event, exiting"),
]
"""Who says what, in the order of https://aws.amazon.com/blogs/compute/building-extensions-for-aws-lambda-in-preview/"""


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    parameters = {
        "PollIntervalSeconds": "1",
        "ProcessingSeconds": "0.5",
        "VerboseAgentPort": "2772",
        "QuietAgentPort": "2772",
    }
    if SHARED_PORTS:
        with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
            ports = [str(free.getsockname()[1]) for free in (first, second)]
        parameters |= {"VerboseAgentPort": ports[0], "QuietAgentPort": ports[1]}
    with EmbeddedTarget.start(template=TEMPLATE, parameters=parameters) as running:
        yield running


def invoke(target: Target, output: str, event: Any = None) -> Any:
    """A function with a reserved concurrency of one is throttled until its extension has asked for its next event, too."""
    client = target.client("lambda")
    answers: list[Any] = []

    def answered() -> bool:
        with contextlib.suppress(client.exceptions.TooManyRequestsException):
            answers.append(client.invoke(FunctionName=target.output(output), Payload=json.dumps(event)))
        return bool(answers)

    until(answered, f"an answer of {output}")
    answer = answers[0]
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def messages(target: Target, function: str) -> list[str]:
    logs = target.client("logs")
    found = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
    try:
        return [event["message"].rstrip("\n") for page in found for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:  # nothing has been written yet
        return []


def until(condition: Callable[[], bool], what: str) -> None:
    assert eventually(condition, 60.0), f"waited in vain for {what}"


def test_eleven_steps_appear_in_order_in_the_log(target: Target) -> None:
    name = target.output("DemoFunctionName")
    assert invoke(target, "DemoFunctionName", {"name": "Ada"}) == {"echo": {"name": "Ada"}}
    until(lambda: any("REPORT" in text for text in messages(target, name)), "the report")
    # A change of the configuration retires the environment, which is what Lambda does on its own when it was idle for long.
    target.client("lambda").update_function_configuration(FunctionName=name, Description="retire")
    until(lambda: any("exiting" in text for text in messages(target, name)), "the end of the extension")
    said = messages(target, name)
    position = 0
    for number, (who, *texts) in enumerate(STEPS, 1):
        for text in texts:
            rest = [index for index in range(position, len(said)) if said[index].startswith(text)]
            assert rest, f"step {number} ({who}): {text!r} is not there after line {position} of\n" + "\n".join(said)
            position = rest[0] + 1


def test_changed_configuration_is_seen_by_both_functions_without_a_cold_start(target: Target) -> None:
    before = {name: invoke(target, name) for name in ("VerboseFunctionName", "QuietFunctionName")}
    assert {answer["loglevel"] for answer in before.values()} == {"normal"}
    target.client("ssm").put_parameter(
        Name=target.output("ParameterName"), Value='{"loglevel": "verbose"}', Type="String", Overwrite=True
    )
    for name, first in before.items():
        until(lambda name=name: invoke(target, name)["loglevel"] == "verbose", f"the new level in {name}")  # type: ignore[misc]
        last = invoke(target, name)
        assert last["environment"] == first["environment"], "the same environment all along"
        assert last["invocation"] > 2


def test_unchanged_configuration_is_answered_from_the_cache(target: Target) -> None:
    name = target.output("VerboseFunctionName")
    invoke(target, "VerboseFunctionName")
    until(lambda: any("REPORT" in text for text in messages(target, name)), "the log of a first invocation")
    fetched = sum("Fetched" in text for text in messages(target, name))
    for _ in range(20):
        invoke(target, "VerboseFunctionName")
    after = sum("Fetched" in text for text in messages(target, name))
    assert after - fetched <= 2, "20 invocations in a moment need one look at most, two at the edge of a second"


def test_two_environments_of_one_function_have_an_agent_at_the_same_port_each(target: Target) -> None:
    client = target.client("lambda")
    name = target.output("VerboseFunctionName")
    client.delete_function_concurrency(FunctionName=name)
    # Nothing is known of a new configuration, so nobody waits for an environment that is busy: each invocation starts its own.
    client.update_function_configuration(FunctionName=name, Description="two at once")
    seen: list[Any] = []

    # At the latest in the second round a second environment is there before the first is free.
    work = iter((3.0, *[6.0] * 9))

    def ask(event: Any) -> Any:
        return json.loads(client.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read())

    def seen_two() -> bool:
        event = {"work_seconds": next(work)}
        with ThreadPoolExecutor(2) as both:
            seen.extend(both.map(ask, [event, event]))
        if SHARED_PORTS:
            return any("Extension.Crash" in str(answer.get("errorType")) for answer in seen)
        assert all("errorType" not in answer for answer in seen), seen
        return len({answer["environment"] for answer in seen}) >= 2

    until(seen_two, "two invocations at once")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
