"""Lambda's speed beside a floor and a peer: `python -m emulator.bench.lambda_invoke [--peer COMMAND] [--seconds N]`.

The peer is another emulator, named by its command (`<venv>/bin/ministack`); it must serve on GATEWAY_PORT. Both run the same functions on
the same interpreter version, in turn, with the same client: one process that writes ready-made requests to kept-alive connections.

    warm        a silent handler over HTTP, one client; then 8 and 32 clients for some seconds: throughput, p99, memory of the whole tree
    large       a 6 MB event and a 6 MB response, to the floor: the same exchange with AWS's runtime client behind a bare Runtime API server
    cold        the first invocation after a change of the configuration, with and without boto3
    idle        memory with 200 functions deployed that nobody calls
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.bench.bare_runtime import BareRuntime
from emulator.clock import stopwatch
from emulator.memory import keep_freed_memory
from emulator.sandbox.process_table import descendants_of, resident_bytes

__all__ = ["main"]

RUNTIME = f"python3.{sys.version_info.minor}"
SOURCES = {
    "silent": "def handler(event, context): return {}\n",
    "large": "ANSWER = 'x' * 6_000_000\ndef handler(event, context): return ANSWER\n",
    "plain": "def handler(event, context): return {}\n",
    "boto3": "import boto3\ns3 = boto3.client('s3')\ndef handler(event, context): return {}\n",
}
LARGE_EVENT = b'{"data":"' + b"x" * 6_000_000 + b'"}'
COLD_STARTS = 7
IDLE_FUNCTIONS = 200
_ROLE = "arn:aws:iam::000000000000:role/bench"


@dataclass(slots=True)
class Server:
    """A running emulator."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    figures: dict[str, float] = field(default_factory=dict)

    def memory_mb(self) -> float:
        """Resident memory of the whole tree."""
        pids = [self.process.pid, *descendants_of(self.process.pid)]
        return sum(map(resident_bytes, pids)) / 1_048_576

    def client(self) -> Any:
        """A Lambda client."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # every emulator takes it
            config=Config(read_timeout=120, retries={"total_max_attempts": 1}),
        )

    def stop(self) -> None:
        """End it with everything it started."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextlib.contextmanager
def _started(name: str, command: Sequence[str], folder: Path) -> Iterator[Server]:
    port = _free_port()
    environment = {**os.environ, "GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR"}
    argv = [word.format(port=port) for word in command]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    server = Server(name, process, port)
    try:
        _await_port(port)
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _await_port(port: int) -> None:
    deadline = stopwatch() + 30.0
    while stopwatch() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
    raise RuntimeError(f"nobody listens on port {port}")


def _archive(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        writer.writestr("app.py", source)
    return buffer.getvalue()


def _create(client: Any, name: str, source: str) -> None:
    client.create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Role=_ROLE,
        Handler="app.handler",
        Code={"ZipFile": _archive(source)},
        MemorySize=512,
        Timeout=30,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)


