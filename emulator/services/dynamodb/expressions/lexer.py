"""Expression text -> tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["END", "IDENTIFIER", "INDEX", "NAME", "SYMBOL", "VALUE", "Token", "tokens_of"]

IDENTIFIER, NAME, VALUE, INDEX, SYMBOL, END = "identifier", "name", "value", "number", "symbol", "end"
_TOKEN = re.compile(
    r"""\s+
    | (?P<identifier>[A-Za-z][A-Za-z0-9_]*)
    | (?P<name>\#[A-Za-z0-9_]+)
    | (?P<value>:[A-Za-z0-9_]+)
    | (?P<number>[0-9]+)
    | (?P<symbol><>|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `start` and `end` are its place in the text."""

    kind: str
    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """All tokens, the last one of kind END. What no token begins with is a SYMBOL of one character."""
    tokens = [
        Token(match.lastgroup, match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if match.lastgroup is not None
    ]
    tokens.append(Token(END, "<EOF>", len(text), len(text)))
    return tokens
