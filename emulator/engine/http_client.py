"""Performs SendHttp on threads: urllib3 blocks, the loop does not.

The URL of an API of this account (`https://<id>.execute-api.<region>.amazonaws.com/...`) is served by the emulator itself.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.engine.task import Done, Undo
from emulator.http import HttpResponse
from emulator.outbound import HttpUnreachable, SendHttp

if TYPE_CHECKING:
    import urllib3

__all__ = ["HttpClient"]

_API_HOST = re.compile(r"[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com")
_THREADS = 32  # requests under way at once; more of them wait their turn


class HttpClient:
    """One per emulator; `endpoint_url` is its own."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._executor: ThreadPoolExecutor | None = None

    def __call__(self, effect: SendHttp, done: Done) -> Undo:
        loop = asyncio.get_running_loop()
        if self._executor is None:
            self._executor = ThreadPoolExecutor(_THREADS, "http")
        work = loop.run_in_executor(self._executor, self._send, effect)

        def finished(future: asyncio.Future[HttpResponse]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            done(None if error is not None else future.result(), error)

        work.add_done_callback(finished)

        def call_off() -> None:
            work.cancel()

        return call_off

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        import urllib3

        return urllib3.PoolManager(num_pools=16, maxsize=8, retries=False)

    def _send(self, effect: SendHttp) -> HttpResponse:
        import urllib3

        url, headers = self._reachable(effect)
        timeout = urllib3.Timeout(total=effect.timeout_seconds)
        try:
            answer = self._pool.request(
                effect.method,
                url,
                headers=headers,
                body=effect.body or None,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
            try:
                body = answer.read(effect.maximum_bytes + 1)
            finally:
                answer.close()
        except urllib3.exceptions.NewConnectionError as error:  # which is a time-out to urllib3
            raise HttpUnreachable(f"{effect.url}: {error}", "connection") from error
        except urllib3.exceptions.TimeoutError as error:
            raise HttpUnreachable(f"{effect.url}: no answer in {effect.timeout_seconds:g} s", "timeout") from error
        except urllib3.exceptions.HTTPError as error:
            raise HttpUnreachable(f"{effect.url}: {error}", "connection") from error
        return HttpResponse(answer.status, tuple(answer.headers.items()), body)

    def _reachable(self, effect: SendHttp) -> tuple[str, urllib3.HTTPHeaderDict]:
        import urllib3

        headers = urllib3.HTTPHeaderDict()
        for name, value in effect.headers:
            headers.add(name, value)
        parts = urlsplit(effect.url)
        if _API_HOST.fullmatch(parts.hostname or "") is None:
            return effect.url, headers
        headers["Host"] = parts.netloc
        return f"{self._endpoint_url}{parts.path}{'?' if parts.query else ''}{parts.query}", headers

    def close(self) -> None:
        """Start no further request; those under way end by their own time limits."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
