"""Writes a streamed body to a client's connection in HTTP chunks, part by part as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from emulator.streamed_body import StreamedBody

__all__ = ["BodyWriter"]


class BodyWriter:
    """Takes one body to one transport. Call `pause` and `resume` when the transport is full and drained, `stop` when it is lost.

    `on_end` is called once: with False where the connection must be closed, because only that tells the client that the body is cut.
    """

    def __init__(self, transport: asyncio.Transport, body: StreamedBody, on_end: Callable[[bool], None]) -> None:
        self._transport = transport
        self._body = body
        self._on_end = on_end
        self.pause, self.resume, self.stop = body.pause, body.resume, body.abandon

    def start(self) -> None:
        """Take what is there, and all that follows."""
        self._body.connect(self)

    def take(self, part: bytes) -> None:
        """Write a part."""
        if self._transport.is_closing():
            self._body.abandon()
        else:
            self._transport.writelines((b"%x\r\n" % len(part), part, b"\r\n"))

    def end(self, *, whole: bool) -> None:
        """Write the end; a body that is cut has none."""
        if whole and not self._transport.is_closing():
            self._transport.write(b"0\r\n\r\n")
        self._on_end(whole)
