"""The wire between the emulator and the bridge's worker: a JSON header and a raw body per frame, so bodies are never encoded.

4 bytes   length of the header, big-endian
8 bytes   length of the body, big-endian
header    JSON
body      bytes as they are
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FrameProtocol", "frame_head", "read_prefix"]

_PREFIX = struct.Struct(">IQ")
PREFIX_BYTES = _PREFIX.size


def frame_head(header: Mapping[str, Any], body_length: int) -> bytes:
    """Everything of a frame before its body."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return _PREFIX.pack(len(text), body_length) + text


def read_prefix(prefix: bytes | bytearray | memoryview) -> tuple[int, int]:
    """The lengths of header and body."""
    header_length, body_length = _PREFIX.unpack(prefix)
    return header_length, body_length


class FrameProtocol(asyncio.BufferedProtocol):
    """Reads frames from a transport straight into a buffer of their size."""

    def __init__(self, received: Callable[[dict[str, Any], bytes], None], lost: Callable[[], None]) -> None:
        self._received = received
        self._lost = lost
        self._expect(PREFIX_BYTES)
        self._header_length: int | None = None

    def _expect(self, length: int) -> None:
        self._buffer = bytearray(length)
        self._filled = 0

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport writes next."""
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """`nbytes` more are in the buffer."""
        self._filled += nbytes
        if self._filled < len(self._buffer):
            return
        if self._header_length is None:
            self._header_length, body_length = read_prefix(self._buffer)
            self._expect(self._header_length + body_length)
            return
        content = memoryview(self._buffer)
        header = json.loads(bytes(content[: self._header_length]))
        body = bytes(content[self._header_length :])
        self._header_length = None
        self._expect(PREFIX_BYTES)
        self._received(header, body)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side is gone."""
        self._lost()
