"""JSON data on its way through a workflow: the text and the value of one document, each made from the other only when asked for.

Rules. AWS hands a document that no field touched on as the text that it came in with, white space and number spelling included, and
writes what it builds itself without white space. Values are shared between documents and never changed in place.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

__all__ = ["Document", "dumps", "loads"]

_UNSET: Any = object()
_DIGITS_AS_ZEROS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_LONG_INTEGER = b"0" * 19  # as many digits may go beyond 64 bits; found so, the search costs little more than the parse


def loads(text: str | bytes) -> Any:
    """Parse JSON. Integers keep all their digits; raises ValueError where the text is no JSON."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if _LONG_INTEGER not in raw.translate(_DIGITS_AS_ZEROS):
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            if b"\\ud" not in raw and b"\\uD" not in raw:
                raise
    return json.loads(text, parse_constant=_refuse_constant)  # beyond 64 bits, or half of a surrogate pair


def dumps(value: Any) -> str:
    """Write a value as AWS does: no white space, characters as they are, 1.0 stays 1.0."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, or half of a surrogate pair
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Document:
    """One JSON document."""

    __slots__ = ("_size_bytes", "_text", "_value")

    def __init__(self, text: str | None, value: Any = _UNSET) -> None:
        self._text = text
        self._value = value
        self._size_bytes = -1

    @classmethod
    def of(cls, value: Any) -> Document:
        """A document that was built here, written when its text is first needed."""
        return cls(None, value)

    @classmethod
    def of_list(cls, documents: Sequence[Document]) -> Document:
        """The list of several documents, each with its own text unchanged."""
        return cls(f"[{','.join(document.text for document in documents)}]")

    @property
    def text(self) -> str:
        """The document as JSON text."""
        if self._text is None:
            self._text = dumps(self._value)
        return self._text

    @property
    def value(self) -> Any:
        """The document as Python data; not to be changed. Raises ValueError where the text is no JSON."""
        if self._value is _UNSET:
            assert self._text is not None
            self._value = loads(self._text)
        return self._value

    @property
    def size_bytes(self) -> int:
        """The length of the text in UTF-8."""
        if self._size_bytes < 0:
            text = self.text
            self._size_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        return self._size_bytes

    def __repr__(self) -> str:
        return f"Document({self.text[:60]!r})"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
