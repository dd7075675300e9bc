"""The payload's own form: from the bytes that were received to the bytes that are archived."""

import base64
import binascii

OCTET_STREAM = "application/octet-stream"
PLAIN_TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


class PayloadMissing(Exception):
    """The payload is no longer in Redis. Trying again cannot help."""


class PayloadCorrupt(Exception):
    """The payload in Redis is not the one that was received. Trying again cannot help."""


def decode_payload(received: bytes, payload_type: str) -> tuple[bytes, str]:
    """Return the bytes to archive and their content type.

    A string of strict base64 (RFC 4648 section 4: standard alphabet, padded, no line breaks) is decoded. Any other
    string is archived as its UTF-8 text, any other JSON value as the text that was sent.
    """
    if payload_type == "json":
        return received, JSON
    try:
        return base64.b64decode(received, validate=True), OCTET_STREAM
    except binascii.Error:
        return received, PLAIN_TEXT
