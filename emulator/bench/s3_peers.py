"""Puts and gets of 1 KB per second at 8 clients, beside other emulators: each in turn, by the same plain HTTP clients.

The clients are threads of a child process that only knows sockets; MiniStack and moto server come from the package index, each into a
virtual environment of its own below the cache folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from emulator.bench.server_process import free_port, wait_until_listening

__all__ = ["compare_peers"]

CLIENTS = 8
SECONDS = 3.0
BODY_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Peer:
    """How to install and start one server; `{port}` is filled in."""

    name: str
    requirement: str | None
    command: tuple[str, ...]


PEERS = (
    Peer("windtunnel", None, ("-m", "emulator", "up", "--port", "{port}")),
    Peer("MiniStack", "ministack", ("-m", "ministack")),
    Peer("moto server", "moto[server,s3]", ("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}")),
)

CLIENT = """
    import selectors, socket, sys, time
    port, clients, seconds, method = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    head = ("%s /bench/small{number} HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/"
            "s3/aws4_request, SignedHeaders=host, Signature=0\\r\\nX-Amz-Date: 20260101T000000Z\\r\\nx-amz-content-sha256: UNSIGNED-PAYLOAD"
            "\\r\\nContent-Length: %d\\r\\n\\r\\n")
    body = b"x" * BODY if method == "PUT" else b""
    selector = selectors.DefaultSelector()
    class Client:
        def __init__(self, number):
            self.socket = None
            self.message = (head % (method, len(body))).replace("{number}", str(number)).encode() + body; self.done = 0; self.send()
        def send(self):
            if self.socket is None:  # at first, and with a server that closes after each answer
                self.socket = socket.create_connection(("127.0.0.1", port)); self.socket.setsockopt(6, 1, 1)
                selector.register(self.socket, selectors.EVENT_READ, self)
            self.got = b""; self.socket.sendall(self.message)
        def receive(self):
            part = self.socket.recv(65536)
            if not part: raise SystemExit("closed: %r" % self.got[:300])
            self.got += part
            top, end, rest = self.got.partition(b"\\r\\n\\r\\n")
            if not end: return
            if b" 200 " not in top[:16]: raise SystemExit(self.got[:500].decode("latin-1"))
            lines = [line for line in top.lower().split(b"\\r\\n") if line.startswith(b"content-length:")]
            if lines and len(rest) < int(lines[0][15:]): return
            if b"connection: close" in top.lower() or top.startswith(b"HTTP/1.0"):
                selector.unregister(self.socket); self.socket.close(); self.socket = None
            self.done += 1; self.send()
    every = [Client(number) for number in range(clients)]
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for key, _ in selector.select(1): key.data.receive()
    print(sum(each.done for each in every) / (time.perf_counter() - start))
"""


def _interpreter_of(peer: Peer, cache: Path) -> str:
    if peer.requirement is None:
        return sys.executable
    folder = cache / peer.name.replace(" ", "-").lower()
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", peer.requirement], check=True)
    return str(python)


def _rates(peer: Peer, cache: Path) -> dict[str, float]:
    port = free_port()
    command = [_interpreter_of(peer, cache), *(part.replace("{port}", str(port)) for part in peer.command)]
    environment = {**os.environ, "GATEWAY_PORT": str(port)}
    if peer.requirement is None:
        environment["PYTHONPATH"] = os.getcwd()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not wait_until_listening(port, process):
            raise RuntimeError(f"{peer.name} does not listen")
        from emulator.bench.s3 import Connection

        Connection(port).exchange("PUT", "/bench")
        script = textwrap.dedent(CLIENT).replace("BODY", str(BODY_BYTES))
        found = {}
        for method in ("PUT", "GET"):
            ran = subprocess.run(
                [sys.executable, "-c", script, str(port), str(CLIENTS), str(SECONDS), method],
                capture_output=True,
                text=True,
                check=False,
            )
            if ran.returncode:
                raise RuntimeError(f"{peer.name}: {ran.stderr[-500:]}")
            found[method] = float(ran.stdout)
        return found
    finally:
        process.terminate()
        process.wait(10)


def compare_peers(cache: Path) -> None:
    """Measure every peer and print a table."""
    print(f"\n| requests of {BODY_BYTES} bytes per second at {CLIENTS} clients | put | get |\n|---|---|---|")
    for peer in PEERS:
        rates = _rates(peer, cache)
        print(f"| {peer.name} | {rates['PUT']:.0f} | {rates['GET']:.0f} |")
