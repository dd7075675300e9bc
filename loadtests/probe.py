"""Single messages before the load: is the pipeline there, what is the largest message that it takes, and is it warm?"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from loadtests.bodies import BodyTemplate
from loadtests.clock import iso_milliseconds, monotonic, wall
from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.plan import probe_key

__all__ = ["Answer", "Prober", "SizeLimit", "largest_accepted"]

_TIMEOUT_SECONDS = 60.0
_TOO_LARGE = 413

# Lambda takes 6 MiB for the whole event of a synchronous invoke; what API Gateway wraps around the body comes off.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LAMBDA_EVENT_BYTES = 6 * 1024 * 1024
_EXPECTED_ENVELOPE_BYTES = 64 * 1024
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_API_GATEWAY_BODY_BYTES = 10 * 1024 * 1024
_RESOLUTION_BYTES = 64
# The envelope of one request is a few bytes longer than that of another (source port, trace id, length of numbers).
_MARGIN_BYTES = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe was told."""

    status: int
    text: str
    seconds: float

    @property
    def message_id(self) -> str | None:
        """The id of an accepted message."""
        if self.status != 200:
            return None
        value = orjson.loads(self.text).get("messageID")
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """The border between what is taken and what is refused, seen from both sides, in bytes of the request's body.

    `load_bytes` is what a load uses as the largest message: a little below, because envelopes differ by a few bytes.
    """

    accepted_bytes: int
    refused_bytes: int
    refused_status: int
    refused_text: str

    @property
    def load_bytes(self) -> int:
        """The size of the largest message of a load."""
        return self.accepted_bytes - _MARGIN_BYTES


class Prober:
    """Sends single messages of a run over connections of its own; they are stored like others and counted nowhere.

    `admit` is asked before each, with its bytes: it may wait, and raises where no more may be sent.
    """

    def __init__(
        self, url: str, api_key: str, key_root: str, seed: int, admit: Callable[[int], None] | None = None
    ) -> None:
        self._url = urlsplit(url)
        self._headers = {"x-api-key": api_key, "Content-Type": "application/json", "User-Agent": "windtunnel-load"}
        self._key_root = key_root
        self._seed = seed
        self._admit = admit
        self._sent = 0
        self.accepted_keys: list[str] = []

    def send(self, body_bytes: int) -> Answer:
        """Send one message of a size. Raises `EnvironmentNotReady` when no answer comes."""
        if self._admit is not None:
            self._admit(body_bytes)
        key = probe_key(self._key_root, self._sent)
        self._sent += 1
        date_time = iso_milliseconds(wall())
        body = BodyTemplate(body_bytes, len(key), self._seed).body(key, date_time)
        answer = self._post(body)
        if answer.status == 200:
            self.accepted_keys.append(key)
        return answer

    def warm_up(self, body_bytes: int, count: int) -> list[Answer]:
        """Send `count` messages at once. Raises `UsageError` where they are too large, and `EnvironmentNotReady` where one is refused."""
        with ThreadPoolExecutor(count) as threads:
            answers = list(threads.map(self.send, [body_bytes] * count))
        for answer in answers:
            if answer.status == _TOO_LARGE:
                raise UsageError(_too_large(body_bytes, answer.text))
            if answer.message_id is None:
                raise EnvironmentNotReady(
                    f"a message of {body_bytes} bytes was not accepted before the load: {answer.status} {answer.text[:300]}"
                )
        return answers

    def _post(self, body: bytes) -> Answer:
        started = monotonic()
        connection = self._connection()
        try:
            connection.request("POST", self._url.path, body, self._headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except ssl.SSLCertVerificationError as error:
            raise EnvironmentNotReady(
                f"the certificate of {self._url.netloc} is not trusted ({error.verify_message}), and nothing was sent. If it is your own "
                "authority's, name that in SSL_CERT_FILE; verification cannot be turned off"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            # A front that refuses a large body may close before it has read all of it.
            raise EnvironmentNotReady(f"{self._url.geturl()} did not answer {len(body)} bytes: {error!r}") from error
        finally:
            connection.close()
        return Answer(response.status, text, monotonic() - started)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=context)
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)


def _too_large(body_bytes: int, text: str) -> str:
    hop = "Lambda, which takes 6 MiB for the event of a synchronous invoke, API Gateway's envelope around the body included"
    if body_bytes > _API_GATEWAY_BODY_BYTES:
        hop = "API Gateway, which takes a body of 10 MiB"
    return (
        f"a message of {body_bytes} bytes is refused with {_TOO_LARGE} ({text[:100]}), as AWS does: it is too large for {hop}. "
        f"`--sizes max` is the largest that is accepted; `windtunnel limits --size {body_bytes}B` says what each hop makes of it"
    )


def largest_accepted(send: Callable[[int], Answer]) -> SizeLimit:
    """Find the largest message that is accepted, by real requests on both sides of the border, to 64 bytes.

    Raises `EnvironmentNotReady` when nothing is accepted, or nothing is refused, where AWS must.
    """
    low, high = _LAMBDA_EVENT_BYTES - _EXPECTED_ENVELOPE_BYTES, _LAMBDA_EVENT_BYTES
    if send(low).status != 200:
        low, high = 4096, low
        smallest = send(low)
        if smallest.status != 200:
            raise EnvironmentNotReady(f"a message of {low} bytes is refused: {smallest.status} {smallest.text[:300]}")
    refusal = send(high)
    if refusal.status == 200:
        low, high = high, _API_GATEWAY_BODY_BYTES + 1
        refusal = send(high)
    if refusal.status == 200:
        raise EnvironmentNotReady(f"a message of {high} bytes is accepted; API Gateway takes at most 10 MiB")
    while high - low > _RESOLUTION_BYTES:
        middle = (low + high) // 2
        answer = send(middle)
        if answer.status == 200:
            low = middle
        else:
            high, refusal = middle, answer
    return SizeLimit(low, high, refusal.status, refusal.text[:300])
