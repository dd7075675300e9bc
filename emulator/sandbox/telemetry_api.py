"""The Telemetry API and the older Logs API of one environment: who subscribed to what, and the events that they get.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from emulator.sandbox.connection import Connection, RuntimeRequest
from emulator.sandbox.extensions_api import ExtensionsApi, fault
from emulator.sandbox.telemetry_delivery import Buffering, Destination, Subscription

__all__ = ["LOGS_PATH", "TELEMETRY_PATH", "TelemetryApi"]

TELEMETRY_PATH = "/2022-07-01/telemetry"
LOGS_PATH = "/2020-08-15/logs"
_TYPES = ("platform", "function", "extension")
_SCHEMAS = {TELEMETRY_PATH: ("2022-07-01", "2022-12-13", "2025-01-29"), LOGS_PATH: ("2020-08-15", "2021-03-18")}
_KEPT_BEFORE_SUBSCRIPTION = 1_000
_RESERVED_PORT = 9001
_ONLY_IN_TELEMETRY = ("platform.initStart", "platform.initReport", "platform.telemetrySubscription")
_ONLY_IN_LOGS = ("platform.end", "platform.fault", "platform.logsSubscription")


@dataclass(frozen=True, slots=True)
class _Bounds:
    least: int
    most: int
    default: int


_BUFFERING = {
    "maxItems": _Bounds(1_000, 10_000, 10_000),
    "maxBytes": _Bounds(262_144, 1_048_576, 262_144),
    "timeoutMs": _Bounds(25, 30_000, 1_000),
}


class TelemetryApi:
    """Subscriptions of one environment. What happened before somebody subscribed is kept for them, as Lambda does during init."""

    def __init__(self, loop: asyncio.AbstractEventLoop, extensions: ExtensionsApi, now: Callable[[], float]) -> None:
        self._loop = loop
        self._extensions = extensions
        self._now = now
        self._subscriptions: list[Subscription] = []
        self._early: list[Mapping[str, Any]] = []
        self.locate: Callable[[int], tuple[str, int]] = _on_loopback
        """Where a port of the environment is, seen from here."""
        self.announce: Callable[[str], None] = _nobody
        """Called with the log line that tells of a new subscription."""

    @property
    def wanted(self) -> bool:
        """Whether an event would reach, or may still reach, somebody."""
        return self._extensions.open or bool(self._subscriptions)

    def begin(self) -> None:
        """An init phase begins: nobody subscribes, nothing has happened."""
        self.close()
        self._early.clear()

    def emit(self, kind: str, record: Any) -> None:
        """Something happened. `kind` is a schema type such as `platform.start`, `function` or `extension`."""
        event = {"time": _iso(self._now()), "type": kind, "record": record}
        if self._extensions.open and len(self._early) < _KEPT_BEFORE_SUBSCRIPTION:
            self._early.append(event)
        for subscription in self._subscriptions:
            self._offer(subscription, event)

    def freeze(self) -> None:
        """Nothing is sent while nobody could receive it."""
        for subscription in self._subscriptions:
            subscription.pause()

    def thaw(self) -> None:
        """Go on sending."""
        for subscription in self._subscriptions:
            subscription.go_on()

    def flush(self) -> None:
        """Send what there is now."""
        for subscription in self._subscriptions:
            subscription.flush()

    def close(self) -> None:
        """Send nothing more."""
        for subscription in self._subscriptions:
            subscription.close()
        self._subscriptions.clear()

    # -- what comes in -----------------------------------------------------------------------------------------------------------

    def dispatch(self, connection: Connection, request: RuntimeRequest) -> None:
        """Answer a request to either path."""
        if request.method != "PUT":
            connection.answer(404, body=fault("NotFound", f"{request.method} {request.path} is not part of this API"))
            return
        extension = self._extensions.identified(request)
        if extension is None:
            connection.answer(403, body=fault("Extension.InvalidExtensionIdentifier", "Unknown extension"))
            return
        api = "LOGS" if request.path == LOGS_PATH else "TELEMETRY"
        if not self._extensions.open:
            text = "Subscriptions are made during the init phase only"
            connection.answer(403, body=fault(f"{api.capitalize()}.SubscriptionClosed", text))
            return
        others = [one for one in self._subscriptions if one.name == extension.name and one.api != api]
        if others:
            text = "An extension cannot subscribe to the Logs API and the Telemetry API"
            connection.answer(400, body=fault("ValidationError", text))
            return
        try:
            types, buffering, destination = _read(request)
        except _Refused as refusal:
            connection.answer(400, body=fault("ValidationError", str(refusal)))
            return
        for replaced in [one for one in self._subscriptions if one.name == extension.name]:
            replaced.close()
            self._subscriptions.remove(replaced)
        subscription = Subscription(self._loop, extension.name, api, types, buffering, destination, self.locate)
        self._subscriptions.append(subscription)
        connection.answer(200, body=b'"OK"' if api == "TELEMETRY" else b"OK")
        for event in self._early:
            self._offer(subscription, event)
        shown = ", ".join(kind.capitalize() for kind in types)
        self.announce(f"{api}\tName: {extension.name}\tState: Subscribed\tTypes: [{shown}]")
        record = {"name": extension.name, "state": "Subscribed", "types": list(types)}
        self.emit("platform.telemetrySubscription" if api == "TELEMETRY" else "platform.logsSubscription", record)

    def _offer(self, subscription: Subscription, event: Mapping[str, Any]) -> None:
        kind = str(event["type"])
        if kind.partition(".")[0] not in subscription.types:
            return
        if kind in (_ONLY_IN_LOGS if subscription.api == "TELEMETRY" else _ONLY_IN_TELEMETRY):
            return
        subscription.add(event)


class _Refused(Exception):
    """A subscription that cannot be made, and why."""


def _read(request: RuntimeRequest) -> tuple[tuple[str, ...], Buffering, Destination]:
    try:
        wanted = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise _Refused(f"the body is no JSON: {error}") from error
    if not isinstance(wanted, dict):
        raise _Refused("the body is no JSON object")
    schema = wanted.get("schemaVersion", _SCHEMAS[request.path][0])
    if schema not in _SCHEMAS[request.path]:
        raise _Refused(f"schemaVersion {schema} is not one of {', '.join(_SCHEMAS[request.path])}")
    types = wanted.get("types")
    if not isinstance(types, list) or not types or not set(types) <= set(_TYPES):
        raise _Refused(f"types must name some of {', '.join(_TYPES)}")
    given = wanted.get("buffering", {})
    numbers: dict[str, int] = {}
    for member, bounds in _BUFFERING.items():
        value = given.get(member, bounds.default)
        if not isinstance(value, int) or not bounds.least <= value <= bounds.most:
            raise _Refused(f"{member} must be between {bounds.least} and {bounds.most}")
        numbers[member] = value
    buffering = Buffering(numbers["maxItems"], numbers["maxBytes"], numbers["timeoutMs"] / 1000.0)
    return tuple(types), buffering, _destination(wanted.get("destination", {}))


def _destination(given: Mapping[str, Any]) -> Destination:
    protocol = given.get("protocol")
    if protocol == "HTTP":
        url = urlsplit(str(given.get("URI", given.get("uri", ""))))
        if url.hostname not in ("sandbox", "sandbox.localdomain") or url.port is None:
            raise _Refused("the URI must be http://sandbox.localdomain:<port>")
        path, port = url.path or "/", url.port
    elif protocol == "TCP":
        path, port = "", int(given.get("port", 0))
    else:
        raise _Refused("the destination's protocol must be HTTP or TCP")
    if not 0 < port < 65_536 or port == _RESERVED_PORT:
        raise _Refused(f"port {port} cannot be used")
    return Destination(str(protocol), port, path)


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(now * 1000) % 1000:03d}Z"


def _on_loopback(port: int) -> tuple[str, int]:
    return "127.0.0.1", port


def _nobody(line: str) -> None:
    """Nobody listens yet."""
