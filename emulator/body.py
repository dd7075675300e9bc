"""A body of any size as an immutable value: bytes in memory, a part of a file, or several of these in a row.

Nothing is copied: a slice and a join refer to what they are made of, and a file goes away with the last body that refers to it. Digests
are taken once; those of a join of parts follow from the parts where the algorithm allows that.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.checksums import CRCS, MD5, Digests, combined, digest_of

__all__ = ["Body", "BodyFile", "FileExtent"]

_PIECE_BYTES = 1 << 18


class BodyFile:
    """A file that holds bytes of bodies. It is removed when nothing refers to it any more."""

    __slots__ = ("__weakref__", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        weakref.finalize(self, _remove, path)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # the emulator's folder has gone before it
        Path(path).unlink()


@dataclass(frozen=True, slots=True)
class FileExtent:
    """A run of bytes in a file. It keeps the file alive."""

    file: BodyFile
    start: int
    size: int

    def pieces(self, piece_bytes: int) -> Iterator[bytes]:
        """The bytes, read piece by piece. Raises OSError where the file cannot be read."""
        with open(self.file.path, "rb", buffering=0) as opened:
            position, end = self.start, self.start + self.size
            while position < end:
                piece = os.pread(opened.fileno(), min(piece_bytes, end - position), position)
                if not piece:
                    raise OSError(f"{self.file.path} ends at {position}, before {end}")
                position += len(piece)
                yield piece


Extent = memoryview | FileExtent


class Body:
    """Bytes that never change. `len(body)` and `body.size` are their number, `bytes(body)` is a copy of a body that is not small."""

    __slots__ = ("__weakref__", "_digests", "_extent", "_parts", "size")

    def __init__(self, extent: Extent | None, parts: tuple[Body, ...], size: int, digests: Mapping[str, bytes]) -> None:
        """Use `of`, `of_file` or `joined`."""
        self._extent = extent
        self._parts = parts
        self._digests = dict(digests)
        self.size = size

    @staticmethod
    def of(data: bytes | bytearray | memoryview, digests: Mapping[str, bytes] | None = None) -> Body:
        """The body of `data`, which must not change any more; `digests` are those known already, by algorithm."""
        view = memoryview(data)
        return Body(view, (), view.nbytes, digests or {})

    @staticmethod
    def of_file(file: BodyFile, start: int, size: int, digests: Mapping[str, bytes] | None = None) -> Body:
        """The body of `size` bytes of a file from `start` on; they must not change any more."""
        return Body(FileExtent(file, start, size), (), size, digests or {})

    @staticmethod
    def joined(bodies: Iterable[Body]) -> Body:
        """The bodies one after the other."""
        parts = tuple(bodies)
        if len(parts) == 1:
            return parts[0]
        return Body(None, parts, sum(part.size for part in parts), {})

    @staticmethod
    def joined_with(bodies: Iterable[Body], digests: Mapping[str, bytes]) -> Body:
        """The bodies one after the other, where some digests of the whole are known already."""
        parts = tuple(bodies)
        return Body(None, parts, sum(part.size for part in parts), digests)

    def slice(self, start: int, stop: int) -> Body:
        """The bytes from `start` to before `stop`, both within the body."""
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"{start}:{stop} is not within a body of {self.size} bytes")
        if start == 0 and stop == self.size:
            return self
        if isinstance(self._extent, memoryview):
            return Body.of(self._extent[start:stop])
        if isinstance(self._extent, FileExtent):
            return Body.of_file(self._extent.file, self._extent.start + start, stop - start)
        found: list[Body] = []
        begin = 0
        for part in self._parts:
            low, high = max(start - begin, 0), min(stop - begin, part.size)
            if low < high:
                found.append(part.slice(low, high))
            begin += part.size
        return Body.joined(found)

    # -- digests -----------------------------------------------------------------------------------------------------------------

    @property
    def md5(self) -> bytes:
        """The MD5 digest, 16 bytes."""
        return self.checksum(MD5)

    def checksum(self, algorithm: str) -> bytes:
        """The digest by an algorithm of `emulator.checksums.CHECKSUM_BYTES`, most significant byte first. Reads the body at most once."""
        known = self._digests.get(algorithm)
        if known is None:
            if isinstance(self._extent, memoryview):
                known = digest_of(algorithm, self._extent)
            elif self._parts and algorithm in CRCS:
                known = combined(algorithm, [(part.checksum(algorithm), part.size) for part in self._parts])
            else:
                digests = Digests((algorithm,))
                for piece in self.pieces():
                    digests.update(piece)
                known = digests.values()[algorithm]
            self._digests[algorithm] = known
        return known

    def hashing(self, algorithms: Iterable[str], step_bytes: int) -> Iterator[None]:
        """Take the digests that are not known yet in one pass, with a pause after each step: others may be served in between."""
        missing = [
            name
            for name in dict.fromkeys(algorithms)
            if name not in self._digests and not (self._parts and name in CRCS)
        ]
        if not missing:
            return
        digests = Digests(missing)
        taken = 0
        for piece in self.pieces():
            view = memoryview(piece)
            for start in range(0, len(view), step_bytes):
                part = view[start : start + step_bytes]
                digests.update(part)
                taken += len(part)
                if taken >= step_bytes:
                    yield
                    taken = 0
        self._digests.update(digests.values())

    # -- reading -----------------------------------------------------------------------------------------------------------------

    def extents(self) -> Iterator[Extent]:
        """What the body is made of, in order: for a sender that treats memory and files in different ways."""
        if self._extent is not None:
            yield self._extent
        for part in self._parts:
            yield from part.extents()

    def pieces(self, piece_bytes: int = _PIECE_BYTES) -> Iterator[bytes | memoryview]:
        """The bytes in order. Those of a file come in pieces of at most `piece_bytes`; what is in memory comes as it is."""
        for extent in self.extents():
            if isinstance(extent, memoryview):
                yield extent
            else:
                yield from extent.pieces(piece_bytes)

    @property
    def in_memory(self) -> bool:
        """Whether no part of it is in a file."""
        return all(isinstance(extent, memoryview) for extent in self.extents())

    def __bytes__(self) -> bytes:
        if isinstance(self._extent, memoryview) and type(self._extent.obj) is bytes:
            if len(self._extent.obj) == self.size:
                return self._extent.obj
        return b"".join(self.pieces())

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return self.size > 0

    def __repr__(self) -> str:
        return f"<Body of {self.size} bytes>"
