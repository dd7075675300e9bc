"""Which HTTP server carries large bodies best: `python -m emulator.bench.http_servers`.

One client on one kept-alive connection posts a body of each size to servers that read it whole and answer twelve bytes; the floor is a
bare asyncio protocol that counts bytes until the content length. Every server runs in a child process of its own, in turn, several rounds.
Needs the servers it compares: `pip install aiohttp httptools uvicorn granian` (a missing one is reported, not skipped in silence).
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from emulator.clock import stopwatch

SIZES = {"1 KiB": 1024, "256 KiB": 256 * 1024, "1 MiB": 1 << 20, "6 MB": 6_000_000}

SERVERS = {
    "floor: bare asyncio protocol": """
        import asyncio, sys
        class P(asyncio.Protocol):
            def connection_made(self, t): self.t = t; self.need = None; self.got = 0
            def data_received(self, data):
                if self.need is None:
                    end = data.index(b"\\r\\n\\r\\n") + 4
                    self.need = int(data[:end].lower().split(b"content-length:")[1].split(b"\\r\\n")[0]); data = data[end:]; self.parts = []
                self.parts.append(data); self.got += len(data)
                if self.got == self.need:
                    b"".join(self.parts); self.need = None; self.got = 0
                    self.t.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 12\\r\\n\\r\\nhello world!")
        async def main():
            s = await asyncio.get_running_loop().create_server(P, "127.0.0.1", int(sys.argv[1])); await s.serve_forever()
        asyncio.run(main())
    """,
    "emulator gateway": """
        import asyncio, sys
        from emulator.gateway.server import HttpServer
        from emulator.http import HttpResponse
        def handle(request, respond): respond(HttpResponse(200, (), b"hello world!"))
        async def main():
            server = HttpServer(handle); await server.listen("127.0.0.1", int(sys.argv[1])); await asyncio.Event().wait()
        asyncio.run(main())
    """,
    "aiohttp": """
        import sys
        from aiohttp import web
        async def handle(request): await request.read(); return web.Response(body=b"hello world!")
        app = web.Application(client_max_size=1 << 30); app.router.add_post("/", handle)
        web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
    """,
    "uvicorn (httptools)": """
        import sys, uvicorn
        async def app(scope, receive, send):
            if scope["type"] != "http": return
            parts = []
            while True:
                m = await receive(); parts.append(m.get("body", b""))
                if not m.get("more_body"): break
            b"".join(parts)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"12")]})
            await send({"type": "http.response.body", "body": b"hello world!"})
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", loop="asyncio", log_level="error")
    """,
    "granian (RSGI)": """
        import sys
        from granian import Granian
        async def app(scope, protocol):
            await protocol()
            protocol.response_bytes(200, [], b"hello world!")
        if __name__ == "__main__":
            Granian("server_under_test:app", address="127.0.0.1", port=int(sys.argv[1]), interface="rsgi", log_enabled=False).serve()
    """,
}


def exchange_times(port: int, size: int, count: int) -> list[float]:
    """Seconds of each of `count` exchanges with a body of `size` bytes."""
    body = b"x" * size
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            start = stopwatch()
            connection.sendall(head)
            connection.sendall(body)
            answer = b""
            while not answer.endswith(b"hello world!"):
                answer += connection.recv(65536)
            times.append(stopwatch() - start)
    return times


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server came up within ten seconds."""
    deadline = stopwatch() + 10
    while stopwatch() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            os.sched_yield()
    return False


def measure(source: str, count: int, folder: Path) -> dict[str, float] | None:
    """Median milliseconds per size of one server; None where it does not start."""
    port = free_port()
    script = folder / "server_under_test.py"
    script.write_text(textwrap.dedent(source))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.getcwd()])}
    process = subprocess.Popen(
        [sys.executable, str(script), str(port)], env=environment, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        if not wait_until_listening(port, process):
            return None
        result = {}
        for name, size in SIZES.items():
            exchange_times(port, size, 5)
            result[name] = 1000 * statistics.median(exchange_times(port, size, count))
        return result
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Run all servers in turn and print a Markdown table of medians and ratios to the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=40, help="exchanges per size and round")
    options = parser.parse_args()
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in SERVERS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name, source in SERVERS.items():
                result = measure(source, options.count, Path(folder))
                if result is not None:
                    measured[name].append(result)
    floor = measured["floor: bare asyncio protocol"]
    print("| server | " + " | ".join(f"{size} ms (x floor)" for size in SIZES) + " |")
    print("|---" * (len(SIZES) + 1) + "|")
    for name, results in measured.items():
        if not results:
            print(f"| {name} | did not start: is it installed? |")
            continue
        cells = []
        for size in SIZES:
            value = statistics.median(result[size] for result in results)
            base = statistics.median(result[size] for result in floor)
            cells.append(f"{value:.2f} ({value / base:.2f})")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
