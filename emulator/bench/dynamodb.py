"""DynamoDB with items of 1 KB, over HTTP and in the engine: `python -m emulator.bench.dynamodb [--peer NAME] [--items N ...]`.

    latency      put, get, update, query and a transaction on one kept-alive connection, each as a ratio to the floor: the same HTTP server
                 in a process of its own that answers an empty route with the same body after a request with the same body
    throughput   requests per second at 8 clients; with `--peer` (MiniStack, "moto server") the peer's beside it, from its own environment
    growth       what reads, writes and queries of equal size take of the processor with so many items in the table,
                 on keys from all over it, in the engine and over HTTP; the target: at 1,000,000 items at most 1.3 times as at 1,000

Rounds of the emulator, the floor and the peer alternate. Medians are printed, with the ratios that are the result.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import orjson

from emulator.account import Account
from emulator.bench.stepfunctions_peers import PEERS, free_port, interpreter_of
from emulator.bench.stepfunctions_scale import RELAXED_COLLECTOR
from emulator.clock import VirtualClock, stopwatch
from emulator.engine import Engine
from emulator.operation import CallContext
from emulator.services.dynamodb import DynamodbService

__all__ = ["main"]

TABLE = "bench"
CLIENTS = 8
ROUNDS, CALLS = 5, 150
KEYS = 2_000
"""So many items from all over a table are read, written and queried."""
SECONDS_TO_START = 30.0
ITEMS = (1_000, 100_000, 1_000_000)
FLOOR_SERVER = """
    import asyncio, sys
    from emulator.gateway.server import HttpServer
    from emulator.http import HttpResponse
    def handle(request, respond): respond(HttpResponse(200, (), b"x" * int(request.path[1:] or 0)))
    async def main():
        server = HttpServer(handle); await server.listen("127.0.0.1", int(sys.argv[1])); await asyncio.Event().wait()
    asyncio.run(main())
"""
PATH = {"PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])])}
KEY = {"pk": {"S": "user#1"}, "sk": {"N": "1"}}
ITEM: dict[str, Any] = {
    **KEY,
    "data": {"S": "x" * 640},
    "tags": {"SS": ["red", "green", "blue"]},
    "address": {"M": {"city": {"S": "Bern"}, "number": {"N": "12"}, "lines": {"L": [{"S": "line"}] * 3}}},
    **{f"attribute{number}": {"S": "v" * 20} for number in range(5)},
}
UPDATE = {
    "TableName": TABLE,
    "Key": KEY,
    "UpdateExpression": "SET #c = if_not_exists(#c, :zero) + :one, stamp = :s",
    "ExpressionAttributeNames": {"#c": "counter"},
    "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}, ":s": {"S": "y" * 20}},
}
OPERATIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "put": ("PutItem", {"TableName": TABLE, "Item": ITEM}),
    "get": ("GetItem", {"TableName": TABLE, "Key": KEY}),
    "update": ("UpdateItem", UPDATE),
    "query": (
        "Query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :p AND sk >= :s",
            "ExpressionAttributeValues": {":p": KEY["pk"], ":s": {"N": "0"}},
        },
    ),
    "transaction": (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": {**ITEM, "pk": {"S": "user#2"}}}},
                {"Update": UPDATE},
            ]
        },
    ),
}
CREATE = {
    "TableName": TABLE,
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}


# -- over HTTP -----------------------------------------------------------------------------------------------------------


def request_bytes(operation: str, params: Mapping[str, Any], path: str = "/") -> bytes:
    """A whole HTTP request, as an SDK would send it; the signature is not checked."""
    body = orjson.dumps(params)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: DynamoDB_20120810.{operation}\r\nX-Amz-Date: 20260101T000000Z\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
        f"Signature=0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One kept-alive connection: the least that a client can do."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, request: bytes) -> None:
        """Send a request."""
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Take what came: the body of the response once it is whole. Raises RuntimeError for an error's response."""
        part = self.socket.recv(1 << 18)
        if part == b"":
            raise RuntimeError("the server closed the connection")
        self._received += part
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        if len(body) < length:
            return None
        self._received = b""
        if b" 200 " not in head[:20]:
            raise RuntimeError(f"{head[:40]!r} {body[:300]!r}")
        return body

    def exchange(self, request: bytes) -> bytes:
        """Send, and wait for the response's body."""
        self.send(request)
        while (body := self.receive()) is None:
            pass
        return body


def latency(port: int, request: bytes) -> float:
    """Median microseconds of an exchange."""
    connection = Connection(port)
    times = []
    with connection.socket:
        for number in range(CALLS + 10):
            begin = stopwatch()
            connection.exchange(request)
            if number >= 10:
                times.append(stopwatch() - begin)
    return statistics.median(times) * 1e6