def _request(port: int, function: str, body: bytes) -> bytes:
    scope = "Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
    head = (
        f"POST /2015-03-31/functions/{function}/invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 {scope}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Client(asyncio.Protocol):
    """Sends one request again and again until a moment, on one connection; cheap, as it shares the machine with what it measures."""

    def __init__(self, request: bytes, until: float, times: list[float]) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._until = until
        self._times = times
        self._transport: asyncio.Transport | None = None
        self._start = 0.0
        self._received = bytearray()
        self._size: int | None = None
        """Of head and body; None before the head came, -1 for chunks."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send(stopwatch())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(RuntimeError(f"the server hung up: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            if self._size is None:
                self._size = _answer_bytes(self._received)
        except RuntimeError as error:
            if not self.over.done():
                self.over.set_exception(error)
            return
        if self._size is None or len(self._received) < self._size:
            return
        if self._size >= 0 or self._received.endswith(b"0\r\n\r\n"):
            now = stopwatch()
            self._times.append(now - self._start)
            self._send(now)

    def _send(self, now: float) -> None:
        if self._transport is None or self.over.done():
            return
        if now >= self._until:
            self.over.set_result(None)
            self._transport.close()
            return
        self._start, self._size = now, None
        self._received.clear()
        self._transport.write(self._request)


def _answer_bytes(received: bytearray) -> int | None:
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end].lower()
    if not head.startswith(b"http/1.1 200 ") or b"x-amz-function-error" in head:
        raise RuntimeError(f"an invocation failed: {head.decode(errors='replace')}")
    length = head.find(b"\r\ncontent-length:")
    return -1 if length < 0 else end + 4 + int(head[length + 17 :].split(b"\r\n", 1)[0])


async def _client(port: int, request: bytes, until: float, times: list[float]) -> None:
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(lambda: _Client(request, until, times), "127.0.0.1", port)
    try:
        await client.over
    finally:
        transport.close()


async def _load(server: Server, function: str, clients: int, seconds: float, body: bytes = b"{}") -> list[float]:
    times: list[float] = []
    request = _request(server.port, function, body)
    until = stopwatch() + seconds
    async with asyncio.timeout(seconds + 60):
        await asyncio.gather(*(_client(server.port, request, until, times) for _ in range(clients)))
    return times


def _p(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000.0


def _measure(server: Server, seconds: float) -> None:
    client, figures = server.client(), server.figures
    for name, source in SOURCES.items():
        _create(client, name, source)
    asyncio.run(_load(server, "silent", 1, 1.0))
    times = asyncio.run(_load(server, "silent", 1, seconds))
    figures["warm p50 ms"], figures["warm p99 ms"] = _p(times, 0.5), _p(times, 0.99)
    for clients in (8, 32):
        asyncio.run(_load(server, "silent", clients, 1.0))
        times = asyncio.run(_load(server, "silent", clients, seconds))
        figures[f"{clients} clients /s"] = len(times) / seconds
        figures[f"{clients} clients p99 ms"] = _p(times, 0.99)
        figures[f"{clients} clients MB"] = server.memory_mb()
    times = asyncio.run(_load(server, "large", 1, seconds, LARGE_EVENT))
    figures["6 MB both ways p50 ms"] = _p(times, 0.5)
    for function in ("plain", "boto3"):
        figures[f"cold {function} p50 ms"] = statistics.median(_cold(client, function)) * 1000.0


def _cold(client: Any, function: str) -> list[float]:
    times = []
    for number in range(COLD_STARTS):
        client.update_function_configuration(FunctionName=function, Description=str(number))
        client.get_waiter("function_updated_v2").wait(FunctionName=function)
        start = stopwatch()
        client.invoke(FunctionName=function, Payload=b"{}")
        times.append(stopwatch() - start)
    return times[1:]


def _idle(server: Server) -> None:
    client = server.client()
    before = server.memory_mb()
    for number in range(IDLE_FUNCTIONS):
        _create(client, f"idle-{number}", f"# {number}\n{SOURCES['silent']}")
    server.figures[f"{IDLE_FUNCTIONS} idle functions MB"] = server.memory_mb() - before


def _floor(folder: Path, seconds: float) -> float:
    """p50 in milliseconds of the 6 MB exchange with a bare Runtime API server."""
    (folder / "app.py").write_text(SOURCES["large"])
    variables = {
        "LAMBDA_TASK_ROOT": str(folder),
        "PYTHONPATH": str(folder),
        "PATH": "/usr/bin",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
    }
    runtime = BareRuntime((sys.executable, "-m", "awslambdaric", "app.handler"), variables, folder)
    try:
        times, until = [], stopwatch() + seconds
        while stopwatch() < until:
            times.append(runtime.invoke("one", LARGE_EVENT, "arn:f")[0])
        return _p(times, 0.5)
    finally:
        runtime.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m emulator.bench.lambda_invoke")
    parser.add_argument("--peer", default="", help="the command of another emulator that serves on GATEWAY_PORT")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each run")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    keep_freed_memory()
    commands = {"windtunnel": [sys.executable, "-m", "emulator", "up", "--port", "{port}"]}
    if given.peer:
        commands["peer"] = shlex.split(given.peer)
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        floor = _floor(folder, given.seconds)
        for name, command in commands.items():
            with _started(name, command, folder) as server:
                try:
                    _idle(server)
                    _measure(server, given.seconds)
                except Exception as error:  # a peer that fails in the middle still has figures to show
                    print(f"{name} failed: {error!r}", file=sys.stderr)
                rows[name] = server.figures
    rows["windtunnel"]["6 MB to floor"] = rows["windtunnel"]["6 MB both ways p50 ms"] / floor
    if given.json:
        print(json.dumps({"floor 6 MB p50 ms": floor, **rows}))
        return
    print(f"floor 6 MB both ways p50: {floor:.1f} ms")
    for figure in rows["windtunnel"]:
        values = "".join(f"{rows[name].get(figure, float('nan')):12.2f}" for name in rows)
        print(f"{figure:28}{values}")


if __name__ == "__main__":
    main()
