"""S3's checksums and MD5: computed while bytes come in, and put together from those of the parts.

CRCs come from a library that uses the processor's instructions for them, and can put together those of the parts.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any, Protocol

import anycrc
import xxhash

__all__ = ["CHECKSUM_BYTES", "CRCS", "MD5", "Digests", "combined", "digest_of"]

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
_MODELS: Mapping[str, str] = {"CRC32": "CRC32", "CRC32C": "CRC32C", "CRC64NVME": "CRC64-NVME"}


class _Hash(Protocol):
    def update(self, data: Any, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """A CRC with hashlib's interface."""

    __slots__ = ("_calc", "_length", "_value")

    def __init__(self, algorithm: str) -> None:
        self._calc = _model(algorithm).calc
        self._length = CHECKSUM_BYTES[algorithm]
        self._value: int | None = None

    def update(self, data: Any, /) -> None:
        self._value = self._calc(data) if self._value is None else self._calc(data, self._value)

    def digest(self) -> bytes:
        return (self._value or 0).to_bytes(self._length, "big")


@cache
def _model(algorithm: str) -> anycrc.CRC:
    return anycrc.Model(_MODELS[algorithm])


_MAKERS: Mapping[str, Callable[[], _Hash]] = {
    MD5: lambda: hashlib.md5(usedforsecurity=False),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "XXHASH128": xxhash.xxh3_128,
    "XXHASH3": xxhash.xxh3_64,
    "XXHASH64": xxhash.xxh64,
    **{algorithm: partial(_Crc, algorithm) for algorithm in CRCS},
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


def digest_of(algorithm: str, data: bytes | bytearray | memoryview) -> bytes:
    """One digest of bytes that are all here."""
    taken = _MAKERS[algorithm]()
    taken.update(data)
    return taken.digest()


def combined(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The CRC of the whole, from the CRC and the size in bytes of each part in turn. `algorithm` is one of CRCS."""
    combine = _model(algorithm).combine
    value = 0
    for digest, size in parts:
        value = combine(value, int.from_bytes(digest, "big"), size)
    return value.to_bytes(CHECKSUM_BYTES[algorithm], "big")
