"""aws-chunked coding: `size;chunk-signature=...\\r\\n data \\r\\n ... 0\\r\\n trailers \\r\\n`. Signatures are read over, not verified.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

from enum import Enum, auto

from emulator.errors import AwsError

__all__ = ["ChunkedDecoder", "IncompleteBody", "InvalidChunkSizeError"]

_SMALLEST_CHUNK_BYTES = 8192
_LONGEST_LINE_BYTES = 16_384


class IncompleteBody(AwsError):
    """The payload ends before its promised size, or its coding breaks off."""

    def __init__(self) -> None:
        super().__init__(
            "The request body terminated unexpectedly",
        )


class InvalidChunkSizeError(AwsError):
    """A chunk that is not the last is too small."""

    status = 403


class _State(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    END = auto()


class ChunkedDecoder:
    """Undoes the coding of one payload, fed in pieces of any size."""

    def __init__(self) -> None:
        self.trailers: list[tuple[str, str]] = []
        self._state = _State.SIZE
        self._line = b""
        self._left = 0
        self._last_size: int | None = None
        self._chunks = 0

    @property
    def complete(self) -> bool:
        """Whether the last chunk has come; the empty line behind the trailers is not missed."""
        return self._state in (_State.END, _State.TRAILER)

    def feed(self, data: bytes) -> list[memoryview]:
        """The payload's bytes in `data`, not copied. Raises IncompleteBody, InvalidChunkSizeError."""
        found: list[memoryview] = []
        view = memoryview(data)
        position = 0
        while position < len(data):
            if self._state is _State.DATA:
                piece = view[position : position + self._left]
                found.append(piece)
                position += len(piece)
                self._left -= len(piece)
                if self._left == 0:
                    self._state = _State.DATA_END
                continue
            if self._state is _State.END:
                return found
            end = data.find(b"\n", position)
            if end < 0:
                self._line += data[position:]
                if len(self._line) > _LONGEST_LINE_BYTES:
                    raise IncompleteBody
                return found
            line = (self._line + data[position:end]).rstrip(b"\r")
            self._line = b""
            position = end + 1
            self._read(line)
        return found

    def _read(self, line: bytes) -> None:
        if self._state is _State.DATA_END:
            if line != b"":
                raise IncompleteBody
            self._state = _State.SIZE
        elif self._state is _State.SIZE:
            self._begin_chunk(line)
        elif line == b"":
            self._state = _State.END
        else:
            name, colon, value = line.partition(b":")
            if colon and name.strip().lower() != b"x-amz-trailer-signature":
                self.trailers.append((name.strip().decode("latin-1"), value.strip().decode("latin-1")))

    def _begin_chunk(self, line: bytes) -> None:
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise IncompleteBody from None
        if self._last_size is not None and self._last_size < _SMALLEST_CHUNK_BYTES and size != 0:
            raise InvalidChunkSizeError(
                "Only the last chunk is allowed to have a size less than 8192 bytes",
                fields={"Chunk": self._chunks + 1, "BadChunkSize": self._last_size},
            )
        self._chunks += 1
        self._last_size = self._left = size
        self._state = _State.DATA if size else _State.TRAILER
