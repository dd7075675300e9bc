"""Payloads on their way in: coding undone, digests verified, large ones in a file."""

from __future__ import annotations

import base64
import gc
import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import anycrc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.gateway.payload import Payload
from emulator.http import HttpRequest

DATA = b"0123456789" * 1000


def received(
    body: bytes, *headers: tuple[str, str], path: str = "", largest_in_memory: int = 1 << 20, pieces: int = 1 << 20
) -> HttpRequest:
    def new_path() -> str:
        assert path
        return path

    length = () if any(name == "Transfer-Encoding" for name, _ in headers) else (("Content-Length", str(len(body))),)
    payload = Payload(HttpRequest("PUT", "/b/k", "", (*length, *headers)), new_path, largest_in_memory)
    for position in range(0, len(body), pieces):
        payload.feed(body[position : position + pieces])
    return payload.finish()


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def coded(data: bytes, chunk_bytes: int, *trailers: str, signed: bool = False) -> bytes:
    signature = b";chunk-signature=" + b"0" * 64 if signed else b""
    parts = []
    for position in range(0, len(data), chunk_bytes):
        chunk = data[position : position + chunk_bytes]
        parts.append(b"%x%s\r\n%s\r\n" % (len(chunk), signature, chunk))
    ending = "".join(f"{trailer}\r\n" for trailer in trailers).encode()
    return b"".join(parts) + b"0" + signature + b"\r\n" + ending + b"\r\n"


CHECKS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data).digest(),
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-crc32c": lambda data: anycrc.Model("CRC32C").calc(data).to_bytes(4, "big"),
    "x-amz-checksum-crc64nvme": lambda data: anycrc.Model("CRC64-NVME").calc(data).to_bytes(8, "big"),
}


@pytest.mark.parametrize("header", CHECKS)
def test_a_checksum_is_verified(header: str) -> None:
    assert received(DATA, (header, base64_of(CHECKS[header](DATA)))).refusal is None
    wrong = received(DATA, (header, base64_of(CHECKS[header](b"other")))).refusal
    assert wrong is not None
    assert wrong.code == "BadDigest"
    assert wrong.message == f"The {header[15:].upper()} you specified did not match the calculated checksum."
    malformed = received(DATA, (header, "AAAA")).refusal
    assert malformed is not None
    assert (malformed.code, malformed.message) == ("InvalidRequest", f"Value for {header} header is invalid.")


@pytest.mark.parametrize("header", CHECKS)
@pytest.mark.parametrize("signed", [False, True])
def test_a_trailing_checksum_is_verified_and_becomes_a_header(header: str, signed: bool) -> None:
    value = base64_of(CHECKS[header](DATA))
    headers = (
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("Content-Encoding", "gzip,aws-chunked"),
        ("x-amz-decoded-content-length", str(len(DATA))),
        ("x-amz-trailer", header),
    )
    body = coded(DATA, 8192, f"{header}:{value}", signed=signed)
    request = received(body, *headers, pieces=1000)
    assert request.refusal is None
    assert request.content is not None
    assert bytes(request.content) == DATA
    assert request.headers[header] == value
    assert request.headers["content-encoding"] == "gzip"
    assert request.headers["content-length"] == str(len(DATA))
    wrong = received(coded(DATA, 8192, f"{header}:{base64_of(CHECKS[header](b'?'))}"), *headers).refusal
    assert wrong is not None
    assert wrong.code == "BadDigest"


def test_content_md5_is_verified() -> None:
    assert received(DATA, ("Content-MD5", base64_of(hashlib.md5(DATA).digest()))).refusal is None
    wrong = received(DATA, ("Content-MD5", base64_of(hashlib.md5(b"").digest()))).refusal
    assert wrong is not None
    assert wrong.code == "BadDigest"
    assert wrong.fields["CalculatedDigest"] == base64_of(hashlib.md5(DATA).digest())
    malformed = received(DATA, ("Content-MD5", "not base64!")).refusal
    assert malformed is not None
    assert malformed.code == "InvalidDigest"


def test_the_signed_digest_is_verified() -> None:
    assert received(DATA, ("x-amz-content-sha256", hashlib.sha256(DATA).hexdigest())).refusal is None
    wrong = received(DATA, ("x-amz-content-sha256", hashlib.sha256(b"").hexdigest())).refusal
    assert wrong is not None
    assert wrong.code == "XAmzContentSHA256Mismatch"
    assert wrong.fields["S3ComputedContentSHA256"] == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"zz\r\nabc\r\n0\r\n\r\n", "IncompleteBody"),
        (b"3\r\nabc\r\n", "IncompleteBody"),
        (b"3\r\nabcd\r\n0\r\n\r\n", "IncompleteBody"),
        (b"2\r\nab\r\n0\r\n\r\n", "IncompleteBody"),  # three bytes were promised
        (b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "InvalidChunkSizeError"),
    ],
)
def test_a_broken_coding_is_refused(body: bytes, code: str) -> None:
    headers = (("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("x-amz-decoded-content-length", "3"))
    for pieces in (1, 4, 100):
        refusal = received(body, *headers, pieces=pieces).refusal
        assert refusal is not None
        assert refusal.code == code


@given(st.integers(0, 40_000), st.integers(8192, 20_000), st.integers(1, 9000), st.booleans())
def test_any_cut_of_the_coded_bytes_gives_the_same_payload(
    size: int, chunk_bytes: int, pieces: int, signed: bool
) -> None:
    data = DATA * 4
    data = data[:size]
    request = received(
        coded(data, chunk_bytes, signed=signed),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", str(size)),
        pieces=pieces,
    )
    assert request.refusal is None
    assert request.content is not None
    assert bytes(request.content) == data
    assert request.content.md5 == hashlib.md5(data).digest()


def test_a_large_payload_lives_in_a_file_as_long_as_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "1"
    for headers in ((), (("Transfer-Encoding", "chunked"),)):
        request = received(DATA, *headers, path=str(path), largest_in_memory=4096, pieces=1000)
        assert path.exists()
        assert request.content is not None
        assert not request.content.in_memory
        part = request.content.slice(4995, 5005)
        del request
        gc.collect()
        assert bytes(part) == b"5678901234"
        del part
        gc.collect()
        assert not path.exists()


def test_a_payload_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    payload = Payload(HttpRequest("PUT", "/b/k", "", (("Content-Length", "9"),)), lambda: str(tmp_path / "1"), 4)
    payload.feed(b"12345")
    assert (tmp_path / "1").exists()
    payload.abandon()
    assert not (tmp_path / "1").exists()