def throughput(port: int, request: bytes, seconds: float = 1.0) -> float:
    """Requests per second of CLIENTS clients, each with one request under way at a time."""
    selector = selectors.DefaultSelector()
    connections = [Connection(port) for _ in range(CLIENTS)]
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(request)
    done, begin = 0, stopwatch()
    while stopwatch() - begin < seconds:
        for key, _ in selector.select(1.0):
            if key.data.receive() is not None:
                done += 1
                key.data.send(request)
    elapsed = stopwatch() - begin
    for connection in connections:
        connection.socket.close()
    return done / elapsed


@contextmanager
def served(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """The process id of a server in a child process, until the block ends. Raises RuntimeError where it does not come up."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
        try:
            deadline = stopwatch() + SECONDS_TO_START
            while True:
                if process.poll() is not None or stopwatch() > deadline:
                    raise RuntimeError(f"{command[:3]} did not come up")
                try:
                    Connection(port).socket.close()
                    break
                except OSError:
                    os.sched_yield()
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def table_at(port: int) -> None:
    """Create the table, and put the item in."""
    connection = Connection(port)
    connection.exchange(request_bytes("CreateTable", CREATE))
    deadline = stopwatch() + SECONDS_TO_START
    while b'"ACTIVE"' not in connection.exchange(request_bytes("DescribeTable", {"TableName": TABLE})):
        if stopwatch() > deadline:
            raise RuntimeError("the table does not become active")
    connection.exchange(request_bytes(*OPERATIONS["put"]))
    connection.socket.close()


def over_http(peer_name: str | None, cache: Path) -> None:
    """Print latencies against the floor, and throughputs against the peer's."""
    ports = {name: free_port() for name in ("ours", "floor", "peer")}
    peer = next((peer for peer in PEERS if peer.name == peer_name), None)
    with tempfile.TemporaryDirectory(prefix="windtunnel-bench-") as folder:
        script = Path(folder) / "floor_server.py"
        script.write_text(textwrap.dedent(FLOOR_SERVER))
        ours = [sys.executable, "-m", "emulator", "up", "--port", str(ports["ours"])]
        with (
            served(ours, ports["ours"], PATH),
            served([sys.executable, str(script), str(ports["floor"])], ports["floor"], PATH),
        ):
            table_at(ports["ours"])
            if peer is None:
                compare(ports, None)
                return
            command = [interpreter_of(peer, cache), *(part.format(port=ports["peer"]) for part in peer.command)]
            environment = {"GATEWAY_PORT": str(ports["peer"]), "MINISTACK_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR"}
            with served(command, ports["peer"], {**environment, "PYTHONPATH": ""}):
                table_at(ports["peer"])
                compare(ports, peer.name)


def compare(ports: Mapping[str, int], peer: str | None) -> None:
    """Measure in turns, and print."""
    print(f"{'1 KB items':<14}{'us':>9}{'x floor':>9}{f'req/s at {CLIENTS}':>14}", end="")
    print("" if peer is None else f"{peer + ' req/s':>20}{'ratio':>8}")
    for name, (operation, params) in OPERATIONS.items():
        request = request_bytes(operation, params)
        connection = Connection(ports["ours"])
        size = len(connection.exchange(request))
        connection.socket.close()
        empty = request_bytes(operation, params, f"/{size}")
        times, floors, rates, peer_rates = [], [], [], []
        for _ in range(ROUNDS):
            floors.append(latency(ports["floor"], empty))
            times.append(latency(ports["ours"], request))
            rates.append(throughput(ports["ours"], request, 0.3))
            if peer is not None:
                peer_rates.append(throughput(ports["peer"], request, 0.3))
        ours, floor, rate = statistics.median(times), statistics.median(floors), statistics.median(rates)
        print(f"{name:<14}{ours:>9.0f}{ours / floor:>9.2f}{rate:>14.0f}", end="")
        beside = statistics.median(peer_rates) if peer_rates else 0.0
        print("" if peer is None else f"{beside:>20.0f}{rate / beside:>8.1f}", flush=True)


# -- growth --------------------------------------------------------------------------------------------------------------

Call = Callable[[str, Mapping[str, Any]], object]


def key_of(number: int) -> dict[str, Any]:
    """The key of an item: partitions have ten."""
    return {"pk": {"S": f"user#{number // 10}"}, "sk": {"N": str(number % 10)}}


def fill(call: Call, items: int) -> None:
    """Make the table, and put so many small items in."""
    call("CreateTable", CREATE)
    for start in range(0, items, 25):
        rows = [
            {"PutRequest": {"Item": {**key_of(number), "data": {"S": f"item {number}"}}}}
            for number in range(start, min(start + 25, items))
        ]
        call("BatchWriteItem", {"RequestItems": {TABLE: rows}})


def spread(items: int) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Calls of each kind for items all over the table; the last kind makes items that are new."""
    chosen = random.Random(items)
    keys = [key_of(chosen.randrange(items)) for _ in range(KEYS)]
    by_partition = {"TableName": TABLE, "KeyConditionExpression": "pk = :p"}
    return {
        "get": [("GetItem", {"TableName": TABLE, "Key": key}) for key in keys],
        "put": [("PutItem", {"TableName": TABLE, "Item": {**key, "data": {"S": "again"}}}) for key in keys],
        "update": [("UpdateItem", {**UPDATE, "Key": key}) for key in keys],
        "query of 10": [("Query", {**by_partition, "ExpressionAttributeValues": {":p": key["pk"]}}) for key in keys],
        "insert": [
            ("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": f"new#{number}"}, "sk": {"N": "1"}}})
            for number in range(KEYS * ROUNDS)
        ],
    }


def in_the_engine() -> Call:
    """Calls operations without HTTP; the collector is set as the emulator sets it (`emulator.serve`)."""
    engine = Engine(VirtualClock(1_000_000.0))
    engine.register("dynamodb", DynamodbService(Account("http://127.0.0.1:4566")))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RELAXED_COLLECTOR)

    def call(operation: str, params: Mapping[str, Any]) -> None:
        errors: list[BaseException | None] = []
        engine.call("dynamodb", operation, params, CallContext(1_000_000.0, "bench"), lambda _, e: errors.append(e))
        if errors != [None]:
            raise RuntimeError(f"{operation}: {errors}")

    return call


def growth(sizes: Sequence[int]) -> None:
    """Print what operations cost as the table grows, each as a ratio to the smallest table."""
    first: dict[str, float] = {}
    for items in sizes:
        call = in_the_engine()
        fill(call, items)
        print_costs("engine", items, timed(spread(items), call, process_time), first)
    first = {}
    for items in sizes:
        port = free_port()
        with served([sys.executable, "-m", "emulator", "up", "--port", str(port)], port, PATH) as process_id:
            connection = Connection(port)
            fill(partial(send, connection), items)
            prepared = {
                name: [(name, {"request": request_bytes(*call)}) for call in calls]
                for name, calls in spread(items).items()
            }
            costs = timed(prepared, partial(send_prepared, connection), partial(cpu_seconds, process_id))
            connection.socket.close()
        print_costs("HTTP", items, costs, first)


def send(connection: Connection, operation: str, params: Mapping[str, Any]) -> None:
    """Call an operation over HTTP."""
    connection.exchange(request_bytes(operation, params))


def send_prepared(connection: Connection, _: str, prepared: Mapping[str, Any]) -> None:
    """Send a request that is written already."""
    connection.exchange(prepared["request"])


def cpu_seconds(process_id: int) -> float:
    """What a process had of the processors, from the scheduler: no other process's load is in it."""
    return int(Path(f"/proc/{process_id}/schedstat").read_text().split()[0]) / 1e9


def timed(
    kinds: Mapping[str, Sequence[tuple[str, dict[str, Any]]]], call: Call, clock: Callable[[], float]
) -> dict[str, float]:
    """Microseconds per call of each kind: the best of the rounds. Of more calls than `KEYS` each round does others."""
    best: dict[str, float] = {}
    for number in range(ROUNDS):
        for name, calls in kinds.items():
            chosen = calls[number * KEYS :][:KEYS] if len(calls) > KEYS else calls
            begin = clock()
            for operation, params in chosen:
                call(operation, params)
            best[name] = min(best.get(name, float("inf")), (clock() - begin) / len(chosen) * 1e6)
    return best


def print_costs(where: str, items: int, costs: Mapping[str, float], first: dict[str, float]) -> None:
    """One line, with the ratios to the first one."""
    cells = [f"{name} {cost:.1f} us ({cost / first.setdefault(name, cost):.2f})" for name, cost in costs.items()]
    print(f"{where:<8}{items:>9,} items: {', '.join(cells)}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer", choices=[peer.name for peer in PEERS if peer.requirement is not None])
    parser.add_argument("--cache", type=Path, help="where the peers' virtual environments are kept")
    parser.add_argument("--items", type=int, nargs="*", default=list(ITEMS), help="sizes of tables; none to leave out")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="windtunnel-peers-") as temporary:
        over_http(chosen.peer, Path(temporary) if chosen.cache is None else chosen.cache)
    growth(chosen.items)


if __name__ == "__main__":
    main()
