"""A process that terminates TLS in front of a cache server that has none: `python -m emulator.cache.tls_relay`.

    tls_relay HOST PORT CERTIFICATE KEY SERVER    listens on HOST:PORT, prints "ready", relays to SERVER: a unix
    socket's path or HOST:PORT

One thread per connection, which clients keep for long. Bytes are read in large pieces into buffers that are used
again, whole records are decrypted in memory (OpenSSL through memory BIOs: no system call per 16 KiB record), and each
piece goes on in one write. The client's side never blocks: one that pipelines without reading replies fills the
server's buffers, as it would on a server with TLS; the server always reads, so writing to it may block. The process
ends when its standard input closes, so it cannot outlive the emulator. `emulator.bench.cache_tls` measures it: about
what a server with TLS of its own takes.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import sys
import threading
from collections.abc import Callable

__all__ = ["Relay", "main"]

PIECE_BYTES = 128 * 1024
RECORD_BYTES = 16_384  # the most that one TLS record holds
HIGH_WATER_BYTES = 8 * 1024 * 1024
"""Above this much that a client has not taken yet, nothing more is read from the server."""
BACKLOG = 511  # what the server itself listens with
HANDSHAKE_SECONDS = 10.0


class Relay:
    """One client's connection: encrypted on one side, plain on the other."""

    def __init__(self, client: socket.socket, server: socket.socket, context: ssl.SSLContext) -> None:
        self._client = client
        self._server = server
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._to_client = bytearray()
        self._piece = memoryview(bytearray(PIECE_BYTES))

    def run(self) -> None:
        """Shake hands, then relay until either side closes. Closes both sockets."""
        try:
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._shake_hands()
            self._client.setblocking(False)
            self._receive_plain()
            self._relay()
        except (OSError, ssl.SSLError):
            # A peer that vanishes or does not speak TLS ends its own connection and nothing else.
            pass
        finally:
            self._client.close()
            self._server.close()

    def _shake_hands(self) -> None:
        self._client.settimeout(HANDSHAKE_SECONDS)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._send_outgoing()
                data = self._client.recv(PIECE_BYTES)
                if data == b"":
                    raise ConnectionResetError("closed during the handshake") from None
                self._incoming.write(data)
            except ssl.SSLError:
                self._send_outgoing()  # the alert that tells the client why
                raise
            else:
                self._send_outgoing()
                return

    def _send_outgoing(self) -> None:
        self._client.sendall(self._outgoing.read())

    def _relay(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._client, selectors.EVENT_READ)
            selector.register(self._server, selectors.EVENT_READ)
            while True:
                for key, events in selector.select():
                    if events & selectors.EVENT_WRITE:
                        self._send_unsent()
                    if events & selectors.EVENT_READ:
                        goes_on = self._from_client() if key.fileobj is self._client else self._from_server()
                        if not goes_on:
                            self._say_goodbye()
                            return
                self._watch(selector)

    def _watch(self, selector: selectors.BaseSelector) -> None:
        """Write to the client while something is left for it; read from the server while the client keeps up."""
        unsent = len(self._to_client)
        wanted = selectors.EVENT_READ if unsent == 0 else selectors.EVENT_READ | selectors.EVENT_WRITE
        if selector.get_key(self._client).events != wanted:
            selector.modify(self._client, wanted)
        if (unsent < HIGH_WATER_BYTES) != (self._server in selector.get_map()):
            if unsent < HIGH_WATER_BYTES:
                selector.register(self._server, selectors.EVENT_READ)
            else:
                selector.unregister(self._server)

    def _say_goodbye(self) -> None:
        """Send what was still to be sent, and TLS's own end, so that the client sees no truncation."""
        self._client.settimeout(HANDSHAKE_SECONDS)
        self._client.sendall(self._to_client)
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._send_outgoing()

    def _from_client(self) -> bool:
        """Take what the client sent; False when it is gone."""
        count = self._client.recv_into(self._piece)
        if count == 0:
            return False
        self._incoming.write(self._piece[:count])
        return self._receive_plain()

    def _receive_plain(self) -> bool:
        """Decrypt every complete record and send it on; False when the client said goodbye."""
        read: Callable[[int, memoryview], int] = self._tls.read  # type: ignore[assignment]  # typeshed knows bytearrays only
        open_still = True
        used = 0
        while True:
            try:
                used += read(PIECE_BYTES, self._piece[used:])
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                open_still = False
                break
            if PIECE_BYTES - used < RECORD_BYTES:
                self._server.sendall(self._piece[:used])
                used = 0
        if used > 0:
            self._server.sendall(self._piece[:used])
        return open_still

    def _from_server(self) -> bool:
        """Take what the server sent, encrypt it and send it on; False when the server is gone."""
        count = self._server.recv_into(self._piece)
        if count == 0:
            return False
        self._tls.write(self._piece[:count])  # into memory: always whole
        data = self._outgoing.read()
        sent = 0
        if len(self._to_client) == 0:
            with contextlib.suppress(BlockingIOError):
                sent = self._client.send(data)
        if sent < len(data):
            self._to_client += memoryview(data)[sent:]
        return True

    def _send_unsent(self) -> None:
        with contextlib.suppress(BlockingIOError):
            sent = self._client.send(self._to_client)
            del self._to_client[:sent]


def _connect(address: str) -> socket.socket:
    if "/" not in address:
        host, _, port = address.rpartition(":")
        return socket.create_connection((host, int(port)))
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        server.connect(address)
    except OSError:
        server.close()
        raise
    return server


def _serve(listener: socket.socket, address: str, context: ssl.SSLContext) -> None:
    while True:
        client, _ = listener.accept()
        try:
            server = _connect(address)
        except OSError:
            client.close()  # the server is down: what a client of it would see
            continue
        threading.Thread(target=Relay(client, server, context).run, daemon=True).start()


def main(arguments: list[str]) -> None:
    """Listen, say "ready", relay until standard input closes."""
    host, port, certificate, key, address = arguments
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # ElastiCache's own floor
    context.load_cert_chain(certificate, key)
    listener = socket.create_server((host, int(port)), backlog=BACKLOG)
    threading.Thread(target=_serve, args=(listener, address, context), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # connections of live threads end with the process


if __name__ == "__main__":
    main(sys.argv[1:])
