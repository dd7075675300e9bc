"""An HTTP request to somewhere outside, as an effect: API destinations and HTTP tasks. Its performer is `emulator.engine.http_client`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from emulator.effects import External
from emulator.errors import EmulatorError

__all__ = ["HttpUnreachable", "SendHttp"]


@dataclass(frozen=True, slots=True)
class SendHttp(External):
    """Send a request; the result is an HttpResponse, whatever its status. Redirects are not followed.

    Raises HttpUnreachable where no whole answer comes within `timeout_seconds` (real time). Of an answer, at most `maximum_bytes` and one
    more byte are read, so that a longer one can be told.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_seconds: float = 60.0
    maximum_bytes: int = 6_291_456
    resource: str = field(default="", compare=False)
    """What the journal shows: the URL without its query."""


class HttpUnreachable(EmulatorError):
    """No answer: nobody listens, the name is unknown, TLS failed, or it took too long."""

    def __init__(self, message: str, kind: Literal["timeout", "connection"]) -> None:
        super().__init__(message)
        self.kind = kind
