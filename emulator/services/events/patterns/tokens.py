"""JSON, token by token, with the place of each: AWS's errors about patterns say after which token they were found.

A location is where the reader stands: behind the last token, except that the text of a string counts as unread until it is asked for.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

__all__ = ["Kind", "PatternError", "Tokens"]

Kind = Literal["{", "}", "[", "]", "name", "string", "number", "literal"]

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_LITERALS = {"true": True, "false": False, "null": None}
_EXPECTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class PatternError(ValueError):
    """What is wrong with a pattern, in AWS's words."""


class Tokens:
    """Reads one JSON document."""

    __slots__ = ("_open", "_place", "_start", "_text", "kind", "value")

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._start = 0
        self._open: list[str] = []
        self.kind: Kind = "literal"
        self.value: Any = None

    def next(self) -> Kind:
        """Go to the next token; its kind. A member's name is a token of kind `name`. Raises PatternError."""
        self._skip()
        if self._peek() == "," and self._open:
            self._place += 1
            self._skip()
            if self._peek() in ("}", "]"):
                raise self.unexpected("was expecting a value")
        sign = self._peek()
        if sign in ("}", "]"):
            if not self._open or self._open.pop() != {"}": "{", "]": "["}[sign]:
                raise self.unexpected("was expecting a value")
            return self._found("}" if sign == "}" else "]", sign, self._place + 1)
        if self._open and self._open[-1] == "{" and self.kind != "name":
            return self._name(sign)
        if sign in ("{", "["):
            self._open.append(sign)
            return self._found("{" if sign == "{" else "[", sign, self._place + 1)
        return self._scalar(sign)

    def fail(self, reason: str, *, twice: bool = False) -> PatternError:
        """An error at this place. AWS writes the place twice where it wraps its own error."""
        where = self._where()
        return PatternError(f"{reason}{where}{where if twice else ''}")

    def fail_before_text(self, reason: str) -> PatternError:
        """An error at a token that is not looked into: behind the opening quote of a string."""
        if self.kind == "string":
            self._place = self._start + 1
        return self.fail(reason)

    def unexpected(self, expected: str) -> PatternError:
        """An error at a character that has no place here."""
        sign = self._peek()
        if sign == "":
            return self.fail("Unexpected end-of-input: expected close marker or value")
        return self.fail(f"Unexpected character ('{sign}' (code {ord(sign)})): {expected}")

    # -- reading ------------------------------------------------------------------------------------------------------

    def _name(self, sign: str) -> Kind:
        match = _STRING.match(self._text, self._place)
        if match is None:
            raise self.unexpected("was expecting double-quote to start field name")
        kind = self._found("name", self._decoded(match[0]), match.end())
        self._skip()
        if self._peek() != ":":
            raise self.unexpected("was expecting a colon to separate field name and value")
        self._place += 1
        return kind

    def _scalar(self, sign: str) -> Kind:
        match = _STRING.match(self._text, self._place)
        if match is not None:
            return self._found("string", self._decoded(match[0]), match.end())
        match = _NUMBER.match(self._text, self._place)
        if match is not None:
            written = match[0]
            return self._found("number", float(written) if set(written) & set(".eE") else int(written), match.end())
        match = _WORD.match(self._text, self._place)
        if match is None:
            raise self.unexpected("expected a valid value (JSON String, Number, Array, Object or token)")
        if match[0] not in _LITERALS:
            self._place = match.end()
            raise self.fail(f"Unrecognized token '{match[0]}': {_EXPECTED}")
        return self._found("literal", _LITERALS[match[0]], match.end())

    def _decoded(self, written: str) -> str:
        try:
            text: str = json.loads(written)
        except ValueError:
            raise self.fail("Unrecognized character escape") from None
        return text

    def _found(self, kind: Kind, value: Any, end: int) -> Kind:
        self.kind, self.value, self._start, self._place = kind, value, self._place, end
        return kind

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._place)
        assert match is not None
        self._place = match.end()

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _where(self) -> str:
        before = self._text[: self._place]
        line = before.count("\n") + 1
        column = self._place - (before.rfind("\n") + 1) + 1
        return f'\n at [Source: (String)"{self._text}"; line: {line}, column: {column}]'
