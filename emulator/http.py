"""One HTTP exchange as plain values: what the gateway hands to a protocol or to an API stage, and gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from emulator.body import Body
from emulator.errors import AwsError
from emulator.streamed_body import StreamedBody
from emulator.value import value

__all__ = ["HttpRequest", "HttpResponse"]


@value
class HttpRequest:
    """A request as it came: `path` and `query` still percent-encoded, header names as sent, the body as one bytes object."""

    method: str
    path: str
    query: str
    header_list: tuple[tuple[str, str], ...]
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    content: Body | None = None
    """S3's payload, without its transfer coding; `body` is then empty."""
    refusal: AwsError | None = None
    """Why the payload cannot be taken: it is not what its headers promised."""
    headers: Mapping[str, str] = field(init=False, compare=False)
    """Header values by lower-case name; the last of several wins, as in API Gateway's proxy event."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", {name.lower(): value for name, value in self.header_list})

    @property
    def body_bytes(self) -> int:
        """The payload's size."""
        return len(self.body) if self.content is None else self.content.size


@value
class HttpResponse:
    """A response: status, headers in order, body; in its place `content` where it may be large, `stream` while it is being written."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content: Body | None = field(default=None, kw_only=True)
    stream: StreamedBody | None = field(default=None, kw_only=True)

    @property
    def body_bytes(self) -> int:
        """The body's size, of a stream what was written so far."""
        if self.stream is not None:
            return self.stream.sent_bytes
        return len(self.body) if self.content is None else self.content.size
