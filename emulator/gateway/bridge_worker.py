"""The bridge's worker: `python -m emulator.gateway.bridge_worker FD`. Answers frames from the socket FD with moto, until it closes."""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from emulator.gateway.bridge_frames import PREFIX_BYTES, frame_head, read_prefix
from emulator.gateway.moto_dispatch import MotoDispatch, NotInMoto, patch_moto

__all__ = ["main"]


def main(descriptor: int) -> None:
    """Serve one socket. Returns when the other side closes it."""
    patch_moto()
    dispatch = MotoDispatch(os.environ["MOTO_ACCOUNT_ID"])
    with socket.socket(fileno=descriptor) as connection:
        while True:
            frame = _receive(connection)
            if frame is None:
                return
            header, body = frame
            if "preload" in header:
                dispatch.preload(header["preload"])
                continue
            answer, content = _answer(dispatch, header, body)
            connection.sendall(frame_head(answer, len(content)))
            if content:
                connection.sendall(content)


def _answer(dispatch: MotoDispatch, header: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    headers = tuple((name, value) for name, value in header["headers"])
    try:
        status, answered, content = dispatch(header["method"], header["url"], headers, body)
    except NotInMoto as error:
        return {"unsupported": str(error)}, b""
    except Exception as defect:
        traceback.print_exc()
        return {"failed": f"{type(defect).__name__}: {defect}"}, b""
    if status == 404 and content in (b"", b"Not yet implemented"):
        return {"unsupported": "moto does not implement it"}, b""
    return {"status": status, "headers": answered}, content


def _receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    prefix = _read(connection, PREFIX_BYTES)
    if prefix is None:
        return None
    header_length, body_length = read_prefix(prefix)
    header = _read(connection, header_length)
    body = _read(connection, body_length)
    if header is None or body is None:
        return None
    return json.loads(header), bytes(body)


def _read(connection: socket.socket, length: int) -> bytearray | None:
    """Exactly `length` bytes, or None where the other side closed."""
    buffer = bytearray(length)
    view = memoryview(buffer)
    filled = 0
    while filled < length:
        count = connection.recv_into(view[filled:])
        if count == 0:
            return None
        filled += count
    return buffer


if __name__ == "__main__":
    main(int(sys.argv[1]))
