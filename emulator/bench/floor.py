"""How near an ingest is to this machine's floor: `python -m emulator.bench.floor [--json]`.

The floor of a size is one loopback HTTP exchange of that size with a bare server, plus the same ingest function behind AWS's runtime
client and a bare Runtime API server, with the same Valkey (same TLS) and a StartExecution that is answered at once. Beside it stands the
handler called bare in a loop. The emulator is measured with one client, against the floor under the same conditions, twice over:

    quiet     floor and ingest in turn, message by message, and the next pair when the workflow of the one before has ended
    loaded    message after message, so that the workflow of the one before shares the cores; the floor back to back as well
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.bench.bare_runtime import BareResponder, BareRuntime, Exchange
from emulator.bench.function_folders import FunctionFolders, prepare
from emulator.clock import stopwatch
from emulator.targets.embedded import EmbeddedTarget
from emulator.targets.target import Target

__all__ = ["Subject", "floor_of", "invoke", "main", "proxy_event", "quiet_after", "request_body", "subject_of"]

SIZES = {"1KiB": 1024, "256KiB": 256 * 1024, "1MiB": 1 << 20, "4MB": 4_000_000}
PIPELINE = Path(__file__).parents[2] / "system" / "audit_ingest"
_STARTED = {"executionArn": "arn:aws:states:us-east-1:000000000000:execution:audit:x", "startDate": 1767225600.0}
_TIMES = ("loopback", "runtime", "quiet", "hot_loopback", "hot_runtime", "loaded")
_COLUMNS = (
    "loopback",
    "runtime",
    "floor",
    "quiet",
    "quiet_ratio",
    "hot_floor",
    "loaded",
    "loaded_ratio",
    "bare_handler",
)
_BARE_LOOP = """
import json, statistics, sys, time
sys.path[:0] = sys.argv[3].split(":")
from app import lambda_handler
event = json.load(open(sys.argv[1]))
times = []
for _ in range(int(sys.argv[2]) + 3):
    start = time.perf_counter(); response = lambda_handler(event, None); times.append(time.perf_counter() - start)
    assert response["statusCode"] == 200, response
print(json.dumps(times[3:]))
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: the pipeline's target, its ingest function, and where that function's parts lie."""

    target: Target
    variables: Mapping[str, str]
    folders: FunctionFolders


def request_body(size: int) -> bytes:
    """A valid request whose whole body has about `size` bytes, the payload base64."""
    meta = {
        "messageType": "audit",
        "sourceSystemID": "floor",
        "sourceTransactionID": str(uuid.UUID(int=0)),
        "dateTime": "2026-01-02 03:04:05.678901",
    }
    envelope = len(json.dumps({"messageMetaData": meta, "messagePayload": ""}))
    payload = base64.b64encode(os.urandom(max(3, (size - envelope) // 4 * 3))).decode()
    return json.dumps({"messageMetaData": meta, "messagePayload": payload}).encode()


def proxy_event(body: bytes) -> bytes:
    """The event that API Gateway makes of the request, as the function gets it."""
    identity = {"sourceIp": "127.0.0.1", "userAgent": "floor", "apiKey": "k", "apiKeyId": "i"}
    context = {
        "requestId": str(uuid.UUID(int=0)),
        "identity": identity,
        "stage": "Prod",
        "requestTimeEpoch": 1767225600000,
    }
    headers = {"Content-Type": "application/json", "User-Agent": "floor"}
    return json.dumps(
        {
            "resource": "/ingestMessage",
            "path": "/ingestMessage",
            "httpMethod": "POST",
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "requestContext": context,
            "body": body.decode(),
            "isBase64Encoded": False,
        }
    ).encode()


def function_variables(subject: Subject, endpoint: str) -> dict[str, str]:
    """What the function's environment is, with another endpoint for AWS."""
    variables = {
        **subject.variables,
        "PAYLOAD_TTL_SECONDS": "10",  # no workflow shortens it here, and the cache has a bound
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": subject.target.region,
        "AWS_DEFAULT_REGION": subject.target.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_NAME": "floor",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_LOG_GROUP_NAME": "floor",
        "AWS_LAMBDA_LOG_STREAM_NAME": "floor",
        "_HANDLER": "app.lambda_handler",
        "LAMBDA_TASK_ROOT": str(subject.folders.task),
        "PYTHONPATH": subject.folders.python_path,
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "TZ": ":UTC",
        "LANG": "C.UTF-8",
    }
    ca_bundle = _ca_bundle(subject.target)
    if ca_bundle is not None:
        variables["SSL_CERT_FILE"] = ca_bundle
    return variables


