"""One HTTP/1.1 connection of a runtime: a few fixed routes do not need a web server, but 6 MB events need few copies.

An event is written from the very bytes object that the caller passed (scatter-gather, then slices of one memoryview); a body is received
into one buffer of its announced size. Only what runtime clients use is spoken: Content-Length bodies, chunked ones (streamed responses),
keep-alive, Expect: 100-continue.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import field
from io import BytesIO

from emulator.sandbox.chunked_body import ChunkedBody
from emulator.sandbox.response_stream import ResponseStream
from emulator.value import value

__all__ = ["Connection", "RuntimeRequest", "ready_answer"]

_HEAD_LIMIT = 1_048_576
"""Bytes; runtimes send the X-Ray cause, up to 1 MB, in a header."""
_READ_BYTES = 65_536
_JOIN_BELOW_BYTES = 65_536
"""Head and body leave in one piece below this size."""
_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Payload Too Large",
}
_REASONS |= {431: "Request Header Fields Too Large", 501: "Not Implemented"}


@value
class RuntimeRequest:
    """A request as a runtime sent it; header names in lower case. `body_bytes` is its size even where the body was not kept.

    `trailers` follow a chunked body, names in lower case; `cut` is whether the sender hung up in the middle of one; `streamed` whether it
    went to the invocation's ResponseStream.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    body_bytes: int
    trailers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    streamed: bool = False


