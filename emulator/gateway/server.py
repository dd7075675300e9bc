"""One HTTP/1.1 server for AWS APIs, API stages and the control API, on asyncio with httptools' parser.

Why not a web framework: a body of 6 MB is the normal case here, and per request the frameworks spend on it two to four times what the
socket costs (`python -m emulator.bench.http_servers`). httptools (the parser of Node.js) does the protocol; this module collects the body,
keeps the order of pipelined requests, answers `Expect: 100-continue` and writes the response without joining head and body.

A body of known length that is not small goes past the parser. Where an intake wants it, it gets the bytes as they arrive.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

import httptools

from emulator.body import Body
from emulator.gateway.body_writer import BodyWriter
from emulator.gateway.sending import Sending
from emulator.http import HttpRequest, HttpResponse

__all__ = ["BodyIntake", "Handler", "HttpServer", "Respond", "WantsBody"]

logger = logging.getLogger(__name__)

Respond = Callable[[HttpResponse], None]
Handler = Callable[[HttpRequest, Respond], None]
"""Takes a request; calls `respond` once, now or later, on the loop's thread."""


class BodyIntake(Protocol):
    """Takes one body while it arrives."""

    pause: Callable[[], None]
    resume: Callable[[], None]

    def feed(self, data: bytes) -> None: ...

    def finish(self, finished: Callable[[HttpRequest], None]) -> None: ...

    def abandon(self) -> None: ...


WantsBody = Callable[[HttpRequest], BodyIntake | None]
"""Takes a request's head; an intake where the body is to be taken while it arrives."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_JOIN_BELOW_BYTES = 65_536
"""Head and body leave in one segment below this size; above it the copy would cost more than the second write."""
_PAST_THE_PARSER_FROM_BYTES = 65_536
"""Bodies from this size on are not handed to the parser, which would copy each piece."""
_INTAKE_FROM_BYTES = 1 << 20
"""Bodies from this size on are offered to an intake: below it, handing over the pieces costs more than it gains, and to hash the whole
holds up nobody for more than a millisecond or two.
"""

_UPGRADE_TOKENS = frozenset({"upgrade", "http2-settings"})


class HttpServer:
    """Listens and hands each whole request to `handler`."""

    def __init__(self, handler: Handler, *, largest_body_bytes: int = 5 << 30, intake: WantsBody | None = None) -> None:
        self.handler = handler
        self.intake: WantsBody = _no_intake if intake is None else intake
        self.largest_body_bytes = largest_body_bytes
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._date_second = -1
        self._date_line = ""

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Listen; the address that was bound (a port of 0 takes a free one)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)
        bound = self._server.sockets[0].getsockname()
        return str(bound[0]), int(bound[1])

    def date_line(self) -> str:
        """The header with the time, written once a second."""
        second = int(asyncio.get_running_loop().time())
        if second != self._date_second:
            self._date_second, self._date_line = second, f"Date: {formatdate(usegmt=True)}\r\n"
        return self._date_line

    async def close(self) -> None:
        """Stop listening and drop the connections."""
        if self._server is not None:
            self._server.close()
            for connection in tuple(self.connections):
                connection.drop()
            await self._server.wait_closed()


def _no_intake(head: HttpRequest) -> BodyIntake | None:
    """Every body is collected here."""
    return None


@dataclass(slots=True)
class _Slot:
    """A request's place in the order of its connection; the request is None while its body is being kept."""

    request: HttpRequest | None
    keep_alive: bool


