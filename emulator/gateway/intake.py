"""Large S3 payloads, taken while they arrive: hashed and written on worker threads, so that no other request waits for them.

Threads see one payload's own bytes, digests and file; the loop keeps everything else. What lies between the two is bounded: a client
that sends faster than it is hashed is read no further.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emulator.gateway.payload import Payload, whole_payload
from emulator.http import HttpRequest

__all__ = ["Intake", "Intakes"]

LARGEST_IN_MEMORY_BYTES = 8 << 20
"""Larger payloads go to a file."""
_THREADS = 2
_PAUSE_ABOVE_BYTES = 4 << 20
_RESUME_BELOW_BYTES = 1 << 20


class Intakes:
    """Makes the intakes of one emulator. `folder` is made when it is first needed and goes away with the emulator."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._pool: ThreadPoolExecutor | None = None

    def new_path(self) -> str:
        """The path of a new file; on any thread."""
        self._folder.mkdir(exist_ok=True)
        return str(self._folder / str(next(self._numbers)))

    def take(self, request: HttpRequest) -> HttpRequest:
        """The request with its content, of a payload that is here already."""
        taken = whole_payload(request) if len(request.body) <= LARGEST_IN_MEMORY_BYTES else None
        if taken is None:
            payload = self._payload(request)
            if request.body:
                payload.feed(request.body)
            taken = payload.finish()
        return taken

    def begin(self, head: HttpRequest) -> Intake:
        """For a payload that comes in now."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="payloads")
        return Intake(self._payload(head), self._pool)

    def _payload(self, head: HttpRequest) -> Payload:
        return Payload(head, self.new_path, LARGEST_IN_MEMORY_BYTES)

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


class Intake:
    """One payload on its way in. All methods are the loop's."""

    def __init__(self, payload: Payload, pool: ThreadPoolExecutor) -> None:
        self._payload = payload
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._arrived: deque[bytes | None] = deque()
        self._working = False
        self._outstanding = 0
        self._paused = False
        self._abandoned = False
        self._finished: Callable[[HttpRequest], None] = _nobody
        self.pause: Callable[[], None] = _nothing
        """Called when no more bytes can be taken for the moment."""
        self.resume: Callable[[], None] = _nothing
        """Called when they can again."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._outstanding += len(data)
        if self._outstanding > _PAUSE_ABOVE_BYTES and not self._paused:
            self._paused = True
            self.pause()
        self._hand_over(data)

    def finish(self, finished: Callable[[HttpRequest], None]) -> None:
        """All bytes are here: `finished` gets the request with its content, on the loop, when they are hashed and kept."""
        self._finished = finished
        self._hand_over(None)

    def abandon(self) -> None:
        """The client went away."""
        self._abandoned = True
        self._hand_over(None)

    def _hand_over(self, data: bytes | None) -> None:
        with self._lock:
            self._arrived.append(data)
            if self._working:
                return
            self._working = True
        self._pool.submit(self._work)

    def _work(self) -> None:
        """On a thread, one at a time for each intake."""
        done = 0
        while True:
            with self._lock:
                if not self._arrived:
                    self._working = False
                    break
                data = self._arrived.popleft()
            if data is None:
                self._end()
                return
            try:
                self._payload.feed(data)
            except OSError as error:
                self._payload.fail(error)
            done += len(data)
            if done >= _RESUME_BELOW_BYTES:
                self._tell(self._taken, done)
                done = 0
        self._tell(self._taken, done)

    def _end(self) -> None:
        if self._abandoned:
            self._payload.abandon()
            return
        self._tell(self._finished, self._payload.finish())

    def _tell(self, callback: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *values)

    def _taken(self, count: int) -> None:
        self._outstanding -= count
        if self._paused and self._outstanding < _RESUME_BELOW_BYTES:
            self._paused = False
            self.resume()


def _nobody(request: HttpRequest) -> None:
    """Nobody waits for the end."""


def _nothing() -> None:
    """Nobody reads."""
