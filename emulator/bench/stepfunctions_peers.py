"""Step Functions over HTTP beside other emulators: `python -m emulator.bench.stepfunctions_peers [--cache FOLDER]`.

Three Pass states by StartSyncExecution, on one kept-alive connection, each server in a child process of its own, in turn. MiniStack and
moto server come from the package index, each into a virtual environment of its own below the cache folder (a temporary one by default).
The floor is an AWS call that does nothing much (ListActivities) on the same server. moto has no Express workflows; there a Standard
execution is started and polled until it has ended, which is what its users do.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from emulator.clock import stopwatch

ROUNDS = 100
SECONDS_TO_START = 30.0
SECONDS_TO_END = 10.0
PASSES = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Pass", "End": True},
    },
}
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0"
)


@dataclass(frozen=True, slots=True)
class Peer:
    """How to install and start one server; `{port}` is filled in."""

    name: str
    requirement: str | None
    command: tuple[str, ...]
    has_express: bool = True
    settings: tuple[str, str] | None = None
    """What is posted first, and where: moto only runs executions when it is told to."""


PEERS = (
    Peer("windtunnel", None, ("-m", "emulator", "up", "--port", "{port}")),
    Peer("MiniStack", "ministack", ("-m", "ministack")),
    Peer(
        "moto server",
        "moto[server,stepfunctions]",
        ("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"),
        has_express=False,
        settings=("/moto-api/config", '{"stepfunctions": {"execute_state_machine": true}}'),
    ),
)


class Client:
    """Step Functions by plain HTTP: what a measurement needs, without an SDK's own cost."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def call(self, operation: str, **params: Any) -> Any:
        """One call. Raises RuntimeError with the answer where it fails."""
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AWSStepFunctions.{operation}",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": AUTHORIZATION,
        }
        return json.loads(self.post("/", json.dumps(params), headers))

    def post(self, path: str, body: str, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
        """One request. Raises RuntimeError with the answer where it fails."""
        self._connection.request("POST", path, body, dict(headers))
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{body[:60]}: {response.status} {answer[:300]!r}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def interpreter_of(peer: Peer, cache: Path) -> str:
    """The Python that runs a peer, installed first where it is not there yet."""
    if peer.requirement is None:
        return sys.executable
    folder = cache / peer.name.replace(" ", "-").lower()
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", peer.requirement], check=True)
    return str(python)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def wait_for(client: Client, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers. Raises RuntimeError where it ends or takes too long."""
    deadline = stopwatch() + SECONDS_TO_START
    while stopwatch() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            client.call("ListActivities")
        except (OSError, http.client.HTTPException):
            client.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        else:
            return
    raise RuntimeError(f"the server did not answer within {SECONDS_TO_START:.0f} s")


def percentiles(work: Callable[[], Any]) -> tuple[float, float]:
    """p50 and p99 in milliseconds, after a warm-up."""
    for _ in range(20):
        work()
    rounds = []
    for _ in range(ROUNDS):
        begin = stopwatch()
        work()
        rounds.append((stopwatch() - begin) * 1000)
    rounds.sort()
    return statistics.median(rounds), rounds[int(len(rounds) * 0.99)]


def measure(peer: Peer, cache: Path) -> float:
    """Start a server, measure, stop it: the p50 of one execution in milliseconds."""
    python, port = interpreter_of(peer, cache), free_port()
    command = [python, *(part.format(port=port) for part in peer.command)]
    environment = os.environ | {"GATEWAY_PORT": str(port), "MINISTACK_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR"}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        client = Client(port)
        try:
            wait_for(client, process)
            if peer.settings is not None:
                client.post(*peer.settings)
            kind = "EXPRESS" if peer.has_express else "STANDARD"
            role = "arn:aws:iam::000000000000:role/r"
            definition = json.dumps(PASSES)
            created = client.call("CreateStateMachine", name="bench", definition=definition, roleArn=role, type=kind)
            arn = created["stateMachineArn"]
            empty, _ = percentiles(lambda: client.call("ListActivities"))

            def synchronous() -> None:
                answer = client.call("StartSyncExecution", stateMachineArn=arn, input="{}")
                if answer["status"] != "SUCCEEDED":
                    raise RuntimeError(str(answer))

            def polled() -> None:
                name = uuid.uuid4().hex  # moto takes every unnamed execution for the same
                execution = client.call("StartExecution", stateMachineArn=arn, input="{}", name=name)["executionArn"]
                deadline = stopwatch() + SECONDS_TO_END
                while client.call("DescribeExecution", executionArn=execution)["status"] == "RUNNING":
                    if stopwatch() > deadline:
                        raise RuntimeError(f"{execution} has not ended within {SECONDS_TO_END:.0f} s")

            middle, high = percentiles(synchronous if peer.has_express else polled)
        finally:
            client.close()
            process.terminate()
            process.wait(20)
    how = "StartSyncExecution" if peer.has_express else "StartExecution and polling"
    print(
        f"{peer.name:<12} {how}: p50 {middle:7.2f} ms, p99 {high:7.2f} ms; empty call p50 {empty:5.2f} ms; "
        f"above it {middle - empty:6.2f} ms"
    )
    return middle


def main() -> None:
    """Measure every peer, and print the ratios to the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, help="where the peers' virtual environments are kept")
    parser.add_argument("--only", choices=[peer.name for peer in PEERS], help="one server alone")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="windtunnel-peers-") as temporary:
        cache = Path(temporary) if chosen.cache is None else chosen.cache
        figures: dict[str, float] = {}
        for peer in PEERS:
            if chosen.only not in (None, peer.name):
                continue
            try:
                figures[peer.name] = measure(peer, cache)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"{peer.name}: not measured: {error}")
        ours = figures.get("windtunnel")
        for name, figure in figures.items():
            if ours is not None and name != "windtunnel":
                print(f"{name}: {figure / ours:.1f} x windtunnel")


if __name__ == "__main__":
    main()
