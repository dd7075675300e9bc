"""aws-chunked coding and checksums, without a worker."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.gateway.s3_payload import Payload, PayloadError, decoded, naming_algorithm, verify

STREAMING = ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.booleans())
def test_decoded_joins_the_chunks(chunks: list[bytes], signed: bool) -> None:
    extension = b";chunk-signature=" + b"0" * 64 if signed else b""
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    body += b"0" + extension + b"\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:0\r\n\r\n"
    length = sum(map(len, chunks))
    headers = (STREAMING, ("X-Amz-Decoded-Content-Length", str(length)), ("Content-Encoding", "aws-chunked,gzip"))
    payload = decoded(headers, body)
    assert payload.body == b"".join(chunks)
    assert payload.headers == (
        ("Content-Encoding", "gzip"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("Content-Length", str(length)),
    )


def test_plain_body_is_passed_as_it_is() -> None:
    body = b"body"
    assert decoded((("a", "b"),), body).body is body


@pytest.mark.parametrize("body", [b"", b"5\r\nhel", b"5\r\nhello\r\n", b"zz\r\n"])
def test_chunks_that_break_off_are_refused(body: bytes) -> None:
    with pytest.raises(PayloadError) as refused:
        decoded((STREAMING, ("x-amz-decoded-content-length", "5")), body)
    assert refused.value.code == "IncompleteBody"


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Content-MD5", "bad", "InvalidDigest"),
        ("Content-MD5", base64.b64encode(b"0" * 16).decode(), "BadDigest"),
        ("x-amz-checksum-sha256", "bad", "InvalidRequest"),
        ("x-amz-checksum-sha256", base64.b64encode(b"0" * 31).decode(), "InvalidRequest"),
        ("x-amz-checksum-sha256", base64.b64encode(b"0" * 32).decode(), "BadDigest"),
        ("X-Amz-Checksum-SHA1", base64.b64encode(b"0" * 20).decode(), "BadDigest"),
        ("x-amz-checksum-crc32", base64.b64encode(b"0" * 4).decode(), "BadDigest"),
        ("x-amz-checksum-crc64nvme", base64.b64encode(b"0" * 4).decode(), "InvalidRequest"),
        ("x-amz-content-sha256", "0" * 64, "XAmzContentSHA256Mismatch"),
    ],
)
def test_wrong_checksum_is_refused(header: str, value: str, code: str) -> None:
    with pytest.raises(PayloadError) as refused:
        verify(Payload(b"body", ((header, value),)))
    assert refused.value.code == code


def test_headers_about_checksums_are_no_checksums() -> None:
    verify(Payload(b"body", (("x-amz-checksum-algorithm", "SHA256"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"))))


def test_algorithm_is_named_once() -> None:
    payload = naming_algorithm(Payload(b"", (("x-amz-checksum-sha256", "v"),)))
    assert payload.headers[-1] == ("x-amz-sdk-checksum-algorithm", "SHA256")
    assert naming_algorithm(payload) is payload
