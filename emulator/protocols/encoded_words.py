"""Encoded words, by which headers that are ASCII carry other text.

https://www.rfc-editor.org/rfc/rfc2047
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
"""

from __future__ import annotations

import binascii
from email.errors import HeaderParseError
from email.header import decode_header

__all__ = ["decode_words", "encode_words"]


def decode_words(text: str) -> str:
    """The text that a header's value stands for; the value itself where it is not encoded."""
    try:
        parts = decode_header(text)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace") for part, charset in parts
        )
    except (HeaderParseError, LookupError):
        return text


def encode_words(text: str) -> str:
    """One encoded word, as S3 writes it."""
    return f"=?UTF-8?B?{binascii.b2a_base64(text.encode('utf-8', 'surrogatepass'), newline=False).decode('ascii')}?="
