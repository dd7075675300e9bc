"""The floor's parts: a bare Runtime API server, a responder that answers everything at once, and a bare HTTP sink.

Each does the least that the exchange needs, with blocking sockets or a bare asyncio protocol: what nobody can be faster than.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from emulator.clock import stopwatch

__all__ = ["BareResponder", "BareRuntime", "Exchange"]

_RESPONDER = """
import asyncio, sys
ANSWER = sys.argv[2].encode()
class Responder(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport; self.need = None; self.parts = []; self.got = 0
    def data_received(self, data):
        if self.need is None:
            end = data.find(b"\\r\\n\\r\\n")
            if end < 0: return
            head = data[:end].lower()
            self.need = int(head.split(b"content-length:")[1].split(b"\\r\\n")[0]) if b"content-length:" in head else 0
            data = data[end + 4:]; self.parts = []; self.got = 0
        self.parts.append(data); self.got += len(data)
        if self.got >= self.need:
            b"".join(self.parts); self.need = None
            self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/x-amz-json-1.0\\r\\nContent-Length: %d\\r\\n\\r\\n"
                                 % len(ANSWER) + ANSWER)
async def main():
    server = await asyncio.get_running_loop().create_server(Responder, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


class BareResponder:
    """A child process that reads whole requests and answers each at once with the same JSON."""

    def __init__(self, answer: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_RESPONDER), "0", answer], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()


class Exchange:
    """One POST, made again and again on one kept-alive connection."""

    def __init__(self, port: int, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
        self._head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers), "", ""]).encode()
        self._body = body
        self._path = path
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __call__(self) -> float:
        """Seconds of one exchange. Raises RuntimeError where the answer is not 200."""
        start = stopwatch()
        self._connection.sendall(self._head)
        self._connection.sendall(self._body)
        status = _read_response(self._connection)
        seconds = stopwatch() - start
        if status != 200:
            raise RuntimeError(f"POST {self._path} answered {status}")
        return seconds

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _read_response(connection: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise RuntimeError("the server hung up")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split(b" ", 2)[1])


class BareRuntime:
    """AWS's runtime interface client with one function, behind a Runtime API of a few blocking socket calls."""

    def __init__(self, argv: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        self._connection: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        environment = {**variables, "AWS_LAMBDA_RUNTIME_API": address}
        self._log = (folder / "bare_runtime.log").open("wb")
        self._process = subprocess.Popen(list(argv), env=environment, cwd=folder, stdout=self._log, stderr=self._log)
        self._next, problem = self._request()
        if problem:
            self._process.kill()
            raise RuntimeError(f"the function cannot be initialised: {problem.decode(errors='replace')}")

    def invoke(self, request_id: str, payload: bytes, function_arn: str) -> tuple[float, bytes]:
        """Seconds from handing the event over to having the whole response, and the response."""
        head = (
            f"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {request_id}\r\nLambda-Runtime-Deadline-Ms: 99999999999999\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {function_arn}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        ).encode()
        start = stopwatch()
        self._next.sendall(head)
        self._next.sendall(payload)
        connection, body = self._request()
        seconds = stopwatch() - start
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        self._next = self._request()[0]
        return seconds, body

    def _request(self) -> tuple[socket.socket, bytes]:
        """The next whole request of the runtime, on the connection that it keeps alive or on a new one."""
        connection = self._connection if self._connection is not None else self._accept()
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(262144)
            if part:
                data += part
            else:
                connection = self._accept()
        head, _, body = data.partition(b"\r\n\r\n")
        lowered = head.lower()
        length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in lowered else 0
        while len(body) < length:
            body += connection.recv(262144)
        self._connection = connection
        return connection, body

    def _accept(self) -> socket.socket:
        try:
            connection = self._listener.accept()[0]
        except TimeoutError:
            state = "runs" if self._process.poll() is None else f"ended with {self._process.returncode}"
            log = Path(self._log.name).read_text(errors="replace")[-2000:]
            raise RuntimeError(
                f"the function behind the bare runtime says nothing; it {state} and wrote: {log}"
            ) from None
        connection.settimeout(60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self) -> None:
        """End the function's process."""
        self._process.kill()
        self._process.wait()
        self._listener.close()
        self._log.close()
        Path(self._log.name).unlink(missing_ok=True)
