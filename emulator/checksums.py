"""S3's checksums and MD5: computed while bytes come in, and put together from those of the parts.

CRC32C and CRC64NVME come from AWS's own library, which uses the processor's instructions for them.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Protocol, cast

__all__ = ["CHECKSUM_BYTES", "CRCS", "MD5", "Digests", "combined"]

MD5 = "MD5"
CHECKSUM_BYTES: Mapping[str, int] = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    MD5: 16,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "XXHASH128": 16,
    "XXHASH3": 8,
    "XXHASH64": 8,
}
"""Length of each algorithm's value in bytes."""
CRCS = frozenset({"CRC32", "CRC32C", "CRC64NVME"})
"""The algorithms whose value for a whole follows from those of its parts."""


class _Hash(Protocol):
    def update(self, data: Any, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """A CRC with hashlib's interface."""

    __slots__ = ("_function", "_length", "_value")

    def __init__(self, function: Callable[[Any, int], int], length: int) -> None:
        self._function = function
        self._length = length
        self._value = 0

    def update(self, data: Any, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._length, "big")


class _Finalized:
    """One of awscrt's hashes with hashlib's interface: it may be asked for its value once."""

    __slots__ = ("_hash",)

    def __init__(self, native: Any) -> None:
        self._hash = native

    def update(self, data: Any, /) -> None:
        self._hash.update(bytes(data))  # it takes no views

    def digest(self) -> bytes:
        value: bytes = self._hash.finalize()
        return value


@cache
def _native() -> ModuleType:
    """awscrt's module, imported at first use: it takes a tenth of a second."""
    from awscrt import checksums

    return cast(ModuleType, checksums)


_MAKERS: Mapping[str, Callable[[], _Hash]] = {
    MD5: lambda: hashlib.md5(usedforsecurity=False),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "XXHASH128": lambda: _Finalized(_native().XXHash.new_xxhash3_128()),
    "XXHASH3": lambda: _Finalized(_native().XXHash.new_xxhash3_64()),
    "XXHASH64": lambda: _Finalized(_native().XXHash.new_xxhash64()),
    "CRC32": lambda: _Crc(zlib.crc32, 4),
    "CRC32C": lambda: _Crc(_native().crc32c, 4),
    "CRC64NVME": lambda: _Crc(_native().crc64nvme, 8),
}


class Digests:
    """Several digests of the same bytes, taken in one pass."""

    __slots__ = ("_hashes",)

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes = {algorithm: _MAKERS[algorithm]() for algorithm in algorithms}

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take in the next bytes."""
        for each in self._hashes.values():
            each.update(data)

    def values(self) -> dict[str, bytes]:
        """Each algorithm's digest of the bytes so far."""
        return {algorithm: each.digest() for algorithm, each in self._hashes.items()}


def combined(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The CRC of the whole, from the CRC and the size in bytes of each part in turn. `algorithm` is one of CRCS."""
    combine: Callable[[int, int, int], int] = getattr(_native(), f"combine_{algorithm.lower()}")
    value = 0
    for digest, size in parts:
        value = combine(value, int.from_bytes(digest, "big"), size)
    return value.to_bytes(CHECKSUM_BYTES[algorithm], "big")
