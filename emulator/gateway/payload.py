"""What S3 does with a payload while it comes in: undo aws-chunked coding, hash it once, keep it in memory or in a file, verify it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from emulator.body import Body, BodyFile
from emulator.checksums import Digests
from emulator.errors import AwsError, InternalFailure
from emulator.gateway.aws_chunked import ChunkedDecoder, IncompleteBody
from emulator.gateway.payload_checks import PayloadChecks
from emulator.http import HttpRequest

__all__ = ["Payload", "whole_payload"]

_DROPPED = frozenset({"content-length", "transfer-encoding", "x-amz-decoded-content-length", "x-amz-trailer"})


class Payload:
    """Takes one request's payload. `new_path` names a file for a payload of more than `largest_in_memory` bytes."""

    def __init__(self, head: HttpRequest, new_path: Callable[[], str], largest_in_memory: int) -> None:
        self._head = head
        self._new_path = new_path
        self._largest_in_memory = largest_in_memory
        headers = head.headers
        self._decoder = ChunkedDecoder() if _is_coded(head) else None
        self._promised = _size(headers.get("x-amz-decoded-content-length" if self._decoder else "content-length"))
        self._checks = PayloadChecks(head)
        self._digests = Digests(self._checks.algorithms())
        self._parts: list[bytes | memoryview] = []
        self._size = 0
        self._path = ""
        self._file: BinaryIO | None = None
        self._error: AwsError | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes as they came. What is wrong with them is told by `finish`."""
        if self._error is not None:
            return
        if self._decoder is None:
            self._take(data)
            return
        try:
            pieces = self._decoder.feed(data)
        except AwsError as error:
            self._error = error
            return
        for piece in pieces:
            self._take(piece)

    def _take(self, data: bytes | memoryview) -> None:
        self._digests.update(data)
        self._size += len(data)
        if self._file is not None:
            self._file.write(data)
            return
        self._parts.append(data)
        if self._size > self._largest_in_memory or (self._promised or 0) > self._largest_in_memory:
            self._path = self._new_path()
            self._file = open(self._path, "wb", buffering=0)  # noqa: SIM115  # closed by finish or abandon
            for part in self._parts:
                self._file.write(part)
            self._parts.clear()

    def fail(self, error: OSError) -> None:
        """The payload cannot be kept: the disk is full, or the folder has gone."""
        self._error = InternalFailure(f"the payload cannot be written to {self._path}: {error}")

    def finish(self) -> HttpRequest:
        """The request with its content, its trailers among the headers, and the refusal where something does not hold."""
        digests = self._digests.values()
        if self._file is not None:
            self._file.close()
            content = Body.of_file(BodyFile(self._path), 0, self._size, digests)
        elif len(self._parts) == 1:
            content = Body.of(self._parts[0], digests)
        else:
            content = Body.joined_with(map(Body.of, self._parts), digests)
        head = self._head if self._decoder is None else self._decoded_head(self._decoder)
        if self._error is None and self._decoder is not None and not self._decoder.complete:
            self._error = IncompleteBody()
        if self._error is None and self._promised is not None and self._promised != self._size:
            self._error = IncompleteBody()
        if self._error is None:
            self._error = self._checks.refusal(head, content)
        return replace(head, body=b"", content=content, refusal=self._error)

    def abandon(self) -> None:
        """The client went away before the end."""
        self._error = IncompleteBody()
        self._parts.clear()
        if self._file is not None:
            self._file.close()
            os.unlink(self._path)  # noqa: PTH108

    def _decoded_head(self, decoder: ChunkedDecoder) -> HttpRequest:
        kept: list[tuple[str, str]] = []
        for name, value in self._head.header_list:
            lowered = name.lower()
            if lowered == "content-encoding":
                codings = [coding.strip() for coding in value.split(",") if coding.strip() not in ("aws-chunked", "")]
                if codings:
                    kept.append((name, ",".join(codings)))
            elif lowered not in _DROPPED:
                kept.append((name, value))
        return replace(self._head, header_list=(*kept, *decoder.trailers, ("Content-Length", str(self._size))))


def whole_payload(request: HttpRequest) -> HttpRequest | None:
    """The same of a payload that is here, has no coding and stays in memory: digests are taken when they are asked for."""
    if _is_coded(request):
        return None
    content = Body.of(request.body)
    refusal = PayloadChecks(request).refusal(request, content)
    return HttpRequest(
        request.method, request.path, request.query, request.header_list, b"", request.source_ip, content, refusal
    )


def _is_coded(head: HttpRequest) -> bool:
    """SDKs name the coding in Content-Encoding, in x-amz-content-sha256, or in both."""
    return head.headers.get("x-amz-content-sha256", "").startswith("STREAMING-") or "aws-chunked" in head.headers.get(
        "content-encoding", ""
    )


def _size(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