def subject_of(target: Target) -> Subject:
    """What is measured of a running pipeline."""
    name = target.outputs["IngestFunctionName"]
    function = target.client("lambda").get_function_configuration(FunctionName=name)
    code, layer = PIPELINE / "functions" / "ingest_message", PIPELINE / "layers" / "audit_message"
    folders = asyncio.run(prepare(code, layer, function["Runtime"]))
    return Subject(target, function["Environment"]["Variables"], folders)


def _secret(subject: Subject) -> dict[str, str]:
    """What the function asks Secrets Manager for once, when it first connects to the cache."""
    arn = subject.variables.get("REDIS_AUTH_SECRET_ARN")
    if arn is None:
        return {}
    return {"SecretString": subject.target.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]}


def _ca_bundle(target: Target) -> str | None:
    from emulator.targets.control import ControlClient

    assert target.control_url is not None
    bundle = ControlClient(target.control_url).info().get("ca_bundle")
    return None if bundle is None else str(bundle)


def quiet_after(target: Target) -> Callable[[], None]:
    """Waits until no execution runs."""
    states = target.client("stepfunctions")
    machine = target.outputs["StateMachineArn"]

    def wait() -> None:
        deadline = stopwatch() + 60
        while states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)["executions"]:
            if stopwatch() > deadline:
                raise RuntimeError("a workflow did not end within 60 s")

    return wait


def measure_floor(subject: Subject, sizes: Mapping[str, int], rounds: int, count: int) -> dict[str, dict[str, float]]:
    """Median milliseconds per size of the floor alone."""
    results: dict[str, dict[str, float]] = {}
    with floor_of(subject) as (sink, runtime):
        for name, size in sizes.items():
            body = request_body(size)
            event = proxy_event(body)
            bare = Exchange(sink.port, "/", (), body)
            times: dict[str, list[float]] = {"loopback": [], "runtime": []}
            for _ in range(3 + rounds * count):
                times["loopback"].append(bare())
                times["runtime"].append(invoke(runtime, event))
            bare.close()
            row = {key: 1000 * statistics.median(values[3:]) for key, values in times.items()}
            results[name] = {**row, "floor": row["loopback"] + row["runtime"]}
    return results


@contextmanager
def floor_of(subject: Subject) -> Iterator[tuple[BareResponder, BareRuntime]]:
    """The bare HTTP sink and the bare runtime with the subject's function."""
    sink, states = BareResponder("{}"), BareResponder(json.dumps({**_STARTED, **_secret(subject)}))
    try:
        variables = function_variables(subject, f"http://127.0.0.1:{states.port}")
        with tempfile.TemporaryDirectory() as folder:
            runtime = BareRuntime(subject.folders.argv, variables, Path(folder))
            try:
                yield sink, runtime
            finally:
                runtime.close()
    finally:
        sink.close()
        states.close()


def measure(subject: Subject, sizes: Mapping[str, int], rounds: int, count: int) -> dict[str, dict[str, float]]:
    """Median milliseconds per size: loopback, runtime, floor, bare handler, quiet and loaded ingest, with ratios."""
    target = subject.target
    assert target.endpoint_url is not None
    assert target.api_url is not None
    endpoint_port = int(target.endpoint_url.rsplit(":", 1)[1])
    path = target.api_url.removeprefix(target.endpoint_url)
    headers = (("x-api-key", target.api_key or ""), ("Content-Type", "application/json"))
    wait = quiet_after(target)
    results: dict[str, dict[str, float]] = {}
    with floor_of(subject) as (sink, runtime):
        for name, size in sizes.items():
            body = request_body(size)
            event = proxy_event(body)
            ingest = Exchange(endpoint_port, path, headers, body)
            bare = Exchange(sink.port, "/", headers, body)
            times: dict[str, list[float]] = {key: [] for key in _TIMES}
            for _ in range(5):
                ingest()
                bare()
                invoke(runtime, event)
            for _ in range(rounds):
                wait()
                for _ in range(count):
                    times["loopback"].append(bare())
                    times["runtime"].append(invoke(runtime, event))
                    times["quiet"].append(ingest())
                    wait()
                times["hot_loopback"] += [bare() for _ in range(count)]
                times["hot_runtime"] += [invoke(runtime, event) for _ in range(count)]
                times["loaded"] += [ingest() for _ in range(count)]
                wait()
            ingest.close()
            bare.close()
            row = {key: 1000 * statistics.median(values) for key, values in times.items()}
            row["bare_handler"] = 1000 * statistics.median(_bare_loop(subject, event, count))
            row["floor"] = row["loopback"] + row["runtime"]
            row["hot_floor"] = row["hot_loopback"] + row["hot_runtime"]
            row["quiet_ratio"] = row["quiet"] / row["floor"]
            row["loaded_ratio"] = row["loaded"] / row["hot_floor"]
            results[name] = row
    return results


