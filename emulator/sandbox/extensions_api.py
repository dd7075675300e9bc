"""The Extensions API of one environment: who registered for what, who waits for the next event.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html

    POST /2020-01-01/extension/register
    GET  /2020-01-01/extension/event/next
    POST /2020-01-01/extension/init/error
    POST /2020-01-01/extension/exit/error

It keeps the protocol; what readiness or failure means for the environment is its owner's business (`ExtensionEvents`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from emulator.sandbox.connection import Connection, RuntimeRequest

__all__ = ["PREFIX", "Extension", "ExtensionEvents", "ExtensionsApi", "hidden_from_extensions"]

PREFIX = "/2020-01-01/extension/"
_EVENTS = ("INVOKE", "SHUTDOWN")
_MOST = 10
_HIDDEN = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
        "_LAMBDA_TELEMETRY_LOG_FD",
    }
)


def hidden_from_extensions(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that an external extension sees of the function's."""
    return {name: value for name, value in variables.items() if name not in _HIDDEN}


class ExtensionEvents(Protocol):
    """Who is told what extensions did."""

    def extension_registered(self, extension: Extension) -> None:
        """One more has registered."""

    def extension_ready(self, extension: Extension) -> None:
        """One asks for the next event."""

    def extension_failed(self, extension: Extension, phase: str, error_type: str) -> None:
        """One reported an error in `init` or `exit`."""


@dataclass(slots=True, eq=False)
class Extension:
    """One registered extension; `external` is whether it is a program of its own."""

    name: str
    identifier: str
    external: bool
    events: tuple[str, ...]
    waiting: Connection | None = None
    failed: bool = False
    gone: bool = False


