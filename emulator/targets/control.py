"""A client of the emulator's control API: journal, clock, faults and outages of caches. See
`emulator/gateway/control.py`.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from emulator.errors import EmulatorError
from emulator.targets.duration import seconds_of

__all__ = ["Caches", "ClockControl", "ControlClient", "FaultControl"]

TIMEOUT_SECONDS = 120.0  # moving a clock over hours runs every handler on the way, in real time


class ControlClient:
    """Speaks to one emulator. Every method raises EmulatorError with the emulator's own words, or where it does not
    answer.
    """

    def __init__(self, control_url: str) -> None:
        self._url = urlsplit(control_url)
        self.clock = ClockControl(self)
        self.faults = FaultControl(self)
        self.caches = Caches(self)

    def health(self) -> bool:
        """Whether everything that was asked for at start is deployed."""
        status, _ = self._exchange("GET", "/health", None)
        return status == 200

    def info(self) -> dict[str, Any]:
        """What runs there."""
        data: dict[str, Any] = self.request("GET", "/info")
        return data

    def journal(self, *, after: int = 0, **where: str) -> list[dict[str, Any]]:
        """Journal entries with a sequence above `after`, oldest first; `where` is trace_id, service, kind, operation,
        ...
        """
        query = urlencode({"after": after, **where})
        status, body = self._exchange("GET", f"/journal?{query}", None)
        if status != 200:
            raise EmulatorError(_reason(body, status))
        return [json.loads(line) for line in body.splitlines()]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """One request with a JSON answer."""
        status, answer = self._exchange(method, path, None if body is None else json.dumps(body).encode())
        if status >= 300:
            raise EmulatorError(_reason(answer, status))
        return json.loads(answer)

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, self._url.path + path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EmulatorError(f"the emulator at {self._url.netloc} does not answer: {error!r}") from error
        finally:
            connection.close()


class ClockControl:
    """The emulator's time."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    def now(self) -> float:
        """Epoch seconds on the emulator's clock."""
        return float(self._client.request("GET", "/clock")["now"])

    def advance(self, span: str | float) -> float:
        """Move a virtual clock on (`2h`, `90s`, seconds), firing what is due on the way; the new time."""
        return float(self._client.request("POST", "/clock/advance", {"seconds": seconds_of(span)})["now"])


class FaultControl:
    """The faults in force."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    @contextmanager
    def add(self, service: str, operation: str = "*", **rule: Any) -> Iterator[int]:
        """Put a fault in force inside the `with` block; see `emulator.engine.faults.Fault` for its members.

        with windtunnel.faults.add("s3", "PutObject", code="SlowDown", status=503, times=3): ...
        """
        number = self.put(service, operation, **rule)
        try:
            yield number
        finally:
            self.remove(number)

    def put(self, service: str, operation: str = "*", **rule: Any) -> int:
        """Put a fault in force until `remove` or `clear`; its id."""
        data = {"service": service, "operation": operation, **rule}
        return int(self._client.request("POST", "/faults", data)["id"])

    def remove(self, number: int) -> None:
        """Lift one fault."""
        self._client.request("DELETE", f"/faults/{number}")

    def clear(self) -> None:
        """Lift all faults."""
        self._client.request("DELETE", "/faults")

    def listing(self) -> list[dict[str, Any]]:
        """The faults in force and how often each was applied."""
        faults: list[dict[str, Any]] = self._client.request("GET", "/faults")["faults"]
        return faults

    def applied(self, number: int) -> int:
        """How often a fault was applied."""
        for row in self.listing():
            if row["id"] == number:
                return int(row["applied"])
        raise EmulatorError(f"there is no fault {number}")


class Caches:
    """The Redis and Valkey endpoints."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    def listing(self) -> list[dict[str, Any]]:
        """Every cache, what runs it and its state."""
        caches: list[dict[str, Any]] = self._client.request("GET", "/caches")["caches"]
        return caches

    @contextmanager
    def down(self, cache_id: str | None = None) -> Iterator[str]:
        """Take a cache (the only one, if none is named) down inside the `with` block: clients are refused; its data
        is kept.
        """
        name = self.take_down(cache_id)
        try:
            yield name
        finally:
            self.bring_up(name)

    def take_down(self, cache_id: str | None = None, *, keep_data: bool = True) -> str:
        """Break every connection to a cache and refuse new ones until `bring_up`; its id."""
        name = self._only() if cache_id is None else cache_id
        self._client.request("POST", f"/caches/{quote(name, safe='')}/down", {"keep_data": keep_data})
        return name

    def bring_up(self, cache_id: str | None = None) -> None:
        """Let a cache answer again."""
        name = self._only() if cache_id is None else cache_id
        self._client.request("POST", f"/caches/{quote(name, safe='')}/up")

    def _only(self) -> str:
        names = [row["id"] for row in self.listing()]
        if len(names) != 1:
            raise EmulatorError(f"say which cache: there are {', '.join(names) or 'none'}")
        return str(names[0])


def _reason(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the control API answered {status}: {body[:200]!r}"
