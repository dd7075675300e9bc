"""What one call costs on the wire: route + parse + validate + serialise, beside the JSON work alone that no implementation can avoid.

Run with `python -m emulator.bench.protocols`. Both are measured in turns within one run; the ratio is the result.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import orjson

from emulator.clock import stopwatch
from emulator.http import HttpRequest
from emulator.protocols import Wires

__all__ = ["main"]

ROUNDS, CALLS = 15, 2000


def _target(service: str, prefix: str, operation: str, params: dict[str, Any]) -> tuple[str, HttpRequest]:
    headers = (("X-Amz-Target", f"{prefix}.{operation}"), ("Content-Type", "application/x-amz-json-1.0"))
    return service, HttpRequest("POST", "/", "", headers, orjson.dumps(params))


_MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:audit"
_MESSAGE = {"MD5OfMessageBody": "0" * 32, "MessageId": "0" * 36}
_ATTRIBUTES = {"trace": {"DataType": "String", "StringValue": "1"}}

CASES: dict[str, tuple[tuple[str, HttpRequest], dict[str, Any]]] = {
    "sqs SendMessage 200 B": (
        _target(
            "sqs",
            "AmazonSQS",
            "SendMessage",
            {"QueueUrl": "http://127.0.0.1:4566/0/q", "MessageBody": "x" * 200, "MessageAttributes": _ATTRIBUTES},
        ),
        _MESSAGE,
    ),
    "stepfunctions StartExecution 100 KB": (
        _target(
            "stepfunctions", "AWSStepFunctions", "StartExecution", {"stateMachineArn": _MACHINE, "input": "x" * 100_000}
        ),
        {"executionArn": _MACHINE, "startDate": 1_767_225_600.0},
    ),
    "lambda Invoke 6 MB": (
        ("lambda", HttpRequest("POST", "/2015-03-31/functions/f/invocations", "", (), b'"' + b"x" * 6_000_000 + b'"')),
        {"StatusCode": 200, "Payload": b"{}"},
    ),
}


def _microseconds(work: Callable[[], object]) -> float:
    started = stopwatch()
    for _ in range(CALLS):
        work()
    return (stopwatch() - started) / CALLS * 1e6


def main() -> None:
    """Print one line per case."""
    wires = Wires()
    for name, ((service, request), result) in CASES.items():
        wire = wires.get(service)
        is_payload = service == "lambda"

        def whole(wire: Any = wire, request: HttpRequest = request, result: dict[str, Any] = result) -> None:
            routed = wire.route(request)
            wire.validate(routed.operation, wire.parse(routed.operation, request, routed.uri_params))
            wire.serialise(routed.operation, result, "request-id")

        def floor(request: HttpRequest = request, result: dict[str, Any] = result) -> None:
            orjson.loads(request.body)
            orjson.dumps(result)

        whole()
        times = [(_microseconds(whole), 0.0 if is_payload else _microseconds(floor)) for _ in range(ROUNDS)]
        ours, least = median(time for time, _ in times), median(time for _, time in times)
        beside = (
            "the body is not touched" if is_payload else f"{ours / least:.1f} x the {least:.1f} us of its JSON alone"
        )
        print(f"{name:40} {ours:7.1f} us   {beside}")


if __name__ == "__main__":
    main()
