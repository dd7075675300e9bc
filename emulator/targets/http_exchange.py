"""One HTTP request to a pipeline's API, with the standard library alone."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from emulator.errors import EmulatorError

__all__ = ["Answer", "post"]

TIMEOUT_SECONDS = 60.0  # API Gateway itself gives up after 29 s


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST `body` to `url`. Raises EmulatorError where no answer comes.

    A server that refuses a body by its length answers before it has read it all; that answer counts, not the broken
    pipe.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    path = parts.path if parts.query == "" else f"{parts.path}?{parts.query}"
    try:
        try:
            connection.request("POST", path, body, dict(headers))
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer, if there is one, is read below
        response = connection.getresponse()
        answer_headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, answer_headers, response.read())
    except (OSError, http.client.HTTPException) as error:
        raise EmulatorError(f"no answer from {url}: {error!r}") from error
    finally:
        connection.close()
