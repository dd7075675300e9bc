"""The Lambda Runtime API of one environment, on a loopback port of its own, which it shares with the environment's other APIs.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

    GET  /2018-06-01/runtime/invocation/next
    POST /2018-06-01/runtime/invocation/{request id}/response
    POST /2018-06-01/runtime/invocation/{request id}/error
    POST /2018-06-01/runtime/init/error

It keeps the protocol (who may say what, when); what an answer means for the environment is its owner's business (`RuntimeEvents`).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import socket
from collections.abc import Callable, Mapping
from typing import Protocol

from emulator.sandbox.connection import Connection, RuntimeRequest, ready_answer
from emulator.sandbox.effects import RunInvocation
from emulator.sandbox.response_stream import ResponseStream

__all__ = ["RuntimeApi", "RuntimeEvents"]

_PREFIX = "/2018-06-01/runtime/"
_NO_INVOCATION_LIMIT = 6_291_556
_ACCEPTED = ready_answer(202, b'{"status":"OK"}')
_MODE = "lambda-runtime-function-response-mode"
_ERROR_TYPE = "lambda-runtime-function-error-type"


class RuntimeEvents(Protocol):
    """Who is told what the runtime did."""

    def runtime_ready(self) -> None:
        """The runtime asks for the next event."""

    def runtime_responded(self, body: bytes) -> None:
        """The runtime answered the invocation; the body is empty where it went to the invocation's stream."""

    def response_refused(self, body_bytes: int) -> None:
        """The runtime's answer was larger than allowed."""

    def runtime_erred(self, body: bytes, error_type: str) -> None:
        """The runtime reported that the invocation failed, before it answered or in the middle of a streamed answer."""

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The runtime reported that it could not be initialised."""


class RuntimeApi:
    """One listening socket and the invocation under way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, events: RuntimeEvents) -> None:
        self._loop = loop
        self._events = events
        self._connections: set[Connection] = set()
        self._waiting: Connection | None = None
        self._others: list[tuple[str, Callable[[Connection, RuntimeRequest], None]]] = []
        self.on_hang_up: Callable[[Connection], None] = _nobody
        self._invocation: RunInvocation | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self._listener.setblocking(False)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        loop.add_reader(self._listener.fileno(), self._accept)

    def serve(self, prefix: str, dispatch: Callable[[Connection, RuntimeRequest], None]) -> None:
        """Have another API answer requests below `prefix`."""
        self._others.append((prefix, dispatch))

    def reset(self) -> None:
        """The runtime is gone: nobody waits, nothing is under way."""
        self._waiting = self._invocation = None

    @property
    def runtime_waits(self) -> bool:
        """Whether the runtime has asked for an event and got none yet."""
        return self._waiting is not None

    def hand_over(self, invocation: RunInvocation, deadline_epoch_seconds: float) -> None:
        """Answer the waiting runtime with an event."""
        connection, self._waiting = self._waiting, None
        if connection is None:
            return
        self._invocation = invocation
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int(deadline_epoch_seconds * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
        ]
        if invocation.trace_header:
            headers.append(("Lambda-Runtime-Trace-Id", invocation.trace_header))
        if invocation.client_context:
            headers.append(("Lambda-Runtime-Client-Context", invocation.client_context))
        if invocation.invocation_id:
            headers.append(("Lambda-Runtime-Invocation-Id", invocation.invocation_id))
        connection.answer(200, tuple(headers), invocation.payload)

    def close(self) -> None:
        """Stop listening and hang up."""
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        for connection in tuple(self._connections):
            connection.close()

    # -- what comes in -----------------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return
        self._connections.add(
            Connection(self._loop, sock, self._dispatch, self._gone, self._body_limit, self._stream_of)
        )

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None
        self.on_hang_up(connection)

    def _body_limit(self) -> int:
        return _NO_INVOCATION_LIMIT if self._invocation is None else self._invocation.response_limit_bytes

    def _stream_of(self, path: str, headers: Mapping[str, str]) -> ResponseStream | None:
        """Where the response goes that a runtime begins to stream; None where it is collected."""
        invocation = self._invocation
        if (
            invocation is None
            or invocation.stream is None
            or headers.get(_MODE) != "streaming"
            or path != f"{_PREFIX}invocation/{invocation.request_id}/response"
        ):
            return None
        return invocation.stream

    def _dispatch(self, connection: Connection, request: RuntimeRequest) -> None:
        if not request.path.startswith(_PREFIX):
            for prefix, dispatch in self._others:
                if request.path.startswith(prefix):
                    dispatch(connection, request)
                    return
        verb = (request.method, request.path.removeprefix(_PREFIX))
        if verb == ("GET", "invocation/next"):
            self._next(connection)
        elif verb == ("POST", "init/error"):
            connection.say(_ACCEPTED)
            self._events.init_failed(request.body, _error_type(request))
        elif request.method == "POST" and verb[1].startswith("invocation/"):
            _, request_id, *what = verb[1].split("/")
            self._outcome(connection, request, request_id, "/".join(what))
        else:
            connection.answer(
                404, body=_fault("NotFound", f"{request.method} {request.path} is not part of the Runtime API")
            )

    def _next(self, connection: Connection) -> None:
        if self._waiting is not None or self._invocation is not None:
            connection.answer(403, body=_fault("InvalidStateTransition", "an invocation is already under way"))
            return
        self._waiting = connection
        self._events.runtime_ready()

    def _outcome(self, connection: Connection, request: RuntimeRequest, request_id: str, what: str) -> None:
        invocation = self._invocation
        if what not in ("response", "error"):
            connection.answer(404, body=_fault("NotFound", f"{request.path} is not part of the Runtime API"))
        elif invocation is None:
            connection.answer(403, body=_fault("InvalidStateTransition", "no invocation is under way"))
        elif request_id != invocation.request_id:
            connection.answer(400, body=_fault("InvalidRequestID", "Invalid request ID"))
        elif request.headers.get("lambda-runtime-invocation-id", invocation.invocation_id) != invocation.invocation_id:
            connection.answer(400, body=_fault("InvalidInvocationId", "Invalid invocation ID"))
        elif request.body_bytes > (limit := _limit_of(invocation, request)):
            self._invocation = None
            text = f"Exceeded maximum allowed payload size ({limit} bytes)."
            connection.answer(413, body=_fault("RequestEntityTooLarge", text))
            self._events.response_refused(request.body_bytes)
        else:
            self._invocation = None
            if not request.cut:
                connection.say(_ACCEPTED)
            if what == "error":
                self._events.runtime_erred(request.body, _error_type(request))
            elif request.cut or request.trailers.get(_ERROR_TYPE):
                error_type = request.trailers.get(_ERROR_TYPE, "Runtime.TruncatedResponse")
                self._events.runtime_erred(_trailing_error(request, error_type), error_type)
            else:
                self._events.runtime_responded(request.body)


def _limit_of(invocation: RunInvocation, request: RuntimeRequest) -> int:
    streamed = request.streamed and invocation.stream is not None
    return (
        invocation.stream.limit_bytes if streamed and invocation.stream is not None else invocation.response_limit_bytes
    )


def _trailing_error(request: RuntimeRequest, error_type: str) -> bytes:
    encoded = request.trailers.get("lambda-runtime-function-error-body", "")
    try:
        document = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        document = encoded.encode()
    return document or _fault(error_type, "The runtime hung up in the middle of its response")


def _nobody(connection: Connection) -> None:
    """Nobody listens."""


def _error_type(request: RuntimeRequest) -> str:
    return request.headers.get(_ERROR_TYPE, "")


def _fault(kind: str, message: str) -> bytes:
    return f'{{"errorMessage":"{message}","errorType":"{kind}"}}'.encode()