def invoke(runtime: BareRuntime, event: bytes) -> float:
    """Seconds of one invocation behind the bare runtime. Raises RuntimeError where the function does not accept the message."""
    seconds, response = runtime.invoke(str(uuid.uuid4()), event, "arn:aws:lambda:us-east-1:000000000000:function:floor")
    answer = json.loads(response)
    if answer.get("statusCode") != 200:
        raise RuntimeError(f"the function behind the bare runtime answered {answer}")
    return seconds


def _bare_loop(subject: Subject, event: bytes, count: int) -> list[float]:
    """Seconds of each call of the handler in a loop, without any runtime around it."""
    states = BareResponder(json.dumps({**_STARTED, **_secret(subject)}))
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "event.json"
            file.write_bytes(event)
            argv = [subject.folders.interpreter, "-c", _BARE_LOOP, str(file), str(count), str(subject.folders.task)]
            variables = function_variables(subject, f"http://127.0.0.1:{states.port}")
            done = subprocess.run(argv, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    finally:
        states.close()
    if done.returncode != 0:
        raise RuntimeError(f"the handler in a loop ended with {done.returncode}: {done.stderr[-2000:]}")
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def steps_of_last_message(target: Target) -> list[dict[str, Any]]:
    """Where the time of the last ingest went: the journal of its trace until the response, in milliseconds from the request."""
    from emulator.targets.control import ControlClient

    assert target.control_url is not None
    control = ControlClient(target.control_url)
    requests = [entry for entry in control.journal(kind="request") if entry["service"] == "apigateway"]
    start = requests[-1]["time"]
    steps = []
    for entry in control.journal(trace_id=requests[-1]["trace_id"]):
        begun = entry.get("started", entry["time"])
        steps.append(
            {
                "from_ms": round(1000 * (begun - start), 2),
                "to_ms": round(1000 * (entry["time"] - start), 2),
                "what": f"{entry['kind']} {entry['service']}:{entry['operation']}",
            }
        )
        if entry["kind"] == "response":
            break
    return sorted(steps, key=lambda step: (step["from_ms"], -step["to_ms"]))


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=15, help="messages per size, block and round")
    parser.add_argument("--sizes", default=",".join(SIZES), help=f"of {', '.join(SIZES)}, or bytes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--floor-only", action="store_true", help="the floor without the ingest; with --json")
    options = parser.parse_args()
    sizes = {name: SIZES[name] if name in SIZES else int(name) for name in options.sizes.split(",")}
    with EmbeddedTarget.start(template=PIPELINE / "template.yaml") as target:
        subject = subject_of(target)
        if options.floor_only:
            results, steps = measure_floor(subject, sizes, options.rounds, options.count), []
        else:
            results = measure(subject, sizes, options.rounds, options.count)
            steps = steps_of_last_message(target)
    if options.json or options.floor_only:
        json.dump({"sizes": results, "steps": steps}, sys.stdout, indent=1)
        print()
        return
    print(
        "| size | loopback | function | floor | ingest, quiet | x floor | floor, hot | ingest, loaded | x floor | handler bare |"
    )
    print("|---" * 10 + "|")
    for name, row in results.items():
        cells = [row[key] for key in _COLUMNS]
        print(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    print("\nmilliseconds, medians; where the last message's time went:\n")
    for step in steps:
        print(f"{step['from_ms']:9.2f} - {step['to_ms']:9.2f}  {step['what']}")


if __name__ == "__main__":
    main()
