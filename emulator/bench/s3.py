"""S3's body path against the server's own floor, and beside other emulators: `python -m emulator.bench.s3 [--peer]`.

- Put and get of each size, on one kept-alive connection, as a ratio to the floor: the same server in a child process of its own that
  answers an empty route after it has taken, or with, a body of the same size. A put cannot reach that floor: S3 answers it with the MD5 of
  the body. What that alone takes is told beside it, and whether there was a second core to take it on while the body came in.
- The slowest of an unrelated client's requests while a large object is being put, and the emulator's memory at that time.
- A listing of many keys by pages.
- With --peer: puts and gets of 1 KB per second at 8 clients beside MiniStack and moto server, each in a virtual environment of its own
  below --cache.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from emulator.bench.s3_peers import compare_peers
from emulator.bench.server_process import free_port, wait_until_listening
from emulator.clock import stopwatch

SIZES = {"1 KB": 1000, "1 MB": 1_000_000, "6 MB": 6_000_000, "64 MB": 64_000_000}
BUDGET_BYTES = 400_000_000
LARGE_BYTES = 200_000_000
LISTED_KEYS = 100_000
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
FLOOR = """
    import asyncio, sys
    from emulator.body import Body
    from emulator.gateway.server import HttpServer
    from emulator.http import HttpResponse
    from emulator.memory import keep_freed_memory
    keep_freed_memory()  # as the emulator does
    bodies = {}
    def handle(request, respond):
        size = int(request.path[1:])
        if request.method == "PUT":
            respond(HttpResponse(200))
            return
        if size not in bodies:
            bodies[size] = bytes(size)
        respond(HttpResponse(200, (), bodies[size]))
    async def main():
        server = HttpServer(handle); await server.listen("127.0.0.1", int(sys.argv[1])); await asyncio.Event().wait()
    asyncio.run(main())
