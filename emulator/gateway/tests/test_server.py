"""The HTTP front on the wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from emulator.gateway.server import HttpServer, Respond
from emulator.http import HttpRequest, HttpResponse
from emulator.streamed_body import StreamedBody


@contextlib.asynccontextmanager
async def connected(
    handler: object, **options: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    server = HttpServer(handler, **options)  # type: ignore[arg-type]
    host, port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 26)
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.close()


async def read_response(reader: asyncio.StreamReader, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    length = int(headers.get("content-length", "0"))
    return int(lines[0].split()[1]), headers, await reader.readexactly(length) if body and length else b""


def echo(request: HttpRequest, respond: Respond) -> None:
    text = f"{request.method} {request.path}?{request.query} ".encode()
    respond(HttpResponse(200, (("X-Length", str(len(request.body))),), text + request.body))


@pytest.mark.parametrize("size", [0, 1, 65_536, 6_291_456])
def test_a_body_of_any_size_arrives_whole(size: int) -> None:
    async def exchange() -> None:
        async with connected(echo) as (reader, writer):
            body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
            writer.write(f"POST /a%20b?c=d%2F HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n".encode() + body)
            status, headers, answer = await read_response(reader)
            assert (status, headers["x-length"]) == (200, str(size))
            assert answer == b"POST /a%20b?c=d%2F " + body

    asyncio.run(exchange())


def test_a_chunked_body_is_put_together() -> None:
    async def exchange() -> None:
        async with connected(echo) as (reader, writer):
            writer.write(b"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
            assert (await read_response(reader))[2] == b"PUT /x? abcdefg"

    asyncio.run(exchange())


@pytest.mark.parametrize("body", [b"", b"ab"])
def test_a_request_for_another_protocol_is_answered_in_this_one(body: bytes) -> None:
    """Java's client asks for HTTP/2 with every first request: https://www.rfc-editor.org/rfc/rfc9110#section-7.8"""
    head = (
        b"POST /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    )

    async def exchange() -> None:
        async with connected(echo) as (reader, writer):
            for part in (head[:30], head[30:] + body[:1], body[1:] + b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert (await read_response(reader))[2] == b"POST /x? " + body
            assert (await read_response(reader))[2] == b"GET /next? "

    asyncio.run(exchange())


def test_connect_is_refused_by_name() -> None:
    async def exchange() -> None:
        async with connected(echo) as (reader, writer):
            writer.write(b"CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n")
            status, headers, body = await read_response(reader)
            assert (status, headers["connection"]) == (400, "close")
            assert b"this is no proxy" in body

    asyncio.run(exchange())


def test_expect_continue_is_answered_before_the_body() -> None:
    async def exchange() -> None:
        async with connected(echo) as (reader, writer):
            writer.write(b"PUT /x HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"ok")
            assert (await read_response(reader))[2] == b"PUT /x? ok"

    asyncio.run(exchange())


def test_head_has_the_length_and_no_body() -> None:
    async def exchange() -> None:
        async with connected(echo) as (reader, writer):
            writer.write(b"HEAD /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\n")
            status, headers, _ = await read_response(reader, body=False)
            assert (status, headers["content-length"]) == (200, "9")
            assert (await read_response(reader))[2] == b"GET /y? "

    asyncio.run(exchange())


def test_pipelined_requests_are_answered_in_order_even_when_the_first_takes_longer() -> None:
    waiting: list[Respond] = []

    def handler(request: HttpRequest, respond: Respond) -> None:
        if request.path == "/slow":
            waiting.append(respond)
            asyncio.get_running_loop().call_later(0.02, respond, HttpResponse(200, (), b"slow"))
        else:
            respond(HttpResponse(200, (), b"fast"))

    async def exchange() -> None:
        async with connected(handler) as (reader, writer):
            writer.write(b"GET /slow HTTP/1.1\r\n\r\nGET /fast HTTP/1.1\r\n\r\n")
            assert [(await read_response(reader))[2] for _ in range(2)] == [b"slow", b"fast"]

    asyncio.run(exchange())


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [(b"NONSENSE\r\n\r\n", 400), (b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n01234567890", 413)],
)
def test_what_cannot_be_served_is_refused_and_the_connection_closed(request_bytes: bytes, status: int) -> None:
    async def exchange() -> None:
        async with connected(echo, largest_body_bytes=10) as (reader, writer):
            writer.write(request_bytes)
            assert (await read_response(reader))[0] == status
            assert await reader.read() == b""

    asyncio.run(exchange())


def test_a_handler_that_breaks_is_a_500_and_the_connection_lives(caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: HttpRequest, respond: Respond) -> None:
        if request.path == "/break":
            raise KeyError("x")
        respond(HttpResponse(204))

    async def exchange() -> None:
        async with connected(handler) as (reader, writer):
            writer.write(b"GET /break HTTP/1.1\r\n\r\n")
            assert (await read_response(reader))[0] == 500
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert (await read_response(reader))[0] == 204

    with caplog.at_level("CRITICAL"):
        asyncio.run(exchange())


# -- streamed bodies -------------------------------------------------------------------------------------------------------------


def test_streamed_body_leaves_in_chunks_and_the_connection_lives_on() -> None:
    body = StreamedBody()

    def handler(request: HttpRequest, respond: Respond) -> None:
        respond(HttpResponse(200, stream=body) if request.path == "/stream" else HttpResponse(200, (), b"next"))

    async def exchange() -> None:
        async with connected(handler) as (reader, writer):
            writer.write(b"GET /stream HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n")
            _, headers, _ = await read_response(reader)
            assert (headers["transfer-encoding"], "content-length" in headers) == ("chunked", False)
            body.write(b"one")
            assert await reader.readuntil(b"one\r\n") == b"3\r\none\r\n"
            body.write(b"two")
            body.finish()
            assert await reader.readuntil(b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"
            assert (await read_response(reader))[2] == b"next"

    asyncio.run(exchange())


def test_streamed_body_that_fails_ends_without_its_last_chunk() -> None:
    body = StreamedBody()

    async def exchange() -> None:
        async with connected(lambda request, respond: respond(HttpResponse(200, stream=body))) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await read_response(reader)
            body.write(b"half")
            body.fail()
            assert await reader.read() == b"4\r\nhalf\r\n"

    asyncio.run(exchange())


def test_client_that_does_not_read_holds_the_writer_up_and_one_that_leaves_lets_it_go() -> None:
    body = StreamedBody()
    asked: list[bool] = []

    async def exchange() -> None:
        async with connected(lambda request, respond: respond(HttpResponse(200, stream=body))) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await read_response(reader)
            body.on_flow = asked.append
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(400):
                body.write(bytes(65_536))
                if asked:
                    break
                await asyncio.sleep(0)
            assert asked == [True]
            writer.transport.abort()
            for _ in range(1_000):
                if len(asked) == 2:
                    break
                await asyncio.sleep(0)
            assert asked == [True, False]

    asyncio.run(exchange())
