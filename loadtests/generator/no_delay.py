"""Connections of the load generator: they send at once, and to nobody whose certificate does not say who he is.

Locust's FastHttpUser leaves Nagle's algorithm on. A body that is sent in more than one write then waits for the peer's delayed
acknowledgement, 40 ms on Linux, and the generator measures itself (https://datatracker.ietf.org/doc/html/rfc896).
"""

from __future__ import annotations

import socket
from typing import Any

import gevent.ssl
from geventhttpclient.client import HTTPClient, HTTPClientPool

__all__ = ["NoDelayClientPool", "assert_no_delay", "new_pool"]

_MAX_CONNECTIONS = 2000


def _set_no_delay(connection: Any) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class NoDelayClientPool(HTTPClientPool):
    """A pool of HTTP clients whose connections have TCP_NODELAY set before the first byte."""

    def get_client(self, url: Any) -> HTTPClient:
        """Return the client of a URL's host and port."""
        client = super().get_client(url)
        client._connection_pool.after_connect = _set_no_delay  # type: ignore[method-assign, assignment]  # noqa: SLF001 - the documented hook is on it
        return client


def new_pool(timeout_seconds: float) -> NoDelayClientPool:
    """Return the connections of a generator. Certificates and host names are verified: FastHttpUser's own pool would not.

    A private authority's certificate is trusted where `SSL_CERT_FILE` names it.
    """
    return NoDelayClientPool(
        concurrency=_MAX_CONNECTIONS,
        connection_timeout=timeout_seconds,
        network_timeout=timeout_seconds,
        ssl_context_factory=gevent.ssl.create_default_context,
    )


def assert_no_delay(pool: HTTPClientPool, url: str) -> None:
    """Open a connection to `url` and raise `RuntimeError` unless it really has TCP_NODELAY."""
    connections = pool.get_client(url)._connection_pool  # noqa: SLF001
    connection = connections.get_socket()
    try:
        if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0:
            raise RuntimeError("TCP_NODELAY is not set on the generator's connections; its latencies would be its own")
    finally:
        connections.return_socket(connection)