class _Connection(asyncio.Protocol):
    """One client connection. Requests are handled one at a time; pipelined ones wait in order."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._source_ip = ""
        self._busy = False
        self._waiting: deque[_Slot] = deque()
        self._intake: BodyIntake | None = None
        self._kept = "\r\n"
        self._sending: BodyWriter | Sending | None = None
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._expect_continue = False
        self._length: int | None = None
        self._coded = False
        self._large = False
        self._past_parser = False
        self._keep_alive = True

    # -- asyncio -----------------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)
        peer = transport.get_extra_info("peername")
        self._source_ip = peer[0] if peer else "127.0.0.1"

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._sending is not None:
            self._sending.stop()
        self._waiting.clear()
        if self._intake is not None:
            self._intake.abandon()
            self._intake = None
        self._server.connections.discard(self)

    def pause_writing(self) -> None:
        if self._sending is not None:
            self._sending.pause()

    def resume_writing(self) -> None:
        if self._sending is not None:
            self._sending.resume()

    def data_received(self, data: bytes) -> None:
        if self._past_parser:
            data = self._body_received(data)
        try:
            while data:
                try:
                    self._parser.feed_data(data)
                except httptools.HttpParserUpgrade as upgrade:
                    data = self._head_without_upgrade() + data[upgrade.args[0] :]
                    self._parser = httptools.HttpRequestParser(self)
                else:
                    self._past_parser = self._large
                    break
        except httptools.HttpParserError as error:
            self._refuse(400, f"malformed HTTP request: {error}")

    def _body_received(self, data: bytes) -> bytes:
        """Take bytes of a body of known length; what is behind it."""
        assert self._length is not None
        missing = self._length - self._body_bytes
        rest = b""
        if len(data) > missing:
            data, rest = data[:missing], data[missing:]
        self.on_body(data)
        if self._body_bytes == self._length and self._transport is not None:
            self._past_parser = False
            self._complete(self._keep_alive)
            self._parser = httptools.HttpRequestParser(self)
        return rest

    def _head_without_upgrade(self) -> bytes:
        """The head of a request that asks for another protocol, as if it had not asked.

        Java's client asks for HTTP/2 with its first request, and a server may ignore that. The parser has passed over the body by then.
        """
        method = self._parser.get_method()
        if method == b"CONNECT":
            raise httptools.HttpParserError("this is no proxy")
        lines = [b"%s %s HTTP/%s" % (method, self._url, self._parser.get_http_version().encode())]
        for name, value in self._headers:
            if name.lower() == "connection":
                value = ", ".join(token for token in value.split(",") if token.strip().lower() not in _UPGRADE_TOKENS)
            if name.lower() not in _UPGRADE_TOKENS and value:
                lines.append(f"{name}: {value}".encode("latin-1"))
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def drop(self) -> None:
        """Close the connection now."""
        if self._transport is not None:
            self._transport.abort()

    # -- httptools ---------------------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        lowered = name.lower()
        if lowered == b"expect" and value.lower() == b"100-continue":
            self._expect_continue = True
        elif lowered == b"content-length" and value.isdigit():
            self._length = int(value)
        elif lowered == b"transfer-encoding":
            self._coded = True

    def on_headers_complete(self) -> None:
        if self._transport is None or self._parser.should_upgrade():
            return
        if self._expect_continue:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = None if self._coded else self._length
        self._kept = "\r\n" if self._parser.get_http_version() == "1.1" else "Connection: keep-alive\r\n\r\n"
        if length is not None and length > self._server.largest_body_bytes:
            self._refuse(413, f"a body may have {self._server.largest_body_bytes} bytes")
            return
        if length is not None and length < _PAST_THE_PARSER_FROM_BYTES:
            return
        if length is not None:
            self._large = True
            self._keep_alive = self._parser.should_keep_alive()
        if self._coded or (length is not None and length >= _INTAKE_FROM_BYTES):
            self._intake = self._server.intake(self._request(b""))
            if self._intake is not None:
                self._intake.pause = self._transport.pause_reading
                self._intake.resume = self._transport.resume_reading

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._intake is None:
            self._body.append(part)
        else:
            self._intake.feed(part)
        if self._body_bytes > self._server.largest_body_bytes:
            self._body.clear()
            if self._intake is not None:
                self._intake.abandon()
                self._intake = None
            self._refuse(413, f"a body may have {self._server.largest_body_bytes} bytes")

    def on_message_complete(self) -> None:
        if not self._parser.should_upgrade():  # else it is read again, see _head_without_upgrade
            self._complete(self._parser.should_keep_alive())

    def _complete(self, keep_alive: bool) -> None:
        self._large = False
        intake, self._intake = self._intake, None
        if self._transport is None or self._transport.is_closing():
            if intake is not None:
                intake.abandon()
            return  # it was refused
        if intake is not None:
            slot = _Slot(None, keep_alive)
            self._waiting.append(slot)
            intake.finish(lambda request: self._taken_in(slot, request))
            return
        parts = self._body
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._body = []
        request = self._request(body)
        if self._busy or self._waiting:
            self._waiting.append(_Slot(request, keep_alive))
        else:
            self._handle(request, keep_alive)

    def _taken_in(self, slot: _Slot, request: HttpRequest) -> None:
        slot.request = request
        self._next()

    def _request(self, body: bytes) -> HttpRequest:
        target = self._url
        if not target.startswith(b"/"):  # absolute form, as a proxy sends it
            parsed = httptools.parse_url(target)
            target = (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
        path, _, query = target.decode("latin-1").partition("?")
        return HttpRequest(
            self._parser.get_method().decode("ascii"), path, query, tuple(self._headers), body, self._source_ip
        )

    # -- handling ----------------------------------------------------------------------------------------------------------------

    def _handle(self, request: HttpRequest, keep_alive: bool) -> None:
        self._busy = True
        try:
            self._server.handler(request, lambda response: self._respond(request, response, keep_alive))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            self._respond(request, HttpResponse(500, (), b"Internal Server Error"), keep_alive)

    def _respond(self, request: HttpRequest, response: HttpResponse, keep_alive: bool) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            if response.stream is not None:
                response.stream.abandon()
            return
        lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}\r\n"]
        names = set()
        for name, value in response.headers:
            names.add(name.lower())
            lines.append(f"{name}: {value}\r\n")
        content, stream = response.content, response.stream
        if stream is not None:
            lines.append("Transfer-Encoding: chunked\r\n")
        elif "content-length" not in names and response.status not in (204, 304):
            lines.append(f"Content-Length: {response.body_bytes}\r\n")
        if "date" not in names:
            lines.append(self._server.date_line())
        # Version 1.1 keeps connections unless told otherwise; clients of 1.0 want to be told.
        lines.append(self._kept if keep_alive else "Connection: close\r\n\r\n")
        head = "".join(lines).encode("latin-1", "replace")
        if stream is not None and request.method != "HEAD":
            transport.write(head)
            self._sending = BodyWriter(transport, stream, lambda whole: self._sent(whole and keep_alive))
            self._sending.start()
            return
        if stream is not None:
            stream.abandon()
        if request.method == "HEAD" or response.body_bytes == 0:
            transport.write(head)
        elif response.body_bytes < _JOIN_BELOW_BYTES:
            transport.write(head + (response.body if content is None else bytes(content)))
        else:
            transport.write(head)
            body = Body.of(response.body) if content is None else content
            self._sending = Sending(transport, body, lambda: self._sent(keep_alive))
            self._sending.start()
            return
        self._sent(keep_alive)

    def _sent(self, keep_alive: bool) -> None:
        """A response has left."""
        self._sending = None
        if not keep_alive:
            if self._transport is not None:
                self._transport.close()
            return
        self._busy = False
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if self._waiting and not self._busy:
            request = self._waiting[0].request
            if request is not None:
                self._handle(request, self._waiting.popleft().keep_alive)

    def _refuse(self, status: int, message: str) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing():
            body = message.encode()
            transport.write(
                f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            transport.close()