class Connection:
    """Reads requests, one after the other, and writes answers. Owned by one loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_request: Callable[[Connection, RuntimeRequest], None],
        on_close: Callable[[Connection], None],
        body_limit: Callable[[], int],
        stream_of: Callable[[str, Mapping[str, str]], ResponseStream | None],
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop = loop
        self._socket = sock
        self._on_request = on_request
        self._on_close = on_close
        self._body_limit = body_limit
        self._stream_of = stream_of
        self._stream: ResponseStream | None = None
        self._head = bytearray()
        self._parsed: tuple[str, str, dict[str, str]] | None = None
        self._buffer = BytesIO()
        self._body: memoryview | None = None
        """The buffer's memory while a body is being received into it; None where it is not kept."""
        self._body_bytes = 0
        self._received = 0
        self._chunked: ChunkedBody | None = None
        self._unsent: list[memoryview] = []
        self._repeated: tuple[bytes, RuntimeRequest] | None = None
        """The last request without a body, as it came: a runtime asks for its next event with the very same bytes each time."""
        self._last_request = False
        """Whether the peer wants the connection closed behind the answer (PHP's streams read until then)."""
        self.closed = False
        loop.add_reader(sock.fileno(), self._readable)

    # -- writing -----------------------------------------------------------------------------------------------------------------

    def answer(self, status: int, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
        """Send an answer; what the socket does not take at once follows when it can."""
        head = _head(status, "".join([f"{name}: {value}\r\n" for name, value in headers]), len(body))
        self.say(head + body if len(body) < _JOIN_BELOW_BYTES else head, b"" if len(body) < _JOIN_BELOW_BYTES else body)

    def say(self, ready: bytes, body: bytes = b"") -> None:
        """Send an answer that is ready, head and all; a large body may follow."""
        if self.closed:
            return
        self._send([memoryview(ready), memoryview(body)] if body else [memoryview(ready)])
        self._close_where_done()

    def _close_where_done(self) -> None:
        if self._last_request and not self._unsent:
            self.close()

    def _send(self, parts: list[memoryview]) -> None:
        if self._unsent:
            self._unsent += parts
            return
        try:
            sent = self._socket.send(parts[0]) if len(parts) == 1 else self._socket.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        if len(parts) == 1 and sent == len(parts[0]):
            return
        for part in parts:
            if sent >= len(part):
                sent -= len(part)
            else:
                self._unsent.append(part[sent:])
                sent = 0
        if self._unsent:
            self._loop.add_writer(self._socket.fileno(), self._writable)

    def _writable(self) -> None:
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent[0])
                rest = self._unsent[0][sent:]
                if len(rest):
                    self._unsent[0] = rest
                else:
                    self._unsent.pop(0)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._loop.remove_writer(self._socket.fileno())
        self._close_where_done()

    # -- reading -----------------------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            if self._parsed is None:
                chunk = self._socket.recv(_READ_BYTES)
                if not chunk:
                    self.close()
                    return
                self._head += chunk
                self._parse_head()
            elif self._chunked is not None:
                chunk = self._socket.recv(_READ_BYTES)
                if chunk:
                    self._feed(chunk)
                else:
                    self._cut()
            else:
                self._receive_body()
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def _parse_head(self) -> None:
        if self._repeated is not None and self._head == self._repeated[0]:
            self._head = bytearray()
            self._on_request(self, self._repeated[1])
            return
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > _HEAD_LIMIT + _READ_BYTES:
                self.answer(431)
                self.close()
            return
        request_line, *lines = self._head[:end].decode("latin-1").split("\r\n")
        received, rest = self._head, self._head[end + 4 :]
        self._head = bytearray()
        try:
            method, path, protocol = request_line.split(" ", 2)
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
        except ValueError:
            self.answer(400)
            self.close()
            return
        self._last_request = protocol == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        self._parsed = (method, path, headers)
        if "chunked" in headers.get("transfer-encoding", ""):
            self._begin_chunked(path, headers)
            self._feed(bytes(rest))
            return
        self._body_bytes = length
        self._received = len(rest)
        if length == 0:
            self._parsed = None
            request = RuntimeRequest(method, path, headers, b"", 0)
            self._repeated = None if rest or self._last_request else (bytes(received), request)
            self._on_request(self, request)
            return
        keep = length <= self._body_limit()
        if keep and self._received == length:
            self._finish(bytes(rest))
            return
        if keep:
            self._buffer = _buffer_of(length)
            self._body = self._buffer.getbuffer()
            self._body[: len(rest)] = rest
        if headers.get("expect", "").lower() == "100-continue":
            self._send([memoryview(b"HTTP/1.1 100 Continue\r\n\r\n")])
        if self._received >= length:
            self._body_complete()

    def _begin_chunked(self, path: str, headers: Mapping[str, str]) -> None:
        stream = self._stream = self._stream_of(path, headers)
        if stream is None:
            self._chunked = ChunkedBody(self._body_limit())
            return
        self._chunked = ChunkedBody(stream.limit_bytes, stream.write)
        stream.body.on_flow = self._hold
        stream.begin(headers.get("content-type", ""))

    def _hold(self, full: bool) -> None:
        """Read no more of a streamed response while its caller does not take what is there."""
        if self.closed:
            return
        if full:
            self._loop.remove_reader(self._socket.fileno())
        else:
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _feed(self, data: bytes) -> None:
        """Take a part of a chunked body."""
        chunked = self._chunked
        if chunked is None:
            return
        try:
            chunked.feed(data)
        except ValueError:
            self.answer(400)
            self.close()
            return
        if chunked.complete:
            self._finish_chunked(chunked, cut=False)

    def _cut(self) -> None:
        """The sender hung up in the middle of a chunked body: what came counts, and is known to be incomplete."""
        chunked = self._chunked
        if chunked is not None:
            self._finish_chunked(chunked, cut=True)
        self.close()

    def _finish_chunked(self, chunked: ChunkedBody, *, cut: bool) -> None:
        if self._parsed is None:
            return
        method, path, headers = self._parsed
        self._parsed = self._chunked = None
        if self._stream is not None:
            self._stream.body.on_flow = _nobody
            self._hold(full=False)
        streamed, self._stream = self._stream is not None, None
        self._head = bytearray(chunked.rest)
        request = RuntimeRequest(
            method, path, headers, bytes(chunked.body), chunked.received, chunked.trailers, cut, streamed
        )
        self._on_request(self, request)

    def _receive_body(self) -> None:
        """Take what is there; a body that is not kept is read to its end and dropped."""
        while self._received < self._body_bytes:
            if self._body is not None:
                count = self._socket.recv_into(self._body[self._received :])
            else:
                count = len(self._socket.recv(min(_READ_BYTES, self._body_bytes - self._received)))
            if count == 0:
                self.close()
                return
            self._received += count
        self._body_complete()

    def _body_complete(self) -> None:
        if self._body is None:
            self._finish(b"")
            return
        self._body.release()
        body, self._buffer = self._buffer.getvalue(), BytesIO()
        self._finish(body)

    def _finish(self, body: bytes) -> None:
        if self._parsed is None:
            return
        method, path, headers = self._parsed
        self._parsed = self._body = None
        self._on_request(self, RuntimeRequest(method, path, headers, body, self._body_bytes))

    def close(self) -> None:
        """Close the connection and say so, once."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._on_close(self)


def ready_answer(status: int, body: bytes) -> bytes:
    """An answer that is the same each time."""
    return _head(status, "", len(body)) + body


def _head(status: int, lines: str, body_bytes: int) -> bytes:
    return (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n{lines}"
        f"Content-Type: application/json\r\nContent-Length: {body_bytes}\r\n\r\n"
    ).encode("latin-1", "replace")


def _buffer_of(length: int) -> BytesIO:
    """A buffer of that size, whose bytes object can be had without a copy once it is full."""
    buffer = BytesIO()
    buffer.seek(length - 1)
    buffer.write(b"\0")
    return buffer


def _nobody(full: bool) -> None:
    """Nobody steers."""
