"""What S3 does with an object's bytes before it stores them: undo aws-chunked coding, verify every checksum that came along.

moto keeps whatever it is sent; a pipeline that relies on S3's verification must see it fail here as it does on AWS.
Runs in the bridge's worker.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Payload", "PayloadError", "decoded", "naming_algorithm", "verify"]

_DIGESTS: Mapping[str, tuple[int, Callable[[bytes], bytes]]] = {
    "sha256": (32, lambda body: hashlib.sha256(body).digest()),
    "sha1": (20, lambda body: hashlib.sha1(body).digest()),
    "crc32": (4, lambda body: zlib.crc32(body).to_bytes(4, "big")),
}
"""Length in bytes and function of each checksum that is verified. CRC32C and CRC64NVME need native code that Python does not bring; a
value for them is checked for its form only."""

_LENGTHS: Mapping[str, int] = {**{name: length for name, (length, _) in _DIGESTS.items()}, "crc32c": 4, "crc64nvme": 8}
_PREFIX = "x-amz-checksum-"
_NO_VALUES = frozenset({"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"})


class PayloadError(Exception):
    """S3's refusal of a payload: `code` and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Payload:
    """An object's bytes, and the headers without the coding but with the trailers."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


def decoded(headers: tuple[tuple[str, str], ...], body: bytes) -> Payload:
    """Undo aws-chunked coding, where a payload has it. Raises PayloadError for a coding that breaks off."""
    values = {name.lower(): value for name, value in headers}
    if not values.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        return Payload(body, headers)
    data, trailers = _chunks(body)
    expected = values.get("x-amz-decoded-content-length")
    if expected is not None and expected != str(len(data)):
        raise PayloadError("IncompleteBody", "The request body terminated unexpectedly")
    kept: list[tuple[str, str]] = []
    for name, value in headers:
        lowered = name.lower()
        if lowered == "content-encoding":
            codings = [coding.strip() for coding in value.split(",") if coding.strip() not in ("aws-chunked", "")]
            if codings:
                kept.append((name, ", ".join(codings)))
        elif lowered not in ("content-length", "x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer"):
            kept.append((name, value))
    return Payload(data, (*kept, *trailers, ("Content-Length", str(len(data)))))


def _chunks(body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    view = memoryview(body)
    parts: list[memoryview] = []
    position = 0
    while True:
        end = body.find(b"\r\n", position)
        size_text = body[position:end].partition(b";")[0] if end >= 0 else b""
        try:
            size = int(size_text, 16)
        except ValueError:
            raise PayloadError("IncompleteBody", "The request body terminated unexpectedly") from None
        position = end + 2
        if size == 0:
            break
        parts.append(view[position : position + size])
        position += size + 2
    trailers = []
    for line in body[position:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() != b"x-amz-trailer-signature":
            trailers.append((name.strip().decode("latin-1"), value.strip().decode("latin-1")))
    return b"".join(parts), trailers


def naming_algorithm(payload: Payload) -> Payload:
    """The payload with the algorithm of its checksum in a header of its own, without which moto forgets the checksum."""
    names = [name.lower() for name, _ in payload.headers]
    if "x-amz-sdk-checksum-algorithm" in names:
        return payload
    for name in names:
        if name.startswith(_PREFIX) and name not in _NO_VALUES:
            algorithm = name.removeprefix(_PREFIX).upper()
            return Payload(payload.body, (*payload.headers, ("x-amz-sdk-checksum-algorithm", algorithm)))
    return payload


def verify(payload: Payload) -> None:
    """Check the payload against each checksum in its headers. Raises PayloadError."""
    for name, value in payload.headers:
        lowered = name.lower()
        if lowered == "content-md5":
            _verify_md5(payload.body, value)
        elif lowered == "x-amz-content-sha256" and len(value) == 64:
            if hashlib.sha256(payload.body).hexdigest() != value.lower():
                message = "The provided 'x-amz-content-sha256' header does not match what was computed."
                raise PayloadError("XAmzContentSHA256Mismatch", message)
        elif lowered.startswith(_PREFIX) and lowered not in _NO_VALUES:
            _verify_checksum(payload.body, lowered.removeprefix(_PREFIX), value)


def _verify_md5(body: bytes, value: str) -> None:
    given = _digest(value)
    if given is None or len(given) != 16:
        raise PayloadError("InvalidDigest", "The Content-MD5 you specified was invalid.")
    if hashlib.md5(body).digest() != given:
        raise PayloadError("BadDigest", "The Content-MD5 you specified did not match what we received.")


def _verify_checksum(body: bytes, algorithm: str, value: str) -> None:
    given = _digest(value)
    if given is None or len(given) != _LENGTHS.get(algorithm):
        raise PayloadError("InvalidRequest", f"Value for {_PREFIX}{algorithm} header is invalid.")
    known = _DIGESTS.get(algorithm)
    if known is not None and known[1](body) != given:
        message = f"The {algorithm.upper()} you specified did not match the calculated checksum."
        raise PayloadError("BadDigest", message)


def _digest(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return None
