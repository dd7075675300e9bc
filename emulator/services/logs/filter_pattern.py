"""Filter patterns: what selects log events. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

    ""                              everything
    ERROR Timeout                   both terms
    "task timed out"                the phrase
    ?ERROR ?WARN                    either; ignored next to plain terms, as AWS does
    ERROR -Retry                    the first without the second
    %4[0-9]{2}%                     a regular expression, alone or as a term
    { $.level = "ERROR" && ... }    JSON events (see `json_pattern`)
    [ip, user, status = 4*, ...]    events of fields (see `field_pattern`)
Terms are case-sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.services.logs.comparisons import regular_expression
from emulator.services.logs.errors import InvalidParameterException
from emulator.services.logs.field_pattern import field_matcher
from emulator.services.logs.json_pattern import json_matcher

__all__ = ["matcher"]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"%]+))(?=\s|$)')
Test = Callable[[str], bool]


def matcher(pattern: str) -> Test:
    """A test for messages. Raises InvalidParameterException for what is no pattern."""
    text = pattern.strip()
    if text.startswith("{"):
        return json_matcher(text)
    if text.startswith("["):
        return field_matcher(text)
    return _terms(text)


def _terms(text: str) -> Test:
    wanted: dict[str, list[Test]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise InvalidParameterException(f"Invalid filter pattern: {text}")
        sign, quoted, expression, plain = match.groups()
        wanted[sign].append(_term(quoted, expression, plain))
        position = match.end()
    required, either, excluded = wanted[""], wanted["?"], wanted["-"]

    def matches(message: str) -> bool:
        if any(term(message) for term in excluded):
            return False
        if required:
            return all(term(message) for term in required)
        return not either or any(term(message) for term in either)

    return matches


def _term(quoted: str | None, expression: str | None, plain: str | None) -> Test:
    if expression is not None:
        found = regular_expression(expression)
        return lambda message: found.search(message) is not None
    if quoted is None:
        plain = plain or ""
        if not re.fullmatch(r"[\w.:/$*@#=-]+", plain):
            raise InvalidParameterException(
                f"Invalid character(s) in term '{plain}': terms with other than alphanumeric characters must be quoted"
            )
        return lambda message: plain in message
    phrase = re.sub(r"\\(.)", r"\1", quoted)
    return lambda message: phrase in message
