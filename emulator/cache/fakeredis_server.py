"""The last resort: fakeredis's own TCP server in a process of its own: `python fakeredis_server.py HOST PORT`.

Slow, without a memory limit, and it accepts the AUTH token without demanding it: only where no server binary runs.
The token is the first line of standard input, which may be empty; the process ends when standard input closes.
"""

from __future__ import annotations

import os
import sys
import threading

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Serve until standard input closes."""
    from fakeredis import TcpFakeServer

    host, port = arguments
    token = sys.stdin.readline().strip()
    server = TcpFakeServer((host, int(port)), server_type="valkey", server_version=(8, 0))
    if token != "":
        server.fake_server.config[b"requirepass"] = token.encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # connections of live threads end with the process


if __name__ == "__main__":
    main(sys.argv[1:])
