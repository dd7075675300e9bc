"""One raw request -> moto's answer, through the same URL tables as moto's own stubber. Imports moto: for the bridge's worker only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from moto import backend_index
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.common_models import BaseModel
from moto.core.request import Request
from werkzeug.exceptions import HTTPException

from emulator.gateway.moto_identities import patch_identities
from emulator.gateway.moto_policies import patch_policies

__all__ = ["MotoDispatch", "NotInMoto", "patch_moto"]

_Answer = tuple[int, list[tuple[str, str]], bytes]
_Handler = Callable[[Any, str, Any], tuple[int, Any, Any]]


class NotInMoto(Exception):
    """moto has no such service or operation."""


def patch_moto() -> None:
    """Correct what moto does against our purpose. Called once, in the worker.

    Every model instance is kept for a dashboard that nobody here looks at, so memory grows with each write.
    """

    def new(cls: Any, *_: Any, **__: Any) -> Any:
        return object.__new__(cls)

    BaseModel.__new__ = new  # type: ignore[method-assign]
    patch_identities()
    patch_policies()


class MotoDispatch:
    """Finds and runs moto's handler for a request."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._services: dict[str, str | None] = {}
        self._routes: dict[str, list[tuple[re.Pattern[str], _Handler]]] = {}

    def preload(self, urls: Iterable[str]) -> None:
        """Import what answers these URLs."""
        for url in urls:
            service = self._service_of(url)
            if service is not None:
                self._routes_of(service)

    def __call__(self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> _Answer:
        """moto's status, headers and body. Raises NotInMoto."""
        split = urlsplit(url)
        clean_url = f"{split.scheme}://{split.netloc}{split.path}"
        service = self._service_of(f"{split.scheme}://{split.netloc}/")
        if service is None:
            raise NotInMoto(f"moto has no service at {split.netloc}")
        for pattern, handler in self._routes_of(service):
            if pattern.match(clean_url):
                request = Request.from_primitives(method, url, dict(headers), body)
                status: int | None
                try:
                    status, answered, content = handler(request, request.raw_url, request.headers)
                except NotImplementedError as error:
                    raise NotInMoto(str(error) or "moto does not implement it") from error
                except HTTPException as error:
                    status, answered, content = error.code, error.get_headers(), error.get_body()
                return int(status or 500), _header_list(answered), _bytes(content)
        raise NotInMoto(f"moto has no route for {method} {split.path}")

    def _service_of(self, origin: str) -> str | None:
        if origin not in self._services:
            self._services[origin] = next(
                (service for service, pattern in backend_index.backend_url_patterns if pattern.match(origin)), None
            )
        return self._services[origin]

    def _routes_of(self, service: str) -> list[tuple[re.Pattern[str], _Handler]]:
        routes = self._routes.get(service)
        if routes is None:
            backends: Any = get_backend(service)  # type: ignore[call-overload]
            if isinstance(backends, BackendDict):
                by_region: Any = backends[self._account_id]
                backend = by_region["us-east-1" if "us-east-1" in by_region else "aws"]
            else:
                backend = backends["global"]
            routes = self._routes[service] = [(re.compile(url), handler) for url, handler in backend.urls.items()]
        return routes


_DROPPED = frozenset({"status", "server", "date", "connection", "transfer-encoding"})


def _header_list(headers: Any) -> list[tuple[str, str]]:
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    return [(str(name), _text(value)) for name, value in pairs if str(name).lower() not in _DROPPED]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(content: Any) -> bytes:
    if content is None:
        return b""
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content)
    if hasattr(content, "read"):
        read: bytes = content.read()
        return read
    return b"".join(part.encode() if isinstance(part, str) else part for part in content)
