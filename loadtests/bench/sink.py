"""An HTTP server that takes requests and answers at once: what a load generator is measured against.

    python -m loadtests.bench.sink [--certificate FILE --key FILE] [--stall SECONDS]

It prints its port and serves until its standard input ends. Bodies are counted and forgotten, without a copy.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["running_sink"]

_BODY = b'{"messageID":"sink"}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
_BUFFER_BYTES = 1024 * 1024
_LENGTH = b"content-length:"


class _Connection(asyncio.BufferedProtocol):
    """One keep-alive connection. A request's head is small and is awaited whole; its body is only counted."""

    def __init__(self, stall_seconds: float) -> None:
        self._buffer = bytearray(_BUFFER_BYTES)
        self._stall_seconds = stall_seconds
        self._filled = 0
        self._missing = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        if self._missing > 0:
            self._take(nbytes)
            return
        self._filled += nbytes
        end = self._buffer.find(b"\r\n\r\n", 0, self._filled)
        if end >= 0:
            head = bytes(self._buffer[:end]).lower()
            place = head.find(_LENGTH)
            length = int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            arrived, self._filled = self._filled - end - 4, 0
            self._missing = length
            self._take(arrived)

    def _take(self, count: int) -> None:
        self._missing -= count
        if self._missing <= 0:
            self._missing = 0
            if self._stall_seconds:
                asyncio.get_running_loop().call_later(self._stall_seconds, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_ANSWER)


@contextmanager
def running_sink(certificate: Path | None = None, key: Path | None = None, stall_seconds: float = 0.0) -> Iterator[str]:
    """Serve in a process of its own for the length of the block; yields its URL."""
    command = [sys.executable, "-m", "loadtests.bench.sink", "--stall", str(stall_seconds)]
    if certificate is not None and key is not None:
        command += ["--certificate", str(certificate), "--key", str(key)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield f"{'http' if certificate is None else 'https'}://127.0.0.1:{port}/Prod/ingestMessage"
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


async def _serve(context: ssl.SSLContext | None, stall_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(stall_seconds), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    server.close()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.sink", description=__doc__)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--stall", type=float, default=0.0)
    options = parser.parse_args()
    context = None
    if options.certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
    asyncio.run(_serve(context, options.stall))


if __name__ == "__main__":
    main()