class ExtensionsApi:
    """The extensions of one environment. `expected` are the external ones, by file name."""

    def __init__(self, events: ExtensionEvents, function: Mapping[str, str], expected: tuple[str, ...]) -> None:
        self._events = events
        self._function = function
        self.expected = expected
        self.registered: dict[str, Extension] = {}
        self.open = False
        """Whether extensions may register: from the start of init until the runtime asks for its first event."""

    def begin(self) -> None:
        """An init phase begins: nobody is registered."""
        self.registered.clear()
        self.open = True

    @property
    def all_registered(self) -> bool:
        """Whether every external extension is."""
        names = {extension.name for extension in self.registered.values()}
        return all(name in names for name in self.expected)

    @property
    def all_ready(self) -> bool:
        """Whether every extension waits for an event."""
        return all(extension.waiting is not None or extension.gone for extension in self.registered.values())

    @property
    def any_external(self) -> bool:
        """Whether there is one whose end must be waited for."""
        return any(extension.external and not extension.gone for extension in self.registered.values())

    def named(self, name: str) -> Extension | None:
        """A registered extension."""
        return next((extension for extension in self.registered.values() if extension.name == name), None)

    def identified(self, request: RuntimeRequest) -> Extension | None:
        """The extension that sent a request, by its identifier header."""
        return self.registered.get(request.headers.get("lambda-extension-identifier", ""))

    def invoke(self, request_id: str, function_arn: str, trace_header: str, deadline_milliseconds: int) -> None:
        """Tell those who asked for INVOKE of an invocation."""
        document = {
            "eventType": "INVOKE",
            "deadlineMs": deadline_milliseconds,
            "requestId": request_id,
            "invokedFunctionArn": function_arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace_header},
        }
        self._send("INVOKE", document)

    def shut_down(self, reason: str, deadline_milliseconds: int) -> None:
        """Tell those who asked for SHUTDOWN."""
        self._send("SHUTDOWN", {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_milliseconds})

    def _send(self, kind: str, document: Mapping[str, Any]) -> None:
        body = orjson.dumps(document)
        for extension in self.registered.values():
            if kind in extension.events and extension.waiting is not None:
                connection, extension.waiting = extension.waiting, None
                headers = (("Lambda-Extension-Event-Identifier", str(uuid.uuid5(uuid.NAMESPACE_OID, repr(document)))),)
                connection.answer(200, headers, body)

    # -- what comes in -----------------------------------------------------------------------------------------------------------

    def hung_up(self, connection: Connection) -> None:
        """A connection is gone: whoever waited on it does so no longer."""
        for extension in self.registered.values():
            if extension.waiting is connection:
                extension.waiting = None

    def dispatch(self, connection: Connection, request: RuntimeRequest) -> None:
        """Answer a request below PREFIX."""
        what = (request.method, request.path.removeprefix(PREFIX).partition("?")[0])
        if what == ("POST", "register"):
            self._register(connection, request)
            return
        if what not in (("GET", "event/next"), ("POST", "init/error"), ("POST", "exit/error")):
            connection.answer(
                404, body=fault("NotFound", f"{request.method} {request.path} is not part of the Extensions API")
            )
            return
        if "lambda-extension-identifier" not in request.headers:
            connection.answer(
                403, body=fault("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
            )
            return
        extension = self.identified(request)
        if extension is None or extension.failed:
            connection.answer(403, body=fault("Extension.InvalidExtensionIdentifier", "Unknown or failed extension"))
        elif what[0] == "GET":
            extension.waiting = connection
            self._events.extension_ready(extension)
        else:
            self._fail(connection, request, extension, what[1].partition("/")[0])

    def _fail(self, connection: Connection, request: RuntimeRequest, extension: Extension, phase: str) -> None:
        error_type = request.headers.get("lambda-extension-function-error-type")
        if error_type is None:
            text = "Missing Lambda-Extension-Function-Error-Type header"
            connection.answer(400, body=fault("Extension.MissingHeader", text))
            return
        extension.failed = True
        connection.answer(202, body=b'{"status":"OK"}')
        self._events.extension_failed(extension, phase, error_type)

    def _register(self, connection: Connection, request: RuntimeRequest) -> None:
        name = request.headers.get("lambda-extension-name", "")
        refused = self._refusal(name)
        if refused is not None:
            connection.answer(refused[0], body=fault(refused[1], refused[2]))
            return
        try:
            wanted = orjson.loads(request.body or b"{}")
            events = tuple(wanted.get("events", ()))
        except (orjson.JSONDecodeError, AttributeError):
            connection.answer(400, body=fault("InvalidRequestFormat", "The body is no JSON object"))
            return
        external = name in self.expected
        if not set(events) <= set(_EVENTS) or (not external and "SHUTDOWN" in events):
            whose = "external" if external else "internal"
            text = f"An {whose} extension cannot register for {', '.join(map(str, events))}"
            connection.answer(400, body=fault("Extension.InvalidEventType", text))
            return
        identifier = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{id(self)}/{name}"))
        extension = self.registered[identifier] = Extension(name, identifier, external, events)
        shown = {key: self._function[key] for key in ("functionName", "functionVersion", "handler")}
        if "accountid" in request.headers.get("lambda-extension-accept-feature", "").lower():
            shown["accountId"] = self._function["accountId"]
        connection.answer(200, (("Lambda-Extension-Identifier", identifier),), orjson.dumps(shown))
        self._events.extension_registered(extension)

    def _refusal(self, name: str) -> tuple[int, str, str] | None:
        if not name:
            return 400, "Extension.InvalidExtensionName", "Missing Lambda-Extension-Name header"
        if not self.open:
            return 403, "Extension.RegistrationClosed", "Extensions register during the init phase only"
        if self.named(name) is not None:
            return 403, "Extension.AlreadyRegistered", f"Extension {name} is registered already"
        if len(self.registered) >= _MOST:
            return 403, "Extension.TooManyExtensions", f"No more than {_MOST} extensions may register"
        return None


def fault(kind: str, message: str) -> bytes:
    """An error document of the environment's APIs."""
    return orjson.dumps({"errorMessage": message, "errorType": kind})
