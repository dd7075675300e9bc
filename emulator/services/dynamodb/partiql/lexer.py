"""PartiQL text -> tokens, with their places.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.services.dynamodb.errors import ValidationException

__all__ = ["END", "KEYWORDS", "NAME", "NUMBER", "QUOTED", "STRING", "SYMBOL", "Token", "not_well_formed", "tokens_of"]

NAME, QUOTED, STRING, NUMBER, SYMBOL, END = "name", "quoted", "string", "number", "symbol", "end"
KEYWORDS = frozenset(
    """
    ALL AND ANY AS ASC AT BEGIN BETWEEN BY CASE CAST CREATE CROSS DELETE DESC DISTINCT DROP ELSE END ESCAPE EXCEPT EXISTS FALSE FROM
    FULL GROUP HAVING IN INNER INSERT INTERSECT INTO IS JOIN LEFT LIKE LIMIT MISSING NATURAL NOT NULL OFFSET ON OR ORDER OUTER PIVOT
    REMOVE RETURNING RIGHT SELECT SET THEN TRUE UNION UNPIVOT UPDATE USING VALUE VALUES WHEN WHERE WITH
    """.split()  # noqa: SIM905 - a page of words, not a line for each
)
"""Words that are no attribute names unless they are quoted."""
_TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<string>'(?:[^']|'')*')
    | (?P<symbol><<|>>|<>|<=|>=|!=|\|\||[-+*=<>(){}\[\],.:;?])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is what it means: quotes are taken off."""

    kind: str
    text: str
    line: int
    column: int
    length: int

    @property
    def place(self) -> str:
        """`line:column:length`, as AWS's errors point at it."""
        return f"{self.line}:{self.column}:{self.length}"

    @property
    def keyword(self) -> str:
        """The upper-case word of a NAME, and nothing of others."""
        return self.text.upper() if self.kind == NAME else ""


def not_well_formed(detail: str) -> ValidationException:
    """The error of a statement that cannot be read."""
    return ValidationException(f"Statement wasn't well formed, can't be processed: {detail}")


def tokens_of(text: str) -> list[Token]:
    """All tokens, the last of kind END. Raises ValidationException for what begins none."""
    tokens = []
    at = line = line_start = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise not_well_formed("")
        kind, written = match.lastgroup, match.group()
        assert kind is not None
        if kind != "blank":
            meant = written
            if kind in (QUOTED, STRING):
                meant = written[1:-1].replace(written[0] * 2, written[0])
            tokens.append(Token(kind, meant, line + 1, at - line_start + 1, len(written)))
        newlines = written.count("\n")
        if newlines:
            line += newlines
            line_start = at + written.rindex("\n") + 1
        at = match.end()
    tokens.append(Token(END, "", line + 1, at - line_start + 1, 0))
    return tokens
