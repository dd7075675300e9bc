"""Patterns for JSON events: `{ ($.level = "ERROR" || $.status >= 500) && $.retry IS FALSE }`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html

Selectors: `$.a.b`, `$.a[0]`, `$.a[*]`, `$['a b']`. Comparisons: = != < > <= >=, `IS NULL`, `IS TRUE`, `IS FALSE`, `EXISTS`, `NOT EXISTS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from emulator.services.logs.comparisons import comparison
from emulator.services.logs.errors import InvalidParameterException

__all__ = ["json_matcher", "selected"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<logic>&&|\|\|)
      | (?P<sign>!=|<=|>=|=|<|>)
      | (?P<selector>\$(?:\.[\w-]+|\[(?:\d+|\*|'[^']*'|"[^"]*")\])+|\$)
      | "(?P<text>(?:[^"\\]|\\.)*)"
      | (?P<word>%(?:[^%\\]|\\.)+%|[^\s()&|=<>!"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[(\*)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_WORDS: dict[tuple[str, ...], Callable[[Sequence[Any]], bool]] = {
    ("IS", "NULL"): lambda found: any(value is None for value in found),
    ("IS", "TRUE"): lambda found: any(value is True for value in found),
    ("IS", "FALSE"): lambda found: any(value is False for value in found),
    ("EXISTS",): lambda found: len(found) > 0,
    ("NOT", "EXISTS"): lambda found: len(found) == 0,
}
Test = Callable[[Any], bool]
_Token = tuple[str, str]


def json_matcher(text: str) -> Callable[[str], bool]:
    """A test for messages; what is no JSON object never matches. Raises InvalidParameterException."""
    if not text.endswith("}"):
        raise InvalidParameterException(f"Invalid filter pattern: {text}")
    tokens = _tokens(text[1:-1], text)
    parser = _Parser(tokens, text)
    test = parser.either()
    if parser.left:
        raise parser.wrong()

    def matches(message: str) -> bool:
        try:
            document = orjson.loads(message)
        except orjson.JSONDecodeError:
            return False
        return isinstance(document, dict) and test(document)

    return matches


def selected(selector: str) -> Callable[[str], list[Any]]:
    """What a selector finds in a message; nothing in what is no JSON object. Raises InvalidParameterException."""
    match = _TOKEN.fullmatch(selector.strip())
    if match is None or match.lastgroup != "selector":
        raise InvalidParameterException(f"Invalid selector: {selector}")
    steps = _steps(match["selector"])

    def find(message: str) -> list[Any]:
        try:
            document = orjson.loads(message)
        except orjson.JSONDecodeError:
            return []
        return _select(document, steps) if isinstance(document, dict) else []

    return find


def _steps(selector: str) -> list[str]:
    return [next(part for part in step if part) for step in _STEP.findall(selector)]


def _tokens(body: str, whole: str) -> list[_Token]:
    found: list[_Token] = []
    position, body = 0, body.rstrip()
    while position < len(body):
        match = _TOKEN.match(body, position)
        if match is None or match.lastgroup is None:
            raise InvalidParameterException(f"Invalid filter pattern: {whole}")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class _Parser:
    """Recursive descent: `||` binds weaker than `&&`."""

    def __init__(self, tokens: list[_Token], whole: str) -> None:
        self._tokens = tokens
        self._whole = whole
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._tokens)

    def wrong(self) -> InvalidParameterException:
        return InvalidParameterException(f"Invalid filter pattern: {self._whole}")

    def either(self) -> Test:
        tests = [self.both()]
        while self._take("logic", "||"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self._take("logic", "&&"):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def one(self) -> Test:
        if self._take("bracket", "("):
            inner = self.either()
            if not self._take("bracket", ")"):
                raise self.wrong()
            return inner
        kind, selector = self._next()
        if kind != "selector":
            raise self.wrong()
        steps = _steps(selector)
        for words, holds in _WORDS.items():
            upcoming = self._tokens[self._at : self._at + len(words)]
            if [(kind, word.upper()) for kind, word in upcoming] == [("word", word) for word in words]:
                self._at += len(words)
                return lambda document, holds=holds: holds(_select(document, steps))  # type: ignore[misc]
        kind, sign = self._next()
        if kind != "sign":
            raise self.wrong()
        kind, right = self._next()
        if kind not in ("text", "word"):
            raise self.wrong()
        text = re.sub(r"\\(.)", r"\1", right) if kind == "text" else right
        holds_for = comparison(sign, text, quoted=kind == "text")
        return lambda document: any(holds_for(value) for value in _select(document, steps))

    def _next(self) -> _Token:
        if not self.left:
            raise self.wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, kind: str, text: str) -> bool:
        if self.left and self._tokens[self._at] == (kind, text):
            self._at += 1
            return True
        return False


def _select(document: Any, steps: Sequence[str]) -> list[Any]:
    """The values that a selector names; none where a step leads nowhere."""
    found = [document]
    for step in steps:
        following: list[Any] = []
        for value in found:
            if isinstance(value, list) and step == "*":
                following += value
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                following.append(value[int(step)])
            elif isinstance(value, dict) and step in value:
                following.append(value[step])
        found = following
    return found
