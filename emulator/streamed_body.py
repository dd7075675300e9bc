"""A response body that leaves while it is still being written, without holding more of it than a bounded rest.

One side writes (`write`, then `finish` or `fail`), the other one connects and takes. Either may come first. Who writes faster than the
reader takes is asked to pause (`on_flow`); a reader that goes away does not disturb the writer: a function goes on when its caller hangs
up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

__all__ = ["BodyReader", "StreamedBody"]

_HELD_BYTES = 262_144
"""Bytes that wait for a reader before the writer is asked to pause."""


class BodyReader(Protocol):
    """Who takes the body."""

    def take(self, part: bytes) -> None:
        """The next part, never empty."""

    def end(self, *, whole: bool) -> None:
        """Nothing more comes; not `whole` where the writer failed in the middle."""


class StreamedBody:
    """Bytes on their way from one writer to one reader. Owned by one loop."""

    def __init__(self) -> None:
        self.sent_bytes = 0
        """What was written so far."""
        self.on_flow: Callable[[bool], None] = _nobody
        """Told True when the writer should pause, False when it may go on."""
        self._reader: BodyReader | None = None
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._paused = False
        self._asked_to_pause = False
        self._ended: bool | None = None
        self._abandoned = False

    # -- the writer's side -------------------------------------------------------------------------------------------------------

    def write(self, part: bytes) -> None:
        """Add a part."""
        if not part or self._ended is not None:
            return
        self.sent_bytes += len(part)
        if self._abandoned:
            return
        if self._reader is not None and not self._paused:
            self._reader.take(part)
            return
        self._held.append(part)
        self._held_bytes += len(part)
        self._steer()

    def finish(self) -> None:
        """The body is complete."""
        self._end(whole=True)

    def fail(self) -> None:
        """The body ends in its middle: the client must see that it is not whole."""
        self._end(whole=False)

    # -- the reader's side -------------------------------------------------------------------------------------------------------

    def connect(self, reader: BodyReader) -> None:
        """Take what is there, and all that follows."""
        self._reader = reader
        self._flow()

    def pause(self) -> None:
        """Hand over nothing until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on."""
        self._paused = False
        self._flow()

    def abandon(self) -> None:
        """Nobody takes it any more: whatever is written is dropped."""
        self._abandoned = True
        self._reader = None
        self._held.clear()
        self._held_bytes = 0
        self._steer()

    # -- inside ------------------------------------------------------------------------------------------------------------------

    def _end(self, *, whole: bool) -> None:
        if self._ended is None:
            self._ended = whole
            self._flow()

    def _flow(self) -> None:
        reader = self._reader
        while reader is not None and self._held and not self._paused:
            part = self._held.popleft()
            self._held_bytes -= len(part)
            reader.take(part)
        self._steer()
        if self._reader is not None and self._ended is not None and not self._held:
            reader, self._reader = self._reader, None
            reader.end(whole=self._ended)

    def _steer(self) -> None:
        """Ask the writer to pause, or to go on, where that has changed."""
        full = self._held_bytes > _HELD_BYTES
        if full != self._asked_to_pause:
            self._asked_to_pause = full
            self.on_flow(full)


def _nobody(paused: bool) -> None:
    """Nobody steers."""
