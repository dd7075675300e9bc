"""One telemetry subscription: buffers events and posts them to a port inside the environment, over HTTP or plain TCP.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html#telemetry-api-buffering
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["Buffering", "Destination", "Subscription"]

_SECONDS = 5.0
"""Real time for one delivery."""
_MOST_BYTES = 16_777_216
"""Kept while nobody takes it; what is beyond is dropped and counted, as `platform.logsDropped` tells."""


@dataclass(frozen=True, slots=True)
class Buffering:
    """When a batch is sent: at so many events, so many bytes, or after so many seconds, whichever comes first."""

    max_items: int
    max_bytes: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: `HTTP` posts arrays, `TCP` sends lines of JSON."""

    protocol: str
    port: int
    path: str


class Subscription:
    """Events on their way to one extension, batch after batch, in order."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        api: str,
        types: tuple[str, ...],
        buffering: Buffering,
        destination: Destination,
        locate: Callable[[int], tuple[str, int]],
    ) -> None:
        self._loop = loop
        self.name = name
        self.api = api
        self.types = types
        self._buffering = buffering
        self._destination = destination
        self._locate = locate
        self._events: list[bytes] = []
        self._bytes = 0
        self._dropped = [0, 0]
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._paused = False

    def add(self, event: Mapping[str, Any]) -> None:
        """Take an event."""
        encoded = orjson.dumps(event)
        if self._bytes + len(encoded) > _MOST_BYTES:
            self._dropped[0] += 1
            self._dropped[1] += len(encoded)
            return
        self._events.append(encoded)
        self._bytes += len(encoded)
        if len(self._events) >= self._buffering.max_items or self._bytes >= self._buffering.max_bytes:
            self.flush()
        else:
            self._arm()

    def pause(self) -> None:
        """Send nothing: the environment is frozen."""
        self._paused = True
        self._disarm()

    def go_on(self) -> None:
        """Send again."""
        self._paused = False
        if self._events:
            self._arm()

    def flush(self) -> None:
        """Send what there is, now or when the batch before it is through."""
        self._disarm()
        if self._paused or self._sending is not None or not self._events:
            return
        events, self._events, self._bytes = self._events, [], 0
        self._sending = self._loop.create_task(self._send(events))
        self._sending.add_done_callback(self._sent)

    def close(self) -> None:
        """Send nothing more."""
        self.pause()
        self._events.clear()
        if self._sending is not None:
            self._sending.cancel()

    def _arm(self) -> None:
        if self._timer is None and not self._paused:
            self._timer = self._loop.call_later(self._buffering.timeout_seconds, self.flush)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending = None
        if not task.cancelled() and task.exception() is None and self._events:
            self._arm()

    async def _send(self, events: list[bytes]) -> None:
        if self._dropped[0]:
            count, size = self._dropped
            self._dropped = [0, 0]
            record = {
                "droppedRecords": count,
                "droppedBytes": size,
                "reason": "the destination did not take them in time",
            }
            events.append(orjson.dumps({"time": "", "type": "platform.logsDropped", "record": record}))
        try:
            async with asyncio.timeout(_SECONDS):
                await self._deliver(events)
        except (OSError, TimeoutError):
            # The extension does not listen, or hung up: Lambda drops the batch as well, and says so with the next one.
            self._dropped[0] += len(events)
            self._dropped[1] += sum(map(len, events))

    async def _deliver(self, events: list[bytes]) -> None:
        destination = self._destination
        reader, writer = await asyncio.open_connection(*self._locate(destination.port))
        try:
            if destination.protocol == "TCP":
                writer.write(b"".join(event + b"\n" for event in events))
                await writer.drain()
                return
            body = b"[" + b",".join(events) + b"]"
            head = (
                f"POST {destination.path} HTTP/1.1\r\nHost: sandbox.localdomain:{destination.port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
            await reader.readline()
        finally:
            writer.close()
