"""How a large body leaves: piece by piece while the client takes them, from memory or straight from a file."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import BinaryIO

from emulator.body import Body, FileExtent

__all__ = ["Sending"]

_PIECE_BYTES = 1 << 18


class Sending:
    """One body on its way out of one connection. At most a piece of it is buffered, however slow the client is."""

    def __init__(self, transport: asyncio.Transport, body: Body, done: Callable[[], None]) -> None:
        self._transport = transport
        self._body = body
        self._done = done
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send; `done` is called when the last byte is handed to the system, not where the client goes away."""
        extents = list(self._body.extents())
        if all(isinstance(extent, memoryview) for extent in extents) and self._body.size <= _PIECE_BYTES:
            for extent in extents:
                self._transport.write(extent)  # type: ignore[arg-type]  # no file is among them
            self._done()
            return
        self._task = asyncio.get_running_loop().create_task(self._send())

    def pause(self) -> None:
        """The system takes no more for the moment."""
        self._writable.clear()

    def resume(self) -> None:
        """The system takes bytes again."""
        self._writable.set()

    def stop(self) -> None:
        """The connection is lost."""
        if self._task is not None:
            self._task.cancel()

    async def _send(self) -> None:
        with contextlib.suppress(ConnectionError):
            for extent in self._body.extents():
                if isinstance(extent, FileExtent):
                    await self._send_file(extent)
                else:
                    await self._send_memory(extent)
                if self._transport.is_closing():
                    return
            self._done()

    async def _send_memory(self, extent: memoryview) -> None:
        for position in range(0, len(extent), _PIECE_BYTES):
            self._transport.write(extent[position : position + _PIECE_BYTES])
            await self._writable.wait()
            if self._transport.is_closing():
                return

    async def _send_file(self, extent: FileExtent) -> None:
        loop = asyncio.get_running_loop()
        with _opened(extent) as file:
            await loop.sendfile(self._transport, file, extent.start, extent.size)


def _opened(extent: FileExtent) -> BinaryIO:
    return open(extent.file.path, "rb", buffering=0)  # the caller closes it