"""


class Connection:
    """One kept-alive connection that does no more than a measurement needs."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)

    def exchange(self, method: str, path: str, body: bytes = b"") -> int:
        """One request: the size of the answer's body. Raises RuntimeError where the status is not 200."""
        head = f"{method} {path} HTTP/1.1\r\nHost: s3\r\nAuthorization: {AUTHORIZATION}\r\n"
        head += f"x-amz-content-sha256: UNSIGNED-PAYLOAD\r\nContent-Length: {len(body)}\r\n\r\n"
        if len(body) < 65_536:
            self._socket.sendall(head.encode() + body)
        else:
            self._socket.sendall(head.encode())
            self._socket.sendall(body)
        received = b""
        while b"\r\n\r\n" not in received:
            part = self._socket.recv(65_536)
            if not part:
                raise RuntimeError(f"{method} {path}: the connection was closed")
            received += part
        answer, _, rest = received.partition(b"\r\n\r\n")
        if b" 200 " not in answer[:20]:
            raise RuntimeError(f"{method} {path}: {received[:500]!r}")
        length = next(
            (int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        missing = length - len(rest)
        while missing > 0:
            count = self._socket.recv_into(self._buffer, min(missing, len(self._buffer)))
            if count == 0:
                raise RuntimeError(f"{method} {path}: the connection was closed")
            missing -= count
        return length

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@contextmanager
def served(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a child process, while it is needed."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not wait_until_listening(port, process):
            raise RuntimeError(f"{command} does not listen")
        yield process
    finally:
        process.terminate()
        process.wait(10)


def median_seconds(action: Callable[[], object], size: int) -> float:
    """The median time of an exchange of `size` bytes."""
    return statistics.median(timed(action, size))


def timed(action: Callable[[], object], size: int) -> list[float]:
    """The times of an action on `size` bytes, which is done once before."""
    action()
    times = []
    for _ in range(max(5, min(300, BUDGET_BYTES // max(size, 1_000_000)))):
        start = stopwatch()
        action()
        times.append(stopwatch() - start)
    return times


def measured(port: int, path: Callable[[int], str]) -> dict[tuple[str, str], float]:
    """Seconds of put and get, by name of the size."""
    connection = Connection(port)
    found = {}
    for name, size in SIZES.items():
        body = os.urandom(size)
        put, get = (
            partial(connection.exchange, "PUT", path(size), body),
            partial(connection.exchange, "GET", path(size)),
        )
        found["put", name] = median_seconds(put, size)
        found["get", name] = median_seconds(get, size)
    connection.close()
    return found


def md5_seconds(size: int, threads: int = 1) -> float:
    """The least time of the MD5 of `size` bytes, of one body in each of the threads: what the processor can do."""
    body = os.urandom(size)

    def digest() -> None:
        hashlib.md5(body, usedforsecurity=False).digest()

    def digests() -> None:
        others = [threading.Thread(target=digest) for _ in range(threads - 1)]
        for other in others:
            other.start()
        digest()
        for other in others:
            other.join()

    return min(timed(digests, size))


def print_ratios(floor: Mapping[tuple[str, str], float], s3: Mapping[tuple[str, str], float]) -> None:
    """Print puts and gets beside their floors, and beside what the MD5 of a put leaves possible.

    With a free second core the body is hashed while it comes in: the larger of the two times is the least. On one core it is their sum.
    """
    print("| body | put ms (x floor) | floor ms | md5 alone ms | put, x (floor + md5) | get ms (x floor) |")
    print("|---|---|---|---|---|---|")
    for name, size in SIZES.items():
        put, least, md5 = s3["put", name], floor["put", name], md5_seconds(size)
        get = s3["get", name]
        print(
            f"| {name} | {1000 * put:.2f} ({put / least:.2f}) | {1000 * least:.2f} | {1000 * md5:.2f} "
            f"| {put / (least + md5):.2f} | {1000 * get:.2f} ({get / floor['get', name]:.2f}) |"
        )
    one, two = md5_seconds(SIZES["6 MB"]), md5_seconds(SIZES["6 MB"], threads=2)
    print(
        f"\nmd5 alone: {1e9 * one / SIZES['6 MB']:.2f} ms a MB; two at once take {two / one:.2f} times as long as one "
        "(1 with a free second core, 2 without)"
    )


def resident_bytes(process: subprocess.Popen[bytes], field: str = "VmHWM") -> int:
    """A process's memory now (VmRSS), or at its peak (VmHWM)."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{field} is unknown")


def beside_a_large_put(port: int, process: subprocess.Popen[bytes]) -> None:
    """Print what a small client sees while LARGE_BYTES are being put."""
    body = os.urandom(LARGE_BYTES)
    small, large = Connection(port), Connection(port)
    small.exchange("PUT", "/bench/small", b"x" * 1000)

    def times(until: Callable[[], bool]) -> list[float]:
        found = []
        while not until():
            start = stopwatch()
            small.exchange("GET", "/bench/small")
            found.append(stopwatch() - start)
        return found

    end = stopwatch() + 1.0
    alone = sorted(times(lambda: stopwatch() > end))
    before = resident_bytes(process, "VmRSS")
    sender = threading.Thread(target=large.exchange, args=("PUT", "/bench/large", body))
    start = stopwatch()
    sender.start()
    beside = sorted(times(lambda: not sender.is_alive()))
    seconds = stopwatch() - start
    peak = resident_bytes(process)
    print(
        f"\nAn unrelated get beside a put of {LARGE_BYTES // 1_000_000} MB ({seconds:.2f} s): "
        f"p50 {1000 * beside[len(beside) // 2]:.2f} ms, p99 {1000 * beside[int(len(beside) * 0.99)]:.2f} ms, "
        f"slowest {1000 * beside[-1]:.2f} ms; alone p50 {1000 * alone[len(alone) // 2]:.2f} ms, "
        f"p99 {1000 * alone[int(len(alone) * 0.99)]:.2f} ms"
    )
    print(
        f"Memory: {before / 1e6:.0f} MB before, {peak / 1e6:.0f} MB at most since the start "
        f"({max(peak - before, 0) / LARGE_BYTES:.2f} of the bytes in flight)"
    )


def listing(port: int) -> None:
    """Print what a listing of LISTED_KEYS keys costs by pages."""
    connection = Connection(port)
    connection.exchange("PUT", "/listed")
    start = stopwatch()
    for number in range(LISTED_KEYS):
        connection.exchange("PUT", f"/listed/{number % 100:02d}/{number:08d}", b"x")
    made = stopwatch() - start
    start, pages, after = stopwatch(), 0, ""
    for page in range(LISTED_KEYS // 1000):
        connection.exchange("GET", f"/listed?list-type=2&start-after={after}")
        pages += 1
        number = (page + 1) * 1000 - 1
        after = f"{number // 1000:02d}/{number % 1000 * 100 + number // 1000:08d}"
    seconds = stopwatch() - start
    print(
        f"\n{LISTED_KEYS:,} keys: {1e6 * made / LISTED_KEYS:.0f} us a put, "
        f"{pages} pages in {seconds:.2f} s ({1000 * seconds / pages:.1f} ms a page)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="store_true", help="compare with MiniStack and moto server too")
    parser.add_argument("--cache", type=Path, help="folder of the peers' virtual environments")
    parser.add_argument("--no-listing", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "floor.py"
        script.write_text(textwrap.dedent(FLOOR))
        port = free_port()
        with served([sys.executable, str(script), str(port)], port):
            floor = measured(port, lambda size: f"/{size}")
        port = free_port()
        with served([sys.executable, "-m", "emulator", "up", "--port", str(port)], port) as process:
            Connection(port).exchange("PUT", "/bench")
            s3 = measured(port, lambda size: f"/bench/{size}")
            print_ratios(floor, s3)
            beside_a_large_put(port, process)
            if not options.no_listing:
                listing(port)
        if options.peer:
            compare_peers(Path(folder) if options.cache is None else options.cache)


if __name__ == "__main__":
    main()
