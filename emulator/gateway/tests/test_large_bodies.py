"""Large bodies on the wire: taken while they arrive, sent piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulator.body import Body, BodyFile
from emulator.gateway.intake import Intakes
from emulator.gateway.server import HttpServer, Respond
from emulator.gateway.tests.test_server import read_response
from emulator.http import HttpRequest, HttpResponse

LARGE = 20 << 20


def digest(request: HttpRequest, respond: Respond) -> None:
    content = Body.of(request.body) if request.content is None else request.content
    text = f"{request.path} {content.size} {content.md5.hex()} {content.in_memory}"
    respond(HttpResponse(200 if request.refusal is None else 400, (), text.encode()))


@contextlib.asynccontextmanager
async def connected(
    handler: object, folder: Path
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, HttpServer]]:
    intakes = Intakes(folder)
    server = HttpServer(handler, intake=lambda head: intakes.begin(head) if head.path.startswith("/s3") else None)  # type: ignore[arg-type]
    host, port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 16)
    try:
        yield reader, writer, server
    finally:
        writer.close()
        await server.close()
        intakes.close()


@pytest.mark.parametrize("path", ["/s3", "/other"])
@pytest.mark.parametrize("size", [65_535, 65_536, 1_000_000, 1_048_575, 1_048_576, 9_000_000])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_pipelined_bodies_of_any_size_arrive_whole_and_in_order(
    path: str, size: int, coding: str, tmp_path: Path
) -> None:
    body = os.urandom(size)
    if coding == "length":
        message = f"PUT {path} HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode() + body
    else:
        cut = size // 3
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:cut], body[cut:]))
        message = f"PUT {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"
    message += b"GET /next HTTP/1.1\r\n\r\n"

    async def exchange() -> None:
        async with connected(digest, tmp_path / "bodies") as (reader, writer, _):
            for _ in range(2):
                writer.write(message)
                status, _, answer = await read_response(reader)
                in_memory = path == "/other" or size <= 8 << 20
                assert (status, answer) == (200, f"{path} {size} {hashlib.md5(body).hexdigest()} {in_memory}".encode())
                assert (await read_response(reader))[2].startswith(b"/next 0 ")
        assert list((tmp_path / "bodies").glob("*")) == []

    asyncio.run(exchange())


def test_a_client_that_goes_away_leaves_no_file(tmp_path: Path) -> None:
    async def exchange() -> None:
        async with connected(digest, tmp_path / "bodies") as (_, writer, server):
            writer.write(b"PUT /s3 HTTP/1.1\r\nContent-Length: 90000000\r\n\r\n" + bytes(LARGE))
            await writer.drain()
            writer.close()
            while server.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert list((tmp_path / "bodies").glob("*")) == []

    asyncio.run(exchange())


@pytest.mark.parametrize("kind", ["file", "memory", "join", "bytes"])
def test_a_large_body_leaves_in_pieces_and_the_connection_goes_on(kind: str, tmp_path: Path) -> None:
    data = os.urandom(LARGE)
    path = tmp_path / "spool"
    path.write_bytes(data)
    in_file = Body.of_file(BodyFile(str(path)), 0, LARGE)
    body = {
        "file": in_file,
        "memory": Body.of(data),
        "join": Body.joined([Body.of(data[:10]), in_file.slice(10, 5_000_000), Body.of(data[5_000_000:])]),
        "bytes": None,
    }[kind]

    def handler(request: HttpRequest, respond: Respond) -> None:
        respond(HttpResponse(200, (), data) if body is None else HttpResponse(200, content=body))

    async def exchange() -> None:
        async with connected(handler, tmp_path / "bodies") as (reader, writer, server):
            writer.write(b"GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n")
            await asyncio.sleep(0.05)  # the client is slow
            (connection,) = server.connections
            assert connection._transport is not None
            assert connection._transport.get_write_buffer_size() <= 1 << 19
            status, headers, answer = await read_response(reader)
            assert (status, headers["content-length"], answer == data) == (200, str(LARGE), True)
            assert (await read_response(reader, body=False))[1]["content-length"] == str(LARGE)
            assert (await read_response(reader))[2] == data

    asyncio.run(exchange())


def test_a_client_that_stops_reading_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "spool"
    path.write_bytes(bytes(LARGE))
    body = Body.of_file(BodyFile(str(path)), 0, LARGE)

    def handler(request: HttpRequest, respond: Respond) -> None:
        respond(HttpResponse(200, content=body))

    async def exchange() -> None:
        async with connected(handler, tmp_path / "bodies") as (reader, writer, server):
            writer.write(b"GET /a HTTP/1.1\r\n\r\n")
            await reader.readexactly(100)
            writer.transport.abort()
            while server.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    asyncio.run(exchange())
    assert caplog.records == []


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    handled: list[HttpRequest] = []

    async def exchange() -> None:
        async with connected(lambda request, _: handled.append(request), tmp_path / "bodies") as (
            reader,
            writer,
            server,
        ):
            server.largest_body_bytes = 1 << 20
            writer.write(b"PUT /s3 HTTP/1.1\r\nContent-Length: 1048577\r\n\r\nsome of it")
            assert (await read_response(reader))[0] == 413
            assert await reader.read() == b""

    asyncio.run(exchange())
    assert handled == []
