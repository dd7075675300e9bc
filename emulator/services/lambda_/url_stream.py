"""A streamed response on its way through a function URL.

What `awslambda.HttpResponseStream.from` writes begins with the response's status and headers as JSON, then eight NUL bytes.
https://docs.aws.amazon.com/lambda/latest/dg/config-rs-invoke-furls.html
"""

from __future__ import annotations

from emulator.http import HttpResponse
from emulator.sandbox.response_stream import ResponseStream
from emulator.services.lambda_.url_exchange import BadAnswer, streamed_head

__all__ = ["UrlStream"]

_METADATA = "application/vnd.awslambda.http-integration-response"
_DELIMITER = bytes(8)


class UrlStream(ResponseStream):
    """Takes the metadata off a streamed response: `head` once it is known, or `problem` where it is none."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.head: HttpResponse | None = None
        self.problem: BadAnswer | None = None
        self._metadata = bytearray()

    @property
    def opened(self) -> bool:
        return self.head is not None or self.problem is not None

    def open(self, content_type: str) -> None:
        if content_type != _METADATA:
            self.head = HttpResponse(200, (("Content-Type", content_type or "application/octet-stream"),))

    def add(self, part: bytes) -> None:
        if self.head is not None:
            self.body.write(part)
            return
        if self.problem is not None:
            return
        self._metadata += part
        end = self._metadata.find(_DELIMITER)
        if end < 0:
            return
        try:
            self.head = streamed_head(bytes(self._metadata[:end]))
        except BadAnswer as problem:
            self.problem = problem
            return
        self.body.write(bytes(self._metadata[end + len(_DELIMITER) :]))
        self._metadata.clear()
