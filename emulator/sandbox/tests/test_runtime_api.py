"""The Runtime API as a runtime's author meets it. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from emulator.sandbox.effects import RunInvocation
from emulator.sandbox.response_stream import ResponseStream
from emulator.sandbox.runtime_api import RuntimeApi
from emulator.sandbox.tests.workbench import Collected

_BASE = "/2018-06-01/runtime"


class Events:
    """Remembers what the runtime did and offers events one after the other."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []
        self.offer: list[RunInvocation] = []
        self.api: RuntimeApi | None = None

    def runtime_ready(self) -> None:
        self.seen.append(("ready",))
        if self.offer and self.api is not None:
            self.api.hand_over(self.offer.pop(0), 1_700_000_000.5)

    def runtime_responded(self, body: bytes) -> None:
        self.seen.append(("response", body))

    def response_refused(self, body_bytes: int) -> None:
        self.seen.append(("refused", body_bytes))

    def runtime_erred(self, body: bytes, error_type: str) -> None:
        self.seen.append(("error", body, error_type))

    def init_failed(self, body: bytes, error_type: str) -> None:
        self.seen.append(("init", body, error_type))


def with_api(
    runtime: Callable[[Callable[..., tuple[int, bytes, dict[str, str]]], str], None],
    *payloads: bytes,
    stream: ResponseStream | None = None,
) -> Events:
    """Run a runtime (plain blocking code in a thread) against an API that offers `payloads`."""
    events = Events()
    events.offer = [
        RunInvocation("e", f"id-{n}", body, 3.0, "arn", 100, invocation_id=f"try-{n}", stream=stream)
        for n, body in enumerate(payloads)
    ]

    async def main() -> None:
        api = events.api = RuntimeApi(asyncio.get_running_loop(), events)
        connection = http.client.HTTPConnection(api.address, timeout=5)

        def ask(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes, dict[str, str]]:
            connection.request(
                method, _BASE + path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())

        try:
            await asyncio.to_thread(runtime, ask, api.address)
        finally:
            connection.close()
            api.close()

    asyncio.run(main())
    return events


def test_event_has_the_documented_headers() -> None:
    def runtime(ask: Any, address: str) -> None:
        status, body, headers = ask("GET", "/invocation/next")
        assert (status, body) == (200, b"event")
        assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-0"
        assert headers["Lambda-Runtime-Deadline-Ms"] == "1700000000500"
        assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn"
        assert headers["Lambda-Runtime-Invocation-Id"] == "try-0"
        assert ask("POST", "/invocation/id-0/response", b"answer")[0] == 202

    assert with_api(runtime, b"event").seen == [("ready",), ("response", b"answer")]


