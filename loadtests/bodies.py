"""Request bodies of an exact size, cheap to make by the thousand, with payloads whose digest is known without hashing them.

One large constant part is built once for each size. A message only appends what is its own: the end of its payload and its
metadata, so that a body costs one copy and a digest costs the hash of 48 bytes.
"""

from __future__ import annotations

import base64
import hashlib
import random

from loadtests.failures import UsageError

__all__ = ["DATE_TIME_BYTES", "KEY_SLOT_BYTES", "BodyTemplate", "key_in_payload"]

# The payload's last bytes name the message, so a stored object says whose it is. A multiple of 3, which base64 needs.
KEY_SLOT_BYTES = 48
# 2026-11-22T10:20:30.123Z
DATE_TIME_BYTES = 24

_HEAD = b'{"messagePayload":"'
_TAIL = '","messageMetaData":{{"sourceSystemID":"{source}","messageType":"{kind}","padding":"{padding}","dateTime":"{date_time}"'
_TAIL += ',"sourceTransactionID":"{key}"}}}}'


class BodyTemplate:
    """Makes bodies of exactly `body_bytes` bytes for keys of exactly `key_bytes` bytes. Raises `UsageError` if that is too small.

    The payload is random and so does not compress; the same seed gives the same one.
    """

    def __init__(
        self, body_bytes: int, key_bytes: int, seed: int, source_system: str = "loadtests", message_type: str = "load"
    ) -> None:
        if not 0 < key_bytes <= KEY_SLOT_BYTES:
            raise UsageError(f"a message key has 1 to {KEY_SLOT_BYTES} bytes, not {key_bytes}")
        self._sender = {"source": source_system, "kind": message_type}
        empty_tail = _TAIL.format(padding="", date_time=" " * DATE_TIME_BYTES, key=" " * key_bytes, **self._sender)
        slot = KEY_SLOT_BYTES // 3 * 4
        encoded, padding = divmod(body_bytes - len(_HEAD) - slot - len(empty_tail), 4)
        if encoded < 0:
            smallest = body_bytes - (encoded * 4 + padding)
            raise UsageError(
                f"a message of {body_bytes} bytes has no room for its envelope; the smallest has {smallest}"
            )
        constant = random.Random(f"{seed}/{body_bytes}").randbytes(encoded * 3)
        self.body_bytes = body_bytes
        self.payload_bytes = len(constant) + KEY_SLOT_BYTES
        self._key_bytes = key_bytes
        self._padding = "x" * padding
        self._constant_body = _HEAD + base64.b64encode(constant)
        self._constant_digest = hashlib.sha256(constant)

    def body(self, key: str, date_time: str) -> bytes:
        """Return the request body of message `key`, which happened at `date_time` (ISO 8601 with milliseconds and `Z`)."""
        tail = _TAIL.format(padding=self._padding, date_time=date_time, key=key, **self._sender)
        return b"".join((self._constant_body, base64.b64encode(self._slot(key)), tail.encode()))

    def payload_sha256(self, key: str) -> str:
        """Return the SHA-256, in hexadecimal, of the decoded payload of message `key`."""
        digest = self._constant_digest.copy()
        digest.update(self._slot(key))
        return digest.hexdigest()

    def _slot(self, key: str) -> bytes:
        encoded = key.encode()
        if len(encoded) != self._key_bytes:
            raise ValueError(f"key {key!r} has {len(encoded)} bytes; this template is for {self._key_bytes}")
        return encoded.ljust(KEY_SLOT_BYTES)


def key_in_payload(payload_end: bytes) -> str:
    """Return the key that the last bytes of a payload hold; it is no known key if the payload is not one of ours."""
    return payload_end[-KEY_SLOT_BYTES:].rstrip(b" ").decode("ascii", errors="replace")
