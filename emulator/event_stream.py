"""AWS's event stream encoding: how an operation answers with a series of events. https://smithy.io/2.0/aws/amazon-eventstream.html

A message: total length and headers' length (4 bytes each, big-endian), CRC32 of those eight bytes, headers, payload, CRC32 of all before.
A header: length of its name (1), name, type 7 (string), length of its value (2), value.
"""

from __future__ import annotations

from struct import pack
from zlib import crc32

__all__ = ["CONTENT_TYPE", "event_message", "exception_message"]

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_AROUND = 16
"""Bytes of a message besides its headers and its payload."""


def event_message(event_type: str, payload: bytes, content_type: str) -> bytes:
    """An event, which is a member of the operation's stream."""
    headers = {":event-type": event_type, ":content-type": content_type, ":message-type": "event"}
    return _message(headers, payload)


def exception_message(exception_type: str, payload: bytes) -> bytes:
    """An error that the operation's stream models; `payload` is its JSON."""
    headers = {":exception-type": exception_type, ":content-type": "application/json", ":message-type": "exception"}
    return _message(headers, payload)


def _message(headers: dict[str, str], payload: bytes) -> bytes:
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = pack(">II", _AROUND + len(head) + len(payload), len(head))
    message = prelude + pack(">I", crc32(prelude)) + head + payload
    return message + pack(">I", crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return pack(">B", len(name)) + name + pack(">BH", _STRING, len(value)) + value