def test_a_request_that_repeats_the_last_one_is_answered_anew_also_where_it_comes_in_pieces() -> None:
    def runtime(ask: Any, address: str) -> None:
        host, port = address.split(":")
        head = f"GET {_BASE}/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n".encode()
        with socket.create_connection((host, int(port)), 5) as connection:
            for number, pieces in enumerate(((head,), (head,), (head[:9], head[9:]))):
                for piece in pieces:
                    connection.sendall(piece)
                received = b""
                while not received.endswith(b"event %d" % number):
                    received += connection.recv(4096)
                assert b"Lambda-Runtime-Aws-Request-Id: id-%d\r\n" % number in received
                body = b"answer %d" % number
                connection.sendall(
                    f"POST {_BASE}/invocation/id-{number}/response HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                assert connection.recv(4096).startswith(b"HTTP/1.1 202")

    seen = with_api(runtime, b"event 0", b"event 1", b"event 2").seen
    assert seen == [entry for n in range(3) for entry in (("ready",), ("response", b"answer %d" % n))]


def test_error_carries_its_type() -> None:
    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        assert ask("POST", "/invocation/id-0/error", b"{}", Lambda_Runtime_Function_Error_Type="Mine")[0] == 202

    assert with_api(runtime, b"event").seen[-1] == ("error", b"{}", "Mine")


def test_init_error_is_accepted() -> None:
    def runtime(ask: Any, address: str) -> None:
        assert ask("POST", "/init/error", b"{}", Lambda_Runtime_Function_Error_Type="Runtime.X")[0] == 202

    assert with_api(runtime).seen == [("init", b"{}", "Runtime.X")]


@pytest.mark.parametrize(
    ("before", "method", "path", "headers", "status"),
    [
        (False, "POST", "/invocation/id-0/response", {}, 403),
        (True, "GET", "/invocation/next", {}, 403),
        (True, "POST", "/invocation/other/response", {}, 400),
        (True, "POST", "/invocation/id-0/response", {"Lambda_Runtime_Invocation_Id": "stale"}, 400),
        (True, "POST", "/invocation/id-0/nonsense", {}, 404),
        (True, "GET", "/nonsense", {}, 404),
    ],
)
def test_what_comes_at_the_wrong_time_or_place_is_refused(
    before: bool, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    def runtime(ask: Any, address: str) -> None:
        if before:
            ask("GET", "/invocation/next")
        assert ask(method, path, b"x", **headers)[0] == status

    assert not [event for event in with_api(runtime, b"event").seen if event[0] == "response"]


def test_response_over_the_limit_is_413_and_an_error_after_it_403() -> None:
    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        assert ask("POST", "/invocation/id-0/response", b"x" * 101)[0] == 413
        assert ask("POST", "/invocation/id-0/error", b"{}")[0] == 403
        assert ask("GET", "/invocation/next")[1] == b"second"
        assert ask("POST", "/invocation/id-1/response", b"x" * 100)[0] == 202

    seen = with_api(runtime, b"first", b"second").seen
    assert seen == [("ready",), ("refused", 101), ("ready",), ("response", b"x" * 100)]


def test_request_in_pieces_is_put_together() -> None:
    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = f"POST {_BASE}/invocation/id-0/response HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n"
            for piece in (head[:10], head[10:40], head[40:]):
                raw.sendall(piece.encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 100 Continue")
            for letter in b"answer":
                raw.sendall(bytes([letter]))
            assert raw.recv(100).startswith(b"HTTP/1.1 202")

    assert with_api(runtime, b"event").seen[-1] == ("response", b"answer")


def send_chunks(address: str, *chunks: bytes, trailers: bytes = b"", end: bool = True) -> bytes:
    """Stream a response by hand; the answer's beginning."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = (
            f"POST {_BASE}/invocation/id-0/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: text/x\r\n"
        )
        connection.sendall(head.encode() + b"Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n")
        for chunk in chunks:
            connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if not end:
            return b""
        connection.sendall(b"0\r\n" + trailers + b"\r\n")
        return connection.recv(4096)


def test_streamed_response_goes_to_the_invocations_stream() -> None:
    stream = Collected(100)

    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        assert send_chunks(address, b"one ", b"two ", b"three").startswith(b"HTTP/1.1 202")

    assert with_api(runtime, b"event", stream=stream).seen[-1] == ("response", b"")
    assert (b"".join(stream.parts), stream.content_type) == (b"one two three", "text/x")


def test_streamed_response_is_collected_for_a_caller_that_takes_no_stream() -> None:
    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        assert send_chunks(address, b"one ", b"two ", b"three").startswith(b"HTTP/1.1 202")

    assert with_api(runtime, b"event").seen[-1] == ("response", b"one two three")


def test_streamed_response_has_the_streams_limit() -> None:
    """200 MB on AWS; a response that is not streamed has 6 MB, also where the caller would take a stream."""
    stream = Collected(150)

    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        assert send_chunks(address, b"x" * 100, b"y" * 51).startswith(b"HTTP/1.1 413")
        ask("GET", "/invocation/next")
        assert ask("POST", "/invocation/id-1/response", b"x" * 101)[0] == 413

    seen = with_api(runtime, b"one", b"two", stream=stream).seen
    assert [event for event in seen if event[0] == "refused"] == [("refused", 151), ("refused", 101)]
    assert b"y" not in b"".join(stream.parts), "nothing beyond the limit leaves"


def test_error_in_the_middle_of_a_stream_comes_in_the_trailers() -> None:
    stream = Collected(100)

    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        trailers = b"Lambda-Runtime-Function-Error-Type: Bad\r\nLambda-Runtime-Function-Error-Body: "
        trailers += base64.b64encode(b'{"errorType":"Bad"}') + b"\r\n"
        assert send_chunks(address, b"half", trailers=trailers).startswith(b"HTTP/1.1 202")

    assert with_api(runtime, b"event", stream=stream).seen[-1] == ("error", b'{"errorType":"Bad"}', "Bad")
    assert stream.parts == [b"half"]


def test_runtime_that_hangs_up_in_the_middle_of_a_stream_has_failed() -> None:
    stream = Collected(100)

    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        send_chunks(address, b"half", end=False)
        for _ in range(500):
            if ask("POST", "/invocation/id-0/error", b"{}")[0] == 403:  # it was noticed
                return

    last = next(event for event in with_api(runtime, b"event", stream=stream).seen if event[0] == "error")
    assert last[2] in ("Runtime.TruncatedResponse", "")


def test_reader_that_does_not_take_holds_the_runtime_up() -> None:
    """What waits in between is bounded: the runtime's writes block, as they do on AWS."""
    stream = Collected(100_000_000)
    stream.add = stream.body.write  # type: ignore[method-assign]
    blocked = threading.Event()

    def runtime(ask: Any, address: str) -> None:
        ask("GET", "/invocation/next")
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            head = f"POST {_BASE}/invocation/id-0/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            connection.sendall(head.encode() + b"Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n")
            with contextlib.suppress(TimeoutError):
                for _ in range(1_000):
                    connection.sendall(b"10000\r\n" + bytes(65_536) + b"\r\n")
                return
            blocked.set()

    with_api(runtime, b"event", stream=stream)
    assert blocked.is_set()
    assert stream.written_bytes < 1_000_000
