"""What takes a streamed response out of an environment while the function writes it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from emulator.streamed_body import StreamedBody

__all__ = ["ResponseStream"]


class ResponseStream(ABC):
    """The way of one invocation's response from its runtime (`begin`, `write`) into the body that its caller reads.

    The invocation's result tells how it ended; whoever gets that ends the body.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        """The most that a response may have; what is beyond never leaves."""
        self.body = StreamedBody()
        self.written_bytes = 0
        """What the function has written."""
        self.begun = False
        """Whether the runtime streams."""
        self.ready = False
        """Whether the caller can have the head of its response."""
        self.on_ready: Callable[[], None] = _nobody

    def begin(self, content_type: str) -> None:
        """The runtime begins to send its response."""
        self.begun = True
        self.open(content_type)
        self._tell(ready=self.opened)

    def write(self, part: bytes) -> None:
        """The runtime has sent a part of it."""
        self.written_bytes += len(part)
        self.add(part)
        self._tell(ready=self.opened)

    @property
    @abstractmethod
    def opened(self) -> bool:
        """Whether all is known that the head of the caller's response needs."""

    @abstractmethod
    def open(self, content_type: str) -> None:
        """The function's response begins; `content_type` is its runtime's."""

    @abstractmethod
    def add(self, part: bytes) -> None:
        """Put a part of the function's response into the body."""

    def _tell(self, *, ready: bool) -> None:
        if ready and not self.ready:
            self.ready = True
            self.on_ready()


def _nobody() -> None:
    """Nobody waits."""
