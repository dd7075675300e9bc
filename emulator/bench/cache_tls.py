"""What TLS in front of a cache costs: `python -m emulator.bench.cache_tls`.

Medians of SET and GET through the `valkey` client, which the pipelines use, in one run: the plain server (the floor),
the same server behind our relay, and, where a `redis-server` or `valkey-server` with TLS is on the PATH, one that
does TLS itself (the peer).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from emulator.cache.certificates import issue_certificates
from emulator.cache.effects import StartCache
from emulator.cache.programs import SERVERS_ON_PATH, choose_program
from emulator.cache.server import CacheServer
from emulator.clock import stopwatch
from emulator.engine.janitor import Janitor

SIZES = {"1 B": 1, "256 KiB": 256 * 1024, "1 MiB": 1024 * 1024, "4 MB": 4_000_000, "5.6 MB": 5_600_000}
WARM_UP = 5
REPEATS = 40
PEER_SECONDS = 5.0


def main() -> None:
    """Measure and print a table."""
    asyncio.run(_measure())


async def _measure() -> None:
    janitor = Janitor()
    certificates = await asyncio.to_thread(issue_certificates, janitor.folder / "ca")
    program = choose_program()
    servers = [
        CacheServer(StartCache(name, tls=tls), program, janitor.folder / name, janitor, certificates)
        for name, tls in (("plain", False), ("relay", True))
    ]
    try:
        for server in servers:
            await server.start()
        authority = str(certificates.authority)
        clients = {
            server.spec.resource: _client(server.port, authority if server.spec.tls else None) for server in servers
        }
        with _peer(janitor.folder / "peer", certificates.certificate, certificates.key) as (peer, port):
            if port != 0:
                clients[f"TLS by {peer}"] = _client(port, authority)
            await asyncio.to_thread(_print_table, program.title, clients)
    finally:
        for server in servers:
            await server.stop()
        janitor.close()


def _client(port: int, authority: str | None) -> Any:
    from valkey import Valkey

    return Valkey(
        host="127.0.0.1", port=port, ssl=authority is not None, ssl_ca_certs=authority, ssl_check_hostname=True
    )


@contextlib.contextmanager
def _peer(folder: Path, certificate: Path, key: Path) -> Iterator[tuple[str, int]]:
    """A server on the PATH that does TLS itself, and its port; port 0 where there is none."""
    path = next((found for name in SERVERS_ON_PATH if (found := shutil.which(name)) is not None), None)
    if path is None:
        yield "", 0
        return
    folder.mkdir()
    with contextlib.closing(_free_port()) as holder:
        port: int = holder.getsockname()[1]
    arguments = ["--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    arguments += [
        "--tls-cert-file",
        str(certificate),
        "--tls-key-file",
        str(key),
        "--tls-ca-cert-file",
        str(certificate),
    ]
    process = subprocess.Popen([path, *arguments, "--tls-auth-clients", "no"], stdout=subprocess.DEVNULL)
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)  # one without TLS ends at once
        yield Path(path).name, port if process.poll() is None else 0
    finally:
        process.terminate()
        process.wait(PEER_SECONDS)


def _free_port() -> Any:
    import socket

    return socket.create_server(("127.0.0.1", 0))


def _print_table(title: str, clients: dict[str, Any]) -> None:
    print(f"{title}; medians of {REPEATS}, in ms; in brackets the ratio to plain")
    for label, size in SIZES.items():
        value = os.urandom(size)
        floor: dict[str, float] = {}
        for name, client in clients.items():
            cells = []
            for verb, words in (("SET", ("SET", "key", value)), ("GET", ("GET", "key"))):
                seconds = _median(partial(client.execute_command, *words))
                floor.setdefault(verb, seconds)
                cells.append(f"{verb} {seconds * 1000:8.3f} ({seconds / floor[verb]:4.1f})")
            print(f"  {label:>8}  {name:<20} {'   '.join(cells)}")


def _median(action: Callable[[], object]) -> float:
    times = []
    for turn in range(WARM_UP + REPEATS):
        start = stopwatch()
        action()
        if turn >= WARM_UP:
            times.append(stopwatch() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
