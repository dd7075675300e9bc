"""Just enough of the Redis protocol (RESP2) to ask a server of ours to do one thing.

https://valkey.io/topics/protocol/
"""

from __future__ import annotations

import asyncio

from emulator.errors import EmulatorError

__all__ = ["ServerError", "command", "encode"]


class ServerError(EmulatorError):
    """The server answered a command with an error; the message is its own text."""


def encode(*words: str) -> bytes:
    """One command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


async def command(address: str, *words: str, auth_token: str | None = None) -> str:
    """Send one command to `address` (`HOST:PORT`, or the path of a unix socket); its simple reply.

    Raises ServerError, OSError, or ConnectionError when the server hangs up.
    """
    reader, writer = await _connect(address)
    try:
        if auth_token is not None:
            writer.write(encode("AUTH", auth_token))
            await _simple_reply(reader)
        writer.write(encode(*words))
        return await _simple_reply(reader)
    finally:
        writer.close()


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if "/" in address:
        return await asyncio.open_unix_connection(address)
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _simple_reply(reader: asyncio.StreamReader) -> str:
    line = (await reader.readline()).decode().rstrip("\r\n")
    if line == "":
        raise ConnectionError("the server closed the connection")
    if line.startswith("-"):
        raise ServerError(line[1:])
    if line[0] not in "+:":
        raise ServerError(f"the reply {line[:40]!r} is not a simple one")
    return line[1:]
