"""Servers under measurement: a free port, and waiting until one listens."""

from __future__ import annotations

import os
import socket
import subprocess

from emulator.clock import stopwatch

__all__ = ["free_port", "wait_until_listening"]

SECONDS_TO_START = 30.0


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server came up in time."""
    deadline = stopwatch() + SECONDS_TO_START
    while stopwatch() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            os.sched_yield()
    return False
