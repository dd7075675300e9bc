"""Which digests a payload needs, and what S3 says where one is not what its header or trailer promised.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl

from emulator.body import Body
from emulator.checksums import CHECKSUM_BYTES, MD5
from emulator.errors import AwsError
from emulator.http import HttpRequest

__all__ = ["BadDigest", "InvalidDigest", "PayloadChecks", "XAmzContentSHA256Mismatch"]

_PREFIX = "x-amz-checksum-"
_BY_HEADER: Mapping[str, str] = {f"{_PREFIX}{name.lower()}": name for name in CHECKSUM_BYTES if name != MD5}
_UNSIGNED = frozenset(
    {
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        *(
            f"STREAMING-AWS4-{kind}-PAYLOAD{end}"
            for kind in ("HMAC-SHA256", "ECDSA-P256-SHA256")
            for end in ("", "-TRAILER")
        ),
    }
)
_DEFAULT = "CRC64NVME"
"""What S3 adds to an object that came without a checksum."""


class InvalidArgument(AwsError):
    """x-amz-content-sha256 is neither a digest nor the name of a coding."""


class InvalidDigest(AwsError):
    """Content-MD5 is no MD5 digest."""


class BadDigest(AwsError):
    """The payload is not the one that was announced."""


class InvalidRequest(AwsError):
    """The value of a checksum is none."""


class XAmzContentSHA256Mismatch(AwsError):
    """The payload is not the one that was signed."""


class PayloadChecks:
    """What one request announces about its payload."""

    def __init__(self, head: HttpRequest) -> None:
        headers = head.headers
        # The checksums of CompleteMultipartUpload are those of the object, not of the list of its parts.
        self._of_payload = not (head.method == "POST" and "uploadId" in dict(parse_qsl(head.query)))
        self._headers = headers
        self._signed = headers.get("x-amz-content-sha256", "")

    def algorithms(self) -> set[str]:
        """The digests to take while the payload comes in."""
        announced = {name for header, name in _BY_HEADER.items() if header in self._headers}
        announced |= {
            _BY_HEADER[name]
            for item in self._headers.get("x-amz-trailer", "").split(",")
            if (name := item.strip().lower()) in _BY_HEADER
        }
        algorithms = {MD5, *(announced if self._of_payload else ()), *(() if announced else (_DEFAULT,))}
        return algorithms | {"SHA256"} if len(self._signed) == 64 else algorithms

    def refusal(self, head: HttpRequest, content: Body) -> AwsError | None:
        """What does not hold of the content, by the request's headers with its trailers; None where all does."""
        headers = head.headers
        if self._signed and len(self._signed) != 64 and self._signed not in _UNSIGNED:
            return InvalidArgument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid "
                "sha256 value.",
                fields={"ArgumentName": "x-amz-content-sha256", "ArgumentValue": self._signed},
            )
        if "content-md5" in headers:
            error = _check_md5(headers["content-md5"], content)
            if error is not None:
                return error
        if len(self._signed) == 64 and content.checksum("SHA256").hex() != self._signed.lower():
            return XAmzContentSHA256Mismatch(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                fields={
                    "ClientComputedContentSHA256": self._signed,
                    "S3ComputedContentSHA256": content.checksum("SHA256").hex(),
                },
            )
        if self._of_payload:
            if sum(header in headers for header in _BY_HEADER) > 1:
                return InvalidRequest(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
                )
            for header, algorithm in _BY_HEADER.items():
                if header in headers:
                    error = _check(header, algorithm, headers[header], content)
                    if error is not None:
                        return error
        return None


def _check_md5(value: str, content: Body) -> AwsError | None:
    given = _digest(value)
    if given is None or len(given) != CHECKSUM_BYTES[MD5]:
        return InvalidDigest("The Content-MD5 you specified was invalid.", fields={"Content-MD5": value})
    if given != content.md5:
        return BadDigest(
            "The Content-MD5 you specified did not match what we received.",
            fields={"ExpectedDigest": given.hex(), "CalculatedDigest": base64.b64encode(content.md5).decode("ascii")},
        )
    return None


def _check(header: str, algorithm: str, value: str, content: Body) -> AwsError | None:
    given = _digest(value)
    if given is None or len(given) != CHECKSUM_BYTES[algorithm]:
        return InvalidRequest(f"Value for {header} header is invalid.")
    if given != content.checksum(algorithm):
        return BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")
    return None


def _digest(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return None
