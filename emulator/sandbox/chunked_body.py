"""Takes a body in HTTP/1.1 chunks apart, as it arrives. https://www.rfc-editor.org/rfc/rfc9112#section-7.1"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ChunkedBody"]

_LONGEST_LINE = 1_048_576
"""Bytes; a trailer carries an error document."""


class ChunkedBody:
    """Feed it bytes until `complete`. Beyond `limit_bytes` the body is counted and not kept.

    Each part goes to `on_part` as it comes; without one, to `body`.
    """

    def __init__(self, limit_bytes: int, on_part: Callable[[bytes], None] | None = None) -> None:
        self._limit = limit_bytes
        self._on_part = on_part
        self._buffer = bytearray()
        self._needed: int | None = None
        """Bytes of the chunk under way that have not come yet, with its line end; None between chunks."""
        self._last = False
        self.body = bytearray()
        self.received = 0
        self.trailers: dict[str, str] = {}
        self.complete = False

    @property
    def rest(self) -> bytes:
        """What came after the body."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what arrived. Raises ValueError for what is no chunked body."""
        self._buffer += data
        while not self.complete:
            if self._needed is not None:
                if not self._take():
                    return
            elif not self._line():
                return

    def _take(self) -> bool:
        needed = self._needed or 0
        if len(self._buffer) < needed + 2:
            part = bytes(self._buffer[: min(needed, len(self._buffer))])
            self._keep(part)
            del self._buffer[: len(part)]
            self._needed = needed - len(part)
            return False
        self._keep(bytes(self._buffer[:needed]))
        if self._buffer[needed : needed + 2] != b"\r\n":
            raise ValueError("a chunk does not end where it said")
        del self._buffer[: needed + 2]
        self._needed = None
        return True

    def _keep(self, part: bytes) -> None:
        self.received += len(part)
        if self.received > self._limit:
            return
        if self._on_part is None:
            self.body += part
        elif part:
            self._on_part(part)

    def _line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise ValueError("a line is too long")
            return False
        line = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 2]
        if not self._last:
            size = int(line.partition(";")[0].strip(), 16)
            if size < 0:
                raise ValueError("a chunk of negative size")
            self._last = size == 0
            self._needed = None if self._last else size
        elif line:
            name, _, value = line.partition(":")
            self.trailers[name.strip().lower()] = value.strip()
        else:
            self.complete = True
        return True
