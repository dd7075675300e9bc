"""How large a text is, and what becomes of it inside JSON and base64.

A quote and a backslash take two bytes inside a JSON string, and four inside a string in a string. A body that is one large base64 text
has few of them, a body that is all small fields has many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Message", "Text"]

USUAL_QUOTES = 32
"""Of a JSON object with one large string and some fields about it."""


@dataclass(frozen=True, slots=True)
class Text:
    """So many bytes, some of which JSON escapes."""

    size_bytes: int
    quotes: int = 0
    backslashes: int = 0

    def in_json(self, envelope_bytes: int = 0) -> Text:
        """As a string inside a JSON object that is `envelope_bytes` long without it."""
        escapes = self.quotes + self.backslashes
        return Text(
            self.size_bytes + escapes + 2 + envelope_bytes,
            self.quotes + 2 + (envelope_bytes // 12),
            self.backslashes * 2 + self.quotes,
        )

    def in_base64(self) -> Text:
        """As base64: four characters for three bytes."""
        return Text(-(-self.size_bytes // 3) * 4)


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender sends: `body` as it is on the wire, and its media type, which decides how API Gateway hands it on."""

    body: Text
    content_type: str = "application/json"

    @staticmethod
    def of_size(size_bytes: int, sample: bytes | None = None, content_type: str = "application/json") -> Message:
        """A message of a size. It has as many characters that JSON escapes as the sample in proportion; without one, as few as usual."""
        if sample is None or len(sample) == 0:
            return Message(Text(size_bytes, min(USUAL_QUOTES, size_bytes)), content_type)
        ratio = size_bytes / len(sample)
        controls = sum(sample.count(bytes([value])) for value in (8, 9, 10, 12, 13))
        quotes, backslashes = sample.count(b'"') * ratio, (sample.count(b"\\") + controls) * ratio
        return Message(Text(size_bytes, round(quotes), round(backslashes)), content_type)

    def resized(self, size_bytes: int) -> Message:
        """The same kind of message with another size."""
        ratio = size_bytes / max(1, self.body.size_bytes)
        few = self.body.quotes <= USUAL_QUOTES and self.body.backslashes == 0
        quotes = self.body.quotes if few else round(self.body.quotes * ratio)
        return replace(self, body=Text(size_bytes, quotes, round(self.body.backslashes * ratio)))
