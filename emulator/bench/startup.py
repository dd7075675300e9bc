"""How soon the emulator is ready, what it costs while idle, and how long the audit pipeline takes to deploy.

    python -m emulator.bench.startup

Ready is the first 200 of the health page, counted from the start of the process. The floors: `python -c pass`, which every Python program
pays, and a bare asyncio server that answers the same page, which every server in Python pays. All three take turns. Memory is the resident
set of the whole process tree a second after it was ready. The deployment is timed from the start of the process to the finished stack, with
the functions' requirements installed already; the first run of a machine installs them.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

from emulator.clock import stopwatch

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "system" / "audit_ingest" / "template.yaml"
HEALTH = "/_windtunnel/health"
DEADLINE_SECONDS = 300.0
BARE_SERVER = """
import asyncio, sys
class Answer(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data): self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
async def main():
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time to ready, idle memory, time to deploy.")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--deployments", type=int, default=3, help="of the audit pipeline; the first warms up")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")

    python: list[float] = []
    bare: list[float] = []
    emulator: list[float] = []
    memory: list[float] = []
    for _ in range(arguments.rounds):
        python.append(_python_seconds())
        with _serving(lambda port: [sys.executable, "-c", BARE_SERVER, str(port)]) as (_, seconds):
            bare.append(seconds)
        with _serving(_up) as (process, seconds):
            emulator.append(seconds)
            memory.append(_resident_megabytes(process))
    _row("floor: python -c pass", python)
    _row("floor: bare asyncio server ready", bare)
    _row("emulator ready", emulator, floor=statistics.median(bare))
    print(f"{'emulator, idle':<34} {statistics.median(memory):8.1f} MB resident, all processes")

    deployed = [_deploy_seconds() for _ in range(arguments.deployments)][1:]
    if deployed:
        _row("audit pipeline deployed", deployed, floor=statistics.median(emulator))


def _row(name: str, seconds: Sequence[float], *, floor: float | None = None) -> None:
    ratio = "" if floor is None else f"  {statistics.median(seconds) / floor:5.2f} x"
    print(f"{name:<34} {statistics.median(seconds):8.3f} s p50  {min(seconds):.3f} s best  of {len(seconds)}{ratio}")


def _up(port: int) -> list[str]:
    return [sys.executable, "-m", "emulator", "up", "--port", str(port)]


def _python_seconds() -> float:
    begun = stopwatch()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return stopwatch() - begun


@contextlib.contextmanager
def _serving(command: Callable[[int], list[str]]) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A server's process, and the seconds until its health page answered 200."""
    port = _free_port()
    begun = stopwatch()
    process = subprocess.Popen(command(port), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _healthy(port):
            if process.poll() is not None or stopwatch() - begun > DEADLINE_SECONDS:
                raise SystemExit(f"{' '.join(command(port))} did not become ready")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.002)
        yield process, stopwatch() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", HEALTH)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _resident_megabytes(process: subprocess.Popen[bytes]) -> float:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
    tree = psutil.Process(process.pid)
    return float(sum(item.memory_info().rss for item in (tree, *tree.children(recursive=True))) / 1e6)


def _deploy_seconds() -> float:
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [*_up(0), "--template", str(TEMPLATE), "--ready-file", str(ready)]
        begun = stopwatch()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not ready.exists():
                if process.poll() is not None or stopwatch() - begun > DEADLINE_SECONDS:
                    raise SystemExit("the audit pipeline was not deployed")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.01)
            return stopwatch() - begun
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
