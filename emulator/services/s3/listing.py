"""Pages of a sorted run of keys: prefix, delimiter, where to go on.

A common prefix stands once for all keys that share it, and counts as one. The keys behind it are skipped, not read.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus

from emulator.operation import Params
from emulator.services.s3.errors import InvalidArgument
from emulator.services.s3.key_index import after_prefix

__all__ = ["Page", "Resume", "common_prefix", "encoder", "limit_of", "page_of"]

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a listing goes on: after the key `after`, or after all keys that begin with it."""

    after: str
    is_prefix: bool = False

    def token(self) -> str:
        """As an opaque continuation token."""
        text = f"{'p' if self.is_prefix else 'k'}{self.after}".encode()
        return base64.urlsafe_b64encode(zlib.crc32(text).to_bytes(4, "big") + text).decode()

    @classmethod
    def of(cls, token: str) -> Resume:
        """Raises InvalidArgument for what is no token."""
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) < 5 or zlib.crc32(raw[4:]).to_bytes(4, "big") != raw[:4]:
            message = "The continuation token provided is incorrect"
            raise InvalidArgument(message, fields={"ArgumentName": "continuation-token"})
        text = raw[4:].decode()
        return cls(text[1:], text[0] == "p")


@dataclass(slots=True)
class Page(Generic[Row]):
    """One page. `resume` says where the next one begins; None where this is the last."""

    rows: list[tuple[str, Row]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    resume: Resume | None = None


Rows = Callable[[str, bool], Iterator[tuple[str, Row]]]
"""Keys with their rows, in order, from a key on; the flag says whether that key is included."""


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """What `key` shares with others up to the first delimiter after `prefix`; None where no delimiter follows."""
    if not delimiter:
        return None
    end = key.find(delimiter, len(prefix))
    return None if end < 0 else key[: end + len(delimiter)]


def page_of(rows: Rows[Row], *, prefix: str, delimiter: str, start: Resume | None, limit: int) -> Page[Row]:
    """A page of at most `limit` rows and prefixes."""
    page: Page[Row] = Page()
    if limit <= 0:
        return page
    first, inclusive = prefix, True
    if start is not None:
        if not start.is_prefix and start.after >= prefix:
            first, inclusive = start.after, False
        elif start.is_prefix:
            following = after_prefix(start.after)
            if following is None:
                return page
            first = max(prefix, following)
    resume: Resume | None = None
    count = 0
    walk = rows(first, inclusive)
    while True:
        entry = next(walk, None)
        if entry is None or not entry[0].startswith(prefix):
            return page
        if count == limit:
            page.resume = resume
            return page
        key, row = entry
        shared = common_prefix(key, prefix, delimiter)
        count += 1
        if shared is None:
            page.rows.append((key, row))
            resume = Resume(key)
            continue
        page.prefixes.append(shared)
        resume = Resume(shared, is_prefix=True)
        following = after_prefix(shared)
        if following is None:
            return page
        walk = rows(following, True)


def limit_of(params: Params, member: str, name: str, most: int) -> int:
    """The size of a page that a call asks for, at most `most`. Raises InvalidArgument for a negative one."""
    asked: int | None = params.get(member)
    if asked is None:
        return most
    if asked < 0:
        message = f"Argument {name} must be an integer between 0 and 2147483647"
        raise InvalidArgument.of(message, name, asked)
    return min(asked, most)


def encoder(params: Params) -> Callable[[str], str]:
    """How keys are written in the answer. Raises InvalidArgument."""
    encoding: Any = params.get("EncodingType")
    if encoding is None:
        return str
    if encoding != "url":
        raise InvalidArgument.of("Invalid Encoding Method specified in Request", "encoding-type", encoding)
    return lambda text: quote_plus(text, safe="/*")
